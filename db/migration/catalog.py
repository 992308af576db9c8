"""The catalog in the server's own words: one text per object, comparable between schemas and servers.

Both the migration steps ("is it the same definition?") and the fingerprint ("did anything move?") read
definitions only through these queries, so that they can never disagree.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import psycopg


class Kind(StrEnum):
    """What a catalog entry is."""

    TABLE = "table"
    COLUMN = "column"
    CONSTRAINT = "constraint"
    INDEX = "index"
    ENUM = "enum"
    DOMAIN = "domain"
    SEQUENCE = "sequence"
    VIEW = "view"
    FUNCTION = "function"
    TRIGGER = "trigger"
    POLICY = "policy"
    RULE = "rule"
    STATISTICS = "statistics"
    GRANT = "grant"
    EXTENSION = "extension"


# Every query answers (name, definition). %(schema)s is the schema; %(owner)s the table, view, function or type
# it belongs to, or null for all. Names inside the schema are printed without it, because the reader sets
# search_path first. Columns are keyed by name: their order is no part of the definition.
_QUERIES: dict[Kind, str] = {
    Kind.TABLE: """
        select c.relname::text,
               c.relkind::text || ' ' || c.relpersistence::text
               || case when c.relrowsecurity then ' row security' else '' end
               || case when c.relforcerowsecurity then ' forced' else '' end
               || coalesce(' with ' || array_to_string(c.reloptions, ','), '')
               || coalesce(' partition by ' || pg_get_partkeydef(c.oid), '')
               || coalesce(' ' || pg_get_expr(c.relpartbound, c.oid), '')
               || coalesce(' -- ' || obj_description(c.oid, 'pg_class'), '')
        from pg_class c
        where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('r', 'p', 'f')
          and (%(owner)s::text is null or c.relname = %(owner)s)""",
    Kind.COLUMN: """
        select c.relname || '.' || a.attname,
               format_type(a.atttypid, a.atttypmod)
               || coalesce(' collate ' || (select k.collname from pg_collation k join pg_type t on t.oid = a.atttypid
                                           where k.oid = a.attcollation and k.oid <> t.typcollation), '')
               || case when a.attnotnull then ' not null' else '' end
               || case a.attgenerated when 's' then ' generated stored ' || pg_get_expr(d.adbin, d.adrelid)
                                      when 'v' then ' generated virtual ' || pg_get_expr(d.adbin, d.adrelid)
                  else coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') end
               || case a.attidentity when 'a' then ' identity always' when 'd' then ' identity by default'
                  else '' end
               || coalesce(' -- ' || col_description(c.oid, a.attnum), '')
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('r', 'p', 'f')
          and a.attnum > 0 and not a.attisdropped
          and (%(owner)s::text is null or c.relname = %(owner)s)""",
    # PostgreSQL 18 keeps NOT NULL as constraints too ('n'); the column says it already, on every version.
    Kind.CONSTRAINT: """
        select c.relname || '.' || k.conname, pg_get_constraintdef(k.oid)
        from pg_constraint k join pg_class c on c.oid = k.conrelid
        where c.relnamespace = %(schema)s::regnamespace and k.contype in ('p', 'u', 'f', 'c', 'x')
          and (%(owner)s::text is null or c.relname = %(owner)s)""",
    Kind.INDEX: """
        select c.relname || '.' || x.relname,
               pg_get_indexdef(i.indexrelid, 0, true)
               || case when i.indisvalid then '' else ' INVALID' end
               || case when i.indisready then '' else ' NOT READY' end
        from pg_index i
        join pg_class x on x.oid = i.indexrelid
        join pg_class c on c.oid = i.indrelid
        where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('r', 'p', 'm')
          and (%(owner)s::text is null or c.relname = %(owner)s)""",
    Kind.ENUM: """
        select t.typname::text, string_agg(e.enumlabel, ', ' order by e.enumsortorder)
        from pg_type t join pg_enum e on e.enumtypid = t.oid
        where t.typnamespace = %(schema)s::regnamespace and (%(owner)s::text is null or t.typname = %(owner)s)
        group by t.oid, t.typname""",
    Kind.DOMAIN: """
        select t.typname::text,
               format_type(t.typbasetype, t.typtypmod) || coalesce(' default ' || t.typdefault, '')
               || case when t.typnotnull then ' not null' else '' end
               || coalesce((select string_agg(' ' || pg_get_constraintdef(k.oid), '' order by k.conname)
                            from pg_constraint k where k.contypid = t.oid and k.contype = 'c'), '')
        from pg_type t
        where t.typnamespace = %(schema)s::regnamespace and t.typtype = 'd'
          and (%(owner)s::text is null or t.typname = %(owner)s)""",
    Kind.SEQUENCE: """
        select c.relname::text,
               format_type(s.seqtypid, null) || ' start ' || s.seqstart || ' increment ' || s.seqincrement
               || ' min ' || s.seqmin || ' max ' || s.seqmax || ' cache ' || s.seqcache
               || case when s.seqcycle then ' cycle' else '' end
        from pg_sequence s join pg_class c on c.oid = s.seqrelid
        where c.relnamespace = %(schema)s::regnamespace and (%(owner)s::text is null or c.relname = %(owner)s)""",
    Kind.VIEW: """
        select c.relname::text,
               c.relkind::text || coalesce(' with ' || array_to_string(c.reloptions, ','), '')
               || ' ' || pg_get_viewdef(c.oid)
        from pg_class c
        where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('v', 'm')
          and (%(owner)s::text is null or c.relname = %(owner)s)""",
    Kind.FUNCTION: """
        select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
               case when p.prokind = 'a' then 'aggregate returns ' || pg_get_function_result(p.oid)
                    else replace(pg_get_functiondef(p.oid),
                                 quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(',
                                 quote_ident(p.proname) || '(') end
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = %(schema)s and (%(owner)s::text is null or p.proname = %(owner)s)
          and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                          and d.deptype = 'e')""",
    Kind.TRIGGER: """
        select c.relname || '.' || t.tgname,
               pg_get_triggerdef(t.oid, true)
               || case t.tgenabled when 'O' then '' when 'D' then ' DISABLED' else ' ' || t.tgenabled::text end
        from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = %(schema)s::regnamespace and not t.tgisinternal
          and (%(owner)s::text is null or c.relname = %(owner)s)""",
    Kind.POLICY: """
        select c.relname || '.' || p.polname,
               case when p.polpermissive then 'permissive' else 'restrictive' end || ' for ' || p.polcmd::text
               || ' to ' || (select string_agg(case when r = 0 then 'public' else r::regrole::text end, ', '
                                               order by case when r = 0 then 'public' else r::regrole::text end)
                             from unnest(p.polroles) r)
               || ' using ' || coalesce(pg_get_expr(p.polqual, p.polrelid), '-')
               || ' check ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '-')
        from pg_policy p join pg_class c on c.oid = p.polrelid
        where c.relnamespace = %(schema)s::regnamespace and (%(owner)s::text is null or c.relname = %(owner)s)""",
    Kind.RULE: """
        select c.relname || '.' || r.rulename, pg_get_ruledef(r.oid, true)
        from pg_rewrite r join pg_class c on c.oid = r.ev_class
        where c.relnamespace = %(schema)s::regnamespace and r.rulename <> '_RETURN'
          and (%(owner)s::text is null or c.relname = %(owner)s)""",
    Kind.STATISTICS: """
        select s.stxname::text,
               replace(pg_get_statisticsobjdef(s.oid), quote_ident(n.nspname) || '.', '')
        from pg_statistic_ext s join pg_class c on c.oid = s.stxrelid join pg_namespace n on n.oid = s.stxnamespace
        where n.nspname = %(schema)s and (%(owner)s::text is null or c.relname = %(owner)s)""",
    Kind.GRANT: """
        select o.name,
               (select coalesce(string_agg(coalesce(nullif(x.grantee, 0)::regrole::text, 'public') || '=' || x.privilege_type
                                  || case when x.is_grantable then '*' else '' end, ' '
                                  order by coalesce(nullif(x.grantee, 0)::regrole::text, 'public'), x.privilege_type),
                                'nobody')
                from aclexplode(o.acl) x)
        from (select c.relname::text as name, c.relacl as acl,
                     acldefault((case c.relkind when 'S' then 's' else 'r' end)::"char", c.relowner) as standard
              from pg_class c
              where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
                and (%(owner)s::text is null or c.relname = %(owner)s)
              union all
              select c.relname || '.' || a.attname, a.attacl, acldefault('c', c.relowner)
              from pg_attribute a join pg_class c on c.oid = a.attrelid
              where c.relnamespace = %(schema)s::regnamespace and a.attnum > 0 and not a.attisdropped
                and (%(owner)s::text is null or c.relname = %(owner)s)
              union all
              select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.proacl,
                     acldefault('f', p.proowner)
              from pg_proc p
              where p.pronamespace = %(schema)s::regnamespace
                and (%(owner)s::text is null or p.proname = %(owner)s)) o
        -- The first grant writes the default list out, and taking it back leaves it so: both mean the same.
        where o.acl is not null and not (o.acl @> o.standard and o.standard @> o.acl)""",
    Kind.EXTENSION: """
        select e.extname::text, 'installed' from pg_extension e
        where e.extnamespace = %(schema)s::regnamespace and (%(owner)s::text is null or e.extname = %(owner)s)""",
}


def read(
    connection: psycopg.Connection[Any], kind: Kind, schema: str, owner: str | None = None
) -> dict[str, str]:
    """Read the definitions of one kind in one schema, as the server deparses them.

    The caller sets search_path so that the schema's own names print unqualified.

    Args:
        connection: Any connection; nothing is written.
        kind: Which objects.
        schema: The schema's name.
        owner: The table, view, type, sequence or function they belong to; None reads all.

    Returns:
        Definition by name; names of things inside a table are "table.name".
    """
    rows = connection.execute(_QUERIES[kind], {"schema": _quoted(schema, kind), "owner": owner})
    return {str(name): str(definition) for name, definition in rows}


# regnamespace parses its input as an identifier; the two queries that compare nspname take the plain name.
_BY_PLAIN_NAME = frozenset({Kind.FUNCTION, Kind.STATISTICS})


def _quoted(schema: str, kind: Kind) -> str:
    return schema if kind in _BY_PLAIN_NAME else '"' + schema.replace('"', '""') + '"'
