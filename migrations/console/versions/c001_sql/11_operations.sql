create function nightdesk.resolve_operation(operation_id uuid) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $function$
declare
  v_receipt jsonb;
begin
  perform nightdesk.assert_read_committed();
  v_receipt := nightdesk.receipt(operation_id);
  if v_receipt is not null then
    return jsonb_build_object('state', 'DONE', 'receipt', v_receipt);
  end if;
  if pg_is_in_recovery() then
    return jsonb_build_object('state', 'UNKNOWN', 'why', 'this is a replica: ask the primary');
  end if;
  if not nightdesk.try_lock_operation(operation_id) then
    return jsonb_build_object('state', 'STILL_RUNNING');
  end if;
  -- Only now, with the lock held, is a second look conclusive.
  v_receipt := nightdesk.receipt(operation_id);
  if v_receipt is not null then
    return jsonb_build_object('state', 'DONE', 'receipt', v_receipt);
  end if;
  insert into nightdesk.operation_tombstone (operation_id) values (operation_id) on conflict do nothing;
  return jsonb_build_object('state', 'NOT_DONE');
end
$function$;
comment on function nightdesk.resolve_operation(uuid) is
  'What became of an operation after a lost connection: DONE, STILL_RUNNING, NOT_DONE (and then buried, so that a late arrival is refused) or UNKNOWN.';

create function nightdesk.batch_hash(part_hashes text[]) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
return case when cardinality(part_hashes) = 1 then part_hashes[1]
            else encode(sha256(convert_to(array_to_string(part_hashes, E'\n'), 'UTF8')), 'hex') end;
comment on function nightdesk.batch_hash(text[]) is 'The hash of a batch: of its only part, or over the hashes of its parts in order.';

create function nightdesk.approval_of_part(parent uuid, hash text, groups nightdesk.change_group[]) returns uuid
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_batch nightdesk.batch;
  v_approval uuid;
  v_rows integer := nightdesk.written_rows(groups);
begin
  select b.* into v_batch from nightdesk.batch b join nightdesk.operation o on o.id = b.operation_id
  where b.operation_id = parent and approval_of_part.hash = any (b.part_hashes) and o.actor = session_user
  for no key update of b; -- two parts at once would each count the rows without the other's
  if v_batch.operation_id is null then
    raise exception using errcode = 'ND005', message = format('these changes are not a part of operation %s', parent);
  end if;
  if exists (select from nightdesk.operation o where o.parent_id = parent and o.hash = approval_of_part.hash) then
    raise exception using errcode = 'ND002', message = format('this part of operation %s was already applied', parent);
  end if;
  if v_rows + (select coalesce(sum(o.changed), 0) from nightdesk.operation o where o.parent_id = parent) > v_batch.rows then
    raise exception using errcode = 'ND005', message = format('the parts of operation %s write more than the %s row(s) it declared', parent, v_batch.rows);
  end if;
  select o.approval_id into v_approval from nightdesk.operation o where o.id = parent;
  if v_approval is null and nightdesk.needs_approval(groups, v_batch.rows) then
    raise exception using errcode = 'ND003',
      message = format('a second operator must approve this batch first (hash %s)', left(v_batch.hash, 12));
  end if;
  return v_approval;
end
$function$;
comment on function nightdesk.approval_of_part(uuid, text, nightdesk.change_group[]) is 'The approval under which a part runs; refuses changes that the batch did not declare, and more rows than it declared.';

create function nightdesk.begin_batch(
  operation_id uuid, action text, reason text, part_hashes text[], rows integer, console_session uuid default null
) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $function$
declare
  v_operation nightdesk.operation;
  v_hash text := nightdesk.batch_hash(part_hashes);
begin
  perform nightdesk.assert_asked_properly(operation_id, action, reason);
  if not exists (select from nightdesk.permission p join pg_roles r on r.rolname = p.role where pg_has_role(session_user, r.oid, 'usage')) then
    raise exception using errcode = 'insufficient_privilege', message = format('%s may not change anything', session_user);
  end if;
  if coalesce(rows, 0) < 1 then
    raise exception using errcode = 'ND005', message = 'a batch declares how many rows it writes';
  end if;
  if coalesce(cardinality(part_hashes), 0) = 0 or exists (select from unnest(part_hashes) h where coalesce(h, '') !~ '^[0-9a-f]{64}$') then
    raise exception using errcode = 'ND005', message = 'a batch names the hash of each part';
  end if;
  if not nightdesk.assert_operation_new(operation_id, v_hash) then
    return nightdesk.receipt(operation_id) || '{"already_done": true}';
  end if;
  v_operation.id := operation_id;
  v_operation.action := action;
  v_operation.hash := v_hash;
  v_operation.actor := session_user;
  v_operation.requested_by := session_user;
  v_operation.reason := btrim(reason);
  v_operation.applied_at := clock_timestamp();
  v_operation.changed := 0;
  v_operation.skipped := '[]';
  v_operation.console_session := console_session;
  -- Whether one is needed is decided part by part, on the data written; a missing approval stops the first such part.
  v_operation.approval_id := nightdesk.use_approval(v_hash, operation_id, must_exist => false);
  insert into nightdesk.batch (operation_id, hash, part_hashes, rows) values (operation_id, v_hash, begin_batch.part_hashes, begin_batch.rows);
  v_operation := nightdesk.record_operation(v_operation);
  return nightdesk.receipt(operation_id) || '{"already_done": false}';
end
$function$;
comment on function nightdesk.begin_batch(uuid, text, text, text[], integer, uuid) is
  'Opens an operation of several parts under one hash; apply_changes(parent => …) then accepts exactly these parts, in any order, once each.';
