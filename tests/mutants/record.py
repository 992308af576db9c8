"""Guards of the record: once per operation, approved where it must be, audited."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

SQL = "migrations/console/versions/c001_sql"
APPLY = "tests/db/changes/test_apply.py"
ATTACKS = "tests/db/operators/test_attacks.py"
APPROVAL = "tests/db/changes/test_approval.py"
IDENTITY = "tests/db/changes/test_identity.py"
KILLS = "tests/db/changes/test_kills.py"
TAMPERING = "tests/db/audit/test_tampering.py"

ONCE = (
    Mutant(
        "other changes under a used id",
        f"{SQL}/10_apply_changes.sql",
        "if v_known = assert_operation_new.hash then",
        "if v_known is not null then",
        f"{IDENTITY}::test_the_same_id_for_other_changes_is_an_error",
    ),
    Mutant(
        "lock on the operation id",
        f"{SQL}/10_apply_changes.sql",
        "  perform nightdesk.lock_operation(operation_id);\n",
        "",
        f"{IDENTITY}::test_resolve_says_still_running_while_it_runs",
    ),
    Mutant(
        "tombstone made by resolve",
        f"{SQL}/11_operations.sql",
        "  insert into nightdesk.operation_tombstone (operation_id) values (operation_id) on conflict do nothing;\n",
        "",
        f"{IDENTITY}::test_not_done_is_final_for_whatever_arrives_late",
    ),
    Mutant(
        "tombstone heeded by apply",
        f"{SQL}/10_apply_changes.sql",
        "  if exists (select from nightdesk.operation_tombstone t",
        "  if false and exists (select from nightdesk.operation_tombstone t",
        f"{IDENTITY}::test_a_late_arrival_cannot_pass_between_the_lock_and_the_look",
    ),
    Mutant(
        "old snapshots",
        f"{SQL}/10_apply_changes.sql",
        "if current_setting('transaction_isolation') <> 'read committed' then",
        "if false then",
        f"{IDENTITY}::test_resolve_refuses_to_answer_from_an_old_snapshot",
    ),
    Mutant(
        "replicas",
        f"{SQL}/11_operations.sql",
        "  if pg_is_in_recovery() then",
        "  if false then",
        f"{IDENTITY}::test_a_replica_answers_unknown_and_writes_nothing",
    ),
    Mutant(
        "lost connections are unknown outcomes",
        "db/changes/apply.py",
        "if _ended_the_session(error):",
        "if error.sqlstate is None:",
        f"{KILLS}::test_a_backend_ended_while_it_works_is_an_unknown_outcome_that_resolves",
    ),
)

APPROVALS = (
    Mutant(
        "approval policy",
        f"{SQL}/10_apply_changes.sql",
        "elsif nightdesk.needs_approval(v_groups) then",
        "elsif false then",
        f"{APPROVAL}::test_from_the_threshold_on_a_second_operator_must_approve",
    ),
    Mutant(
        "approval by another",
        f"{SQL}/12_approval.sql",
        "if v_approval.requested_by = session_user then",
        "if false then",
        f"{APPROVAL}::test_nobody_approves_their_own_request",
    ),
    Mutant(
        "approval by another, in the table",
        f"{SQL}/02_tables.sql",
        "check (decided_by is null or decided_by <> requested_by)",
        "check (true)",
        f"{APPROVAL}::test_nobody_approves_their_own_request",
    ),
    Mutant(
        "approvals used once",
        f"{SQL}/09_record.sql",
        " and a.used_by is null",
        "",
        f"{APPROVAL}::test_a_request_that_is_undecided_denied_expired_used_or_for_other_changes_approves_nothing",
    ),
    Mutant(
        "approvals that expire",
        f"{SQL}/09_record.sql",
        " and a.expires_at > clock_timestamp()",
        "",
        f"{APPROVAL}::test_a_request_that_is_undecided_denied_expired_used_or_for_other_changes_approves_nothing",
    ),
    Mutant(
        "approvals of exactly these changes",
        f"{SQL}/09_record.sql",
        "where a.hash = use_approval.hash and ",
        "where ",
        f"{APPROVAL}::test_a_request_that_is_undecided_denied_expired_used_or_for_other_changes_approves_nothing",
    ),
    Mutant(
        "parts that were declared",
        f"{SQL}/11_operations.sql",
        "approval_of_part.hash = any (b.part_hashes) and ",
        "",
        f"{APPROVAL}::test_a_part_that_was_not_declared_is_refused",
    ),
    Mutant(
        "batches by those who may change something",
        f"{SQL}/11_operations.sql",
        "where pg_has_role(session_user, r.oid, 'usage')) then",
        "where true) then",
        f"{APPROVAL}::test_who_may_change_nothing_opens_no_batch",
    ),
    Mutant(
        "parts applied once",
        f"{SQL}/11_operations.sql",
        "  if exists (select from nightdesk.operation o where o.parent_id = parent and",
        "  if false and exists (select from nightdesk.operation o where o.parent_id = parent and",
        f"{APPROVAL}::test_a_part_is_applied_once",
    ),
    Mutant(
        "parts one after the other",
        f"{SQL}/11_operations.sql",
        "\n  for no key update of b;",
        ";",
        f"{APPROVAL}::test_two_parts_at_once_cannot_both_slip_under_the_declared_number",
    ),
)

AUDIT = (
    Mutant(
        "an undo of what it says it undoes",
        f"{SQL}/10_apply_changes.sql",
        "    where image.key is null or (",
        "    where false and (",
        "tests/db/changes/test_undo.py::test_changes_of_other_rows_are_no_undo",
    ),
    Mutant(
        "append-only operations",
        f"{SQL}/03_append_only.sql",
        "create trigger append_only before update or delete on nightdesk.operation\n",
        "create trigger append_only before update on nightdesk.operation\n",
        f"{TAMPERING}::test_not_even_a_superuser_rewrites_by_accident",
    ),
    Mutant(
        "append-only for replication roles too",
        f"{SQL}/03_append_only.sql",
        "alter table nightdesk.operation enable always trigger append_only;\n",
        "",
        f"{TAMPERING}::test_not_even_a_superuser_rewrites_by_accident",
    ),
    Mutant(
        "truncate of a month",
        f"{SQL}/03_append_only.sql",
        "  execute format('alter table nightdesk.%I enable always trigger never_truncated', v_name);\n",
        "  execute format('alter table nightdesk.%I disable trigger never_truncated', v_name);\n",
        f"{TAMPERING}::test_a_month_is_as_append_only_as_the_whole",
    ),
    Mutant(
        "chain of digests",
        f"{SQL}/09_record.sql",
        "  o.previous_digest := v_head.digest;\n",
        "  o.previous_digest := sha256(convert_to(o.id::text, 'UTF8'));\n",
        f"{TAMPERING}::test_a_chain_that_nobody_touched_is_clean",
    ),
    Mutant(
        "links between operations",
        f"{SQL}/13_audit.sql",
        "when c.expected_previous is not null and (c.operation).previous_digest <> c.expected_previous then",
        "when false then",
        f"{TAMPERING}::test_a_header_with_its_digest_made_anew_breaks_the_chain_after_it",
    ),
    Mutant(
        "head of the chain",
        f"{SQL}/13_audit.sql",
        "when c.is_last and (c.head_seq",
        "when false and (c.head_seq",
        f"{TAMPERING}::test_a_tail_that_is_gone_is_found",
    ),
    Mutant(
        "digest of the images",
        f"{SQL}/13_audit.sql",
        "when c.has_images and nightdesk.images_digest(c.id, c.applied_at) <> (c.operation).images_digest then",
        "when false then",
        f"{TAMPERING}::test_an_altered_image_is_found",
    ),
    Mutant(
        "sessions of other operators",
        f"{SQL}/09_record.sql",
        "if v_head.operator <> session_user then",
        "if false then",
        f"{ATTACKS}::test_an_operator_cannot_write_in_the_console_session_of_another",
    ),
    Mutant(
        "one chain for the commands of an operator",
        f"{SQL}/09_record.sql",
        "coalesce(o.console_session, nightdesk.own_session(session_user))",
        "coalesce(o.console_session, gen_random_uuid())",
        f"{TAMPERING}::test_an_operation_deleted_between_commands_of_its_operator_leaves_a_hole",
    ),
    Mutant(
        "chains that others fall back to",
        f"{SQL}/09_record.sql",
        "  if substr(o.console_session::text, 15, 1) = '8' and ",
        "  if false and ",
        f"{TAMPERING}::test_nobody_begins_the_chain_that_another_falls_back_to",
    ),
    Mutant(
        "retention of months",
        f"{SQL}/03_append_only.sql",
        "  if v_month is null or v_month + interval '1 month' + nightdesk.audit_retention() > clock_timestamp() then",
        "  if v_month is null then",
        f"{TAMPERING}::test_a_month_is_dropped_past_its_retention_only_and_by_a_dba_only",
    ),
    Mutant(
        "months that were destroyed",
        f"{SQL}/13_audit.sql",
        "  if v_dropped.month is null and nightdesk.image_month(v_from) is null\n",
        "  if false\n",
        f"{TAMPERING}::test_a_month_that_was_destroyed_is_no_retention",
    ),
    Mutant(
        "months said to be dropped too early",
        f"{SQL}/13_audit.sql",
        "  if v_dropped.month is not null and (v_dropped.dropped_at < v_until",
        "  if false and (v_dropped.dropped_at < v_until",
        f"{TAMPERING}::test_a_month_that_was_destroyed_is_no_retention",
    ),
    Mutant(
        "triggers that are disabled",
        f"{SQL}/13_audit.sql",
        " and t.tgenabled = 'A'",
        "",
        f"{TAMPERING}::test_a_table_that_can_be_rewritten_is_named",
    ),
    Mutant(
        "unsound months kept as evidence",
        "db/audit/retention.py",
        "    if found:\n",
        "    if not month:\n",
        f"{TAMPERING}::test_a_month_is_dropped_past_its_retention_only_and_by_a_dba_only",
    ),
    Mutant(
        "heads kept elsewhere",
        "db/audit/verify.py",
        "if head.chain_seq > 0 and row != (head.digest,):",
        "if head.chain_seq > 0 and row is not None and row != (head.digest,):",
        f"{TAMPERING}::test_a_tail_cut_off_with_its_head_is_found_by_the_heads_kept_elsewhere",
    ),
    Mutant(
        "an undo that leaves out rows that nothing put back",
        f"{SQL}/10_apply_changes.sql",
        "where image.key is null or (written.key is null and not exists (",
        "where image.key is null or (written.key is null and false and not exists (",
        "tests/db/changes/test_undo.py::test_an_undo_may_not_leave_out_a_row_that_nothing_put_back",
    ),
    Mutant(
        "images as stored",
        f"{SQL}/08_write.sql",
        "%7$s as before, %1$s",
        "i.before, %1$s",
        f"{APPLY}::test_equality_is_that_of_the_type_and_the_image_holds_what_was_stored",
    ),
)

MUTANTS = (*ONCE, *APPROVALS, *AUDIT)
