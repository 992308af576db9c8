create table nightdesk.operator (
  name name primary key,
  added_at timestamptz not null default now(),
  added_by name not null default session_user,
  removed_at timestamptz,
  removed_by name,
  check ((removed_at is null) = (removed_by is null))
);
comment on table nightdesk.operator is 'People and machines that held a console role; a name is an audit identity and is never given to somebody else.';

create table nightdesk.permission (
  role name not null,
  table_name text not null check (table_name ~ '^[^.]+[.][^.]+$'),
  verb text not null check (verb in ('insert', 'update', 'delete')),
  column_name text not null,
  approval_from_rows integer check (approval_from_rows >= 1),
  source text not null default 'operator' check (source in ('nightdesk', 'operator')),
  primary key (role, table_name, verb, column_name)
);
comment on table nightdesk.permission is 'Which role may write which column; approval_from_rows: from how many rows a second operator must approve (null: never). A delete is allowed by the column *. source: `nightdesk install` replaces its own rows only; one that a DBA adds or updates is the operator''s and wins.';

create table nightdesk.secret_column (
  table_name text not null,
  column_name text not null,
  source text not null default 'operator' check (source in ('nightdesk', 'operator')),
  primary key (table_name, column_name)
);
comment on table nightdesk.secret_column is 'Columns that no operator reads, no change names and no audit image holds. source: as in permission; `nightdesk install` takes the right to read an operator''s column too.';

create table nightdesk.platform_table (
  table_name text primary key check (table_name ~ '^[^.]+[.][^.]+$'),
  relation regclass not null,
  source text not null default 'operator' check (source in ('nightdesk', 'operator'))
);
comment on table nightdesk.platform_table is 'The tables that a change or a reveal may name, as `nightdesk install` found them. A view, a temporary table or a table made later under the same name would run its maker''s functions with the owner''s rights. source: as in permission.';

create function nightdesk.becomes_the_operators() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  new.source := 'operator';
  return new;
end
$function$;
comment on function nightdesk.becomes_the_operators() is 'A row that somebody updated by hand is theirs: `nightdesk install` inserts and deletes, and updates nothing.';
create trigger becomes_the_operators before update on nightdesk.permission
  for each row execute function nightdesk.becomes_the_operators();
create trigger becomes_the_operators before update on nightdesk.secret_column
  for each row execute function nightdesk.becomes_the_operators();
create trigger becomes_the_operators before update on nightdesk.platform_table
  for each row execute function nightdesk.becomes_the_operators();

create sequence nightdesk.operation_number as bigint minvalue 0 start 0;

create table nightdesk.operation (
  id uuid primary key,
  code text not null unique,
  action text not null,
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  actor name not null,
  requested_by name not null,
  reason text not null check (length(btrim(reason)) > 0),
  applied_at timestamptz not null,
  changed integer not null check (changed >= 0),
  skipped jsonb not null default '[]',
  parent_id uuid references nightdesk.operation (id),
  undoes uuid references nightdesk.operation (id),
  approval_id uuid,
  console_session uuid not null,
  chain_seq bigint not null check (chain_seq >= 1),
  previous_digest bytea not null,
  images_digest bytea not null,
  digest bytea not null,
  unique (console_session, chain_seq)
);
create index operation_applied_at_idx on nightdesk.operation (applied_at, id);
create index operation_actor_idx on nightdesk.operation (actor, applied_at, id);
create index operation_undoes_idx on nightdesk.operation (undoes) where undoes is not null;
create index operation_parent_idx on nightdesk.operation (parent_id) where parent_id is not null;
comment on table nightdesk.operation is 'One row an applied ChangeSet. Append-only; digests chain per console session.';

create table nightdesk.row_change (
  operation_id uuid not null,
  seq integer not null,
  applied_at timestamptz not null,
  unit text not null,
  table_name text not null,
  verb text not null,
  key jsonb not null,
  before jsonb,
  after jsonb,
  undoable boolean not null,
  primary key (operation_id, seq, applied_at)
) partition by range (applied_at);
create index row_change_record_idx on nightdesk.row_change (table_name, key, applied_at);
comment on table nightdesk.row_change is 'Row images as stored, by month. A month that passed its retention is dropped whole (see drop_audit_month); the digests in nightdesk.operation stay.';

create table nightdesk.dropped_month (
  month date primary key check (month = date_trunc('month', month::timestamp)::date),
  dropped_at timestamptz not null default clock_timestamp(),
  dropped_by name not null default session_user,
  operations bigint not null check (operations >= 0),
  digest bytea not null
);
comment on table nightdesk.dropped_month is 'Months of row images that retention dropped, each with one digest over its operations. Append-only; a month that is neither here nor there was destroyed.';

create table nightdesk.chain_head (
  console_session uuid primary key,
  operator name not null,
  chain_seq bigint not null,
  digest bytea not null,
  started_at timestamptz not null default clock_timestamp()
);
comment on table nightdesk.chain_head is 'Last link of each console session; locked last by apply_changes so that sessions never wait for each other.';

create table nightdesk.operation_tombstone (
  operation_id uuid primary key,
  declared_at timestamptz not null default clock_timestamp(),
  declared_by name not null default session_user
);
comment on table nightdesk.operation_tombstone is 'Operations answered NOT DONE after a lost connection: a late arrival of the same id is refused.';

create table nightdesk.batch (
  operation_id uuid primary key,
  hash text not null,
  part_hashes text[] not null check (array_length(part_hashes, 1) >= 1),
  rows integer not null check (rows >= 1)
);
comment on table nightdesk.batch is 'Operations larger than one statement may hold: the parts that its hash covers, each applied as a child operation.';

create table nightdesk.approval (
  id uuid primary key default gen_random_uuid(),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  action text not null,
  changes text[] not null,
  rows integer not null,
  reason text not null,
  requested_by name not null default session_user,
  requested_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  decided_by name,
  decided_at timestamptz,
  approved boolean,
  decision_reason text,
  used_by uuid,
  used_at timestamptz,
  constraint approval_needs_two check (decided_by is null or decided_by <> requested_by),
  check ((decided_by is null) = (decided_at is null) and (decided_by is null) = (approved is null)),
  check (used_by is null or approved)
);
create index approval_open_idx on nightdesk.approval (hash) where used_by is null;
comment on table nightdesk.approval is 'Four eyes: a second operator approves exactly the changes with this hash, once, until expires_at.';

create table nightdesk.reveal (
  id bigint generated always as identity primary key,
  operator name not null default session_user,
  revealed_at timestamptz not null default clock_timestamp(),
  console_session uuid,
  table_name text not null,
  key jsonb not null,
  column_name text not null,
  reason text not null
);
comment on table nightdesk.reveal is 'Every time masked personal data was shown to an operator. Append-only.';
