"""What may go wrong without ending a worker: it is logged as what it is, and looked at again."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from core.database import is_away

log = logging.getLogger(__name__)


@contextmanager
def survived(what: str) -> Iterator[None]:
    """Whatever the block raises ends here. A database that is away is no fault of ours; everything else is.

    Raises:
        asyncio.CancelledError: somebody told this task to stop, and what it was at made another error of that.
    """
    try:
        yield
    except Exception as problem:
        if is_away(problem):
            log.warning(
                "the database does not answer: trying again", extra={"what": what, "error": type(problem).__name__}
            )
        else:
            log.exception("work failed; it will be looked at again", extra={"what": what})
        stop_if_told()


def stop_if_told() -> None:
    """Goes on being cancelled: a library whose connection was cut by that may have raised its own error instead.

    Raises:
        asyncio.CancelledError: this task was told to stop.
    """
    this = asyncio.current_task()
    if this is not None and this.cancelling():
        raise asyncio.CancelledError
