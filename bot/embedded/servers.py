"""Embedded PostgreSQL and Valkey, set up for CaseyOS: its database, and a login that row level security binds."""

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bot import schema
from bot.embedded import postgres, valkey
from bot.settings import Settings

DATABASE = "caseyos"
LOGIN = "caseyos"


@dataclass(frozen=True)
class Given:
    """A database of somebody's own: the addresses of the owner of the schema and of the app's login."""

    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)


@dataclass(frozen=True)
class Servers:
    """Addresses of what runs: for the owner of the schema, for the app, and of the bell."""

    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)
    redis_url: str = field(repr=False)

    def settings(self) -> dict[str, str]:
        return {
            "CASEYOS_DATABASE_URL": self.app_url,
            "CASEYOS_MIGRATION_DATABASE_URL": self.owner_url,
            "CASEYOS_REDIS_URL": self.redis_url,
        }


@contextmanager
def running(
    data: Path, *, durable: bool = True, database: Given | None = None, redis_url: str | None = None
) -> Iterator[Servers]:
    """PostgreSQL and Valkey on the folder `data`, the database migrated, as long as the context lasts. Main thread only.

    What is given is used instead of an embedded server. Raises CannotStart.
    """
    with ExitStack() as stack:
        if database is None:
            server = stack.enter_context(postgres.running(data / "postgres", durable=durable))
            asyncio.run(_prepare(server))
            database = Given(owner_url=server.url(DATABASE), app_url=app_url(server, DATABASE))
        if redis_url is None:
            redis_url = stack.enter_context(valkey.running(data / "valkey", durable=durable)).url
        asyncio.run(schema.migrate(database.owner_url, app_url=database.app_url))
        yield Servers(database.owner_url, database.app_url, redis_url)


def given(settings: Settings) -> Given | None:
    """The database that the settings name, if any."""
    if settings.database_url is None:
        return None
    owner = settings.migration_database_url or settings.database_url
    return Given(owner_url=owner.get_secret_value(), app_url=settings.database_url.get_secret_value())


def login_password(server: postgres.Server) -> str:
    """The app login's own password: whoever knows it alone cannot enter as the superuser."""
    return hmac.new(server.password.encode(), LOGIN.encode(), hashlib.sha256).hexdigest()


def app_url(server: postgres.Server, database: str) -> str:
    return f"postgresql://{LOGIN}:{login_password(server)}@127.0.0.1:{server.port}/{database}"


async def _prepare(server: postgres.Server) -> None:
    """Makes the login and the database if they are not there."""
    connection = await asyncpg.connect(server.url())
    try:
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", LOGIN):
            await connection.execute(f"create role {LOGIN} login nosuperuser nobypassrls noinherit")
        await connection.execute(f"alter role {LOGIN} password '{login_password(server)}'")
        if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()
