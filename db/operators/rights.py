"""What each console role may read and write of the platform's tables; `install` turns it into grants.

Reading: every column but secrets for all roles; personal data from support upward.
Writing: only through `nightdesk.apply_changes`, which looks these rules up in `nightdesk.permission`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from db.roles import PEOPLE_AND_MACHINES, Role
from db.verb import Verb

__all__ = [
    "EVERY_COLUMN",
    "OPERATOR_FUNCTIONS",
    "PEOPLE_AND_MACHINES",
    "RIGHTS",
    "SEES_PERSONAL_DATA",
    "WORKER_FUNCTIONS",
    "Role",
    "TableRights",
    "Write",
]

SEES_PERSONAL_DATA = (Role.SUPPORT, Role.ONCALL, Role.DBA, Role.WORKER)
EVERY_COLUMN = ("*",)


@dataclass(frozen=True)
class Write:
    """A right to write columns of one table.

    Args:
        roles: Who holds it.
        verb: Insert, update or delete (a delete names no columns).
        columns: Physical names; EVERY_COLUMN for all but secrets.
        approval_from_rows: From how many rows in one operation a second operator must approve; None: never.
    """

    roles: tuple[Role, ...]
    verb: Verb
    columns: tuple[str, ...] = EVERY_COLUMN
    approval_from_rows: int | None = None


@dataclass(frozen=True)
class TableRights:
    """Rights on one table.

    Args:
        secret: Columns nobody reads or changes.
        personal: Columns that identify a person; hidden from viewers.
        writes: Who may change what.
    """

    secret: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    writes: tuple[Write, ...] = ()


_RESOLVES_PAYMENTS = (Role.SUPPORT, Role.ONCALL, Role.WORKER)
_FIXES_ACCESS = (Role.ONCALL, Role.WORKER)
_BULK = 500

_RESERVATION = (
    "status",
    "reservation_expires_at",
    "payment_attempted_at",
    "payment_retry_count",
    "day2_reminder_sent_at",
    "day5_reminder_sent_at",
)
_CLIENT_FLAGS = ("onboardingComplete", "outboundPaused", "aiDisabled")
_CLIENT_BILLING = (
    "billingStatus",
    "paymentActive",
    "trialUsedAt",
    "pendingCancellation",
    "cancellationRequestedAt",
    "userId",
    "stripeCustomerId",
)

RIGHTS: Mapping[str, TableRights] = {
    "users": TableRights(
        personal=("email",),
        writes=(Write(_RESOLVES_PAYMENTS, Verb.UPDATE, _RESERVATION, _BULK),),
    ),
    "sessions": TableRights(
        secret=("refreshToken", "accessToken"),
        personal=("ipAddress",),
        writes=(Write(_FIXES_ACCESS, Verb.DELETE, approval_from_rows=_BULK),),
    ),
    "token_blacklist": TableRights(
        writes=(
            Write(_FIXES_ACCESS, Verb.INSERT),
            # Deleting a live row makes a revoked token work again.
            Write((Role.ONCALL,), Verb.DELETE, approval_from_rows=1),
        ),
    ),
    "clients": TableRights(
        personal=("email", "phoneNumber"),
        writes=(
            Write(_RESOLVES_PAYMENTS, Verb.UPDATE, _CLIENT_FLAGS, _BULK),
            Write(_RESOLVES_PAYMENTS, Verb.UPDATE, _CLIENT_BILLING, _BULK),
        ),
    ),
    "onboarding_states": TableRights(
        writes=(Write(_RESOLVES_PAYMENTS, Verb.UPDATE, ("currentStep", "completedSteps", "completedAt")),),
    ),
    "subscriptions": TableRights(
        writes=(
            Write(_RESOLVES_PAYMENTS, Verb.UPDATE, EVERY_COLUMN, _BULK),
            Write(_RESOLVES_PAYMENTS, Verb.INSERT),
        ),
    ),
    "credits": TableRights(
        writes=(
            Write(_RESOLVES_PAYMENTS, Verb.UPDATE, EVERY_COLUMN, _BULK),
            Write(_RESOLVES_PAYMENTS, Verb.INSERT),
        ),
    ),
    "payments": TableRights(writes=(Write((Role.WORKER,), Verb.INSERT), Write((Role.WORKER,), Verb.UPDATE))),
    "invoices": TableRights(writes=(Write((Role.WORKER,), Verb.INSERT), Write((Role.WORKER,), Verb.UPDATE))),
    "stripe_webhook_events": TableRights(personal=("payload",)),
    "user_preferences": TableRights(),
    "subscription_plans": TableRights(),
    "usage_records": TableRights(),
    "oauth_clients": TableRights(),
    "llm_models": TableRights(),
    "apps": TableRights(),
    "rooms": TableRights(),
    "participants": TableRights(),
    "prizes": TableRights(),
    "winners": TableRights(),
    # What a job works on and returns is whatever the platform puts there, people's data included.
    "job_queue": TableRights(personal=("payload", "result")),
    "job_log": TableRights(personal=("message", "details")),
    "content_item": TableRights(),
    "content_category": TableRights(),
    "content_tag": TableRights(),
    "content_media": TableRights(),
    "content_click": TableRights(),
    "trending_content": TableRights(),
    "featured_creator": TableRights(),
}

# Queue mechanics touch no business row; machines run them.
WORKER_FUNCTIONS = (
    "claim_jobs",
    "heartbeat_job",
    "update_job_progress",
    "complete_jobs",
    "fail_job",
    "requeue_stalled_jobs",
    "cleanup_old_jobs",
    "cleanup_old_webhook_events",
    "claim_webhook_events",
    "finish_webhook_event",
    "record_webhook_event",
    "create_job",
    "get_cached_result",
    "list_jobs",
    "get_job_stats",
)
OPERATOR_FUNCTIONS: Mapping[str, tuple[Role, ...]] = {
    "get_job_stats": (Role.VIEWER,),
    "list_jobs": (Role.VIEWER,),
    "retry_job": (Role.SUPPORT, Role.ONCALL, Role.WORKER),
    "cancel_job": (Role.SUPPORT, Role.ONCALL, Role.WORKER),
    "requeue_stalled_jobs": (Role.ONCALL,),
}
