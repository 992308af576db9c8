create function claim_webhook_events(
    p_worker_id text,
    p_limit integer default 10,
    p_lease_seconds integer default 60,
    p_stripe_event_id text default null
)
returns table (
    id uuid,
    stripe_event_id text,
    event_type text,
    payload jsonb,
    retry_count integer,
    lease_token bigint,
    lease_expires_at timestamptz
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
    v_ids uuid[];
begin
    if coalesce(p_worker_id, '') = '' then
        raise exception 'a worker needs a name' using errcode = 'invalid_parameter_value';
    end if;
    if p_limit is null or p_limit not between 1 and 1000 then
        raise exception 'p_limit must be 1 to 1000' using errcode = 'invalid_parameter_value';
    end if;
    if p_lease_seconds is null or p_lease_seconds not between 1 and 3600 then
        raise exception 'p_lease_seconds must be 1 to 3600' using errcode = 'invalid_parameter_value';
    end if;

    -- A lost lease is no failure of the event; five of them mean that the event kills its workers.
    with stuck as (
        select e.id
        from {schema}.stripe_webhook_events e
        where e.status = 'processing' and e.lease_expires_at < v_now
        order by e.lease_expires_at, e.id
        limit 1000
        for update skip locked
    )
    update {schema}.stripe_webhook_events e
    set status = case when e.lease_losses < 4 then 'received' else 'failed' end,
        lease_losses = e.lease_losses + 1,
        lease_expires_at = null,
        next_attempt_at = case when e.lease_losses < 4 then v_now end,
        error_message = 'lease lost by ' || e.worker_id
    from stuck s
    where e.id = s.id;

    if p_stripe_event_id is null then
        select array_agg(due.id)
        into v_ids
        from (
            select e.id
            from {schema}.stripe_webhook_events e
            where e.status in ('received', 'failed')
                and e.next_attempt_at <= v_now
                and (e.status = 'received' or e.retry_count < 3)
            order by e.next_attempt_at, e.id
            limit p_limit
            for update skip locked
        ) due;
    else
        select array_agg(due.id)
        into v_ids
        from (
            select e.id
            from {schema}.stripe_webhook_events e
            where e.stripe_event_id = p_stripe_event_id
                and e.next_attempt_at <= v_now
                and (e.status = 'received' or e.status = 'failed' and e.retry_count < 3)
            for update skip locked
        ) due;
    end if;

    return query
    with claimed as (
        update {schema}.stripe_webhook_events e
        set status = 'processing',
            retry_count = e.retry_count + case e.status when 'failed' then 1 else 0 end,
            worker_id = p_worker_id,
            lease_token = e.lease_token + 1,
            lease_expires_at = v_now + make_interval(secs => p_lease_seconds),
            next_attempt_at = null
        where e.id = any (v_ids)
        returning e.*
    )
    select c.id, c.stripe_event_id, c.event_type, c.payload, c.retry_count, c.lease_token, c.lease_expires_at
    from claimed c
    order by c.received_at, c.id;
end
$$
