create function complete_job(
    p_job_id uuid, p_lease_token bigint, p_result jsonb default null, p_cache_seconds integer default null
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_attempt integer;
    v_worker text;
begin
    if p_cache_seconds < 1 then
        raise exception 'p_cache_seconds must be at least 1' using errcode = 'invalid_parameter_value';
    end if;
    update {schema}.job_queue q
    set status = 'completed',
        result = p_result,
        error_message = null,
        progress = 100,
        finished_at = v_now,
        lease_expires_at = null,
        cache_expires_at = case
            when q.cache_key is not null then v_now + make_interval(secs => p_cache_seconds)
        end
    where q.id = p_job_id and q.status = 'processing' and q.lease_token = p_lease_token
    returning q.attempts, q.worker_id into v_attempt, v_worker;
    if not found then
        raise exception 'job % is not leased with token %', p_job_id, p_lease_token
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'It was cancelled or taken over. Stop working on it and keep none of its effects.';
    end if;
    insert into {schema}.job_log (job_id, event, attempt, worker_id, message)
    values (p_job_id, 'completed', v_attempt, v_worker, 'completed');
end
$$
