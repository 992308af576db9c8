-- A ChangeSet travels as text: {"v":1,"action":…,"database":…,"undoes":…,"units":[{"unit":…,"checks":[…],"changes":[…]}]}.
-- Every value in it is PostgreSQL's own text form of that value, or null, or the sentinel {"$now":1}.

create type nightdesk.change_item as (
  n integer,              -- place in the change set
  unit text,
  key jsonb,
  before jsonb,
  after jsonb
);

create type nightdesk.change_group as (
  table_oid regclass,
  table_name text,
  verb text,              -- insert, update, delete; looks, absent (checks)
  key_columns text[],
  before_columns text[],
  after_columns text[],
  items nightdesk.change_item[]
);
comment on type nightdesk.change_group is 'Rows of a ChangeSet that one set-based statement can handle: same table, verb and columns.';

create function nightdesk.resolve_now(object jsonb, moment text) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
return (select jsonb_object_agg(e.key, case when e.value = '{"$now": 1}'::jsonb then to_jsonb(moment) else e.value end)
        from jsonb_each(object) e);

create function nightdesk.change_groups(document jsonb, moment text) returns nightdesk.change_group[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_has_sentinel boolean := jsonb_path_exists(document, '$.units[*].changes[*].after.*."$now"');
  v_groups nightdesk.change_group[];
  v_group nightdesk.change_group;
begin
  -- jsonb keeps keys in one canonical order, so that equal column sets give equal arrays.
  select array_agg(row(
      case when g.table_name ~ '^[^.]+[.][^.]+$' then to_regclass(format('%I.%I', split_part(g.table_name, '.', 1), split_part(g.table_name, '.', 2))) end,
      g.table_name, g.verb, g.key_columns, g.before_columns, g.after_columns, g.items)::nightdesk.change_group
      order by g.table_name, g.verb, g.key_columns, g.before_columns, g.after_columns)
  into v_groups
  from (
    select e.table_name, e.verb, e.key_columns, e.before_columns, e.after_columns,
           array_agg(row(e.n, e.unit, e.key, e.before, e.after)::nightdesk.change_item) as items
    from (
      select row_number() over () as n, u.unit ->> 'unit' as unit, x.entry ->> 'table' as table_name,
             -- a change among the checks would be written without being shown, a check among the changes shown without being one
             case when (x.entry ->> 'verb' in ('looks', 'absent')) = (x.place <= jsonb_array_length(coalesce(u.unit -> 'checks', '[]'))) then x.entry ->> 'verb' end as verb,
             x.entry -> 'key' as key, x.entry -> 'before' as before,
             case when v_has_sentinel and x.entry ? 'after' then nightdesk.resolve_now(x.entry -> 'after', moment) else x.entry -> 'after' end as after,
             array(select jsonb_object_keys(x.entry -> 'key')) as key_columns,
             array(select jsonb_object_keys(x.entry -> 'before')) as before_columns,
             array(select jsonb_object_keys(x.entry -> 'after')) as after_columns
      from jsonb_array_elements(document -> 'units') u (unit),
           jsonb_array_elements(coalesce(u.unit -> 'checks', '[]') || coalesce(u.unit -> 'changes', '[]')) with ordinality x (entry, place)
      where not (x.entry ? 'guard' and x.place <= jsonb_array_length(coalesce(u.unit -> 'checks', '[]')))
    ) e
    group by 1, 2, 3, 4, 5
  ) g;

  foreach v_group in array coalesce(v_groups, '{}') loop
    if coalesce(v_group.table_name, '') !~ '^[^.]+[.][^.]+$'
       or coalesce(v_group.verb, '') not in ('insert', 'update', 'delete', 'looks', 'absent')
       or cardinality(v_group.key_columns) = 0
       or (v_group.verb in ('insert', 'absent') and cardinality(v_group.before_columns) > 0)
       or (v_group.verb in ('delete', 'looks', 'absent') and cardinality(v_group.after_columns) > 0)
       or (v_group.verb = 'update' and cardinality(v_group.after_columns) = 0)
       or (v_group.verb = 'insert' and v_group.key_columns && v_group.after_columns)
       -- strict: a lax path looks inside lists
       or exists (select from unnest(v_group.items) i
                  where jsonb_path_exists(i.key, 'strict $.* ? (@.type() != "string")')
                     or jsonb_path_exists(i.before, 'strict $.* ? (@.type() != "string" && @.type() != "null")')
                     or jsonb_path_exists(i.after, 'strict $.* ? (@.type() != "string" && @.type() != "null")')) then
      raise exception using errcode = 'ND005',
        message = format('the change set is malformed where it would %s %s', coalesce(v_group.verb, 'do nothing to'), coalesce(v_group.table_name, 'no table'));
    end if;
  end loop;
  return coalesce(v_groups, '{}');
exception when data_exception then
  raise exception using errcode = 'ND005', message = 'the change set is malformed: key, before and after are objects, units and changes are lists';
end
$function$;
comment on function nightdesk.change_groups(jsonb, text) is 'Splits a change set into groups for set-based statements, sentinels resolved to this moment; refuses a malformed one.';

create function nightdesk.without_units(groups nightdesk.change_group[], units text[]) returns nightdesk.change_group[]
language sql immutable
set search_path = pg_catalog, pg_temp
return (
  select coalesce(array_agg(row(g.table_oid, g.table_name, g.verb, g.key_columns, g.before_columns, g.after_columns, k.items)::nightdesk.change_group order by g.position), '{}')
  from unnest(groups) with ordinality g (table_oid, table_name, verb, key_columns, before_columns, after_columns, items, position),
       lateral (select array_agg(row(e.n, e.unit, e.key, e.before, e.after)::nightdesk.change_item order by e.position) as items
                from unnest(g.items) with ordinality e (n, unit, key, before, after, position)
                where e.unit <> all (units)) k
  where k.items is not null);
comment on function nightdesk.without_units(nightdesk.change_group[], text[]) is 'The same groups without the rows of these units (a unit is skipped whole).';
