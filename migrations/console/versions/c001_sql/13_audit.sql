create function nightdesk.verify_audit(since timestamptz default null)
returns table (operation_id uuid, code text, problem text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set bytea_output = 'hex' set extra_float_digits = 1
as $function$
begin
  return query
  with chained as (
    select o as operation, o.id, o.code, o.applied_at,
           lag(o.digest) over w as expected_previous, lag(o.chain_seq) over w as before_seq,
           lead(o.chain_seq) over w is null as is_last, h.operator, h.chain_seq as head_seq, h.digest as head_digest
    from nightdesk.operation o
    left join nightdesk.chain_head h on h.console_session = o.console_session
    window w as (partition by o.console_session order by o.chain_seq)
  ), judged as (
    select c.id, c.code, c.applied_at, case
      when (c.operation).digest <> nightdesk.operation_digest(c.operation) then 'the operation was altered'
      when c.before_seq is null and (c.operation).chain_seq <> 1 then format('operations before link %s of its console session are missing', (c.operation).chain_seq)
      when c.before_seq is not null and (c.operation).chain_seq <> c.before_seq + 1 then format('links %s to %s of its console session are missing', c.before_seq + 1, (c.operation).chain_seq - 1)
      when c.expected_previous is not null and (c.operation).previous_digest <> c.expected_previous then 'it does not follow the operation before it'
      when c.expected_previous is null and (c.operation).previous_digest <> sha256(convert_to('nightdesk ' || (c.operation).console_session::text || ' ' || (c.operation).actor, 'UTF8'))
        then 'it is not the beginning of its console session'
      when c.operator is null then 'its console session is not known'
      when c.operator <> (c.operation).actor then format('its console session belongs to %s', c.operator)
      when c.is_last and (c.head_seq <> (c.operation).chain_seq or c.head_digest <> (c.operation).digest) then 'operations after it are missing'
      when to_regclass('nightdesk.row_change_' || to_char(c.applied_at, 'YYYYMM')) is not null
           and nightdesk.images_digest(c.id, c.applied_at) <> (c.operation).images_digest then 'its row images were altered'
      when to_regclass('nightdesk.row_change_' || to_char(c.applied_at, 'YYYYMM')) is not null
           and (select count(*) from nightdesk.row_change r where r.operation_id = c.id and r.applied_at = c.applied_at) <> (c.operation).changed then 'it does not have as many row images as rows'
      end as problem
    from chained c
    where since is null or c.applied_at >= since
  )
  select j.id, j.code, j.problem from judged j where j.problem is not null
  union all
  select r.operation_id, null, 'row images without an operation'
  from nightdesk.row_change r
  where (since is null or r.applied_at >= since) and not exists (select from nightdesk.operation o where o.id = r.operation_id and o.applied_at = r.applied_at)
  group by r.operation_id
  union all
  select null, null, format('every operation of console session %s of %s is missing', h.console_session, h.operator)
  from nightdesk.chain_head h
  where h.chain_seq > 0 and not exists (select from nightdesk.operation o where o.console_session = h.console_session);
end
$function$;
comment on function nightdesk.verify_audit(timestamptz) is
  'Recomputes every digest and link; returns what does not fit. A month of images that was dropped by retention is covered by its digests only.';

create function nightdesk.readable_image(table_oid regclass, image jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
return (select jsonb_object_agg(e.key, case
          when table_oid is null or not exists (select from pg_attribute a where a.attrelid = table_oid and a.attname = e.key and not a.attisdropped) then '{"$hidden": 1}'::jsonb
          when has_column_privilege(session_user, table_oid, e.key, 'select') then e.value
          else '{"$hidden": 1}'::jsonb end)
        from jsonb_each(image) e);
comment on function nightdesk.readable_image(regclass, jsonb) is 'A row image with the columns hidden that session_user may not select (or that no longer exist).';

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
  order by c.applied_at desc limit least(limit_rows, 500);
end;
comment on function nightdesk.record_history(text, jsonb, integer) is 'What this console changed on one record, newest first.';
