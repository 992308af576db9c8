create function claim_jobs(
    p_worker_id text,
    p_limit integer default 10,
    p_lease_seconds integer default 300,
    p_job_types text[] default null
)
returns table (
    id uuid,
    user_id text,
    job_type text,
    payload jsonb,
    attempts integer,
    max_attempts integer,
    lease_token bigint,
    lease_expires_at timestamptz
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
    v_ids uuid[] := '{}';
    v_found uuid[];
    v_type text;
begin
    if coalesce(p_worker_id, '') = '' then
        raise exception 'a worker needs a name' using errcode = 'invalid_parameter_value';
    end if;
    if p_limit is null or p_limit not between 1 and 1000 then
        raise exception 'p_limit must be 1 to 1000' using errcode = 'invalid_parameter_value';
    end if;
    if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
        raise exception 'p_lease_seconds must be 1 to 86400' using errcode = 'invalid_parameter_value';
    end if;

    -- One bounded index range a priority (and type): jobs that wait for a later time are never read.
    for v_priority in 0 .. 9 loop
        for v_type in
            select wanted from unnest(coalesce(p_job_types, array[null::text])) wanted order by random()
        loop
            if v_type is null then
                select array_agg(due.id)
                into v_found
                from (
                    select q.id
                    from {schema}.job_queue q
                    where q.status = 'pending' and q.priority = v_priority and q.scheduled_for <= v_now
                    order by q.scheduled_for, q.id
                    limit p_limit - cardinality(v_ids)
                    for update skip locked
                ) due;
            else
                select array_agg(due.id)
                into v_found
                from (
                    select q.id
                    from {schema}.job_queue q
                    where q.status = 'pending'
                        and q.job_type = v_type
                        and q.priority = v_priority
                        and q.scheduled_for <= v_now
                    order by q.scheduled_for, q.id
                    limit p_limit - cardinality(v_ids)
                    for update skip locked
                ) due;
            end if;
            v_ids := v_ids || coalesce(v_found, '{}');
            exit when cardinality(v_ids) >= p_limit;
        end loop;
        exit when cardinality(v_ids) >= p_limit;
    end loop;

    return query
    with claimed as (
        update {schema}.job_queue q
        set status = 'processing',
            attempts = q.attempts + 1,
            worker_id = p_worker_id,
            lease_token = q.lease_token + 1,
            lease_expires_at = v_now + make_interval(secs => p_lease_seconds),
            heartbeat_at = v_now,
            started_at = v_now,
            progress = 0,
            progress_message = null
        where q.id = any (v_ids)
        returning q.*
    ), logged as (
        insert into {schema}.job_log (job_id, event, attempt, worker_id, message)
        select c.id, 'claimed', c.attempts, c.worker_id, 'claimed by ' || c.worker_id
        from claimed c
    )
    select c.id, c.user_id, c.job_type, c.payload, c.attempts, c.max_attempts, c.lease_token, c.lease_expires_at
    from claimed c
    order by c.priority, c.scheduled_for, c.id;
end
$$
