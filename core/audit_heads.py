"""The audit's head outside the database, where whoever cuts off the newest entries does not reach: a log line and a file.

Each line of the file is a JSON object: at, workspace, seq, hash. It only grows, and may be cut at its beginning.
"""

import json
import logging
import os
from collections import deque
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from core.audit_chain import Head

log = logging.getLogger(__name__)

READ_AT_MOST = 10_000
"""The newest lines of a workspace are enough: older heads are held by them."""


LOG_EVERY = timedelta(minutes=1)


class Heads:
    """Keeps each new head once, and logs one a minute. Any number of processes may write into one file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._told: Head | None = None
        self._logged: datetime | None = None

    def tell(self, head: Head | None, now: datetime) -> None:
        """Adds a head that was committed to the file, and logs it if none was for a minute. A file that cannot be written is logged, no more."""
        if head is None or head == self._told or not head.seq:
            return
        self._told = head
        if self._logged is None or now - self._logged >= LOG_EVERY:
            log.info("audit head", extra={"workspace": str(head.workspace), "seq": head.seq, "hash": head.hash})
            self._logged = now
        if self._path is None:
            return
        try:
            write(self._path, head, now)
        except OSError:
            log.exception("the audit's head cannot be kept", extra={"file": str(self._path)})


def write(path: Path, head: Head, now: datetime) -> None:
    """Adds one line, in one write: lines of several processes never mix."""
    said = {"at": now.isoformat(), "workspace": str(head.workspace), "seq": head.seq, "hash": head.hash}
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, (json.dumps(said) + "\n").encode())
    finally:
        os.close(file)


def read(path: Path, workspace: UUID) -> dict[int, str]:
    """The workspace's noted heads, number to hash. Raises OSError. A line that was half written is left out."""
    newest: deque[tuple[int, str]] = deque(maxlen=READ_AT_MOST)
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                said = json.loads(line)
                if said["workspace"] == str(workspace):
                    newest.append((int(said["seq"]), str(said["hash"])))
            except (ValueError, KeyError, TypeError):
                continue
    return dict(newest)
