create function fail_job(
    p_job_id uuid,
    p_lease_token bigint,
    p_error text,
    p_retryable boolean default true,
    p_backoff_seconds integer default 10
)
returns timestamptz
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_error text := coalesce(nullif(left(p_error, 10000), ''), 'no reason given');
    v_job record;
    v_seconds double precision;
    v_next timestamptz;
begin
    if p_backoff_seconds is null or p_backoff_seconds not between 0 and 3600 then
        raise exception 'p_backoff_seconds must be 0 to 3600' using errcode = 'invalid_parameter_value';
    end if;
    select q.attempts, q.max_attempts, q.worker_id
    into v_job
    from {schema}.job_queue q
    where q.id = p_job_id and q.lease_token = p_lease_token and q.lease_expires_at is not null
    for update;
    if not found then
        raise exception 'job % is not leased with token %', p_job_id, p_lease_token
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'It was cancelled or taken over. Stop working on it and keep none of its effects.';
    end if;

    if coalesce(p_retryable, true) and v_job.attempts < v_job.max_attempts then
        -- Doubles with every attempt up to an hour; up to a tenth more keeps failed jobs from returning together.
        v_seconds := least(p_backoff_seconds * 2.0 ^ least(v_job.attempts - 1, 16), 3600) * (1 + random() / 10);
        v_next := v_now + make_interval(secs => v_seconds);
    end if;

    update {schema}.job_queue q
    set status = case when v_next is null then 'failed' else 'pending' end,
        error_message = v_error,
        scheduled_for = coalesce(v_next, q.scheduled_for),
        finished_at = case when v_next is null then v_now end,
        worker_id = case when v_next is null then q.worker_id end,
        lease_expires_at = null
    where q.id = p_job_id;
    insert into {schema}.job_log (job_id, event, level, attempt, worker_id, message)
    values (
        p_job_id,
        case when v_next is null then 'failed' else 'retry_scheduled' end,
        case when v_next is null then 'error' else 'warning' end,
        v_job.attempts, v_job.worker_id, v_error
    );
    return v_next;
end
$$
