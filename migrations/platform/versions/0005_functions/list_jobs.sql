create function list_jobs(
    p_user_id text default null,
    p_status text default null,
    p_job_type text default null,
    p_limit integer default 50,
    p_after_created_at timestamptz default null,
    p_after_id uuid default null
)
returns table (
    id uuid,
    user_id text,
    job_type text,
    status text,
    priority smallint,
    progress smallint,
    progress_message text,
    attempts integer,
    max_attempts integer,
    error_message text,
    scheduled_for timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_limit is null or p_limit not between 1 and 500 then
        raise exception 'p_limit must be 1 to 500' using errcode = 'invalid_parameter_value';
    end if;
    if (p_after_created_at is null) <> (p_after_id is null) then
        raise exception 'p_after_created_at and p_after_id go together, both from the last row of the page before'
            using errcode = 'invalid_parameter_value';
    end if;
    -- Only the conditions that were asked for are written, so that each combination gets the plan of its index.
    return query execute
        'select q.id, q.user_id, q.job_type, q.status, q.priority, q.progress, q.progress_message, q.attempts,'
        ' q.max_attempts, q.error_message, q.scheduled_for, q.started_at, q.finished_at, q.created_at'
        ' from {schema}.job_queue q where true'
        || case when p_user_id is not null then ' and q.user_id = $1' else '' end
        || case when p_status is not null then ' and q.status = $2' else '' end
        || case when p_job_type is not null then ' and q.job_type = $3' else '' end
        || case when p_after_id is not null then ' and (q.created_at, q.id) < ($4, $5)' else '' end
        || ' order by q.created_at desc, q.id desc limit $6'
    using p_user_id, p_status, p_job_type, p_after_created_at, p_after_id, p_limit;
end
$$
