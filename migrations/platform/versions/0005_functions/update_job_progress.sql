create function update_job_progress(
    p_job_id uuid, p_lease_token bigint, p_progress integer, p_message text default null
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_progress is null or p_progress not between 0 and 100 then
        raise exception 'p_progress must be 0 to 100' using errcode = 'invalid_parameter_value';
    end if;
    update {schema}.job_queue q
    set progress = p_progress,
        progress_message = coalesce(p_message, q.progress_message),
        heartbeat_at = clock_timestamp()
    where q.id = p_job_id and q.lease_token = p_lease_token and q.lease_expires_at is not null;
    if not found then
        raise exception 'job % is not leased with token %', p_job_id, p_lease_token
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'It was cancelled or taken over. Stop working on it and keep none of its effects.';
    end if;
end
$$
