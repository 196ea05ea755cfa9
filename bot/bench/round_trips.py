"""How often this process waited for PostgreSQL's answer, counted where asyncpg puts messages on the wire."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from asyncpg.protocol import Protocol

MESSAGES = ("prepare", "query", "bind_execute", "bind_execute_many", "bind", "execute", "close_statement")
"""asyncpg's ways to ask the server something: each sends once and waits for the answer once."""


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Counts by the first word of the asking task's name; BEGIN, COMMIT and the preparing of statements as well."""
    trips: Counter[str] = Counter()
    for name in MESSAGES:
        setattr(Protocol, name, _counting(getattr(Protocol, name), trips))
    try:
        yield trips
    finally:
        for name in MESSAGES:
            delattr(Protocol, name)  # the class's parent has the real one


def _counting(real: Callable[..., Awaitable[Any]], trips: Counter[str]) -> Callable[..., Awaitable[Any]]:
    async def asked(*args: Any, **named: Any) -> Any:
        task = asyncio.current_task()
        trips[task.get_name().partition(" ")[0] if task else ""] += 1
        return await real(*args, **named)

    return asked
