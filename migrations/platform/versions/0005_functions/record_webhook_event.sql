create function record_webhook_event(p_event jsonb)
returns table (event_id uuid, is_new boolean, event_status text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_stripe_id text := p_event ->> 'id';
    v_type text := p_event ->> 'type';
    v_object jsonb := p_event #> '{data,object}';
    v_created numeric;
    v_customer jsonb;
    v_subscription jsonb;
begin
    if coalesce(v_stripe_id, '') = '' or coalesce(v_type, '') = '' then
        raise exception 'a Stripe event needs an id and a type' using errcode = 'invalid_parameter_value';
    end if;
    if jsonb_typeof(p_event -> 'created') = 'number' then
        v_created := (p_event ->> 'created')::numeric;
    end if;
    -- Linked objects are ids or expanded objects; since 2025-03-31 an invoice names its subscription under parent.
    v_customer := case v_object ->> 'object' when 'customer' then v_object else v_object -> 'customer' end;
    v_subscription := case v_object ->> 'object'
        when 'subscription' then v_object
        else coalesce(
            nullif(v_object #> '{parent,subscription_details,subscription}', 'null'), v_object -> 'subscription'
        )
    end;

    for v_try in 1 .. 3 loop
        return query
        insert into {schema}.stripe_webhook_events as e (
            stripe_event_id, event_type, api_version, livemode, payload, stripe_customer_id, stripe_subscription_id,
            stripe_created_at
        )
        values (
            v_stripe_id,
            v_type,
            p_event ->> 'api_version',
            case jsonb_typeof(p_event -> 'livemode') when 'boolean' then (p_event ->> 'livemode')::boolean end,
            p_event,
            case jsonb_typeof(v_customer) when 'string' then v_customer #>> '{}' else v_customer ->> 'id' end,
            case jsonb_typeof(v_subscription)
                when 'string' then v_subscription #>> '{}' else v_subscription ->> 'id'
            end,
            case when v_created between 0 and 253402300799 then to_timestamp(v_created::double precision) end
        )
        on conflict (stripe_event_id) do nothing
        returning e.id, true, e.status;
        if found then
            return;
        end if;

        -- Delivered again: what is stored stays as it is, whatever shape the second delivery has.
        return query
        select e.id, false, e.status from {schema}.stripe_webhook_events e where e.stripe_event_id = v_stripe_id;
        if found then
            return;
        end if;
    end loop;
    raise exception 'event % can neither be recorded nor read', v_stripe_id
        using errcode = 'serialization_failure', hint = 'Try again.';
end
$$
