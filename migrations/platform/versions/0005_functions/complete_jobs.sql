create function complete_jobs(
    p_job_ids uuid[],
    p_lease_tokens bigint[],
    p_results jsonb[] default null,
    p_cache_seconds integer default null,
    p_skip_lost boolean default false
)
returns setof uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_done uuid[];
    v_lost uuid;
begin
    if coalesce(cardinality(p_job_ids), 0) not between 1 and 1000
        or array_position(p_job_ids, null) is not null
        or cardinality(p_lease_tokens) is distinct from cardinality(p_job_ids)
        or (p_results is not null and cardinality(p_results) <> cardinality(p_job_ids))
    then
        raise exception 'p_job_ids must hold 1 to 1000 ids, p_lease_tokens and p_results one entry for each'
            using errcode = 'invalid_parameter_value';
    end if;
    if p_cache_seconds < 1 then
        raise exception 'p_cache_seconds must be at least 1' using errcode = 'invalid_parameter_value';
    end if;

    with finished as (
        update {schema}.job_queue q
        set status = 'completed',
            result = done.result,
            error_message = null,
            progress = 100,
            finished_at = v_now,
            lease_expires_at = null,
            cache_expires_at = case
                when q.cache_key is not null then v_now + make_interval(secs => p_cache_seconds)
            end
        from unnest(p_job_ids, p_lease_tokens, p_results) as done (id, token, result)
        where q.id = done.id and q.lease_token = done.token and q.lease_expires_at is not null
        returning q.id, q.attempts, q.worker_id
    ), logged as (
        insert into {schema}.job_log (job_id, event, attempt, worker_id, message)
        select f.id, 'completed', f.attempts, f.worker_id, 'completed'
        from finished f
    )
    select coalesce(array_agg(f.id), '{}') into v_done from finished f;

    if not coalesce(p_skip_lost, false) then
        select wanted into v_lost from unnest(p_job_ids) wanted where wanted <> all (v_done) limit 1;
        if found then
            raise exception 'job % is not leased with the token given', v_lost
                using errcode = 'object_not_in_prerequisite_state',
                    hint = 'It was cancelled or taken over. Stop working on it and keep none of its effects.';
        end if;
    end if;
    return query select unnest(v_done);
end
$$
