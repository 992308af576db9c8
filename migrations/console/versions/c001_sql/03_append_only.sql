create function nightdesk.refuse_rewrite() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = pg_catalog.format('%I.%I is append-only: %s refused', tg_table_schema, tg_table_name, lower(tg_op));
end
$function$;
comment on function nightdesk.refuse_rewrite() is 'Stops accidents by any role, superusers included; its owner could disable it, which verify_audit() then finds.';

create trigger append_only before update or delete on nightdesk.operation
  for each row execute function nightdesk.refuse_rewrite();
create trigger never_truncated before truncate on nightdesk.operation
  for each statement execute function nightdesk.refuse_rewrite();
create trigger append_only before update or delete on nightdesk.row_change
  for each row execute function nightdesk.refuse_rewrite();
create trigger never_truncated before truncate on nightdesk.row_change
  for each statement execute function nightdesk.refuse_rewrite();
create trigger append_only before update or delete on nightdesk.reveal
  for each row execute function nightdesk.refuse_rewrite();
create trigger never_truncated before truncate on nightdesk.reveal
  for each statement execute function nightdesk.refuse_rewrite();
alter table nightdesk.operation enable always trigger append_only;
alter table nightdesk.operation enable always trigger never_truncated;
alter table nightdesk.row_change enable always trigger append_only;
alter table nightdesk.row_change enable always trigger never_truncated;
alter table nightdesk.reveal enable always trigger append_only;
alter table nightdesk.reveal enable always trigger never_truncated;

create function nightdesk.ensure_audit_partition(moment timestamptz) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $function$
declare
  v_from timestamptz := date_trunc('month', moment);
  v_name text := 'row_change_' || to_char(v_from, 'YYYYMM');
begin
  if to_regclass('nightdesk.' || v_name) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('nightdesk.row_change partitions', 0));
  if to_regclass('nightdesk.' || v_name) is not null then
    return;
  end if;
  -- Made apart and attached: attaching does not block those who read or write other months.
  execute format('create table nightdesk.%I (like nightdesk.row_change including defaults including constraints)', v_name);
  execute format(
    'alter table nightdesk.row_change attach partition nightdesk.%I for values from (%L) to (%L)',
    v_name, v_from, v_from + interval '1 month');
  execute format(
    'create trigger never_truncated before truncate on nightdesk.%I for each statement execute function nightdesk.refuse_rewrite()',
    v_name);
  execute format('alter table nightdesk.%I enable always trigger never_truncated', v_name);
  execute format('alter table nightdesk.%I enable always trigger append_only', v_name);
  execute format('grant select, insert on nightdesk.%I to nightdesk_owner', v_name);
end
$function$;
comment on function nightdesk.ensure_audit_partition(timestamptz) is 'Makes the month of row images that holds this moment.';
