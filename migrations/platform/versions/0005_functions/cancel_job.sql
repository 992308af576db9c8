create function cancel_job(p_job_id uuid, p_reason text default null)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_caller name := case current_setting('role') when 'none' then session_user else current_setting('role') end;
    v_now timestamptz := clock_timestamp();
    v_job record;
begin
    select q.user_id, q.status, q.attempts, q.worker_id
    into v_job
    from {schema}.job_queue q
    where q.id = p_job_id
    for update;
    -- A signed-in user is told the same about a job of somebody else as about one that does not exist.
    if not found or (
        pg_has_role(v_caller, 'authenticated', 'usage')
        and not pg_has_role(v_caller, 'service_role', 'usage')
        and (v_job.user_id is null or v_job.user_id is distinct from auth.uid()::text)
    ) then
        raise exception 'job % does not exist', p_job_id using errcode = 'no_data_found';
    end if;
    if v_job.status not in ('pending', 'processing') then
        return false;
    end if;

    -- Without a lease the worker that still holds the job is refused, whatever token it shows.
    update {schema}.job_queue q
    set status = 'cancelled',
        finished_at = v_now,
        lease_expires_at = null
    where q.id = p_job_id;
    insert into {schema}.job_log (job_id, event, level, attempt, worker_id, message, details)
    values (
        p_job_id, 'cancelled', 'warning', v_job.attempts, v_job.worker_id,
        coalesce(nullif(p_reason, ''), 'no reason given'),
        -- A gateway logs in as itself for every signed-in user: then the user tells who it was.
        jsonb_strip_nulls(jsonb_build_object('by', session_user, 'user', auth.uid()))
    );
    return true;
end
$$
