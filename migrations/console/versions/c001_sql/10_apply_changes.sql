create function nightdesk.parse_change_set(action text, changes text) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_document jsonb;
begin
  begin
    v_document := changes::jsonb;
  exception when data_exception or program_limit_exceeded then
    raise exception using errcode = 'ND005', message = 'the change set is not JSON that a database can hold';
  end;
  if v_document -> 'v' is distinct from '1' or jsonb_typeof(v_document -> 'units') is distinct from 'array' then
    raise exception using errcode = 'ND005', message = 'the change set has an unknown form';
  end if;
  if exists (select from jsonb_array_elements(v_document -> 'units') u (unit)
             where jsonb_typeof(u.unit) <> 'object' or jsonb_typeof(u.unit -> 'unit') is distinct from 'string'
                or coalesce(jsonb_typeof(u.unit -> 'checks'), 'array') <> 'array' or coalesce(jsonb_typeof(u.unit -> 'changes'), 'array') <> 'array') then
    raise exception using errcode = 'ND005', message = 'the change set is malformed: a unit has a name and lists of checks and changes';
  end if;
  if v_document ->> 'action' is distinct from parse_change_set.action then
    raise exception using errcode = 'ND005', message = format('the change set is for the action %s, not %s', v_document ->> 'action', parse_change_set.action);
  end if;
  if v_document ->> 'database' is distinct from nightdesk.database_identity() then
    raise exception using errcode = 'ND005', message = 'the change set was planned on another database';
  end if;
  return v_document;
end
$function$;
comment on function nightdesk.parse_change_set(text, text) is 'Reads the text that was hashed; refuses another action, another database, another form.';

create function nightdesk.assert_operation_new(operation_id uuid, hash text) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_known text;
begin
  perform nightdesk.lock_operation(operation_id);
  select o.hash into v_known from nightdesk.operation o where o.id = operation_id;
  if v_known = assert_operation_new.hash then
    return false;
  elsif v_known is not null then
    raise exception using errcode = 'ND002', message = format('operation %s was already done with other changes', operation_id);
  end if;
  if exists (select from nightdesk.operation_tombstone t where t.operation_id = assert_operation_new.operation_id) then
    raise exception using errcode = 'ND004', message = format('operation %s was declared not done; plan it again under a new id', operation_id);
  end if;
  return true;
end
$function$;
comment on function nightdesk.assert_operation_new(uuid, text) is 'True: go on. False: this very operation is already done. Raises for a reused or a buried id.';

create function nightdesk.assert_read_committed() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = 'ND005', message = 'ask in a read committed transaction: an older snapshot cannot see what became of an operation';
  end if;
end
$function$;
comment on function nightdesk.assert_read_committed() is 'Once the lock on an operation id is held, the next look must see what its last holder committed.';

