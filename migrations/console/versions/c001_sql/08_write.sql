create function nightdesk.write_ranks(tables oid[]) returns table (table_oid oid, rank integer)
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
  with recursive edge as (
    select distinct k.conrelid as child, k.confrelid as parent
    from pg_constraint k
    where k.contype = 'f' and k.conrelid <> k.confrelid and k.conrelid = any (tables) and k.confrelid = any (tables)
  ), walk as (
    select t as table_oid, 0 as depth from unnest(tables) t
    union
    select e.child, w.depth + 1 from walk w join edge e on e.parent = w.table_oid where w.depth < cardinality(tables)
  )
  select w.table_oid, max(w.depth) from walk w group by w.table_oid;
end;
comment on function nightdesk.write_ranks(oid[]) is 'Foreign-key depth among these tables: parents are written before children, children deleted before parents.';

create function nightdesk.touch_column(table_oid regclass) returns text
language sql stable
set search_path = pg_catalog, pg_temp
return (select a.attname::text from pg_attribute a
        where a.attrelid = table_oid and a.attname in ('updated_at', 'updatedAt') and a.attgenerated = '' and not a.attisdropped
          and a.atttypid in ('timestamp'::regtype, 'timestamptz'::regtype)
        order by a.attname limit 1);

create function nightdesk.image_sql(table_oid regclass, columns text[]) returns text
language sql stable
set search_path = pg_catalog, pg_temp
return '(' || nightdesk.in_chunks_sql('jsonb_build_object', array(select format('%L, t.%I::text', c, c) from unnest(columns) c order by c)) || ')';
comment on function nightdesk.image_sql(regclass, text[]) is 'SQL of a row image: the named columns as text, as the table holds them.';

create function nightdesk.readable_columns(table_oid regclass, table_name text) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
return (select array_agg(a.attname::text order by a.attname) from pg_attribute a
        where a.attrelid = table_oid and a.attnum > 0 and not a.attisdropped
          and not exists (select from nightdesk.secret_column s where s.table_name = readable_columns.table_name and s.column_name = a.attname));

create function nightdesk.update_rows(grp nightdesk.change_group, operation_id uuid, moment timestamptz) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_written integer;
  v_touch text := nightdesk.touch_column(grp.table_oid);
begin
  execute format(
    $sql$
      with item as materialized (
        select i.n, i.unit, i.key, %7$s as before, %1$s from unnest($1) i join %2$s t on %4$s
      ), written as (
        update %2$s t set %3$s from item i where %4$s
        returning i.n, i.unit, i.key, i.before, %5$s as after
      )
      insert into nightdesk.row_change (operation_id, seq, applied_at, unit, table_name, verb, key, before, after, undoable)
      select $2, w.n, $3, w.unit, %6$L, 'update', w.key, w.before, w.after, true
      from written w
    $sql$,
    (select string_agg(format('%s as %I', nightdesk.value_sql(grp.table_oid, 'after', c), 'after_' || c), ', ') from unnest(grp.after_columns) c),
    grp.table_oid,
    (select string_agg(format('%I = i.%I', c, 'after_' || c), ', ') from unnest(grp.after_columns) c)
      || case when v_touch is null then '' else format(', %I = %L::timestamptz::%s', v_touch, moment, nightdesk.base_type(grp.table_oid, v_touch)) end,
    nightdesk.key_join_sql(grp.table_oid, grp.key_columns),
    nightdesk.image_sql(grp.table_oid, grp.after_columns),
    grp.table_name,
    nightdesk.image_sql(grp.table_oid, grp.before_columns)) -- 1.0 equals the 1.00 that was stored, and undo must put back the latter
  using grp.items, operation_id, moment;
  get diagnostics v_written = row_count;
  return v_written;
end
$function$;

create function nightdesk.insert_rows(grp nightdesk.change_group, operation_id uuid, moment timestamptz) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_written integer;
  v_touch text := nightdesk.touch_column(grp.table_oid);
