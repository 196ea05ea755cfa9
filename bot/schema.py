"""Brings a database to the schema of this release, and says whether it is there."""

import asyncio
import re
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import migrations
from bot.settings import MissingSetting, Settings
from core.database import asyncpg_url
from core.tables import APP_ROLE

CONNECT_TIMEOUT_S = 10.0
OLDEST_SERVER = 150_000


class TooOld(Exception):
    """The server is older than what the product is tested on."""


async def migrate(owner_url: str, *, app_url: str) -> str:
    """Migrates to head as the owner's login and lets the app's login act as the app's role; the revision it is at now."""
    login = unquote(urlsplit(app_url).username or "")

    def run(connection: Connection) -> str:
        version = connection.execute(text("select current_setting('server_version_num')::int")).scalar_one()
        if version < OLDEST_SERVER:
            raise TooOld(f"PostgreSQL {version // 10_000} is too old: CaseyOS needs 15 or newer")
        migrations.upgrade(connection)
        if login:
            quoted = '"' + re.sub('"', '""', login) + '"'
            connection.execute(text(f"GRANT {APP_ROLE} TO {quoted}"))
        return migrations.current(connection) or ""

    engine = create_async_engine(asyncpg_url(owner_url), connect_args={"timeout": CONNECT_TIMEOUT_S})
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(run)
    finally:
        await engine.dispose()


def migrate_now(settings: Settings) -> str:
    """What `caseyos migrate` does. Raises MissingSetting."""
    if settings.database_url is None:
        raise MissingSetting("database_url", "give the PostgreSQL address to migrate")
    app_url = settings.database_url.get_secret_value()
    owner = settings.migration_database_url or settings.database_url
    return asyncio.run(migrate(owner.get_secret_value(), app_url=app_url))
