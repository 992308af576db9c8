"""Subscriptions with their invoices, payments and usage; credits and preferences."""

from __future__ import annotations

from db.demo.chance import Chance
from db.demo.load import NOW, Load
from db.demo.situations import PRO
from db.demo.structured import Json, Sql, json_sql

PRICE_IDS = {
    "plan_pro_monthly": ("price_test_pro", "prod_test_pro"),
    "plan_pro_yearly": ("price_test_pro_yearly", "prod_test_pro"),
    "plan_enterprise_yearly": ("price_test_enterprise_yearly", "prod_test_enterprise"),
}
CANCEL_REASONS = ("too expensive", "missing features", "switched service", "unused", "other")
# Invoices of the last periods; older ones were archived.
INVOICED_PERIODS = 3

_TIER = "lower(plan.tier::text)"
_INVOICED = f"""
    from people as p
    cross join lateral generate_series(0, least(p.periods, {INVOICED_PERIODS - 1})) as back (i)
    cross join lateral (
        select p.period_start - p.cycle * i as issued,
               i = 0 and p.unsettled > 0 as open,
               case when p.subscription_status = 'trialing' then 0 else p.price end as amount
    ) as invoice
    where p.stripe"""


def prices(_: Chance) -> tuple[Load, ...]:
    """Prices at Stripe for the plans, which people subscribe to."""
    return (Load("plans", _plan_prices(), whole=True),)


def loads(chance: Chance) -> tuple[Load, ...]:
    """Everything that costs or counts money."""
    return (
        Load("subscriptions", _subscriptions(chance)),
        Load("earlier subscriptions", _earlier_subscriptions(chance)),
        Load("invoices", _invoices(chance)),
        Load("payments", _payments(chance)),
        Load("usage records", _usage(chance)),
        Load("credits", _credits(chance)),
        Load("preferences", _preferences(chance)),
    )


def bill(back: str) -> str:
    """The row number of the bill of a person's period, counted backwards from the current one."""
    return f"(p.k * 32 + {back})"


def _plan_prices() -> str:
    rows = ", ".join(f"('{plan}', '{price}', '{product}')" for plan, (price, product) in PRICE_IDS.items())
    return f"""
        update subscription_plans set "stripePriceId" = known.price_id, "stripeProductId" = known.product_id
        from (values {rows}) as known (plan, price_id, product_id) where id = known.plan"""


def _subscriptions(chance: Chance) -> str:
    return f"""
        insert into subscriptions (
            id, user_id, plan_id, tier, status, billing_cycle, started_at, current_period_start,
            current_period_end, canceled_at, cancel_reason, cancel_at_period_end, trial_start, trial_end,
            stripe_customer_id, stripe_subscription_id, stripe_price_id, stripe_checkout_session_id, metadata,
            created_at, updated_at
        )
        select p.subscription, p.id, p.plan, {_TIER}, p.subscription_status, lower(plan."billingInterval"::text),
               coalesce(p.started_at, p.created_at), coalesce(p.period_start, p.created_at), p.period_end,
               case when p.canceled then {chance.between("canceled", "p.k", "p.period_start", f"least(p.period_end, {NOW})")} end,
               case when p.canceled then {chance.word("cancel reason", "p.k", CANCEL_REASONS)} end,
               p.cancels, p.trial_end - interval '14 days', p.trial_end, p.customer, p.stripe_subscription,
               p.price_id, case when p.stripe then {chance.stripe("cs_test", "p.k")} end,
               case when p.billing = 'cancels at a date'
                    then {json_sql({"cancel_at": Sql("floor(extract(epoch from p.period_end))::bigint")})}
                    else '{{}}' end,
               coalesce(p.started_at, p.created_at), coalesce(p.period_start, p.created_at)
        from people as p join subscription_plans as plan on plan.id = p.plan"""


def _earlier_subscriptions(chance: Chance) -> str:
    """One that ended before the current one began; Stripe's customer stays with the current row."""
    return f"""
        insert into subscriptions (
            id, user_id, plan_id, tier, status, billing_cycle, started_at, current_period_start,
            current_period_end, canceled_at, cancel_reason, stripe_subscription_id, stripe_price_id, created_at,
            updated_at
        )
        select {chance.uuid("earlier", "p.k")}, p.id, '{PRO}', 'pro', 'canceled', 'monthly', p.created_at,
               ended - interval '30 days', ended, ended, 'unused', {chance.stripe("sub", "(-p.k)")},
               'price_test_pro', p.created_at, ended
        from people as p
        cross join lateral (
            select p.created_at + (coalesce(p.started_at, {NOW}) - p.created_at) * 0.5 as ended
        ) as earlier
        where p.before"""


