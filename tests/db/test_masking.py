from __future__ import annotations

import psycopg
import pytest

from db.masking import address_mask, email_mask, phone_mask


@pytest.mark.parametrize(
    ("phone", "shown"),
    [(None, None), ("+49 30 1234578", "•••78"), ("12345", "•••45"), ("1234", "•••"), ("", "•••")],
)
def test_a_phone_number_keeps_its_last_two_digits(
    empty_database: str, phone: str | None, shown: str | None
) -> None:
    with psycopg.connect(empty_database) as connection:
        row = connection.execute(f"select {phone_mask('%(value)s::text')}", {"value": phone}).fetchone()
    assert row == (shown,)


@pytest.mark.parametrize(
    ("email", "address"),
    [("ana@example.com", "203.0.113.9"), ("@x", "2001:db8::7"), ("ana@x", "garbage"), (None, None)],
)
def test_the_masks_are_those_of_the_schema_nightdesk(
    platform_database: str, email: str | None, address: str | None
) -> None:
    with psycopg.connect(platform_database) as connection:
        row = connection.execute(
            f"select {email_mask('%(email)s::text')}, nightdesk.mask_email(%(email)s),"
            f" {address_mask('%(address)s::text')}, nightdesk.mask_address(%(address)s)",
            {"email": email, "address": address},
        ).fetchone()
    assert row is not None
    assert row[0] == row[1]
    assert row[2] == row[3]
