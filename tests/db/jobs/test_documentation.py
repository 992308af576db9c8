from __future__ import annotations

from pathlib import Path

import pytest

from tests.db.jobs.conftest import Connection

PAGE = Path(__file__).parents[3] / "docs" / "job-functions.md"


def test_every_function_and_argument_is_documented(db: Connection) -> None:
    rows = db.execute(
        "select proname, coalesce(proargnames[:pronargs], '{}') from pg_proc"
        " where pronamespace = 'public'::regnamespace and pronargs > 0"
        " and proname ~ 'job|webhook|cached_result'"
    ).fetchall()
    assert len(rows) == 18
    page = PAGE.read_text(encoding="utf-8")
    for name, arguments in rows:
        assert f"`{name}(" in page, name
        for argument in arguments:
            assert argument in page, (name, argument)


@pytest.mark.parametrize("name", ["touch_updated_at", "notify_job_change"])
def test_every_trigger_function_is_documented(name: str) -> None:
    assert f"`{name}()` trigger" in PAGE.read_text(encoding="utf-8")
