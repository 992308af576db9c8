create function cleanup_old_webhook_events(p_older_than_days integer default 90, p_batch_size integer default 1000)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_cutoff timestamptz;
    v_deleted integer;
begin
    -- Stripe lists events for 30 days: a back-fill would take a younger one for new and apply it again.
    if p_older_than_days is null or p_older_than_days <= 30 then
        raise exception 'p_older_than_days must be more than 30' using errcode = 'invalid_parameter_value';
    end if;
    if p_batch_size is null or p_batch_size not between 1 and 100000 then
        raise exception 'p_batch_size must be 1 to 100000' using errcode = 'invalid_parameter_value';
    end if;
    v_cutoff := clock_timestamp() - make_interval(days => p_older_than_days);
    -- Failed and unprocessed events are never removed; a replayed one counts from its last processing.
    delete from {schema}.stripe_webhook_events e
    where e.id in (
        select old.id
        from {schema}.stripe_webhook_events old
        where old.status = 'processed' and old.received_at < v_cutoff and old.processed_at < v_cutoff
        order by old.received_at, old.id
        limit p_batch_size
        for update skip locked
    );
    get diagnostics v_deleted = row_count;
    if v_deleted > 0 then
        raise log 'cleanup_old_webhook_events: % webhook events older than % days deleted by %', v_deleted, p_older_than_days, session_user;
    end if;
    return v_deleted;
end
$$
