"""Guards of the migrations and of the queue functions."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

FUNCTIONS = "migrations/platform/versions/0005_functions"
FINISH = "tests/db/jobs/test_finish.py"
CLEANUP = "tests/db/jobs/test_cleanup.py"
REVISIONS = "tests/migrations/test_revisions.py"

MIGRATIONS = (
    Mutant(
        "an INVALID index is built again",
        "migrations/steps/index.py",
        "        healed = heal_invalid(ground, self.name)\n        outcome = super().apply(ground, later)",
        "        healed = False\n        outcome = super().apply(ground, later)",
        "tests/migrations/test_steps_online.py::test_invalid_leftover_is_dropped_and_rebuilt",
    ),
    Mutant(
        "another definition under the same name is refused",
        "migrations/steps/declared.py",
        "        if differences:\n",
        "        if False:\n",
        "tests/migrations/test_steps.py::test_another_definition_is_refused_by_name_and_left_alone",
    ),
    Mutant(
        "one migration of a database at a time",
        "migrations/environment.py",
        "        while not _try_lock(session):",
        "        while False:",
        f"{REVISIONS}::test_waiting_for_another_upgrade_ends_with_its_name",
    ),
    Mutant(
        "a version row only for what is wholly there",
        "db/migration/stamp.py",
        "            if not missing:\n",
        "            if True:\n",
        f"{REVISIONS}::test_without_a_version_row_another_definition_is_refused_by_name",
    ),
)

QUEUE = (
    Mutant(
        "a job is completed with the token of its lease",
        f"{FUNCTIONS}/complete_jobs.sql",
        " and q.lease_token = done.token",
        "",
        f"{FINISH}::test_a_zombie_is_refused_once_its_job_was_requeued",
    ),
    Mutant(
        "a cancelled job is not completed",
        f"{FUNCTIONS}/complete_jobs.sql",
        " and q.lease_expires_at is not null\n",
        "\n",
        f"{FINISH}::test_a_worker_is_refused_after_a_cancel",
    ),
    Mutant(
        "an event is finished with the token of its lease",
        f"{FUNCTIONS}/finish_webhook_event.sql",
        "        and e.lease_token = p_lease_token\n",
        "",
        "tests/db/jobs/test_webhook_functions.py::test_a_zombie_is_refused_once_its_event_was_taken_over",
    ),
    Mutant(
        "claims wait for nobody",
        f"{FUNCTIONS}/claim_jobs.sql",
        "                    for update skip locked\n                ) due;\n            else",
        "                    for update\n                ) due;\n            else",
        "tests/db/jobs/test_claim.py::test_a_second_claimer_takes_the_next_job_without_waiting",
    ),
    Mutant(
        "only expired leases are taken back",
        f"{FUNCTIONS}/requeue_stalled_jobs.sql",
        " and q.lease_expires_at < v_now\n",
        "\n",
        f"{FINISH}::test_only_expired_leases_are_requeued",
    ),
    Mutant(
        "failed events outlive the clean-up",
        f"{FUNCTIONS}/cleanup_old_webhook_events.sql",
        "old.status = 'processed' and ",
        "",
        f"{CLEANUP}::test_webhooks_that_failed_or_were_not_processed_are_never_removed",
    ),
    Mutant(
        "who retried a job",
        f"{FUNCTIONS}/retry_job.sql",
        "jsonb_build_object('by', session_user)",
        "null",
        f"{FINISH}::test_whoever_cancels_retries_or_requeues_is_on_record",
    ),
    Mutant(
        "who cancelled a job",
        f"{FUNCTIONS}/cancel_job.sql",
        "'by', session_user",
        "'by', current_user",
        f"{FINISH}::test_whoever_cancels_retries_or_requeues_is_on_record",
    ),
    Mutant(
        "who cleaned up",
        f"{FUNCTIONS}/cleanup_old_jobs.sql",
        "    if v_deleted > 0 then\n",
        "    if false then\n",
        f"{CLEANUP}::test_a_clean_up_says_in_the_servers_log_what_it_removed",
    ),
)

MUTANTS = (*MIGRATIONS, *QUEUE)
