"""Jobs in each state, with the log that the queue functions would have written."""

from __future__ import annotations

from db.demo.chance import Chance, texts
from db.demo.load import Load

JOB_TYPES = (
    "sync_youtube",
    "sync_instagram",
    "generate_summary",
    "export_data",
    "send_reminder",
    "resize_media",
)
ERRORS = (
    "HTTP 429 from api.example.com: quota exceeded",
    "TimeoutError: no answer within 60 s",
    "ValueError: unsupported media type image/heif",
    "ConnectionResetError: [Errno 104] Connection reset by peer",
)
# Of twenty jobs. "stalled" is processing whose lease ran out, "retrying" pending after a failure.
_STATES = (
    *("completed",) * 12,
    "pending",
    "scheduled",
    "retrying",
    "processing",
    "stalled",
    "failed",
    "cancelled",
    "cached",
)


def loads(chance: Chance) -> tuple[Load, ...]:
    """Jobs and logs in one statement a range."""
    return (
        Load("quiet", "alter table job_queue disable trigger job_queue_notify_change", whole=True),
        Load("jobs with logs", _jobs(chance)),
        Load("loud", "alter table job_queue enable trigger job_queue_notify_change", whole=True),
    )


def _jobs(chance: Chance) -> str:
    number = "(p.k * 4 + i)"
    return f"""
        , jobs as (
            select {chance.uuid("job", number)} as id, {number} as number,
                   case when mod(p.k, 23) <> 0 then p.id end as user_id,
                   ({texts(JOB_TYPES)})[1 + {chance.number("job type", number, len(JOB_TYPES))}] as job_type,
                   ({texts(_STATES)})[1 + mod(p.k * 7 + i * 3, {len(_STATES)})] as state,
                   ({texts(ERRORS)})[1 + {chance.number("job error", number, len(ERRORS))}] as error,
                   {chance.number("progress", number, 95)} as progress,
                   now() - power({chance.share("created", number)}, 3) * interval '40 days' - interval '20 minutes' as made,
                   {chance.share("took", number)} * interval '9 minutes' as took
            from people as p
            cross join lateral generate_series(1, {chance.number("jobs", "p.k", 3)}) as each (i)
            where p.status = 'ACTIVE' and p.deleted_at is null
        ), told as (
            select *, case when state in ('processing', 'stalled') then greatest(made, now() - interval '3 hours') else made end as created,
                   case when state in ('completed', 'cached') then 'completed'
                        when state = 'stalled' then 'processing'
                        when state in ('scheduled', 'retrying') then 'pending' else state end as status,
                   case when state in ('pending', 'scheduled', 'cancelled') then 0
                        when state = 'failed' then 3 when state = 'retrying' then 2 else 1 end as attempts
            from jobs
        ), made as (
            insert into job_queue (
                id, user_id, job_type, status, priority, payload, result, error_message, progress,
                progress_message, attempts, lease_losses, idempotency_key, cache_key, cache_expires_at,
                scheduled_for, started_at, finished_at, worker_id, lease_token, lease_expires_at, heartbeat_at,
                created_at, updated_at
            )
            select id, user_id, job_type, status, 1 + mod(number, 9)::int,
                   jsonb_build_object('source', job_type, 'batch', 9007199254740993 + number),
                   case when status = 'completed' then jsonb_build_object('items', progress) end,
                   case when state in ('failed', 'retrying') then error end,
                   case status when 'completed' then 100 when 'pending' then 0 else progress end,
                   case when status = 'processing' then 'item ' || progress || ' of 100' end,
                   attempts, case when state = 'stalled' then 2 else 0 end,
                   case when mod(number, 3) = 0 then job_type || ':' || number end,
                   case when state = 'cached' then job_type || ':result' end,
                   case when state = 'cached' then now() + interval '2 days' end,
                   case state when 'scheduled' then now() + interval '5 hours'
                              when 'retrying' then now() + interval '25 minutes' else created end,
                   case when attempts > 0 then created + interval '2 seconds' end,
                   case when status in ('completed', 'failed', 'cancelled') then created + took end,
                   case when attempts > 0 and state <> 'retrying' then 'worker-' || (1 + mod(number, 6)) end, attempts,
                   case state when 'processing' then now() + interval '50 minutes'
                              when 'stalled' then greatest(created, now() - interval '170 minutes') + interval '1 minute' end,
                   case status when 'processing' then created + took end, created, created + took
            from told
        )
        insert into job_log (job_id, event, level, attempt, worker_id, message, created_at)
        select told.id, entry.event, entry.level, entry.attempt, 'worker-' || (1 + mod(number, 6)), entry.message, entry.at
        from told
        cross join lateral (
            values ('created', 'info', 0, 'created', created),
                   ('started', 'info', 1, 'started by worker-' || (1 + mod(number, 6)), created + interval '2 seconds'),
                   ('message', 'debug', 1, 'fetched page 1 of ' || (1 + progress), created + took * 0.4),
                   ('retry_scheduled', 'warning', 1, error, created + took * 0.6),
                   ('failed', 'error', 3, error, created + took),
                   ('cancelled', 'info', 0, 'cancelled by its user', created + took),
                   ('completed', 'info', 1, 'completed', created + took)
        ) as entry (event, level, attempt, message, at)
        where entry.event = 'created'
              or attempts > 0 and entry.event in ('started', 'message')
              or attempts > 1 and entry.event = 'retry_scheduled'
              or entry.event = status and entry.event in ('failed', 'cancelled', 'completed')"""
