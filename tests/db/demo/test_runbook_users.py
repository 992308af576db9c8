from __future__ import annotations

from typing import Any

import psycopg

Connection = psycopg.Connection[Any]


def test_the_two_subscriptions_are_those_of_the_runbook(smallest: Connection) -> None:
    rows = smallest.execute(
        """select u.email, u.display_name, u.status::text, s.tier, s.status, s.cancel_at_period_end, s.stripe_price_id
           from users u join subscriptions s on s.user_id = u.id
           where u.email in ('free@example.com', 'pro@example.com') order by u.email"""
    ).fetchall()
    assert rows == [
        ("free@example.com", "Free User", "ACTIVE", "free", "active", False, None),
        ("pro@example.com", "Pro User", "ACTIVE", "pro", "active", False, "price_test_pro"),
    ]


def test_the_three_credits_are_those_of_the_runbook(smallest: Connection) -> None:
    rows = smallest.execute(
        """select u.email, c.credit_type, c.remaining_credits, c.used_credits, c.total_credits,
                  c.monthly_allocation, c.reset_day_of_month, c.is_current
           from users u join credits c on c.user_id = u.id
           where u.email in ('free@example.com', 'pro@example.com') order by u.email, c.credit_type"""
    ).fetchall()
    assert rows == [
        ("free@example.com", "free", 1500, 500, 2000, 2000, 1, True),
        ("pro@example.com", "free", 2000, 0, 2000, 2000, 1, True),
        ("pro@example.com", "pro", 5000, 5000, 10000, 0, 1, True),
    ]


def test_the_two_preferences_are_those_of_the_runbook(smallest: Connection) -> None:
    rows = smallest.execute(
        """select u.email, p.default_model, p.email_notifications, p.usage_alerts
           from users u join user_preferences p on p.user_id = u.id
           where u.email in ('free@example.com', 'pro@example.com') order by u.email"""
    ).fetchall()
    assert rows == [
        ("free@example.com", "gpt-5", True, True),
        ("pro@example.com", "claude-3.5-sonnet", True, True),
    ]


def test_its_client_and_models_are_there(smallest: Connection) -> None:
    clients = smallest.execute("select client_id from oauth_clients").fetchall()
    models = smallest.execute("select display_name from llm_models order by 1").fetchall()
    assert clients == [("textassistant-desktop",)]
    assert models == [("Claude 3.5 Sonnet",), ("GPT-5",), ("Gemini 2.0 Pro",)]
