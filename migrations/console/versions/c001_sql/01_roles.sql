-- Cluster-wide roles. NOLOGIN owners hold the schema and the audit; NOLOGIN groups carry rights;
-- one LOGIN role a person is added by `nightdesk operators add`.
do $roles$
declare
  v_role text;
begin
  foreach v_role in array array[
    'nightdesk_owner', 'nightdesk_audit_owner',
    'nightdesk_viewer', 'nightdesk_support', 'nightdesk_oncall', 'nightdesk_dba', 'nightdesk_worker'
  ] loop
    if not exists (select from pg_catalog.pg_roles r where r.rolname = v_role) then
      begin
        execute pg_catalog.format('create role %I nologin', v_role);
      exception when duplicate_object or unique_violation then
        null; -- another database of this cluster is being installed at the same moment
      end;
    end if;
  end loop;
  foreach v_role in array array['nightdesk_support', 'nightdesk_oncall', 'nightdesk_dba'] loop
    if not pg_catalog.pg_has_role(v_role, 'nightdesk_viewer', 'usage') then
      execute pg_catalog.format('grant nightdesk_viewer to %I', v_role);
    end if;
  end loop;
  -- The installer hands objects over to the owners and acts for them later, a re-run and an uninstall included. From
  -- PostgreSQL 16 on whoever creates a role is its member WITH ADMIN alone, which allows neither.
  if not (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user) then
    foreach v_role in array array['nightdesk_owner', 'nightdesk_audit_owner'] loop
      if pg_catalog.current_setting('server_version_num')::integer < 160000 then
        if not pg_catalog.pg_has_role(v_role, 'usage') then
          execute pg_catalog.format('grant %I to %I', v_role, current_user);
        end if;
      elsif not (pg_catalog.pg_has_role(v_role, 'usage') and pg_catalog.pg_has_role(v_role, 'set')) then
        execute pg_catalog.format('grant %I to %I with inherit true, set true', v_role, current_user);
      end if;
    end loop;
  end if;
end
$roles$;
