"""Which areas of the console this database and this role can serve, and what to say where they cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from db.capabilities import PLATFORM_TABLES, Capabilities, TableFacts
from db.errors import NightdeskError, PermissionDenied, Refused


class Area(StrEnum):
    """A part of the console with its own screen and command."""

    RESERVATIONS = "reservations"
    WEBHOOKS = "webhooks"
    SESSIONS = "sessions"
    BLACKLIST = "blacklist"
    CLIENTS = "clients"
    JOBS = "jobs"


@dataclass(frozen=True)
class Need:
    """What an area reads of one table.

    Args:
        table: Physical name.
        required: Columns without which the area has nothing to show.
        optional: Columns that it shows where it can.
        later: Revision that brings a column, where that is not the table's own.
        dispensable: Whether the area works without the table.
    """

    table: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    later: Mapping[str, str] = field(default_factory=dict)
    dispensable: bool = False

    def revision(self, column: str | None = None) -> str:
        """The revision of the platform line that brings the table, or one of its columns."""
        own = PLATFORM_TABLES[self.table]
        return self.later.get(column, own) if column is not None else own


@dataclass(frozen=True)
class AreaStatus:
    """Whether an area can be used here.

    Args:
        area: The area.
        usable: Whether it can list anything.
        sentence: What an operator must know; empty when nothing is missing or hidden.
        hidden: Columns (`users.email`) that exist and this role may not read.
        missing: Columns that do not exist here.
        rows_hidden: Row security may keep rows from this role.
        veil: What an empty list means where row security may keep its rows from this role; None elsewhere.
        refusal: The error a command ends with, when the area is not usable.
    """

    area: Area
    usable: bool
    sentence: str
    hidden: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    rows_hidden: bool = False
    veil: str | None = None
    refusal: NightdeskError | None = None


_RESERVATIONS = Need(
    "users",
    required=("id", "status", "reservation_expires_at"),
    optional=(
        "username",
        "email",
        "display_name",
        "payment_attempted_at",
        "payment_retry_count",
        "day2_reminder_sent_at",
        "day5_reminder_sent_at",
        "created_at",
        "updated_at",
        "deleted_at",
    ),
    later=dict.fromkeys(
        (
            "status",
            "reservation_expires_at",
            "payment_attempted_at",
            "payment_retry_count",
            "day2_reminder_sent_at",
            "day5_reminder_sent_at",
        ),
        "0008",
    ),
)

_EVENTS = Need(
    "stripe_webhook_events",
    required=("id", "stripe_event_id", "event_type", "status", "received_at"),
    optional=(
        "api_version",
        "livemode",
        "payload",
        "stripe_customer_id",
        "stripe_subscription_id",
        "retry_count",
        "lease_losses",
        "error_message",
        "worker_id",
        "lease_expires_at",
        "next_attempt_at",
        "stripe_created_at",
        "processed_at",
    ),
)
_SESSIONS = Need(
    "sessions",
    required=("id", "userId", "expiresAt", "createdAt"),
    optional=("deviceInfo", "ipAddress", "lastUsedAt"),
    later=dict.fromkeys(("deviceInfo", "ipAddress", "lastUsedAt"), "0007"),
)
_BLACKLIST = Need(
    "token_blacklist",
    required=("id", "tokenHash", "expiresAt", "userId", "revokedAt"),
    optional=("reason", "revokedBy"),
)
_FLAGS = (
    "onboardingComplete",
    "outboundPaused",
    "aiDisabled",
    "billingStatus",
    "paymentActive",
    "trialUsedAt",
    "pendingCancellation",
    "cancellationRequestedAt",
    "userId",
    "stripeCustomerId",
)
_CLIENTS = Need(
    "clients",
    required=("id", "name", "updatedAt"),
    optional=("email", "phoneNumber", "timezone", "isActive", "createdAt", *_FLAGS),
    later=dict.fromkeys(_FLAGS, "0002"),
)
_ONBOARDING = Need(
    "onboarding_states",
    required=("clientId",),
    optional=("currentStep", "completedSteps", "completedAt", "forwardingEnabled", "testCallDetected"),
    later=dict.fromkeys(("clientId", "forwardingEnabled", "testCallDetected"), "0002"),
    dispensable=True,
)
_JOBS = Need(
    "job_queue",
    required=("id", "job_type", "status", "created_at"),
    optional=(
        "user_id",
        "priority",
        "progress",
        "progress_message",
        "attempts",
        "max_attempts",
        "lease_losses",
        "error_message",
        "worker_id",
        "lease_expires_at",
        "scheduled_for",
        "started_at",
        "finished_at",
        "payload",
        "result",
    ),
)
_USER_NAMES = Need("users", required=("id", "username"), dispensable=True)

NEEDS: Mapping[Area, tuple[Need, ...]] = {
    Area.RESERVATIONS: (
        _RESERVATIONS,
        Need("subscriptions", required=("user_id", "status", "stripe_subscription_id"), dispensable=True),
    ),
    Area.WEBHOOKS: (_EVENTS,),
    Area.SESSIONS: (_SESSIONS, _USER_NAMES),
    Area.BLACKLIST: (_BLACKLIST, _USER_NAMES),
    Area.CLIENTS: (_CLIENTS, _ONBOARDING),
    Area.JOBS: (_JOBS,),
}


def area_status(area: Area, caps: Capabilities) -> AreaStatus:
    """Say whether an area can be used here, and in one sentence what is missing or hidden."""
    if not caps.schema_exists:
        sentence = f"schema {caps.schema} does not exist in {caps.database}: check ?schema= of the address."
        return AreaStatus(area, False, sentence, refusal=Refused(sentence))
    if not caps.schema_usable:
        sentence = f"{caps.role} may not look into schema {caps.schema}: grant usage on it, or check the search_path."
        return AreaStatus(area, False, sentence, refusal=PermissionDenied(sentence))
    for need in NEEDS[area]:
        refusal = None if need.dispensable else _refusal(need, caps)
        if refusal is not None:
            return AreaStatus(area, False, str(refusal), refusal=refusal)
    return _usable(area, caps)


def empty_sentence(status: AreaStatus, what: str) -> str:
    """What to say of a list without rows.

    Args:
        status: Of the list's area.
        what: The sentence where it is certain that there is nothing.
    """
    return status.veil or what


def withheld(caps: Capabilities, table: str, filters: Mapping[str, str]) -> Mapping[str, NightdeskError]:
    """Why some filters are not there for this role.

    Args:
        caps: What this role may read.
        table: The table whose rows they pick.
        filters: Name of a filter → the column it needs.
    """
    facts = caps.table(table)
    found: dict[str, NightdeskError] = {}
    for name, column in filters.items():
        if column not in facts.columns:
            found[name] = Refused(f"`{table}` has no column {column} here, so {name}: finds nothing.")
        elif not facts.columns[column]:
            found[name] = PermissionDenied(f"{caps.role} may not read {table}.{column}, which {name}: needs.")
    return found


def require(area: Area, caps: Capabilities) -> AreaStatus:
    """The status of an area that a command is about to use.

    Raises:
        Refused: A table or column it cannot do without does not exist.
        PermissionDenied: This role may not read it.
    """
    status = area_status(area, caps)
    if status.refusal is not None:
        raise status.refusal
    return status


def listed(area: Area, caps: Capabilities, *, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The columns of an area's own table that its list may carry.

    Args:
        area: The area.
        caps: What this role may read.
        without: Columns that only the detail shows, such as large ones.
    """
    own = NEEDS[area][0]
    names = (name for name in (*own.required, *own.optional) if name not in without)
    return caps.reads(own.table, *names)


