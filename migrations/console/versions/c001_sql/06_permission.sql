create function nightdesk.wanted_columns(groups nightdesk.change_group[])
returns table (table_name text, verb text, column_name text)
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  select distinct g.table_name, g.verb, w.column_name
  from unnest(groups) g,
       lateral unnest(case g.verb when 'update' then g.after_columns
                                  when 'insert' then g.after_columns || g.key_columns
                                  when 'delete' then array['*']
                                  else '{}'::text[] end) w (column_name);
end;
comment on function nightdesk.wanted_columns(nightdesk.change_group[]) is 'The rights that these changes ask for: table, verb, column (* for a delete).';

create function nightdesk.assert_permitted(groups nightdesk.change_group[]) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_wanted record;
begin
  for v_wanted in
    select w.table_name, w.verb, w.column_name,
           (select string_agg(distinct p.role::text, ' or ' order by p.role::text) from nightdesk.permission p
             where p.table_name = w.table_name and p.verb = w.verb and p.column_name = w.column_name) as roles
    from nightdesk.wanted_columns(groups) w
    where not exists (
      select from nightdesk.permission p join pg_roles r on r.rolname = p.role
      where p.table_name = w.table_name and p.verb = w.verb and p.column_name = w.column_name
        and pg_has_role(session_user, r.oid, 'usage'))
    order by 1, 2, 3
    limit 1
  loop
    raise exception using errcode = 'insufficient_privilege',
      message = format('%s may not %s %s%s (%s)', session_user, v_wanted.verb, v_wanted.table_name,
                       case when v_wanted.column_name = '*' then '' else '.' || v_wanted.column_name end,
                       coalesce('needs ' || v_wanted.roles, 'no role may'));
  end loop;
end
$function$;
comment on function nightdesk.assert_permitted(nightdesk.change_group[]) is 'session_user × table × column × verb; raises insufficient_privilege with the missing right.';

create function nightdesk.written_rows(groups nightdesk.change_group[]) returns integer
language sql immutable
set search_path = pg_catalog, pg_temp
return (select coalesce(sum(cardinality(g.items)), 0)::integer from unnest(groups) g where g.verb in ('insert', 'update', 'delete'));

create function nightdesk.needs_approval(groups nightdesk.change_group[], of_rows integer default 0) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
return (
  with amount as (
    select greatest(of_rows, nightdesk.written_rows(groups)) as rows
  ), threshold as (
    -- the most generous rule among the operator's roles counts; a rule without a threshold lifts it
    select case when bool_or(p.approval_from_rows is null) then null else max(p.approval_from_rows) end as from_rows
    from nightdesk.wanted_columns(groups) w
    join nightdesk.permission p on p.table_name = w.table_name and p.verb = w.verb and p.column_name = w.column_name
    join pg_roles r on r.rolname = p.role
    where pg_has_role(session_user, r.oid, 'usage')
    group by w.table_name, w.verb, w.column_name
  )
  select coalesce(bool_or(a.rows >= t.from_rows), false) from amount a, threshold t);
comment on function nightdesk.needs_approval(nightdesk.change_group[], integer) is 'Whether a second operator must approve: the policy looks at the data written, never at the name of the action.';

create function nightdesk.is_platform_table(table_name text, relation regclass) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
return exists (select from nightdesk.platform_table p where p.table_name = is_platform_table.table_name and p.relation = is_platform_table.relation);

