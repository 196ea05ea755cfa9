"""Transactions on PostgreSQL, each inside one workspace."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core import audit, telemetry
from core.tables import APP_ROLE, WORKSPACE_SETTING
from core.telemetry import Happened

Db = AsyncConnection

# Rows are locked FOR NO KEY UPDATE (`key_share=True`): a second update of a row in one transaction checks its foreign
# keys again, and those checks would wait for a plain FOR UPDATE on the parent, and deadlock.

_WHO = text("select rolsuper or rolbypassrls from pg_roles where rolname = current_user")
CONNECT_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_MS = 15_000
COMMAND_TIMEOUT_S = 20.0  # for a network that says nothing any more: the server's own limit comes first


def is_away(problem: BaseException) -> bool:
    """Whether this is what a database looks like that restarts, is out of reach or busy, rather than a fault of ours."""
    if isinstance(problem, DBAPIError):
        return not isinstance(problem, IntegrityError | DataError | ProgrammingError)
    return isinstance(problem, OSError | PoolTimeout | TimeoutError)


class UnsafeRole(Exception):
    """The application would connect as a role that row level security does not bind."""


def asyncpg_url(url: str) -> str:
    """Any usual PostgreSQL address (`postgres://`, `postgresql://`) in the form SQLAlchemy wants."""
    scheme, rest = url.split("://", 1) if "://" in url else ("", url)
    if scheme.split("+", maxsplit=1)[0] not in {"postgres", "postgresql"}:
        raise ValueError(
            f"not a PostgreSQL address (scheme {urlsplit(url).scheme or 'missing'}): want postgresql://..."
        )
    return f"postgresql+asyncpg://{rest}"


def in_workspace(workspace: UUID) -> type[asyncpg.Connection]:
    """asyncpg's connection, whose transactions are in this workspace: that is said in the round trip that begins them.

    Were asyncpg to begin one in other words, the workspace would not be set, and row level security would hide all rows.
    """
    begin = f"BEGIN; SET LOCAL {WORKSPACE_SETTING} = '{workspace}';"

    class InWorkspace(asyncpg.Connection):  # type: ignore[misc]
        async def execute(self, query: str, *args: Any, **how: Any) -> str:
            said: str = await super().execute(begin if query == "BEGIN;" else query, *args, **how)
            return said

    return InWorkspace


class Database:
    """Hands out transactions. The app role is neither owner nor superuser, whoever logs in."""

    def __init__(
        self,
        url: str,
        *,
        workspace: UUID,
        pool_size: int = 20,
        emit: Callable[[Happened], None] = lambda _: None,
    ) -> None:
        """`emit` is told what happened in a transaction once that is committed."""
        self.workspace = workspace
        self._emit = emit
        self.engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            hide_parameters=True,  # what people wrote never stands in an error, and so in no log
            pool_size=pool_size,
            max_overflow=0,  # what overflows is closed on its return: under load it would be opened anew each time
            connect_args={
                "connection_class": in_workspace(workspace),
                "timeout": CONNECT_TIMEOUT_S,
                "command_timeout": COMMAND_TIMEOUT_S,
                "server_settings": {
                    "role": APP_ROLE,
                    "timezone": "UTC",
                    "application_name": "caseyos",
                    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                    "idle_in_transaction_session_timeout": str(STATEMENT_TIMEOUT_MS),
                },
            },
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Db]:
        """One transaction in this workspace: committed at the end of the block, rolled back on an exception."""
        async with self.engine.begin() as db:
            yield db
            await audit.flush(db)
            happened = telemetry.taken(db)
        for one in happened:
            self._emit(one)

    async def check_role(self) -> None:
        """Raises UnsafeRole when the connection would not be bound by row level security."""
        async with self.engine.connect() as db:
            if (await db.execute(_WHO)).scalar_one():
                raise UnsafeRole(f"connected as a role that bypasses row level security; it must be {APP_ROLE}")

    async def close(self) -> None:
        await self.engine.dispose()