def _invoices(chance: Chance) -> str:
    number = bill("i")
    line: list[Json] = [{"description": Sql("plan.name"), "quantity": 1, "amount": Sql("amount")}]
    return f"""
        insert into invoices (
            id, "subscriptionId", "userId", "invoiceNumber", amount, currency, status, "issuedAt", "dueAt",
            "paidAt", "stripeInvoiceId", "pdfUrl", "lineItems", "createdAt", "updatedAt"
        )
        select {chance.cuid("invoice", number)}, p.subscription, p.id,
               'ND-' || lpad(p.k::text, 7, '0') || '-' || lpad((p.periods - i + 1)::text, 4, '0'), amount, 'USD',
               case when not open then 'paid'
                    when p.subscription_status = 'unpaid' then 'uncollectible' else 'open' end,
               issued, issued + interval '7 days', case when not open then issued + interval '1 hour' end,
               {chance.stripe("in", number)}, 'https://invoices.example.com/' || {chance.digest("pdf", number)},
               {json_sql(line)}, issued, issued + interval '1 hour'
        {_INVOICED.replace("where", "join subscription_plans as plan on plan.id = p.plan where")}"""


def _payments(chance: Chance) -> str:
    number = bill("i")
    methods = ("card", "card", "card", "sepa_debit", "paypal", "link")
    reasons = (
        "card_declined",
        "insufficient_funds",
        "expired_card",
        "authentication_required",
        "processing_error",
    )
    return f"""
        insert into payments (
            id, "subscriptionId", "userId", amount, currency, status, "paymentMethod", "failureReason",
            "stripePaymentIntentId", "stripeChargeId", "createdAt", "updatedAt"
        )
        select {chance.cuid("payment", number)}, p.subscription, p.id, amount, 'USD',
               case when open then 'failed'
                    when {chance.percent("refunded", number, 2)} then 'refunded' else 'succeeded' end,
               {chance.word("method", number, methods)},
               case when open then {chance.word("failure", number, reasons)} end,
               {chance.stripe("pi", number)}, {chance.stripe("ch", number)}, issued + interval '1 hour',
               issued + interval '1 hour'
        {_INVOICED} and amount > 0"""


def _usage(chance: Chance) -> str:
    number = "(p.k * 8 + i)"
    return f"""
        insert into usage_records (
            id, "subscriptionId", "userId", "metricName", quantity, "timestamp", "createdAt"
        )
        select {chance.cuid("usage", number)}, p.subscription, p.id,
               {chance.word("metric", number, ("api_calls", "tokens", "storage_mb", "calls_minutes"))},
               1 + power({chance.share("quantity", number)}, 3)::numeric * 50000, used, used
        from people as p
        cross join lateral generate_series(1, 3) as counted (i)
        cross join lateral (
            select {NOW} - {chance.share("used", number)} * least(interval '30 days', {NOW} - p.created_at) as used
        ) as moment
        where p.subscription is not null and p.deleted_at is null and {chance.percent("uses", "p.k", 25)}"""


def _credits(chance: Chance) -> str:
    """The current free row of each member, a pro row of those who pay, and the month before of some."""
    number = "(p.k * 4 + i)"
    share = chance.share("spent", number)
    return f"""
        insert into credits (
            id, user_id, credit_type, total_credits, used_credits, remaining_credits, monthly_allocation,
            reset_day_of_month, period_start, period_end, is_current, created_at, updated_at
        )
        select {chance.uuid("credits", number)}, p.id, kind, total, used, total - used,
               case kind when 'free' then 2000 else 0 end,
               1 + {chance.number("reset day", "p.k", 31)}, begins, begins + interval '30 days', i < 2, begins, begins
        from people as p
        cross join lateral generate_series(0, 2) as held (i)
        cross join lateral (
            select case i when 1 then 'pro' else 'free' end as kind,
                   case when i = 1 then 10000 else 2000 end as total,
                   {NOW} - {share} * interval '29 days'
                   - case when i = 2 then interval '30 days'
                          when mod(p.k, 83) = 0 then interval '50 days' else interval '0' end as begins
        ) as row
        cross join lateral (
            select case when mod(p.k, 41) = 0 then total
                        when mod(p.k, 97) = 0 then total + 250
                        else floor(power({share}, 2) * total)::int end as used
        ) as spent
        where p.status = 'ACTIVE' and p.deleted_at is null and mod(p.k, 53) <> 0
              and (i = 0 or i = 1 and p.stripe or i = 2 and mod(p.k, 7) = 0)"""


def _preferences(chance: Chance) -> str:
    models = ("gpt-5", "gemini-2.0-pro", "claude-3.5-sonnet")
    return f"""
        insert into user_preferences (
            user_id, default_model, theme, language, email_notifications, usage_alerts, created_at, updated_at
        )
        select p.id, {chance.word("model", "p.k", models)},
               {chance.word("theme", "p.k", ("system", "dark", "light"))},
               {chance.word("language", "p.k", ("en", "en", "de", "es", "fr", "ja"))},
               not {chance.percent("no mail", "p.k", 15)}, not {chance.percent("no alerts", "p.k", 10)},
               p.created_at, p.created_at
        from people as p
        where p.status = 'ACTIVE' and {chance.percent("preferences", "p.k", 60)}"""