def _refusal(need: Need, caps: Capabilities) -> NightdeskError | None:
    if not caps.has(need.table):
        return Refused(f"`{need.table}` does not exist here: migration {need.revision()} is pending.")
    facts = caps.table(need.table)
    absent = [column for column in need.required if column not in facts.columns]
    if absent:
        return Refused(
            f"`{need.table}` has no column {', '.join(absent)} here:"
            f" migration {need.revision(absent[0])} is pending."
        )
    denied = [column for column in need.required if not facts.readable(column)]
    if denied:
        return PermissionDenied(
            f"{caps.role} may not read {', '.join(denied)} of `{need.table}`:"
            " a DBA adds operators with `nightdesk operators add NAME --role viewer`."
        )
    return None


def _usable(area: Area, caps: Capabilities) -> AreaStatus:
    hidden: list[str] = []
    missing: list[str] = []
    secured: list[str] = []
    for need in NEEDS[area]:
        facts = caps.table(need.table)
        if facts.rows_hidden:
            secured.append(need.table)
        here_hidden, here_missing = _columns_out_of_sight(need, facts)
        hidden += here_hidden
        missing += here_missing
    sentences = []
    if secured:
        tables = ", ".join(f"`{table}`" for table in secured)
        sentences.append(f"rows of {tables} may be hidden from {caps.role} by row security")
    if hidden:
        sentences.append(f"hidden from {caps.role}: {', '.join(hidden)}")
    if missing:
        sentences.append(f"not in this database: {', '.join(missing)}")
    return AreaStatus(
        area,
        True,
        "; ".join(sentences),
        tuple(hidden),
        tuple(missing),
        bool(secured),
        _veil(area, secured, caps),
    )


def _veil(area: Area, secured: list[str], caps: Capabilities) -> str | None:
    """Only the list's own table and the users by whom it is searched can make a list look empty."""
    tables = [f"`{table}`" for table in secured if table in (NEEDS[area][0].table, "users")]
    if not tables:
        return None
    return f"none visible to you: row security may hide rows of {', '.join(tables)} from {caps.role}"


def _columns_out_of_sight(need: Need, facts: TableFacts) -> tuple[list[str], list[str]]:
    wanted = (*need.required, *need.optional)
    if need.dispensable and not facts.columns:
        return [], [need.table]
    hidden = [f"{need.table}.{name}" for name in wanted if facts.columns.get(name) is False]
    missing = [f"{need.table}.{name}" for name in wanted if name not in facts.columns]
    return hidden, missing
