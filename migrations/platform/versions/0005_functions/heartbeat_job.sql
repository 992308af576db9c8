create function heartbeat_job(p_job_id uuid, p_lease_token bigint, p_lease_seconds integer default 300)
returns timestamptz
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_until timestamptz;
begin
    if p_lease_seconds is null or p_lease_seconds not between 1 and 86400 then
        raise exception 'p_lease_seconds must be 1 to 86400' using errcode = 'invalid_parameter_value';
    end if;
    update {schema}.job_queue q
    set heartbeat_at = v_now, lease_expires_at = v_now + make_interval(secs => p_lease_seconds)
    where q.id = p_job_id and q.lease_token = p_lease_token and q.lease_expires_at is not null
    returning q.lease_expires_at into v_until;
    if not found then
        raise exception 'job % is not leased with token %', p_job_id, p_lease_token
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'It was cancelled or taken over. Stop working on it and keep none of its effects.';
    end if;
    return v_until;
end
$$
