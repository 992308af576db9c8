do $drop$
declare
  v_object record;
begin
  for v_object in
    select c.oid::regclass as name, c.relkind from pg_catalog.pg_class c
    where c.relnamespace = 'nightdesk'::regnamespace and c.relkind in ('v', 'r', 'p') and c.relname <> 'alembic_version'
      and not c.relispartition
    order by c.relkind = 'v' desc
  loop
    execute pg_catalog.format('drop %s %s cascade', case v_object.relkind when 'v' then 'view' else 'table' end, v_object.name);
  end loop;
  for v_object in select p.oid::regprocedure as name from pg_catalog.pg_proc p where p.pronamespace = 'nightdesk'::regnamespace loop
    execute pg_catalog.format('drop function if exists %s cascade', v_object.name);
  end loop;
  drop type if exists nightdesk.change_group cascade;
  drop sequence if exists nightdesk.operation_number;
end
$drop$;
