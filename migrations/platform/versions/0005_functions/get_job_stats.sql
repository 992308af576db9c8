create function get_job_stats(p_window interval default '24 hours')
returns table (
    job_type text,
    pending bigint,
    scheduled bigint,
    processing bigint,
    stalled bigint,
    completed bigint,
    failed bigint,
    cancelled bigint,
    oldest_wait_seconds double precision,
    average_wait_seconds double precision,
    average_run_seconds double precision
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
begin
    return query
    with counted as (
        select q.job_type,
            count(*) filter (where q.status = 'pending' and q.scheduled_for <= v_now) as pending,
            count(*) filter (where q.status = 'pending' and q.scheduled_for > v_now) as scheduled,
            count(*) filter (where q.status = 'processing' and q.lease_expires_at >= v_now) as processing,
            count(*) filter (where q.status = 'processing' and q.lease_expires_at < v_now) as stalled,
            0::bigint as completed, 0::bigint as failed, 0::bigint as cancelled,
            extract(epoch from v_now - min(q.scheduled_for) filter (where q.status = 'pending')) as oldest,
            null::interval as wait, null::interval as run
        from {schema}.job_queue q
        where q.status in ('pending', 'processing')
        group by q.job_type
        union all
        select q.job_type, 0, 0, 0, 0,
            count(*) filter (where q.status = 'completed'),
            count(*) filter (where q.status = 'failed'),
            count(*) filter (where q.status = 'cancelled'),
            null, avg(q.started_at - q.scheduled_for), avg(q.finished_at - q.started_at)
        from {schema}.job_queue q
        where q.finished_at >= v_now - p_window
        group by q.job_type
    )
    select c.job_type, sum(c.pending)::bigint, sum(c.scheduled)::bigint, sum(c.processing)::bigint,
        sum(c.stalled)::bigint, sum(c.completed)::bigint, sum(c.failed)::bigint, sum(c.cancelled)::bigint,
        greatest(max(c.oldest), 0)::double precision,
        extract(epoch from max(c.wait))::double precision,
        extract(epoch from max(c.run))::double precision
    from counted c
    group by c.job_type
    order by c.job_type;
end
$$
