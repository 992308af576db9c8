create function create_job(
    p_auth_user_id uuid,
    p_job_type text,
    p_payload jsonb default '{}',
    p_priority integer default 5,
    p_scheduled_for timestamptz default null,
    p_max_attempts integer default 3,
    p_idempotency_key text default null,
    p_cache_key text default null
)
returns uuid
language sql
set search_path = pg_catalog, pg_temp
as $$
    select {schema}.create_job (
        p_auth_user_id::text, p_job_type, p_payload, p_priority, p_scheduled_for, p_max_attempts,
        p_idempotency_key, p_cache_key
    )
$$
