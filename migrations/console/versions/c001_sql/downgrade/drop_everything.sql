do $drop$
declare
  v_statement text;
begin
  -- Statements are gathered before any runs: a cascade may take an object that a running query still has to name.
  foreach v_statement in array (
    select coalesce(array_agg(format('drop %s if exists nightdesk.%I cascade', case c.relkind when 'v' then 'view' else 'table' end, c.relname)
                              order by c.relkind = 'v' desc), '{}')
    from pg_catalog.pg_class c
    where c.relnamespace = 'nightdesk'::regnamespace and c.relkind in ('v', 'r', 'p') and c.relname <> 'alembic_version' and not c.relispartition)
  loop
    execute v_statement;
  end loop;
  foreach v_statement in array (
    select coalesce(array_agg(format('drop function if exists %s cascade', p.oid::regprocedure)), '{}')
    from pg_catalog.pg_proc p where p.pronamespace = 'nightdesk'::regnamespace)
  loop
    execute v_statement;
  end loop;
  drop type if exists nightdesk.change_group, nightdesk.change_item cascade;
  drop sequence if exists nightdesk.operation_number;
end
$drop$;
