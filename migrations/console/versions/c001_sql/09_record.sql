create function nightdesk.images_digest(operation_id uuid, moment timestamptz) returns bytea
language sql stable
set search_path = pg_catalog, pg_temp
return (select sha256(convert_to(coalesce(string_agg(
          jsonb_build_array(c.seq, c.unit, c.table_name, c.verb, c.key, c.before, c.after, c.undoable)::text, E'\n' order by c.seq), ''), 'UTF8'))
        from nightdesk.row_change c
        where c.operation_id = images_digest.operation_id and c.applied_at = images_digest.moment);
comment on function nightdesk.images_digest(uuid, timestamptz) is 'One digest over all row images of an operation, in order.';

create function nightdesk.operation_digest(o nightdesk.operation) returns bytea
language sql stable
set search_path = pg_catalog, pg_temp
-- Microseconds as an integer: a rendered timestamp depends on the session's settings.
return sha256(o.previous_digest || convert_to(jsonb_build_array(
         o.id, o.code, o.action, o.hash, o.actor, o.requested_by, o.reason, (extract(epoch from o.applied_at) * 1000000)::bigint,
         o.changed, o.skipped, o.parent_id, o.undoes, o.approval_id, o.console_session, o.chain_seq, encode(o.images_digest, 'hex'))::text, 'UTF8'));
comment on function nightdesk.operation_digest(nightdesk.operation) is 'The link of the chain: the previous digest and everything this row says.';

create function nightdesk.own_session(operator name) returns uuid
language sql immutable
set search_path = pg_catalog, pg_temp
-- Version 8, which nobody draws at random: see record_operation.
return overlay(overlay(left(encode(sha256(convert_to('nightdesk ' || operator::text, 'UTF8')), 'hex'), 32) placing '8' from 13) placing '8' from 17)::uuid;
comment on function nightdesk.own_session(name) is
  'The console session of an operator who names none: commands follow each other in one chain, so that one that is deleted leaves a hole.';

create function nightdesk.record_operation(o nightdesk.operation) returns nightdesk.operation
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_head nightdesk.chain_head;
begin
  o.console_session := coalesce(o.console_session, nightdesk.own_session(session_user));
  -- Who began the chain that another falls back to would own it.
  if substr(o.console_session::text, 15, 1) = '8' and o.console_session <> nightdesk.own_session(session_user) then
    raise exception using errcode = 'insufficient_privilege', message = format('console session %s belongs to somebody else', o.console_session);
  end if;
  o.code := nightdesk.operation_code(nextval('nightdesk.operation_number'));
  o.images_digest := nightdesk.images_digest(o.id, o.applied_at);
  insert into nightdesk.chain_head (console_session, operator, chain_seq, digest)
  values (o.console_session, session_user, 0, sha256(convert_to('nightdesk ' || o.console_session::text || ' ' || session_user, 'UTF8')))
  on conflict (console_session) do nothing;
  select h.* into v_head from nightdesk.chain_head h where h.console_session = o.console_session for update;
  if v_head.operator <> session_user then
    raise exception using errcode = 'insufficient_privilege', message = format('console session %s belongs to %s', o.console_session, v_head.operator);
  end if;
  o.chain_seq := v_head.chain_seq + 1;
  o.previous_digest := v_head.digest;
  o.digest := nightdesk.operation_digest(o);
  insert into nightdesk.operation select (o).*;
  update nightdesk.chain_head h set chain_seq = o.chain_seq, digest = o.digest where h.console_session = o.console_session;
  return o;
end
$function$;
comment on function nightdesk.record_operation(nightdesk.operation) is 'Appends the operation to the chain of its console session; the head is the last lock taken.';

create function nightdesk.readable_image(table_oid regclass, image jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
return (select jsonb_object_agg(e.key, case
          when table_oid is null or not exists (select from pg_attribute a where a.attrelid = table_oid and a.attname = e.key and not a.attisdropped) then '{"$hidden": 1}'::jsonb
          when has_column_privilege(session_user, table_oid, e.key, 'select') then e.value
          else '{"$hidden": 1}'::jsonb end)
        from jsonb_each(image) e);
comment on function nightdesk.readable_image(regclass, jsonb) is 'A row image with the columns hidden that session_user may not select (or that no longer exist).';

create function nightdesk.receipt(operation_id uuid) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
return (select jsonb_build_object(
          'operation_id', o.id, 'code', o.code, 'action', o.action, 'hash', o.hash, 'actor', o.actor, 'requested_by', o.requested_by,
          'reason', o.reason, 'applied_at', o.applied_at, 'changed', o.changed, 'skipped', o.skipped, 'undoes', o.undoes, 'parent_id', o.parent_id,
          'console_session', o.console_session, 'digest', encode(o.digest, 'hex'))
        from nightdesk.operation o where o.id = receipt.operation_id);

create function nightdesk.use_approval(hash text, operation_id uuid, must_exist boolean default true) returns uuid
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_approval uuid;
begin
  select a.id into v_approval from nightdesk.approval a
  where a.hash = use_approval.hash and a.requested_by = session_user and a.approved and a.used_by is null and a.expires_at > clock_timestamp()
  order by a.decided_at limit 1 for update;
  if v_approval is null and not must_exist then
    return null;
  elsif v_approval is null then
    raise exception using errcode = 'ND003',
      message = format('a second operator must approve these changes first (hash %s)', left(hash, 12));
  end if;
  update nightdesk.approval a set used_by = operation_id, used_at = clock_timestamp() where a.id = v_approval;
  return v_approval;
end
$function$;
comment on function nightdesk.use_approval(text, uuid, boolean) is 'Spends one approval of exactly these changes: asked for by this operator, given by another, unexpired, unused.';
