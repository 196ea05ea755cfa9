"""What may go wrong without ending a worker: it is logged as what it is, and looked at again."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from core.database import is_away

log = logging.getLogger(__name__)


@contextmanager
def survived(what: str) -> Iterator[None]:
    """Whatever the block raises ends here. A database that is away is no fault of ours; everything else is."""
    try:
        yield
    except Exception as problem:
        if is_away(problem):
            log.warning(
                "the database does not answer: trying again", extra={"what": what, "error": type(problem).__name__}
            )
        else:
            log.exception("work failed; it will be looked at again", extra={"what": what})