begin
  execute format(
    $sql$
      with item as materialized (
        select i.* from unnest($1) i
      ), written as (
        insert into %1$s as t (%2$s) select %3$s from item i
        returning %4$s as key, %5$s as after
      )
      insert into nightdesk.row_change (operation_id, seq, applied_at, unit, table_name, verb, key, before, after, undoable)
      select $2, i.n, $3, i.unit, %6$L, 'insert', i.key, null, w.after, true
      from written w join item i on %7$s
    $sql$,
    grp.table_oid,
    (select string_agg(format('%I', c), ', ' order by c) from unnest(grp.key_columns || grp.after_columns) c) || case when v_touch is null then '' else format(', %I', v_touch) end,
    (select string_agg(nightdesk.value_sql(grp.table_oid, case when c = any (grp.key_columns) then 'key' else 'after' end, c), ', ' order by c)
       from unnest(grp.key_columns || grp.after_columns) c)
      || case when v_touch is null then '' else format(', %L::timestamptz::%s', moment, nightdesk.base_type(grp.table_oid, v_touch)) end,
    nightdesk.image_sql(grp.table_oid, grp.key_columns),
    nightdesk.image_sql(grp.table_oid, nightdesk.readable_columns(grp.table_oid, grp.table_name)),
    grp.table_name,
    (select string_agg(format('(w.key ->> %L)::%s = %s', c, nightdesk.base_type(grp.table_oid, c), nightdesk.value_sql(grp.table_oid, 'key', c)), ' and ')
       from unnest(grp.key_columns) c))
  using grp.items, operation_id, moment;
  get diagnostics v_written = row_count;
  return v_written;
end
$function$;

create function nightdesk.refuse_cascade(grp nightdesk.change_group) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_reference record;
  v_found boolean;
begin
  for v_reference in
    select k.conrelid::regclass as child, k.conname,
           (select string_agg(format('x.%I = t.%I', ca.attname, pa.attname), ' and ')
              from unnest(k.conkey, k.confkey) p (child_column, parent_column)
              join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = p.child_column
              join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = p.parent_column) as joined
    from pg_constraint k
    where k.contype = 'f' and k.confrelid = grp.table_oid and k.confdeltype in ('c', 'n', 'd') and k.conparentid = 0
  loop
    execute format('select exists (select from unnest($1) i join %s t on %s join %s x on %s)',
                   grp.table_oid, nightdesk.key_join_sql(grp.table_oid, grp.key_columns), v_reference.child, v_reference.joined)
    into v_found using grp.items;
    if v_found then
      raise exception using errcode = 'ND006',
        message = format('deleting from %s would also change rows of %s (%s): name them in the change set', grp.table_name, v_reference.child, v_reference.conname);
    end if;
  end loop;
end
$function$;
comment on function nightdesk.refuse_cascade(nightdesk.change_group) is 'A foreign key must not delete or empty rows that the preview did not show and the audit would not hold.';

create function nightdesk.delete_rows(grp nightdesk.change_group, operation_id uuid, moment timestamptz) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_written integer;
  v_undoable boolean;
begin
  perform nightdesk.refuse_cascade(grp);
  -- Undo needs every column that the server would not fill by itself; a secret column can never be restored.
  select not exists (select from nightdesk.secret_column s where s.table_name = grp.table_name)
     and not exists (
           select from pg_attribute a
           where a.attrelid = grp.table_oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
             and a.attname not in ('updated_at', 'updatedAt')
             and (a.attidentity = 'a' or a.attname::text <> all (grp.key_columns || grp.before_columns)))
  into v_undoable;
  execute format(
    $sql$
      with item as materialized (
        select i.* from unnest($1) i
      ), written as (
        delete from %1$s t using item i where %2$s returning i.n, i.unit, i.key, %4$s as before
      )
      insert into nightdesk.row_change (operation_id, seq, applied_at, unit, table_name, verb, key, before, after, undoable)
      select $2, w.n, $3, w.unit, %3$L, 'delete', w.key, w.before, null, $4
      from written w
    $sql$,
    grp.table_oid, nightdesk.key_join_sql(grp.table_oid, grp.key_columns), grp.table_name,
    nightdesk.image_sql(grp.table_oid, array(select c from unnest(grp.before_columns) c
      where not exists (select from pg_attribute a where a.attrelid = grp.table_oid and a.attname = c and a.attgenerated <> ''))))
  using grp.items, operation_id, moment, v_undoable;
  get diagnostics v_written = row_count;
  return v_written;
