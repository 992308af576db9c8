create table job_log (
    id bigint not null generated always as identity,
    job_id uuid not null,
    event text not null default 'message',
    level text not null default 'info',
    attempt integer not null default 0,
    worker_id text,
    message text not null,
    details jsonb,
    created_at timestamptz not null default clock_timestamp(),
    constraint job_log_pkey primary key (id),
    constraint job_log_job_id_fkey foreign key (job_id) references job_queue (id) on delete cascade,
    constraint job_log_level_check check (level in ('debug', 'info', 'warning', 'error'))
)