create function nightdesk.assert_named_columns(grp nightdesk.change_group) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_column text;
begin
  if grp.table_oid is null then
    raise exception using errcode = 'ND005', message = format('table %s does not exist here', grp.table_name);
  end if;
  -- Before anything of it is evaluated: its types, policies and views run functions with the owner's rights.
  if not nightdesk.is_platform_table(grp.table_name, grp.table_oid) then
    raise exception using errcode = 'ND005', message = format('table %s is none that nightdesk was installed for', grp.table_name);
  end if;
  select c into v_column from unnest(grp.key_columns || grp.before_columns || grp.after_columns) c
    where not exists (select from pg_attribute a where a.attrelid = grp.table_oid and a.attname = c and a.attnum > 0 and not a.attisdropped)
    limit 1;
  if v_column is not null then
    raise exception using errcode = 'ND005', message = format('%s has no column %s here', grp.table_name, v_column);
  end if;
  select c into v_column from unnest(grp.key_columns || grp.before_columns || grp.after_columns) c
    where exists (select from nightdesk.secret_column s where s.table_name = grp.table_name and s.column_name = c)
    limit 1;
  if v_column is not null then
    raise exception using errcode = 'insufficient_privilege', message = format('%s.%s is secret: no change may name it', grp.table_name, v_column);
  end if;
  -- Comparing is reading: whether a guess was right would tell what a hidden column holds.
  select c into v_column from unnest(grp.key_columns || grp.before_columns) c
    where not has_column_privilege(session_user, grp.table_oid, c, 'select')
    limit 1;
  if v_column is not null then
    raise exception using errcode = 'insufficient_privilege', message = format('%s may not read %s.%s, so may not compare it', session_user, grp.table_name, v_column);
  end if;
  select c into v_column from unnest(grp.key_columns) c where not nightdesk.has_equality(grp.table_oid, c) limit 1;
  if v_column is not null then
    raise exception using errcode = 'ND005', message = format('%s.%s has no equality, so it is no key', grp.table_name, v_column);
  end if;
end
$function$;
comment on function nightdesk.assert_named_columns(nightdesk.change_group) is 'Refuses unknown tables, unknown and secret columns, and comparing what session_user may not read.';

create function nightdesk.unsettable_column(grp nightdesk.change_group) returns text
language sql stable
set search_path = pg_catalog, pg_temp
return (
  select a.attname::text from pg_attribute a
  where a.attrelid = grp.table_oid and a.attnum > 0 and not a.attisdropped
    and (a.attname::text = any (grp.after_columns) or (grp.verb = 'insert' and a.attname::text = any (grp.key_columns)))
    and (a.attname in ('updated_at', 'updatedAt') or a.attgenerated <> '' or a.attidentity = 'a'
         or (grp.verb = 'update' and (
               a.attname::text = any (grp.key_columns)
               or exists (select from pg_index i where i.indrelid = grp.table_oid and i.indisprimary and a.attnum = any (i.indkey))
               -- a foreign key could carry the new value on to rows that nobody was shown
               or exists (select from pg_constraint k where k.contype = 'f' and k.confrelid = grp.table_oid and a.attnum = any (k.confkey)))))
  order by a.attnum limit 1);
comment on function nightdesk.unsettable_column(nightdesk.change_group) is 'A column that these changes set and may not: key, generated, or set by the server.';

create function nightdesk.assert_identifying(table_oid regclass, table_name text, key_columns text[]) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if not exists (
    select from pg_index i
    where i.indrelid = table_oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
      and (select bool_and(a.attname::text = any (key_columns)) from pg_attribute a
           where a.attrelid = i.indrelid and a.attnum = any (i.indkey[0:i.indnkeyatts - 1]::smallint[]))) then
    raise exception using errcode = 'ND005', message = format('%s does not identify one row of %s', array_to_string(key_columns, ', '), table_name);
  end if;
end
$function$;
comment on function nightdesk.assert_identifying(regclass, text, text[]) is 'Refuses columns among which no unique index says that they are one row''s.';

create function nightdesk.assert_writable(grp nightdesk.change_group) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_column text;
begin
  perform nightdesk.assert_named_columns(grp);
  if grp.verb = 'absent' then
    return;
  end if;
  perform nightdesk.assert_identifying(grp.table_oid, grp.table_name, grp.key_columns);
  if grp.verb = 'update' and not grp.after_columns <@ grp.before_columns then
    raise exception using errcode = 'ND005', message = format('an update of %s names a column without its value before', grp.table_name);
  end if;
  v_column := nightdesk.unsettable_column(grp);
  if v_column is not null then
    raise exception using errcode = 'ND005', message = format('%s.%s cannot be set by a change (key, generated or set by the server)', grp.table_name, v_column);
  end if;
end
$function$;
comment on function nightdesk.assert_writable(nightdesk.change_group) is 'Refuses keys that do not identify one row, values without their value before, and columns that no change sets.';
