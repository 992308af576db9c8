create function finish_webhook_event(
    p_stripe_event_id text, p_lease_token bigint, p_succeeded boolean, p_error text default null
)
returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_status text;
begin
    if p_succeeded is null then
        raise exception 'p_succeeded must be true or false' using errcode = 'invalid_parameter_value';
    end if;
    -- Retries after 1, 5 and 25 minutes, each up to a tenth later; then the event waits for a person.
    update {schema}.stripe_webhook_events e
    set status = case when p_succeeded then 'processed' else 'failed' end,
        processed_at = case when p_succeeded then v_now end,
        error_message = case when not p_succeeded then coalesce(nullif(left(p_error, 10000), ''), 'no reason given') end,
        next_attempt_at = case
            when not p_succeeded and e.retry_count < 3
            then v_now + make_interval(secs => 60 * 5.0 ^ e.retry_count * (1 + random() / 10))
        end,
        lease_expires_at = null
    where e.stripe_event_id = p_stripe_event_id
        and e.lease_token = p_lease_token
        and e.lease_expires_at is not null
    returning e.status into v_status;
    if not found then
        raise exception 'event % is not leased with token %', p_stripe_event_id, p_lease_token
            using errcode = 'object_not_in_prerequisite_state',
                hint = 'It was taken over. Stop working on it and keep none of its effects.';
    end if;
    return v_status;
end
$$
