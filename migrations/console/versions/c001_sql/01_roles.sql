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
    if not pg_catalog.pg_has_role(v_role, 'nightdesk_viewer', 'member') then
      execute pg_catalog.format('grant nightdesk_viewer to %I', v_role);
    end if;
  end loop;
  -- The installer hands objects over to the owners, which asks for membership where it is no superuser.
  foreach v_role in array array['nightdesk_owner', 'nightdesk_audit_owner'] loop
    if not pg_catalog.pg_has_role(current_user, v_role, 'member') then
      execute pg_catalog.format('grant %I to current_user', v_role);
    end if;
  end loop;
end
$roles$;
