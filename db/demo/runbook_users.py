"""The two users of the runbook "Database Schema Enhancement", with exactly its figures."""

from __future__ import annotations

from db.demo.chance import Chance
from db.demo.load import NOW, Load

FREE_EMAIL, PRO_EMAIL = "free@example.com", "pro@example.com"
# Row numbers below those of all other people.
_PEOPLE = f"""(values
    (-1::bigint, '{FREE_EMAIL}', 'freeuser', 'Free User', 'free', 'plan_free_monthly', null, null, null, 'gpt-5'),
    (-2::bigint, '{PRO_EMAIL}', 'prouser', 'Pro User', 'pro', 'plan_pro_monthly', 'price_test_pro', 'cus_test_pro',
     'sub_test_pro', 'claude-3.5-sonnet')
    ) as person (k, email, username, display_name, tier, plan, price_id, customer, stripe_subscription, model)"""
_SINCE = f"{NOW} - interval '90 days'"


def loads(chance: Chance) -> tuple[Load, ...]:
    """Users, subscriptions, credits, preferences."""
    return (
        Load("runbook users", _users(chance), whole=True),
        Load("runbook subscriptions", _subscriptions(chance), whole=True),
        Load("runbook credits", _credits(chance), whole=True),
        Load("runbook preferences", _preferences(chance), whole=True),
    )


def _id(chance: Chance) -> str:
    return f"('cm' || left({chance.digest('runbook user', 'k')}, 23))"


def _users(chance: Chance) -> str:
    return f"""
        insert into users (id, email, username, display_name, provider, status, created_at, updated_at)
        select {_id(chance)}, email, username, display_name, 'email', 'ACTIVE', {_SINCE}, {_SINCE} from {_PEOPLE}"""


def _subscriptions(chance: Chance) -> str:
    return f"""
        insert into subscriptions (
            id, user_id, plan_id, tier, status, billing_cycle, started_at, current_period_start, current_period_end,
            cancel_at_period_end, stripe_price_id, stripe_customer_id, stripe_subscription_id, created_at, updated_at
        )
        select {chance.uuid("runbook subscription", "k")}, {_id(chance)}, plan, tier, 'active', 'monthly', {_SINCE},
               {NOW} - interval '12 days', {NOW} + interval '18 days', false, price_id, customer, stripe_subscription,
               {_SINCE}, {_SINCE}
        from {_PEOPLE}"""


def _credits(chance: Chance) -> str:
    return f"""
        insert into credits (
            id, user_id, credit_type, total_credits, used_credits, remaining_credits, monthly_allocation,
            reset_day_of_month, period_start, period_end, is_current
        )
        select {chance.uuid("runbook credits", "(k * 4 + number)")}, {_id(chance)}, kind, total, used, total - used,
               allocation, 1, {NOW} - interval '12 days', {NOW} + interval '18 days', true
        from {_PEOPLE}
        join (values (1, -1, 'free', 2000, 500, 2000), (1, -2, 'free', 2000, 0, 2000), (2, -2, 'pro', 10000, 5000, 0))
             as held (number, owner, kind, total, used, allocation) on owner = k"""


def _preferences(chance: Chance) -> str:
    return f"""
        insert into user_preferences (user_id, default_model, email_notifications, usage_alerts)
        select {_id(chance)}, model, true, true from {_PEOPLE}"""
