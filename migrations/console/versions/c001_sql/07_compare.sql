create function nightdesk.base_type(table_oid regclass, column_name text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
-- Without the length modifier: an explicit cast to varchar(3) would cut silently, an assignment refuses.
return (select format_type(a.atttypid, -1) from pg_attribute a
        where a.attrelid = table_oid and a.attname = column_name and a.attnum > 0 and not a.attisdropped);

create function nightdesk.value_sql(table_oid regclass, side text, column_name text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
return format('(i.%s ->> %L)::%s', side, column_name, nightdesk.base_type(table_oid, column_name));
comment on function nightdesk.value_sql(regclass, text, text) is 'SQL of one typed value out of an item c, by the column''s own input function.';

create function nightdesk.in_chunks_sql(constructor text, arguments text[]) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
-- A function takes at most 100 arguments, and a table may have 1,600 columns; an entry here may be two of them.
return coalesce((select string_agg(format('%s(%s)', constructor, c.listed), ' || ' order by c.chunk)
                 from (select (n - 1) / 50 as chunk, string_agg(a, ', ' order by n) as listed
                       from unnest(arguments) with ordinality e (a, n) group by 1) c),
                constructor || '()');
comment on function nightdesk.in_chunks_sql(text, text[]) is 'SQL of one jsonb object or array out of any number of arguments.';

create function nightdesk.has_equality(table_oid regclass, column_name text) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
-- The shapes have an = that compares areas or nothing at all; arrays and domains are as their elements and bases.
return (
  with recursive type as (
    select y.* from pg_attribute a join pg_type y on y.oid = a.atttypid where a.attrelid = table_oid and a.attname = column_name
    union all
    select y.* from type d join pg_type y on y.oid = case when d.typtype = 'd' then d.typbasetype when d.typcategory = 'A' then d.typelem end
  )
  select not coalesce(bool_or(y.typcategory = 'G' or y.typname in ('json', 'xml', 'jsonpath', 'pg_snapshot', 'txid_snapshot')), true) from type y);
comment on function nightdesk.has_equality(regclass, text) is 'Whether = of the column''s type says that two values are the same; if not, their text is compared.';

create function nightdesk.same_sql(table_oid regclass, column_name text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
return case when not nightdesk.has_equality(table_oid, column_name)
            then format('t.%I::text is not distinct from (i.before ->> %L)', column_name, column_name)
            else format('t.%I is not distinct from %s', column_name, nightdesk.value_sql(table_oid, 'before', column_name)) end;

create function nightdesk.key_join_sql(table_oid regclass, key_columns text[]) returns text
language sql stable
set search_path = pg_catalog, pg_temp
return (select string_agg(format('t.%I = %s', c, nightdesk.value_sql(table_oid, 'key', c)), ' and ' order by c) from unnest(key_columns) c);

create function nightdesk.lock_rows(groups nightdesk.change_group[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_set record;
begin
  -- A row that is not there cannot be locked: those who rely on its absence wait for each other on its key.
  perform pg_advisory_xact_lock(hashtextextended('nightdesk.absent', 0) + k.bucket)
  from (select distinct abs(hashtext(g.table_name || e.key::text) % 64) as bucket
        from unnest(groups) g, unnest(g.items) e where g.verb = 'absent' order by 1) k;
  for v_set in
    with named as materialized (
      select g.*, g.verb = 'delete' or exists (
               select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
               where i.indrelid = g.table_oid and i.indisunique and a.attname::text = any (g.after_columns)) as fully
      from unnest(groups) g
      where g.verb in ('update', 'delete', 'looks')
    )
    select g.table_oid, g.table_name, g.key_columns, array_agg(e.key) as keys, bool_or(g.fully) as fully
    from named g, unnest(g.items) e
    group by 1, 2, 3
    order by g.table_name, g.key_columns
  loop
    execute format(
      'select count(*) from (select from %1$s t join unnest($1) i (key) on %2$s order by %3$s for %4$s of t) locked',
      v_set.table_oid,
      nightdesk.key_join_sql(v_set.table_oid, v_set.key_columns),
      (select string_agg(format('t.%I', c), ', ' order by c) from unnest(v_set.key_columns) c),
      case when v_set.fully then 'update' else 'no key update' end)
    using v_set.keys;
  end loop;
end
$function$;
comment on function nightdesk.lock_rows(nightdesk.change_group[]) is 'Locks every row that is changed or relied on, in (table, key) order, so that two operators cannot deadlock.';

create function nightdesk.viewer_reads(table_name text, column_name text) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
return (select has_column_privilege('nightdesk_viewer', p.relation, viewer_reads.column_name, 'select')
        from nightdesk.platform_table p where p.table_name = viewer_reads.table_name);

create function nightdesk.moved_rows(groups nightdesk.change_group[]) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_group nightdesk.change_group;
  v_moved jsonb;
  v_all jsonb := '[]';
begin
  foreach v_group in array groups loop
    if v_group.verb in ('update', 'delete', 'looks') then
      execute format(
        $sql$
          select jsonb_agg(jsonb_build_object(
                   'unit', i.unit, 'table', %1$L, 'key', i.key,
                   'why', case when t.%6$I is null then 'gone' else 'changed' end,
                   'columns', case when t.%6$I is null then '[]'::jsonb
                              else jsonb_path_query_array(%2$s, '$[*] ? (@ != null)') end)
                 order by i.n)
          from unnest($1) i
          left join %3$s t on %4$s
          where t.%6$I is null or not (%5$s)
        $sql$,
        v_group.table_name,
        nightdesk.in_chunks_sql('jsonb_build_array', array(select format(
            'case when %s then null else jsonb_build_object(''column'', %L, ''expected'', i.before -> %L, ''now'', %s) end',
            nightdesk.same_sql(v_group.table_oid, c), c, c,
            case when has_column_privilege(session_user, v_group.table_oid, c, 'select') then format('t.%I::text', c) else '''(hidden)''' end)
          from unnest(v_group.before_columns) c)),
        v_group.table_oid,
        nightdesk.key_join_sql(v_group.table_oid, v_group.key_columns),
        coalesce((select string_agg(nightdesk.same_sql(v_group.table_oid, c), ' and ') from unnest(v_group.before_columns) c), 'true'),
        v_group.key_columns[1]) -- a key that joined is not null; no system column: those ask for SELECT on the whole table
      into v_moved using v_group.items;
    else -- insert and absent: no row may hold this key
      execute format(
        $sql$
          select jsonb_agg(jsonb_build_object('unit', i.unit, 'table', %1$L, 'key', i.key, 'why', 'exists', 'columns', '[]'::jsonb)
                 order by i.n)
          from unnest($1) i
          where exists (select from %2$s t where %3$s)
        $sql$,
        v_group.table_name, v_group.table_oid, nightdesk.key_join_sql(v_group.table_oid, v_group.key_columns))
      into v_moved using v_group.items;
    end if;
    v_all := v_all || coalesce(v_moved, '[]');
  end loop;
  return v_all;
end
$function$;
comment on function nightdesk.moved_rows(nightdesk.change_group[]) is 'Rows and facts that no longer hold, with what is there now (values only of columns that session_user may read).';

create function nightdesk.readable_by_all(moved jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
return (
  select coalesce(jsonb_agg(case when m.entry ? 'guard' then m.entry else m.entry || jsonb_build_object(
           'key', (select jsonb_object_agg(k.key, case when nightdesk.viewer_reads(m.entry ->> 'table', k.key) then k.value else '"(hidden)"' end)
                   from jsonb_each(m.entry -> 'key') k),
           'columns', (select coalesce(jsonb_agg(case when nightdesk.viewer_reads(m.entry ->> 'table', c.entry ->> 'column') then c.entry
                                                 else c.entry || '{"expected": "(hidden)", "now": "(hidden)"}' end order by c.n), '[]')
                       from jsonb_array_elements(m.entry -> 'columns') with ordinality c (entry, n))) end order by m.n), '[]')
  from jsonb_array_elements(moved) with ordinality m (entry, n));
comment on function nightdesk.readable_by_all(jsonb) is 'Moved rows as an operation''s header may say them: every operator reads headers, not every operator reads every column.';

create function nightdesk.failed_guards(document jsonb) returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_check record;
  v_why text;
  v_failed jsonb := '[]';
begin
  for v_check in
    select u.unit ->> 'unit' as unit, case when jsonb_typeof(c.entry -> 'guard') = 'string' then c.entry ->> 'guard' end as guard, coalesce(c.entry -> 'args', '{}') as args
    from jsonb_array_elements(document -> 'units') u (unit),
         jsonb_array_elements(coalesce(u.unit -> 'checks', '[]')) c (entry)
    where c.entry ? 'guard'
  loop
    if v_check.guard is null then
      raise exception using errcode = 'ND005', message = 'the change set is malformed: a guard has a name';
    end if;
    if to_regprocedure(format('nightdesk.%I(jsonb)', 'guard_' || v_check.guard)) is null then
      raise exception using errcode = 'ND005', message = format('no guard named %s is registered', v_check.guard);
    end if;
    execute format('select nightdesk.%I($1)', 'guard_' || v_check.guard) into v_why using v_check.args;
    if v_why is not null then
      v_failed := v_failed || jsonb_build_object('unit', v_check.unit, 'guard', v_check.guard, 'why', v_why);
    end if;
  end loop;
  return v_failed;
end
$function$;
comment on function nightdesk.failed_guards(jsonb) is 'Registered SQL guards (functions nightdesk.guard_<name>(jsonb): null holds, text says why not), asked by the database clock.';

create function nightdesk.guard_before(args jsonb) returns text
language sql volatile
set search_path = pg_catalog, pg_temp
return case when clock_timestamp() < (args ->> 'moment')::timestamptz then null
            else format('it is past %s', args ->> 'moment') end;
comment on function nightdesk.guard_before(jsonb) is 'Holds until {"moment": timestamptz}: for a plan that is only right before a deadline.';
