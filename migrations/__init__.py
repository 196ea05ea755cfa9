"""Schema migrations with alembic; `upgrade` and `downgrade` run them on any PostgreSQL from 15 on."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Brings the schema to `revision`. The login must own the database or be allowed to create roles and tables in it."""
    command.upgrade(_config(connection), revision)


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Takes the schema back to `revision`; `base` removes all tables and their data."""
    command.downgrade(_config(connection), revision)


def head() -> str:
    """The newest revision that this release knows."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    found = ScriptDirectory.from_config(config).get_current_head()
    assert found is not None
    return found


def current(connection: Connection) -> str | None:
    """The revision that the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()
