create function get_cached_result(p_user_id text, p_job_type text, p_cache_key text)
returns table (job_id uuid, result jsonb, finished_at timestamptz, cache_expires_at timestamptz)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
begin
    return query
    select q.id, q.result, q.finished_at, q.cache_expires_at
    from {schema}.job_queue q
    where q.job_type = p_job_type
        and q.cache_key = p_cache_key
        and coalesce(q.user_id, '') = coalesce(p_user_id, '')
        and q.status = 'completed'
        and q.cache_expires_at > v_now
    order by q.cache_expires_at desc
    limit 1;
end
$$