end
$function$;

create function nightdesk.assert_rows_once(groups nightdesk.change_group[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_group nightdesk.change_group;
  v_primary text;
  v_rows text[];
  v_seen jsonb := '{}';
begin
  foreach v_group in array groups loop
    continue when v_group.verb not in ('update', 'delete')
      or (select count(*) from unnest(groups) g where g.table_oid = v_group.table_oid and g.verb in ('update', 'delete')) < 2;
    select string_agg(format('t.%I', a.attname), ', ' order by a.attnum) into v_primary
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where i.indrelid = v_group.table_oid and i.indisprimary;
    if v_primary is null then
      raise exception using errcode = 'ND005',
        message = format('%s has no primary key: name the same columns in each change of it', v_group.table_name);
    end if;
    execute format('select array_agg(jsonb_build_array(%s)::text) from %s t join unnest($1) i on %s',
                   v_primary, v_group.table_oid, nightdesk.key_join_sql(v_group.table_oid, v_group.key_columns))
    into v_rows using v_group.items;
    if (v_seen -> v_group.table_name) ?| v_rows then
      raise exception using errcode = 'ND005', message = format('a row of %s is named twice', v_group.table_name);
    end if;
    v_seen := jsonb_set(v_seen, array[v_group.table_name], coalesce(v_seen -> v_group.table_name, '[]') || to_jsonb(v_rows));
  end loop;
end
$function$;
comment on function nightdesk.assert_rows_once(nightdesk.change_group[]) is
  'Two changes of one row were both compared before either was written, so the second would not start from what was shown.';

create function nightdesk.write_groups(groups nightdesk.change_group[], operation_id uuid, moment timestamptz) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_step record;
  v_group nightdesk.change_group;
  v_written integer;
  v_total integer := 0;
begin
  for v_step in
    select g.position, g.verb
    from unnest(groups) with ordinality g (table_oid, table_name, verb, key_columns, before_columns, after_columns, items, position)
    join nightdesk.write_ranks(array(select distinct w.table_oid::oid from unnest(groups) w)) r on r.table_oid = g.table_oid
    where g.verb in ('insert', 'update', 'delete')
    -- updates first free unique values, inserts follow parents first, deletes come last children first
    order by g.verb = 'delete', case when g.verb = 'delete' then -r.rank else r.rank end, g.verb = 'insert', g.position
  loop
    v_group := groups[v_step.position];
    v_written := case v_step.verb
      when 'update' then nightdesk.update_rows(v_group, operation_id, moment)
      when 'insert' then nightdesk.insert_rows(v_group, operation_id, moment)
      else nightdesk.delete_rows(v_group, operation_id, moment) end;
    if v_written <> cardinality(v_group.items) then
      raise exception using errcode = 'ND005',
        message = format('%s of %s named %s row(s) and reached %s: a row is named twice', v_step.verb, v_group.table_name, cardinality(v_group.items), v_written);
    end if;
    v_total := v_total + v_written;
  end loop;
  return v_total;
end
$function$;
comment on function nightdesk.write_groups(nightdesk.change_group[], uuid, timestamptz) is 'Writes rows and their images, in foreign-key order; every written row leaves one image.';
