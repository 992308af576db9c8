create function create_job(
    p_user_id text,
    p_job_type text,
    p_payload jsonb default '{}',
    p_priority integer default 5,
    p_scheduled_for timestamptz default null,
    p_max_attempts integer default 3,
    p_idempotency_key text default null,
    p_cache_key text default null
)
returns uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_caller name := case current_setting('role') when 'none' then session_user else current_setting('role') end;
    v_payload jsonb := coalesce(p_payload, '{}');
    v_now timestamptz := clock_timestamp();
    v_id uuid;
    v_same boolean;
begin
    -- A signed-in user acts for himself and waits his turn; the service role and operators with EXECUTE do not.
    if pg_has_role(v_caller, 'authenticated', 'usage') and not pg_has_role(v_caller, 'service_role', 'usage') then
        if p_user_id is null or p_user_id is distinct from auth.uid()::text then
            raise exception 'a signed-in user may create jobs for himself only'
                using errcode = 'insufficient_privilege';
        elsif p_priority < 5 then
            raise exception 'a signed-in user may not create jobs more urgent than 5'
                using errcode = 'insufficient_privilege';
        end if;
    end if;

    if p_cache_key is not null then
        select q.id
        into v_id
        from {schema}.job_queue q
        where q.job_type = p_job_type
            and q.cache_key = p_cache_key
            and coalesce(q.user_id, '') = coalesce(p_user_id, '')
            and q.status = 'completed'
            and q.cache_expires_at > v_now
        order by q.cache_expires_at desc
        limit 1;
        if found then
            return v_id;
        end if;
    end if;

    -- Again only when a clean-up removes the older job between the two statements.
    for v_try in 1 .. 3 loop
        insert into {schema}.job_queue as q (
            user_id, job_type, payload, priority, scheduled_for, max_attempts, idempotency_key, cache_key
        )
        values (
            p_user_id, p_job_type, v_payload, coalesce(p_priority, 5), coalesce(p_scheduled_for, v_now),
            coalesce(p_max_attempts, 3), p_idempotency_key, p_cache_key
        )
        on conflict (coalesce(user_id, ''), idempotency_key) where idempotency_key is not null do nothing
        returning q.id into v_id;
        if found then
            return v_id;
        end if;

        select q.id, q.job_type = p_job_type and q.payload = v_payload
        into v_id, v_same
        from {schema}.job_queue q
        where q.idempotency_key = p_idempotency_key
            and coalesce(q.user_id, '') = coalesce(p_user_id, '');
        if found and v_same then
            return v_id;
        elsif found then
            raise exception 'idempotency key "%" belongs to job % of another type or payload', p_idempotency_key, v_id
                using errcode = 'unique_violation', hint = 'Use a new key for a new job.';
        end if;
    end loop;
    raise exception 'the job of idempotency key "%" can neither be created nor read', p_idempotency_key
        using errcode = 'serialization_failure', hint = 'Try again.';
end
$$
