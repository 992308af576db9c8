-- Owners, and EXECUTE for exactly the functions that operators call.
-- First CREATE: an owner who is given an object must be allowed to make one there, unless a superuser gives it.
grant usage, create on schema nightdesk to nightdesk_owner, nightdesk_audit_owner;
do $ownership$
declare
  v_object record;
begin
  for v_object in
    select c.oid::regclass as name, c.relkind, c.relname from pg_catalog.pg_class c
    where c.relnamespace = 'nightdesk'::regnamespace and c.relkind in ('r', 'p', 'S', 'v') and c.relname <> 'alembic_version'
      and not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S')
  loop
    execute pg_catalog.format('alter %s %s owner to %I',
      case v_object.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end, v_object.name,
      case when v_object.relname ~ '^(operation|row_change|reveal|dropped_month)$' then 'nightdesk_audit_owner' else 'nightdesk_owner' end);
  end loop;
  for v_object in select t.oid::regtype as name from pg_catalog.pg_type t where t.typnamespace = 'nightdesk'::regnamespace and t.typtype = 'c'
                  and exists (select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c') loop
    execute pg_catalog.format('alter type %s owner to nightdesk_owner', v_object.name);
  end loop;
  for v_object in select p.oid::regprocedure as name, p.proname from pg_catalog.pg_proc p where p.pronamespace = 'nightdesk'::regnamespace loop
    execute pg_catalog.format('alter function %s owner to %I', v_object.name,
      case when v_object.proname in ('refuse_rewrite', 'ensure_audit_partition', 'drop_audit_month') then 'nightdesk_audit_owner' else 'nightdesk_owner' end);
    execute pg_catalog.format('revoke all on function %s from public', v_object.name);
  end loop;
end
$ownership$;
alter schema nightdesk owner to nightdesk_owner;
-- To every group by name: what depends on a role keeps another database's uninstall from dropping it.
grant usage on schema nightdesk to nightdesk_viewer, nightdesk_support, nightdesk_oncall, nightdesk_dba, nightdesk_worker;

grant select, insert on nightdesk.operation, nightdesk.row_change, nightdesk.reveal to nightdesk_owner;
grant select on nightdesk.dropped_month to nightdesk_owner;
grant select on nightdesk.operation, nightdesk.dropped_month, nightdesk.operator, nightdesk.permission, nightdesk.secret_column, nightdesk.platform_table, nightdesk.chain_head,
  nightdesk.batch, nightdesk.operation_tombstone to nightdesk_viewer, nightdesk_worker;
-- Its key may hold personal data in clear.
grant select (id, operator, revealed_at, console_session, table_name, column_name, reason) on nightdesk.reveal to nightdesk_viewer;
grant select on nightdesk.reveal to nightdesk_support, nightdesk_oncall, nightdesk_dba, nightdesk_worker;
grant select (id, hash, action, rows, reason, requested_by, requested_at, expires_at, decided_by, decided_at, approved, decision_reason, used_by, used_at)
  on nightdesk.approval to nightdesk_viewer;

grant execute on function
  nightdesk.refuse_rewrite(), nightdesk.ensure_audit_partition(timestamptz) to nightdesk_owner;
grant execute on function nightdesk.refuse_rewrite(), nightdesk.audit_retention(), nightdesk.month_digest(date) to nightdesk_audit_owner;
grant execute on function nightdesk.drop_audit_month(date) to nightdesk_dba;
grant execute on function
  nightdesk.database_identity(),
  nightdesk.apply_changes(uuid, text, text, text, text, uuid, name, uuid),
  nightdesk.begin_batch(uuid, text, text, text[], integer, uuid),
  nightdesk.resolve_operation(uuid),
  nightdesk.request_approval(text, text[], text, interval),
  nightdesk.decide_approval(uuid, boolean, text),
  nightdesk.approval_changes(uuid),
  nightdesk.receipt(uuid),
  nightdesk.verify_audit(timestamptz),
  nightdesk.verify_frame(),
  nightdesk.verify_operations(timestamptz, timestamptz),
  nightdesk.verify_month(date, timestamptz),
  nightdesk.audit_months(),
  nightdesk.operation_images(uuid),
  nightdesk.record_history(text, jsonb, integer),
  nightdesk.mask_email(text),
  nightdesk.mask_address(text),
  nightdesk.reveal_value(text, jsonb, text, text, uuid)
to nightdesk_viewer, nightdesk_worker;

select nightdesk.ensure_audit_partition(now() + make_interval(months => m)) from generate_series(0, 24) m;
