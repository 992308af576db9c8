create function requeue_stalled_jobs(p_limit integer default 100, p_max_lease_losses integer default 5)
returns table (job_id uuid, new_status text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
begin
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit must be 1 to 10000' using errcode = 'invalid_parameter_value';
    end if;
    if p_max_lease_losses is null or p_max_lease_losses < 1 then
        raise exception 'p_max_lease_losses must be at least 1' using errcode = 'invalid_parameter_value';
    end if;

    -- A worker that died says nothing about the job: the attempt is given back and the loss is counted apart.
    return query
    with stalled as (
        select q.id, q.worker_id
        from {schema}.job_queue q
        where q.status = 'processing' and q.lease_expires_at < v_now
        order by q.lease_expires_at, q.id
        limit p_limit
        for update skip locked
    ), moved as (
        update {schema}.job_queue q
        set status = case when q.lease_losses + 1 < p_max_lease_losses then 'pending' else 'failed' end,
            attempts = greatest(q.attempts - 1, 0),
            lease_losses = q.lease_losses + 1,
            lease_expires_at = null,
            scheduled_for = case when q.lease_losses + 1 < p_max_lease_losses then v_now else q.scheduled_for end,
            finished_at = case when q.lease_losses + 1 < p_max_lease_losses then null else v_now end,
            error_message = 'lease lost by ' || s.worker_id,
            worker_id = null
        from stalled s
        where q.id = s.id
        returning q.id, q.status, q.attempts + 1 as attempt, s.worker_id, q.lease_losses
    ), logged as (
        insert into {schema}.job_log (job_id, event, level, attempt, worker_id, message, details)
        select m.id, 'lease_lost', case m.status when 'failed' then 'error' else 'warning' end, m.attempt,
            m.worker_id, format('lease lost %s time(s); the job is %s', m.lease_losses, m.status),
            jsonb_build_object('by', session_user)
        from moved m
    )
    select m.id, m.status from moved m;
end
$$
