create function nightdesk.change_set_hash(changes text[]) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
return nightdesk.batch_hash(array(select encode(sha256(convert_to(c, 'UTF8')), 'hex') from unnest(changes) with ordinality p (c, n) order by n));
comment on function nightdesk.change_set_hash(text[]) is 'The hash of one change set, or of a batch whose parts these are.';

create function nightdesk.request_approval(action text, changes text[], reason text, lifetime interval default '15 minutes') returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $function$
declare
  v_part text;
  v_groups nightdesk.change_group[];
  v_rows integer := 0;
  v_id uuid;
begin
  if coalesce(btrim(reason), '') = '' then
    raise exception using errcode = 'ND005', message = 'a reason is required';
  end if;
  if coalesce(cardinality(changes), 0) = 0 then
    raise exception using errcode = 'ND005', message = 'an approval is asked for the text of each change set';
  end if;
  if lifetime is null or lifetime not between interval '1 minute' and interval '24 hours' then
    raise exception using errcode = 'ND005', message = 'an approval lives between one minute and 24 hours';
  end if;
  foreach v_part in array changes loop
    v_groups := nightdesk.change_groups(nightdesk.parse_change_set(action, v_part), clock_timestamp()::text);
    perform nightdesk.assert_permitted(v_groups);
    v_rows := v_rows + nightdesk.written_rows(v_groups);
  end loop;
  insert into nightdesk.approval (hash, action, changes, rows, reason, expires_at)
  values (nightdesk.change_set_hash(changes), action, changes, v_rows, btrim(reason), clock_timestamp() + lifetime)
  returning id into v_id;
  return v_id;
end
$function$;
comment on function nightdesk.request_approval(text, text[], text, interval) is 'Asks a second operator for these changes (one text, or the parts of a batch); who may not make them may not ask either.';

create function nightdesk.decide_approval(approval uuid, approve boolean, reason text default null) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $function$
declare
  v_approval nightdesk.approval;
  v_part text;
begin
  select a.* into v_approval from nightdesk.approval a where a.id = decide_approval.approval for update;
  if v_approval.id is null then
    raise exception using errcode = 'ND007', message = format('no approval %s is asked for', approval);
  end if;
  if v_approval.requested_by = session_user then
    raise exception using errcode = 'insufficient_privilege', message = 'nobody approves their own request';
  end if;
  if v_approval.decided_at is not null or v_approval.expires_at <= clock_timestamp() then
    raise exception using errcode = 'ND007',
      message = case when v_approval.decided_at is not null then format('already decided by %s', v_approval.decided_by) else 'the request has expired' end;
  end if;
  foreach v_part in array v_approval.changes loop
    perform nightdesk.assert_permitted(nightdesk.change_groups(v_part::jsonb, clock_timestamp()::text));
  end loop;
  update nightdesk.approval a
  set decided_by = session_user, decided_at = clock_timestamp(), approved = coalesce(approve, false), decision_reason = decide_approval.reason
  where a.id = v_approval.id;
end
$function$;
comment on function nightdesk.decide_approval(uuid, boolean, text) is 'A second operator, who could make these changes too, says yes or no; once.';

create function nightdesk.approval_changes(approval uuid)
returns table (part integer, unit text, table_name text, verb text, key jsonb, before jsonb, after jsonb, guard text, args jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
  with entry as (
    select p.n as part, u.n as unit_number, x.n as place, u.unit ->> 'unit' as unit, x.entry,
           case when x.entry ->> 'table' ~ '^[^.]+[.][^.]+$'
                then to_regclass(format('%I.%I', split_part(x.entry ->> 'table', '.', 1), split_part(x.entry ->> 'table', '.', 2))) end as table_oid
    from nightdesk.approval a,
         unnest(a.changes) with ordinality p (text, n),
         jsonb_array_elements(p.text::jsonb -> 'units') with ordinality u (unit, n),
         jsonb_array_elements(coalesce(u.unit -> 'checks', '[]') || coalesce(u.unit -> 'changes', '[]')) with ordinality x (entry, n)
    where a.id = approval_changes.approval
  )
  select e.part::integer, e.unit, e.entry ->> 'table', e.entry ->> 'verb',
         nightdesk.readable_image(e.table_oid, e.entry -> 'key'),
         case when jsonb_typeof(e.entry -> 'before') = 'object' then nightdesk.readable_image(e.table_oid, e.entry -> 'before') end,
         case when jsonb_typeof(e.entry -> 'after') = 'object' then nightdesk.readable_image(e.table_oid, e.entry -> 'after') end,
         e.entry ->> 'guard', e.entry -> 'args'
  from entry e order by e.part, e.unit_number, e.place;
end;
comment on function nightdesk.approval_changes(uuid) is
  'What somebody is asked to approve, change by change and check by check; a column that session_user may not select shows as {"$hidden":1}.';
