create function retry_job(p_job_id uuid, p_reason text default null)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_status text;
    v_attempts integer;
begin
    select q.status, q.attempts
    into v_status, v_attempts
    from {schema}.job_queue q
    where q.id = p_job_id
    for update;
    if not found then
        raise exception 'job % does not exist', p_job_id using errcode = 'no_data_found';
    elsif v_status = 'completed' then
        raise exception 'job % is completed; its work would be done twice', p_job_id
            using errcode = 'object_not_in_prerequisite_state', hint = 'Create a new job instead.';
    elsif v_status in ('pending', 'processing') then
        return false;
    end if;

    update {schema}.job_queue q
    set status = 'pending',
        attempts = 0,
        lease_losses = 0,
        progress = 0,
        progress_message = null,
        scheduled_for = clock_timestamp(),
        started_at = null,
        finished_at = null,
        worker_id = null,
        heartbeat_at = null
    where q.id = p_job_id;
    insert into {schema}.job_log (job_id, event, attempt, message, details)
    values (
        p_job_id, 'retried', v_attempts, coalesce(nullif(p_reason, ''), 'no reason given'),
        jsonb_build_object('by', session_user)
    );
    return true;
end
$$