create function nightdesk.assert_asked_properly(operation_id uuid, action text, reason text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform nightdesk.assert_read_committed();
  if operation_id is null or coalesce(btrim(action), '') = '' then
    raise exception using errcode = 'ND005', message = 'an operation has an id and an action';
  end if;
  if coalesce(reason, '') !~ '[^[:space:]]' then
    raise exception using errcode = 'ND005', message = 'a reason is required';
  end if;
end
$function$;

create function nightdesk.undone_operation(document jsonb, groups nightdesk.change_group[]) returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_undone nightdesk.operation;
begin
  if not document ? 'undoes' then
    return null;
  end if;
  if coalesce(document ->> 'undoes', '') !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    raise exception using errcode = 'ND005', message = 'the change set is malformed: an undo names an operation by its id';
  end if;
  select o.* into v_undone from nightdesk.operation o where o.id = (document ->> 'undoes')::uuid;
  if v_undone.id is null then
    raise exception using errcode = 'ND007', message = format('there is no operation %s to undo', document ->> 'undoes');
  end if;
  if exists (
    select from (select c.table_name, c.key from nightdesk.row_change c where c.operation_id = v_undone.id and c.applied_at = v_undone.applied_at) image
    full join (select g.table_name, e.key from unnest(groups) g, unnest(g.items) e where g.verb in ('insert', 'update', 'delete')) written
      on written.table_name = image.table_name and written.key = image.key
    -- a row that an earlier undo put back need not be named again
    where image.key is null or (written.key is null and not exists (
      select from nightdesk.operation u join nightdesk.row_change c on c.operation_id = u.id and c.applied_at = u.applied_at
      where u.undoes = v_undone.id and c.table_name = image.table_name and c.key = image.key))) then
    raise exception using errcode = 'ND005', message = format('an undo of %s changes exactly the rows that it changed', v_undone.code);
  end if;
  return v_undone.id;
end
$function$;
comment on function nightdesk.undone_operation(jsonb, nightdesk.change_group[]) is 'The operation that these changes reverse; calling something else its undo would keep it from being undone.';

create function nightdesk.moved_error(moved jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  raise exception using errcode = 'ND001',
    message = format('%s row(s) or fact(s) changed since the preview; nothing was written', jsonb_array_length(moved)),
    detail = (select jsonb_agg(e order by n) from jsonb_array_elements(moved) with ordinality m (e, n) where n <= 50)::text;
end
$function$;

create function nightdesk.apply_changes(
  operation_id uuid,
  action text,
  reason text,
  changes text,
  on_conflict text default 'abort',
  console_session uuid default null,
  requested_by name default null,
  parent uuid default null
) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set bytea_output = 'hex' set extra_float_digits = 1 set array_nulls = on
as $function$
declare
  c_rows_at_most constant integer := 5000;
  v_hash text := encode(sha256(convert_to(changes, 'UTF8')), 'hex');
  v_document jsonb;
  v_groups nightdesk.change_group[];
  v_group nightdesk.change_group;
  v_moved jsonb;
  v_operation nightdesk.operation;
begin
  perform nightdesk.assert_asked_properly(operation_id, action, reason);
  if coalesce(on_conflict, '') not in ('abort', 'skip') then
    raise exception using errcode = 'ND005', message = 'on_conflict is abort or skip';
  end if;
  if not nightdesk.assert_operation_new(operation_id, v_hash) then
    return nightdesk.receipt(operation_id) || '{"already_done": true}';
  end if;
  v_document := nightdesk.parse_change_set(action, changes);

  v_operation.id := operation_id;
  v_operation.action := action;
  v_operation.hash := v_hash;
  v_operation.actor := session_user;
  v_operation.requested_by := case when pg_has_role(session_user, 'nightdesk_worker', 'usage') then coalesce(requested_by, session_user) else session_user end;
  v_operation.reason := btrim(reason);
  v_operation.parent_id := parent;
  v_operation.console_session := console_session;
  v_operation.applied_at := clock_timestamp();

  v_groups := nightdesk.change_groups(v_document, v_operation.applied_at::text);
  v_operation.undoes := nightdesk.undone_operation(v_document, v_groups);
  perform nightdesk.assert_permitted(v_groups);
  foreach v_group in array v_groups loop
    perform nightdesk.assert_writable(v_group);
  end loop;
  if (select coalesce(sum(cardinality(g.items)), 0) from unnest(v_groups) g) > c_rows_at_most then
    raise exception using errcode = 'ND005', message = format('one operation writes and checks at most %s rows; split it into a batch', c_rows_at_most);
  end if;
  if parent is not null then
    v_operation.approval_id := nightdesk.approval_of_part(parent, v_hash, v_groups);
  elsif nightdesk.needs_approval(v_groups) then
    v_operation.approval_id := nightdesk.use_approval(v_hash, operation_id);
  end if;

  perform nightdesk.lock_rows(v_groups);
  v_moved := nightdesk.moved_rows(v_groups) || nightdesk.failed_guards(v_document);
  if v_moved <> '[]' then
    if on_conflict = 'abort' then
      perform nightdesk.moved_error(v_moved);
    end if;
    v_groups := nightdesk.without_units(v_groups, array(select distinct m ->> 'unit' from jsonb_array_elements(v_moved) m));
  end if;
  if not exists (select from unnest(v_groups) g where g.verb in ('insert', 'update', 'delete')) then
    if v_moved <> '[]' then
      perform nightdesk.moved_error(v_moved);
    end if;
    raise exception using errcode = 'ND007', message = 'the change set changes nothing';
  end if;

  perform nightdesk.assert_rows_once(v_groups);
  perform nightdesk.ensure_audit_partition(v_operation.applied_at);
  v_operation.changed := nightdesk.write_groups(v_groups, operation_id, v_operation.applied_at);
  v_operation.skipped := nightdesk.readable_by_all(v_moved);
  v_operation := nightdesk.record_operation(v_operation);
  return nightdesk.receipt(operation_id) || '{"already_done": false}';
end
$function$;
comment on function nightdesk.apply_changes(uuid, text, text, text, text, uuid, name, uuid) is
  'The one way operational rows change: permission, comparison with the preview, rows and audit in one statement, once per operation id.';
