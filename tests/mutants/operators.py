"""Guards of installing beside a platform: roles, grants, policies, registrations, and who is an operator."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ATTACKS = "tests/db/operators/test_attacks.py"
MATRIX = "tests/db/operators/test_matrix.py"
LOCKS = "tests/db/operators/test_locks.py"
REGISTRY = "tests/db/operators/test_registry.py"
OWNER = "tests/db/operators/test_owner_installs.py"

MUTANTS = (
    Mutant(
        "personal data from viewers",
        "db/operators/grants.py",
        "if role in SEES_PERSONAL_DATA or column not in relation.rights.personal:",
        "if role:",
        f"{ATTACKS}::test_personal_data_is_hidden_from_viewers_only",
    ),
    Mutant(
        "policies where row security hides",
        "db/operators/row_security.py",
        "if relation.row_security]",
        "if not relation]",
        f"{MATRIX}::test_row_security_hides_nothing_from_operators",
    ),
    Mutant(
        "policies that are as wanted",
        "db/operators/row_security.py",
        "if existing.get(name) == wanted:",
        "if not wanted:",
        f"{LOCKS}::test_a_run_that_changes_nothing_waits_for_no_reader",
    ),
    Mutant(
        "policies that are not as wanted",
        "db/operators/row_security.py",
        "if existing.get(name) == wanted:",
        "if name in existing:",
        f"{LOCKS}::test_a_policy_that_is_not_as_wanted_is_put_right",
    ),
    Mutant(
        "views that are as wanted",
        "db/operators/masked_views.py",
        " and view.shows(found.definition):",
        " and not view:",
        f"{LOCKS}::test_a_run_that_changes_nothing_waits_for_no_reader",
    ),
    Mutant(
        "views that are not as wanted",
        "db/operators/masked_views.py",
        " and view.shows(found.definition):",
        ":",
        f"{LOCKS}::test_a_view_that_is_not_as_wanted_is_put_right",
    ),
    Mutant(
        "further attempts for a lock",
        "db/operators/installation.py",
        "    patiently(attempt, report)",
        "    attempt()",
        f"{LOCKS}::test_a_policy_waits_briefly_and_lets_others_through",
    ),
    Mutant(
        "rows that a DBA registered",
        "db/operators/registry.py",
        "where source = 'nightdesk' and split_part",
        "where split_part",
        f"{REGISTRY}::test_what_a_dba_registered_stays",
    ),
    Mutant(
        "rows that a DBA updated",
        "migrations/console/versions/c001_sql/02_tables.sql",
        "  new.source := 'operator';",
        "  new.source := old.source;",
        f"{REGISTRY}::test_a_stricter_threshold_stays",
    ),
    Mutant(
        "columns that a DBA declared secret",
        "db/operators/relations.py",
        ' | declared.get(f"{schema}.{name}", frozenset())',
        "",
        f"{REGISTRY}::test_a_column_that_a_dba_declared_secret_is_read_by_nobody",
    ),
    Mutant(
        "rows of another schema",
        "db/operators/registry.py",
        " and split_part(table_name, '.', 1) = {}",
        " and {} <> ''",
        f"{REGISTRY}::test_another_schema_of_the_same_database_keeps_its_rows_and_views",
    ),
    Mutant(
        "membership of the installer",
        "migrations/console/versions/c001_sql/01_roles.sql",
        " with inherit true, set true'",
        " with inherit false'",
        f"{OWNER}::test_an_owner_who_may_create_roles_installs_extends_and_leaves",
    ),
    Mutant(
        "owners who may create in the schema",
        "migrations/console/versions/c001_sql/15_ownership.sql",
        "grant usage, create on schema nightdesk to nightdesk_owner, nightdesk_audit_owner;",
        "",
        f"{OWNER}::test_an_owner_who_may_create_roles_installs_extends_and_leaves",
    ),
    Mutant(
        "acting for the roles that go",
        "db/operators/standing.py",
        "    if superuser or standing is None or standing.inherits:",
        "    if connection:",
        f"{OWNER}::test_an_owner_who_may_create_roles_installs_extends_and_leaves",
    ),
    Mutant(
        "what a superuser must run first",
        "db/operators/standing.py",
        "        if standing is not None and not standing.grants and",
        "        if standing is None and",
        f"{OWNER}::test_roles_that_another_owner_made_are_granted_by_a_superuser",
    ),
    Mutant(
        "databases that keep a role",
        "db/operators/installation.py",
        "    if keepers:",
        "    if not connection:",
        f"{OWNER}::test_roles_that_another_owner_made_are_granted_by_a_superuser",
    ),
    Mutant(
        "roles that are only administered",
        "db/connection/server.py",
        "pg_has_role(session_user, oid, 'usage')",
        "pg_has_role(session_user, oid, 'member')",
        f"{OWNER}::test_who_made_the_roles_is_no_operator_by_that",
    ),
    Mutant(
        "operators who only administer",
        "db/operators/people.py",
        "where coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, m.rolinherit)",
        "where true",
        f"{OWNER}::test_who_made_the_roles_is_no_operator_by_that",
    ),
    Mutant(
        "grants of another grantor",
        "db/operators/people.py",
        "if grantor and connection.info.server_version >= 160000:",
        "if not connection:",
        f"{OWNER}::test_a_superuser_removes_whom_the_owner_added",
    ),
)
