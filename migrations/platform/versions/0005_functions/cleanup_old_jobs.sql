create function cleanup_old_jobs(p_older_than_days integer default 30, p_batch_size integer default 1000)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_deleted integer;
begin
    if p_older_than_days is null or p_older_than_days < 1 then
        raise exception 'p_older_than_days must be at least 1' using errcode = 'invalid_parameter_value';
    end if;
    if p_batch_size is null or p_batch_size not between 1 and 100000 then
        raise exception 'p_batch_size must be 1 to 100000' using errcode = 'invalid_parameter_value';
    end if;
    -- By job_queue_finished_check a job has finished_at exactly when it has ended. Logs go with their job by the
    -- foreign key. A cached result stays until it has expired.
    delete from {schema}.job_queue q
    where q.id in (
        select old.id
        from {schema}.job_queue old
        where old.finished_at < v_now - make_interval(days => p_older_than_days)
            and (old.cache_expires_at is null or old.cache_expires_at <= v_now)
        order by old.finished_at, old.id
        limit p_batch_size
        for update skip locked
    );
    get diagnostics v_deleted = row_count;
    if v_deleted > 0 then
        raise log 'cleanup_old_jobs: % jobs older than % days deleted by %', v_deleted, p_older_than_days, session_user;
    end if;
    return v_deleted;
end
$$
