"""Guards of the write path: permission and comparison."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

SQL = "migrations/console/versions/c001_sql"
APPLY = "tests/db/changes/test_apply.py"
REFUSALS = "tests/db/changes/test_refusals.py"
ATTACKS = "tests/db/operators/test_attacks.py"
MATRIX = "tests/db/operators/test_matrix.py"
INSTALLATION = "tests/db/operators/test_installation.py"
APPROVAL = "tests/db/changes/test_approval.py"
MALFORMED = "tests/db/changes/test_malformed.py"
PRIVACY = "tests/db/changes/test_privacy.py"
RACES = "tests/db/changes/test_races.py"

PERMISSION = (
    Mutant(
        "permission of the session's user",
        f"{SQL}/06_permission.sql",
        "\n        and pg_has_role(session_user, r.oid, 'usage'))",
        ")",
        f"{MATRIX}::test_apply_asks_the_rights_for_every_table_verb_and_column",
    ),
    Mutant(
        "permission by column",
        f"{SQL}/06_permission.sql",
        "      where p.table_name = w.table_name and p.verb = w.verb and p.column_name = w.column_name\n        and pg_has_role",
        "      where p.table_name = w.table_name and p.verb = w.verb\n        and pg_has_role",
        f"{MATRIX}::test_apply_asks_the_rights_for_every_table_verb_and_column",
    ),
    Mutant(
        "only registered tables",
        f"{SQL}/06_permission.sql",
        "return exists (select from nightdesk.platform_table p",
        "return true or exists (select from nightdesk.platform_table p",
        f"{ATTACKS}::test_a_fact_about_a_view_of_the_attacker_runs_nothing",
    ),
    Mutant(
        "the registered table itself, not its name",
        f"{SQL}/06_permission.sql",
        " and p.relation = is_platform_table.relation",
        "",
        f"{ATTACKS}::test_a_table_made_later_under_a_known_name_is_another_table",
    ),
    Mutant(
        "reveals from registered tables only",
        f"{SQL}/14_privacy.sql",
        "  perform nightdesk.assert_named_columns(v_record);\n",
        "",
        f"{ATTACKS}::test_a_reveal_from_a_view_of_the_attacker_runs_nothing",
    ),
    Mutant(
        "reveals of one row",
        f"{SQL}/14_privacy.sql",
        "  perform nightdesk.assert_identifying(v_table, table_name, v_record.key_columns);\n",
        "",
        f"{PRIVACY}::test_a_reveal_names_one_row",
    ),
    Mutant(
        "keys of reveals from viewers",
        f"{SQL}/15_ownership.sql",
        "grant select (id, operator, revealed_at, console_session, table_name, column_name, reason) on nightdesk.reveal",
        "grant select on nightdesk.reveal",
        f"{PRIVACY}::test_a_viewer_reads_who_looked_and_not_which_key_was_named",
    ),
    Mutant(
        "histories by hidden keys",
        f"{SQL}/13_audit.sql",
        "    and nightdesk.readable_image(t.table_oid, c.key) = c.key",
        "   ",
        f"{PRIVACY}::test_a_history_is_not_asked_for_by_what_is_hidden",
    ),
    Mutant(
        "comparing is reading",
        f"{SQL}/06_permission.sql",
        "where not has_column_privilege(session_user, grp.table_oid, c, 'select')",
        "where false",
        f"{ATTACKS}::test_comparing_is_reading",
    ),
    Mutant(
        "secret columns in changes",
        f"{SQL}/06_permission.sql",
        "where exists (select from nightdesk.secret_column s",
        "where false and exists (select from nightdesk.secret_column s",
        f"{REFUSALS}::test_a_secret_column_enters_no_change",
    ),
    Mutant(
        "secret columns in images",
        f"{SQL}/08_write.sql",
        "\n          and not exists (select from nightdesk.secret_column s where s.table_name = readable_columns.table_name and s.column_name = a.attname)",
        "",
        f"{REFUSALS}::test_a_secret_column_enters_no_image",
    ),
    Mutant(
        "search_path of apply_changes",
        f"{SQL}/10_apply_changes.sql",
        "set search_path = pg_catalog, pg_temp\nset timezone",
        "set search_path = pg_catalog\nset timezone",
        f"{ATTACKS}::test_every_function_pins_its_search_path_with_temporary_objects_last",
    ),
    Mutant(
        "EXECUTE revoked from PUBLIC",
        f"{SQL}/15_ownership.sql",
        "    execute pg_catalog.format('revoke all on function %s from public', v_object.name);\n",
        "",
        f"{ATTACKS}::test_no_function_is_anybodys_and_none_runs_as_a_superuser",
    ),
    Mutant(
        "NULL in arrays whatever the session sets",
        f"{SQL}/10_apply_changes.sql",
        " set array_nulls = on",
        "",
        f"{APPLY}::test_a_null_in_an_array_stays_one_whatever_the_session_sets",
    ),
    Mutant(
        "personal data in headers",
        f"{SQL}/10_apply_changes.sql",
        "nightdesk.readable_by_all(v_moved)",
        "v_moved",
        f"{ATTACKS}::test_a_header_that_everybody_reads_holds_no_hidden_value",
    ),
    Mutant(
        "names of removed operators",
        "db/operators/people.py",
        "if removed is not None and exists is None:",
        "if False:",
        f"{INSTALLATION}::test_the_name_of_somebody_whose_login_is_gone_is_not_given_to_another",
    ),
    Mutant(
        "acting on behalf of others",
        f"{SQL}/10_apply_changes.sql",
        "case when pg_has_role(session_user, 'nightdesk_worker', 'usage') then coalesce(requested_by, session_user) else session_user end",
        "coalesce(requested_by, session_user)",
        f"{APPROVAL}::test_only_a_worker_acts_on_behalf_of_somebody",
    ),
)

COMPARISON = (
    Mutant(
        "comparison with the preview",
        f"{SQL}/10_apply_changes.sql",
        "  if v_moved <> '[]' then\n    if on_conflict = 'abort' then",
        "  if false then\n    if on_conflict = 'abort' then",
        f"{RACES}::test_of_two_operators_on_one_row_one_wins_and_the_other_sees_what_changed",
    ),
    Mutant(
        "typed comparison",
        f"{SQL}/07_compare.sql",
        "return case when not nightdesk.has_equality(table_oid, column_name)",
        "return case when true",
        f"{APPLY}::test_equality_is_that_of_the_type_and_the_image_holds_what_was_stored",
    ),
    Mutant(
        "rows locked before they are compared",
        f"{SQL}/10_apply_changes.sql",
        "  perform nightdesk.lock_rows(v_groups);\n",
        "",
        f"{RACES}::test_of_two_operators_on_one_row_one_wins_and_the_other_sees_what_changed",
    ),
    Mutant(
        "rows locked in order",
        f"{SQL}/07_compare.sql",
        " order by %3$s for %4$s of t) locked",
        " for %4$s of t) locked",
        f"{RACES}::test_crossing_sets_in_any_order_never_deadlock",
    ),
    Mutant(
        "absence held by those who rely on it",
        f"{SQL}/07_compare.sql",
        "perform pg_advisory_xact_lock(hashtextextended('nightdesk.absent', 0) + k.bucket)",
        "perform k.bucket",
        f"{RACES}::test_of_many_who_rely_on_the_same_absence_one_wins",
    ),
    Mutant(
        "units skipped whole",
        f"{SQL}/05_change_groups.sql",
        "where e.unit <> all (units)",
        "where true",
        f"{APPLY}::test_skip_leaves_out_whole_units_and_reports_them",
    ),
    Mutant(
        "one change a row",
        f"{SQL}/10_apply_changes.sql",
        "  perform nightdesk.assert_rows_once(v_groups);\n",
        "",
        f"{REFUSALS}::test_a_row_named_twice_is_refused",
    ),
    Mutant(
        "keys and generated columns",
        f"{SQL}/06_permission.sql",
        "         or (grp.verb = 'update' and (",
        "         or (false and (",
        f"{REFUSALS}::test_what_no_change_may_set_is_refused",
    ),
    Mutant(
        "keys that identify one row",
        f"{SQL}/06_permission.sql",
        "  if not exists (\n    select from pg_index i",
        "  if false and not exists (\n    select from pg_index i",
        f"{REFUSALS}::test_a_composite_key_reaches_exactly_its_row",
    ),
    Mutant(
        "cascades",
        f"{SQL}/08_write.sql",
        "  perform nightdesk.refuse_cascade(grp);\n",
        "",
        f"{REFUSALS}::test_a_delete_that_would_reach_rows_nobody_saw_is_refused",
    ),
    Mutant(
        "texts too long refused, not cut",
        f"{SQL}/07_compare.sql",
        "format_type(a.atttypid, -1)",
        "format_type(a.atttypid, a.atttypmod)",
        f"{REFUSALS}::test_a_text_too_long_is_refused_never_cut",
    ),
    Mutant(
        "changes hidden among the checks",
        f"{SQL}/05_change_groups.sql",
        "case when (x.entry ->> 'verb' in ('looks', 'absent')) = (x.place <= jsonb_array_length(coalesce(u.unit -> 'checks', '[]'))) then x.entry ->> 'verb' end as verb",
        "x.entry ->> 'verb' as verb",
        f"{MALFORMED}::test_a_document_of_the_wrong_shape_is_refused",
    ),
    Mutant(
        "rows in one statement",
        f"{SQL}/10_apply_changes.sql",
        "c_rows_at_most constant integer := 5000",
        "c_rows_at_most constant integer := 1000000",
        f"{REFUSALS}::test_more_rows_than_one_statement_may_hold_are_refused",
    ),
    Mutant(
        "texts read only as they were hashed",
        "db/changes/changeset.py",
        "if plan.text != text:",
        "if False:",
        f"{MALFORMED}::test_a_text_is_read_only_in_the_form_whose_hash_was_approved",
    ),
)

MUTANTS = (*PERMISSION, *COMPARISON)
