create function nightdesk.image_month(moment timestamptz) returns regclass
language sql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
return to_regclass('nightdesk.row_change_' || to_char(moment, 'YYYYMM'));

create function nightdesk.verify_operations(since timestamptz default null, until timestamptz default null)
returns table (operation_id uuid, code text, problem text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set bytea_output = 'hex' set extra_float_digits = 1
as $function$
begin
  return query
  with chained as (
    -- Neighbours are looked up, not sorted together: a slice costs what it holds, however long the chains are.
    select o as operation, o.id, o.code, o.applied_at, before.digest as expected_previous, before.chain_seq as before_seq,
           o.chain_seq = (select max(l.chain_seq) from nightdesk.operation l where l.console_session = o.console_session) as is_last,
           h.operator, h.chain_seq as head_seq, h.digest as head_digest, nightdesk.image_month(o.applied_at) is not null as has_images
    from nightdesk.operation o
    left join lateral (
      select b.digest, b.chain_seq from nightdesk.operation b
      where b.console_session = o.console_session and b.chain_seq < o.chain_seq order by b.chain_seq desc limit 1) before on true
    left join nightdesk.chain_head h on h.console_session = o.console_session
    -- to before `until`, in a form that an index answers and that leaves out no forged infinity
    where o.applied_at >= coalesce(since, '-infinity') and o.applied_at <= coalesce(until - interval '1 microsecond', 'infinity')
  ), judged as (
    select c.id, c.code, case
      when (c.operation).digest <> nightdesk.operation_digest(c.operation) then 'the operation was altered'
      when c.before_seq is null and (c.operation).chain_seq <> 1 then format('operations before link %s of its console session are missing', (c.operation).chain_seq)
      when c.before_seq is not null and (c.operation).chain_seq <> c.before_seq + 1 then format('links %s to %s of its console session are missing', c.before_seq + 1, (c.operation).chain_seq - 1)
      when c.expected_previous is not null and (c.operation).previous_digest <> c.expected_previous then 'it does not follow the operation before it'
      when c.expected_previous is null and (c.operation).previous_digest <> sha256(convert_to('nightdesk ' || (c.operation).console_session::text || ' ' || (c.operation).actor, 'UTF8'))
        then 'it is not the beginning of its console session'
      when c.operator is null then 'its console session is not known'
      when c.operator <> (c.operation).actor then format('its console session belongs to %s', c.operator)
      when c.is_last and (c.head_seq <> (c.operation).chain_seq or c.head_digest <> (c.operation).digest) then 'operations after it are missing'
      when c.has_images and nightdesk.images_digest(c.id, c.applied_at) <> (c.operation).images_digest then 'its row images were altered'
      when c.has_images
           and (select count(*) from nightdesk.row_change r where r.operation_id = c.id and r.applied_at = c.applied_at) <> (c.operation).changed then 'it does not have as many row images as rows'
      end as problem
    from chained c
  )
  select j.id, j.code, j.problem from judged j where j.problem is not null;
end
$function$;
comment on function nightdesk.verify_operations(timestamptz, timestamptz) is 'Recomputes digests and links of the operations from one moment to before another.';

create function nightdesk.audit_months() returns setof date
language sql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
begin atomic
  select to_date(right(c.relname, 6), 'YYYYMM') from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'nightdesk.row_change'::regclass and c.relname ~ '^row_change_[0-9]{6}$'
  union
  select d.month from nightdesk.dropped_month d
  union
  select m::date from (select min(o.applied_at) as first, max(o.applied_at) as last from nightdesk.operation o
                         where o.applied_at > '-infinity' and o.applied_at < 'infinity') o,
                      generate_series(date_trunc('month', o.first), date_trunc('month', o.last), interval '1 month') m
  order by 1;
end;
comment on function nightdesk.audit_months() is 'Every month that has row images, had them, or has operations that should.';

create function nightdesk.verify_month(month date, since timestamptz default null)
returns table (operation_id uuid, code text, problem text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $function$
declare
  v_from timestamptz := date_trunc('month', month::timestamp);
  v_until timestamptz := v_from + interval '1 month';
  v_name text := to_char(v_from, 'YYYY-MM');
  v_dropped nightdesk.dropped_month;
begin
  select d.* into v_dropped from nightdesk.dropped_month d where d.month = v_from::date;
  if v_dropped.month is null and nightdesk.image_month(v_from) is null
     and exists (select from nightdesk.operation o where o.applied_at >= v_from and o.applied_at < v_until and o.changed > 0) then
    return query select null::uuid, null::text, format('the row images of %s are missing, and no retention dropped them', v_name);
  end if;
  if v_dropped.month is not null and (v_dropped.dropped_at < v_until + nightdesk.audit_retention() or v_dropped.dropped_at > clock_timestamp()) then
    return query select null::uuid, null::text, format('the row images of %s were dropped before their retention had passed', v_name);
  end if;
  if v_dropped.month is not null and not exists (
       select from nightdesk.month_digest(v_from::date) d where d.operations = v_dropped.operations and d.digest = v_dropped.digest) then
    return query select null::uuid, null::text, format('the operations of %s are not those whose row images retention dropped', v_name);
  end if;
  return query
  select r.operation_id, null::text, 'row images without an operation'
  from nightdesk.row_change r
  where r.applied_at >= greatest(v_from, since) and r.applied_at < v_until
    and not exists (select from nightdesk.operation o where o.id = r.operation_id and o.applied_at = r.applied_at)
  group by r.operation_id;
end
$function$;
comment on function nightdesk.verify_month(date, timestamptz) is 'Whether the row images of a month are there, or were dropped in time and on record, and each belongs to an operation.';

create function nightdesk.verify_frame() returns table (operation_id uuid, code text, problem text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
  with guarded as (
    select c.oid, c.relname from pg_class c
    where c.oid in ('nightdesk.operation'::regclass, 'nightdesk.row_change'::regclass, 'nightdesk.reveal'::regclass, 'nightdesk.dropped_month'::regclass)
       or c.oid in (select i.inhrelid from pg_inherits i where i.inhparent = 'nightdesk.row_change'::regclass)
  )
  select null::uuid, null::text, format('nightdesk.%s can be rewritten: its trigger %s is missing, disabled or another one', g.relname, w.name)
  from guarded g,
       -- bits of tgtype: row 1, before 2, delete 8, update 16, truncate 32
       (values ('append_only', 27), ('never_truncated', 34)) w (name, kind)
  where not exists (
    select from pg_trigger t
    where t.tgrelid = g.oid and t.tgname = w.name and t.tgenabled = 'A' and t.tgtype = w.kind and t.tgqual is null
      and t.tgfoid = 'nightdesk.refuse_rewrite()'::regprocedure)
  union all
  select null, null, format('every operation of console session %s of %s is missing', h.console_session, h.operator)
  from nightdesk.chain_head h
  where h.chain_seq > 0 and not exists (select from nightdesk.operation o where o.console_session = h.console_session);
end;
comment on function nightdesk.verify_frame() is 'What holds the record together: append-only triggers on every table and month, and no console session without its operations.';

create function nightdesk.verify_audit(since timestamptz default null)
returns table (operation_id uuid, code text, problem text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select * from nightdesk.verify_frame()
  union all
  select v.* from nightdesk.verify_operations(verify_audit.since) v
  union all
  select v.* from nightdesk.audit_months() m, nightdesk.verify_month(m, verify_audit.since) v
  where verify_audit.since is null or m + interval '1 month' > verify_audit.since at time zone 'UTC';
end;
comment on function nightdesk.verify_audit(timestamptz) is
  'Recomputes every digest and link in one statement; returns what does not fit. `nightdesk audit verify` asks the same in slices, for records that one statement cannot recompute in time.';

create function nightdesk.operation_images(operation_id uuid)
returns table (seq integer, unit text, table_name text, verb text, key jsonb, before jsonb, after jsonb, undoable boolean)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
  with seen as (
    select c.*, to_regclass(format('%I.%I', split_part(c.table_name, '.', 1), split_part(c.table_name, '.', 2))) as table_oid
    from nightdesk.operation o join nightdesk.row_change c on c.operation_id = o.id and c.applied_at = o.applied_at
    where o.id = operation_images.operation_id
  )
  select s.seq, s.unit, s.table_name, s.verb, nightdesk.readable_image(s.table_oid, s.key),
         case when s.before is not null then nightdesk.readable_image(s.table_oid, s.before) end,
         case when s.after is not null then nightdesk.readable_image(s.table_oid, s.after) end,
         s.undoable
  from seen s order by s.seq;
end;
comment on function nightdesk.operation_images(uuid) is 'Row images of an operation; a column that session_user may not select shows as {"$hidden":1}.';

create function nightdesk.record_history(table_name text, key jsonb, limit_rows integer default 50)
returns table (operation_id uuid, code text, action text, actor name, reason text, applied_at timestamptz, verb text, before jsonb, after jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
  select o.id, o.code, o.action, o.actor, o.reason, o.applied_at, c.verb,
         case when c.before is not null then nightdesk.readable_image(t.table_oid, c.before) end,
         case when c.after is not null then nightdesk.readable_image(t.table_oid, c.after) end
  from nightdesk.row_change c
  join nightdesk.operation o on o.id = c.operation_id and o.applied_at = c.applied_at,
       lateral (select to_regclass(format('%I.%I', split_part(c.table_name, '.', 1), split_part(c.table_name, '.', 2))) as table_oid) t
  where c.table_name = record_history.table_name and c.key = record_history.key
    and nightdesk.readable_image(t.table_oid, c.key) = c.key -- whether a guessed key is known would tell what a hidden column holds
  order by c.applied_at desc limit least(limit_rows, 500);
end;
comment on function nightdesk.record_history(text, jsonb, integer) is 'What this console changed on one record, newest first.';
