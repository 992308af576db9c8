create function nightdesk.mask_email(email text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
return case when email is null then null
            when position('@' in email) < 2 then '•••'
            else left(email, 1) || '•••@' || left(split_part(email, '@', 2), 1) || '•••' || coalesce(substring(split_part(email, '@', 2) from '[.][^.]*$'), '') end;
comment on function nightdesk.mask_email(text) is 'First letters and the top-level domain: enough to recognise, not enough to write to.';

create function nightdesk.mask_address(address text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
return case when address is null then null
            when address ~ '^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$' then regexp_replace(address, '[.][0-9]+[.][0-9]+$', '.•.•')
            when position(':' in address) > 0 then array_to_string((string_to_array(address, ':'))[1:2], ':') || ':•'
            else '•••' end;
comment on function nightdesk.mask_address(text) is 'An IP address down to its network (first two groups).';

create function nightdesk.reveal_value(table_name text, key jsonb, column_name text, reason text, console_session uuid default null) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO'
as $function$
declare
  v_record nightdesk.change_group;
  v_table regclass := to_regclass(format('%I.%I', split_part(table_name, '.', 1), split_part(table_name, '.', 2)));
  v_value text;
begin
  if jsonb_typeof(key) is distinct from 'object' or key = '{}' then
    raise exception using errcode = 'ND005', message = format('%s names no record', table_name);
  end if;
  v_record.table_oid := v_table;
  v_record.table_name := table_name;
  v_record.key_columns := array(select jsonb_object_keys(key));
  perform nightdesk.assert_named_columns(v_record);
  perform nightdesk.assert_identifying(v_table, table_name, v_record.key_columns);
  if not has_column_privilege(session_user, v_table, column_name, 'select')
     or exists (select from nightdesk.secret_column s where s.table_name = reveal_value.table_name and s.column_name = reveal_value.column_name) then
    raise exception using errcode = 'insufficient_privilege', message = format('%s may not see %s.%s', session_user, table_name, column_name);
  end if;
  if coalesce(btrim(reason), '') = '' then
    raise exception using errcode = 'ND005', message = 'a reason is required';
  end if;
  insert into nightdesk.reveal (console_session, table_name, key, column_name, reason)
  values (reveal_value.console_session, reveal_value.table_name, reveal_value.key, reveal_value.column_name, btrim(reveal_value.reason));
  execute format('select t.%I::text from %s t, (select $1 as key) i where %s', column_name, v_table,
                 nightdesk.key_join_sql(v_table, v_record.key_columns))
  into v_value using key;
  return v_value;
end
$function$;
comment on function nightdesk.reveal_value(text, jsonb, text, text, uuid) is
  'One value of personal data, after the fact that it was shown is on record. The record is as good as the transaction: who rolls his own back escapes it, as does SELECT of the column, which these roles hold. It shows what honest screens showed.';
