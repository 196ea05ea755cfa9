"""What the product would have written to its log: its own handler and format, on a string."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

from bot import logs


class LogLines:
    def __init__(self, written: io.StringIO) -> None:
        self._written = written

    def raw(self) -> list[str]:
        return self._written.getvalue().splitlines()

    def take(self) -> list[dict[str, Any]]:
        """The lines since the last time; each has to be JSON."""
        lines = [json.loads(line) for line in self.raw()]
        self._written.seek(0)
        self._written.truncate()
        return lines


@contextlib.contextmanager
def product_log() -> Iterator[LogLines]:
    """Logging as the command line sets it up, until the end of the block."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    known = {name: one.level for name, one in root.manager.loggerDict.items() if isinstance(one, logging.Logger)}
    written = io.StringIO()
    try:
        with contextlib.redirect_stderr(written):
            logs.set_up(level="info", as_json=True)
        yield LogLines(written)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, one in root.manager.loggerDict.items():
            if isinstance(one, logging.Logger):
                one.setLevel(known.get(name, logging.NOTSET))
