"""Watches the mailbox: what came in becomes signals, committed together with the cursor that they were read up to."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

from bot.services import Services
from bot.surviving import survived
from core import cursor, signal
from core.ports import IncomingMail, Rejected, Unavailable, Unclear
from core.signal import MAIL_RECEIVED, Signal

log = logging.getLogger(__name__)

REQUESTS_PER_LEASE = 3
"""A reading whose worker died is begun again after this many request times. Two readings at once store the same."""
IDLE_S = 0.5


class Watcher:
    """Polls in turn with the watchers of other workers: a cursor is read by one at a time."""

    def __init__(self, services: Services, wake: Callable[[], None]) -> None:
        self._services = services
        self._wake = wake

    async def run(self) -> None:
        settings = self._services.settings
        if settings.google_access_token is None and settings.google_credentials is None:
            log.warning("no Google credentials: replies are not seen")
            await asyncio.Event().wait()
        while True:
            with survived("reading the mailbox"):
                await self.poll()
            await asyncio.sleep(min(IDLE_S, settings.gmail_poll_s))

    async def poll(self) -> int:
        """Reads the mailbox if it is due; how many new mails were stored."""
        database, clock = self._services.database, self._services.clock
        every = timedelta(seconds=self._services.settings.gmail_poll_s)
        lease = timedelta(seconds=self._services.settings.request_timeout_s * REQUESTS_PER_LEASE)
        async with database.begin() as db:
            claimed = await cursor.claim(
                db, cursor.MAILBOX, workspace=self._services.workspace, lease=lease, now=clock()
            )
        if claimed is None:
            return 0
        try:
            changes = await self._services.ports.mailbox.changes(claimed.value)
        except (Unavailable, Unclear, Rejected) as problem:
            log.warning("the mailbox could not be read", extra={"problem": str(problem)[:200]})
            wait = getattr(problem, "retry_after", None) or every
            async with database.begin() as db:
                await cursor.postpone(db, cursor.MAILBOX, until=clock() + wait, problem=str(problem)[:500])
            return 0
        async with database.begin() as db:
            stored = [
                await signal.store(db, _signal(mail), workspace=self._services.workspace, now=clock())
                for mail in changes.mails
            ]
            await cursor.advance(db, cursor.MAILBOX, value=changes.cursor, now=clock(), due_at=clock() + every)
        fresh = [id for id in stored if id is not None]
        if fresh:
            self._wake()
        return len(fresh)


def _signal(mail: IncomingMail) -> Signal:
    payload = asdict(mail)
    payload["at"] = mail.at.isoformat()
    return Signal(cursor.MAILBOX, MAIL_RECEIVED, mail.message_id, payload, mail.at)
