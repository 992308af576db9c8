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
comment on function nightdesk.refuse_rewrite() is 'Stops accidents by any role, superusers included. Its owner can disable it: verify_audit() reports one that is disabled still, and what was rewritten meanwhile only where it breaks a digest, a link or a head that was kept elsewhere.';

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
create trigger append_only before update or delete on nightdesk.dropped_month
  for each row execute function nightdesk.refuse_rewrite();
create trigger never_truncated before truncate on nightdesk.dropped_month
  for each statement execute function nightdesk.refuse_rewrite();
alter table nightdesk.operation enable always trigger append_only;
alter table nightdesk.operation enable always trigger never_truncated;
alter table nightdesk.row_change enable always trigger append_only;
alter table nightdesk.row_change enable always trigger never_truncated;
alter table nightdesk.reveal enable always trigger append_only;
alter table nightdesk.reveal enable always trigger never_truncated;
alter table nightdesk.dropped_month enable always trigger append_only;
alter table nightdesk.dropped_month enable always trigger never_truncated;

create function nightdesk.month_digest(month date, out operations bigint, out digest bytea)
language sql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
begin atomic
  select count(*), sha256(convert_to(coalesce(string_agg(o.id::text || encode(o.images_digest, 'hex'), E'\n' order by o.applied_at, o.id), ''), 'UTF8'))
  from nightdesk.operation o
  where o.applied_at >= month_digest.month::timestamptz and o.applied_at < (month_digest.month + interval '1 month')::timestamptz;
end;
comment on function nightdesk.month_digest(date) is 'How many operations a month has, and one digest over the digests of their row images.';

create function nightdesk.audit_retention() returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
return interval '24 months';
comment on function nightdesk.audit_retention() is 'How long row images are kept at least, counted from the end of their month.';

create function nightdesk.drop_audit_month(month date) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $function$
declare
  v_month date := date_trunc('month', month::timestamp)::date;
  v_name text := 'row_change_' || to_char(v_month, 'YYYYMM');
  v_operations bigint;
  v_digest bytea;
begin
  if v_month is null or v_month + interval '1 month' + nightdesk.audit_retention() > clock_timestamp() then
    raise exception using errcode = 'ND007', message = format('the row images of %s are kept until %s', to_char(v_month, 'YYYY-MM'), (v_month + interval '1 month' + nightdesk.audit_retention())::date);
  end if;
  if not exists (select from pg_inherits i where i.inhparent = 'nightdesk.row_change'::regclass and i.inhrelid = to_regclass('nightdesk.' || v_name)) then
    raise exception using errcode = 'ND007', message = format('there are no row images of %s', to_char(v_month, 'YYYY-MM'));
  end if;
  select d.operations, d.digest into v_operations, v_digest from nightdesk.month_digest(v_month) d;
  insert into nightdesk.dropped_month (month, operations, digest) values (v_month, v_operations, v_digest);
  execute format('drop table nightdesk.%I', v_name);
  return v_operations;
end
$function$;
comment on function nightdesk.drop_audit_month(date) is
  'Drops the row images of a month whose retention has passed and records that it did; returns how many operations keep their digests only.';

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
