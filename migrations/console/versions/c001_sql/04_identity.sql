create function nightdesk.database_identity() returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (select c.system_identifier::text || ':' || d.oid::text
        from pg_control_system() c, pg_database d where d.datname = current_database());
comment on function nightdesk.database_identity() is 'Which database a plan was made for: cluster and database oid, so that a restored copy is another one.';

create function nightdesk.operation_code(number bigint) returns text
language plpgsql immutable strict
set search_path = pg_catalog, pg_temp
as $function$
declare
  c_alphabet constant text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ'; -- Crockford: no I, L, O, U
  v_digits integer := 4;
  v_class bigint := 1048576; -- 32^4 codes of four signs, then 32^5 of five, …
  v_rest bigint := number;
  v_code text := '';
begin
  while v_rest >= v_class loop
    v_rest := v_rest - v_class;
    v_class := v_class * 32;
    v_digits := v_digits + 1;
  end loop;
  -- An odd factor permutes the class: neighbours in time look different, which keeps a slip of the finger from hitting.
  v_rest := (v_rest * 387420489 + 197129) % v_class;
  for i in 1..v_digits loop
    v_code := substr(c_alphabet, (v_rest % 32)::integer + 1, 1) || v_code;
    v_rest := v_rest / 32;
  end loop;
  return 'ND-' || v_code;
end
$function$;
comment on function nightdesk.operation_code(bigint) is 'The short name of the n-th operation: unique, four signs for the first million, growing from there.';

create function nightdesk.lock_operation(operation_id uuid) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
return pg_advisory_xact_lock(hashtextextended('nightdesk.operation ' || operation_id::text, 0));

create function nightdesk.try_lock_operation(operation_id uuid) returns boolean
language sql volatile
set search_path = pg_catalog, pg_temp
return pg_try_advisory_xact_lock(hashtextextended('nightdesk.operation ' || operation_id::text, 0));
