"""Alembic's entry point: runs on the connection that `migrations.upgrade` hands over, under one lock."""

from alembic import context
from sqlalchemy import Connection, text

from core.tables import metadata

MIGRATION_LOCK = 0x0CA5E705


def run(connection: Connection) -> None:
    # Two processes may start at once: the second waits here and then finds nothing left to do.
    connection.execute(text("select pg_advisory_xact_lock(:id)"), {"id": MIGRATION_LOCK})
    context.configure(connection=connection, target_metadata=metadata)
    context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations with `caseyos migrate`; for a new revision see docs/how-to/change-the-schema.md")
run(connection)
