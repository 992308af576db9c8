"""Even the smallest platform has somebody in every state that an operator may be asked about."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from db.demo.stripe_payloads import NEW_VERSIONS, OLD_VERSIONS

Connection = psycopg.Connection[Any]

PENDING = "from users where status = 'PENDING' and deleted_at is null and"
EVENT = "from stripe_webhook_events where"
JOB = "from job_queue where"
SIX = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
)

RESERVATIONS = {
    "expiring within the hour": f"{PENDING} reservation_expires_at between now() and now() + interval '1 hour'",
    "expiring within a day": f"{PENDING} reservation_expires_at between now() + interval '1 hour' and now() + interval '1 day'",
    "expiring within a week": f"{PENDING} reservation_expires_at between now() + interval '1 day' and now() + interval '7 days'",
    "overdue": f"{PENDING} reservation_expires_at between now() - interval '2 days' and now()",
    "long overdue": f"{PENDING} reservation_expires_at < now() - interval '2 days'",
    "without expiry": f"{PENDING} reservation_expires_at is null",
    "day 2 due": f"{PENDING} created_at < now() - interval '2 days' and created_at > now() - interval '5 days' and day2_reminder_sent_at is null and reservation_expires_at > now()",
    "day 2 sent": f"{PENDING} day2_reminder_sent_at is not null and day5_reminder_sent_at is null",
    "day 5 due": f"{PENDING} created_at < now() - interval '5 days' and day5_reminder_sent_at is null and reservation_expires_at > now()",
    "day 5 sent": f"{PENDING} day5_reminder_sent_at is not null and reservation_expires_at > now()",
    "payment failing": f"{PENDING} payment_retry_count > 1",
    "paid but pending": f"{PENDING} exists (select from subscriptions s join payments p on p.\"subscriptionId\" = s.id where s.user_id = users.id and s.status = 'active' and p.status = 'succeeded')",
    "expired": "from users where status = 'EXPIRED' and username is not null",
    "released": "from users where status = 'EXPIRED' and username is null",
    "paid too late": "from users where status = 'EXPIRED' and payment_attempted_at > reservation_expires_at",
    "active": "from users where status = 'ACTIVE'",
    "soft-deleted": "from users where deleted_at is not null",
    "a name held twice": "from users where username is not null group by lower(username) having count(*) > 1",
    "other provider": "from users where provider in ('google', 'apple')",
}

EVENTS = {
    **{
        f"{kind}, old shape": f"{EVENT} event_type = '{kind}' and api_version = any('{{{','.join(OLD_VERSIONS)}}}')"
        for kind in SIX
    },
    **{
        f"{kind}, new shape": f"{EVENT} event_type = '{kind}' and api_version = any('{{{','.join(NEW_VERSIONS)}}}')"
        for kind in SIX
    },
    "period on the subscription": f"{EVENT} payload #> '{{data,object,current_period_end}}' is not null",
    "period on its items": f"{EVENT} payload #> '{{data,object,items,data,0,current_period_end}}' is not null",
    "invoice says subscription": f"{EVENT} payload #>> '{{data,object,subscription}}' like 'sub_%' and event_type like 'invoice.%'",
    "invoice says parent": f"{EVENT} payload #> '{{data,object,parent,subscription_details,subscription}}' is not null",
    "expanded customer": f"{EVENT} payload #>> '{{data,object,customer,id}}' = stripe_customer_id",
    "customer as id": f"{EVENT} payload #>> '{{data,object,customer}}' = stripe_customer_id",
    "integer beyond a double": f"{EVENT} (payload #>> '{{data,object,metadata,order}}')::numeric > 9007199254740992",
    "test mode": f"{EVENT} not livemode",
    "received": f"{EVENT} status = 'received' and received_at > now() - interval '20 minutes'",
    "waiting": f"{EVENT} status = 'received' and next_attempt_at < now() - interval '1 hour'",
    "processing": f"{EVENT} status = 'processing' and lease_expires_at > now()",
    "stuck": f"{EVENT} status = 'processing' and lease_expires_at < now()",
    "processed": f"{EVENT} status = 'processed' and retry_count = 0",
    "processed after retries": f"{EVENT} status = 'processed' and retry_count > 0",
    "failed, to be retried": f"{EVENT} status = 'failed' and next_attempt_at is not null and retry_count < 3",
    "dead after three failures": f"{EVENT} status = 'failed' and next_attempt_at is null and retry_count = 3",
    "dead after five lost leases": f"{EVENT} status = 'failed' and next_attempt_at is null and lease_losses = 5",
    "a poison group": f"{EVENT} status = 'failed' group by error_message, api_version having count(*) > 3",
    "dead for what its payload lacks": f"{EVENT} error_message like 'ShapeError: parent%' and payload #> '{{data,object,parent,subscription_details}}' is not null and payload #> '{{data,object,parent,subscription_details,subscription}}' is null",
    "the checkout of somebody paid but pending": f"{EVENT} event_type = 'checkout.session.completed' and status <> 'processed' and payload #>> '{{data,object,client_reference_id}}' in (select id from users where status = 'PENDING')",
}

CLIENTS = {
    **{
        f"billing {state}": f"from clients where \"billingStatus\" = '{state}'"
        for state in ("none", "trial", "active", "canceled", "past_due")
    },
    **{
        f"{flag} {value}": f'from clients where "{flag}" = {value}'
        for flag in (
            "onboardingComplete",
            "outboundPaused",
            "aiDisabled",
            "paymentActive",
            "pendingCancellation",
            "isActive",
        )
        for value in ("true", "false")
    },
    "unlinked": 'from clients where "userId" is null and "stripeCustomerId" is null',
    "linked to both": 'from clients where "userId" is not null and "stripeCustomerId" is not null',
    "past due and not paused": 'from clients where "billingStatus" = \'past_due\' and not "outboundPaused"',
    "paying and locked out": 'from clients where "billingStatus" = \'active\' and not "paymentActive"',
    "without onboarding": 'from clients c where not exists (select from onboarding_states o where o."clientId" = c.id)',
    **{
        f"onboarding at {step}": f"from onboarding_states where \"currentStep\" = '{step}'"
        for step in ("welcome", "phone_number", "test_call", "done")
    },
    "forwarding without test call": 'from onboarding_states where "forwardingEnabled" and not "testCallDetected"',
}

MONEY = {
    **{
        f"subscription {status}": f"from subscriptions where status = '{status}'"
        for status in (
            "trialing",
            "active",
            "past_due",
            "canceled",
            "expired",
            "incomplete",
            "paused",
            "unpaid",
        )
    },
    **{
        f"plan {plan}": f"from subscriptions where plan_id = '{plan}'"
        for plan in ("plan_free_monthly", "plan_pro_monthly", "plan_pro_yearly", "plan_enterprise_yearly")
    },
    "trial ending in three days": "from subscriptions where status = 'trialing' and trial_end between now() and now() + interval '3 days'",
    "trial over": "from subscriptions where status = 'trialing' and trial_end < now()",
    "cancels at period end": "from subscriptions where status = 'active' and cancel_at_period_end",
    "cancels at a date": "from subscriptions where status = 'active' and metadata ? 'cancel_at'",
    "canceled and over": "from subscriptions where status = 'canceled' and cancel_at_period_end and current_period_end < now()",
    "subscribed again": "from subscriptions group by user_id having count(*) > 1",
    "active without subscription": "from users u where status = 'ACTIVE' and not exists (select from subscriptions s where s.user_id = u.id)",
    **{
        f"payment {status}": f"from payments where status = '{status}'"
        for status in ("succeeded", "failed", "refunded")
    },
    **{
        f"invoice {status}": f"from invoices where status = '{status}'"
        for status in ("paid", "open", "uncollectible")
    },
    "usage": "from usage_records where quantity > 0",
    "credits negative": "from credits where remaining_credits < 0",
    "credits used up": "from credits where remaining_credits = 0 and is_current",
    "credits of a period that is over": "from credits where is_current and period_end < now()",
    "credits reset on the 31st": "from credits where reset_day_of_month = 31",
    "no credits": "from users u where status = 'ACTIVE' and not exists (select from credits c where c.user_id = u.id)",
}

LOGINS = {
    "live": 'from sessions where "expiresAt" > now() and "lastUsedAt" > now() - interval \'7 days\'',
    "expired": 'from sessions where "expiresAt" < now()',
    "stale": "from sessions where \"lastUsedAt\" < now() - interval '90 days'",
    "never recorded": 'from sessions where "lastUsedAt" is null and "deviceInfo" is null',
    "used in the future": 'from sessions where "lastUsedAt" > now()',
    "used after its end": 'from sessions where "lastUsedAt" > "expiresAt"',
    "IPv6": "from sessions where \"ipAddress\" like '2001:db8:%'",
    "an address of many": 'from sessions group by "ipAddress" having count(distinct "userId") > 5',
    "several of a user": 'from sessions group by "userId" having count(*) > 3',
    "of a deleted user": 'from sessions s join users u on u.id = s."userId" where u.deleted_at is not null',
    "token in force": 'from token_blacklist where "expiresAt" > now()',
    "token that ran out": 'from token_blacklist where "expiresAt" < now()',
    "token of nobody": 'from token_blacklist where "userId" not in (select id from users)',
    "without reason": "from token_blacklist where reason is null",
}

JOBS = {
    **{
        status: f"{JOB} status = '{status}'"
        for status in ("pending", "processing", "completed", "failed", "cancelled")
    },
    "stalled": f"{JOB} status = 'processing' and lease_expires_at < now()",
    "scheduled": f"{JOB} status = 'pending' and scheduled_for > now() and attempts = 0",
    "retrying": f"{JOB} status = 'pending' and attempts > 0",
    "cached": f"{JOB} cache_expires_at > now()",
    "of the system": f"{JOB} user_id is null",
    "old enough to clean up": f"{JOB} status = 'completed' and finished_at < now() - interval '30 days'",
    **{
        f"log of {event}": f"from job_log where event = '{event}'"
        for event in ("created", "started", "message", "retry_scheduled", "failed", "cancelled", "completed")
    },
}

COMMUNITY = {
    **{f"room {status}": f"from rooms where status = '{status}'" for status in ("DRAFT", "ACTIVE", "COMPLETED", "CANCELLED")},
    **{f"participant {role}": f"from participants where role = '{role}'" for role in ("ADMIN", "ORGANIZER", "MODERATOR", "PARTICIPANT", "VIEWER")},
    "retired app with rooms": 'from apps a join rooms r using ("appId") where a."deletedAt" is not null',
    "prize with a winner": 'from prizes p join winners w on w."prizeId" = p.id where w."deletedAt" is null',
    "deleted prize": 'from prizes where "deletedAt" is not null',
    "content in every category": "from content_category having count(*) = (select count(distinct category_id) from content_item)",
    "tags by both sources": "from content_tag having count(distinct source) = 2",
    "media": "from content_media",
    "clicks": "from content_click where user_id is not null",
    "trending in every period": "from trending_content having count(distinct period) = 4",
    "featured now": "from featured_creator where starts_at <= now() and ends_at > now()",
    "featured before": "from featured_creator where ends_at < now()",
    "featured next": "from featured_creator where starts_at > now()",
}  # fmt: skip

AREAS = {
    "reservations": RESERVATIONS,
    "events": EVENTS,
    "clients": CLIENTS,
    "money": MONEY,
    "logins": LOGINS,
    "jobs": JOBS,
    "community": COMMUNITY,
}


@pytest.mark.parametrize("area", AREAS)
def test_every_state_is_there(smallest: Connection, area: str) -> None:
    missing = [
        name
        for name, condition in AREAS[area].items()
        if smallest.execute(f"select 1 {condition} limit 1").fetchone() is None
    ]
    assert missing == []


def test_nobody_did_anything_before_signing_up(smallest: Connection) -> None:
    for statement in (
        'select count(*) from sessions s join users u on u.id = s."userId" where s."createdAt" < u.created_at - interval \'1 second\'',
        'select count(*) from sessions where "createdAt" > "lastUsedAt"',
        "select count(*) from subscriptions s join users u on u.id = s.user_id where s.started_at < u.created_at - interval '1 second'",
        "select count(*) from users where payment_attempted_at < created_at or created_at > now()",
        "select count(*) from subscriptions where current_period_end < current_period_start",
    ):
        assert smallest.execute(statement).fetchone() == (0,), statement


def test_every_invoice_event_tells_of_an_invoice_that_is_there(smallest: Connection) -> None:
    row = smallest.execute(
        """select count(*), count(i.id) from stripe_webhook_events e
           left join invoices i on i."stripeInvoiceId" = e.payload #>> '{data,object,id}'
           where e.event_type like 'invoice.%' and e.stripe_subscription_id is not null"""
    ).fetchone()
    assert row is not None
    assert row[0] == row[1] > 50


def test_columns_of_an_event_say_what_its_payload_says(smallest: Connection) -> None:
    row = smallest.execute(
        """select count(*) from stripe_webhook_events
           where stripe_event_id <> payload ->> 'id' or event_type <> payload ->> 'type'
                 or api_version <> payload ->> 'api_version' or livemode <> (payload ->> 'livemode')::bool
                 or extract(epoch from stripe_created_at) <> (payload ->> 'created')::numeric"""
    ).fetchone()
    assert row == (0,)
