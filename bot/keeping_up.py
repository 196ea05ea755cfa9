"""Brings what stands in Slack up to what is true: a move's card, the day's list, and App Home."""

import logging
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from bot.services import Services
from core import card_updates, cards, digest_updates, homes, queue, workspace
from core.home import Home
from core.ports import Rejected, Unavailable, Unclear

log = logging.getLogger(__name__)

LEASE_MARGIN = timedelta(seconds=2)
BUSY_PAUSE = timedelta(seconds=1)


class KeepingUp:
    """Whatever is set twice is set to the same, so that an update whose answer is lost is made again."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lease = timedelta(seconds=services.settings.request_timeout_s) + LEASE_MARGIN

    async def card(self, move: UUID) -> None:
        database, now = self._services.database, self._services.clock()
        async with database.begin() as db:
            if not await card_updates.claim(db, move, until=now + self._lease, now=now):
                return
            card = await cards.to_show(db, move, now)
            row = await queue.get(db, move)
            digest = card.digest()
            if changes := digest != row.shown_digest:
                await card_updates.is_changing(db, move)
        if changes:
            update = self._services.ports.messenger.update_card(card, channel=row.card_channel, ts=row.card_ts)
            if (wait := await _wait_for(update, f"the card of {move}")) is not None:
                async with database.begin() as db:
                    await card_updates.later(db, move, until=self._services.clock() + wait)
                return
        async with database.begin() as db:
            await card_updates.shown(db, move, revision=card.revision, digest=digest, now=self._services.clock())

    async def digest(self, id: UUID) -> None:
        database, now = self._services.database, self._services.clock()
        async with database.begin() as db:
            digest = await digest_updates.claim(db, id, until=now + self._lease, now=now)
            if digest is None:
                return
            row = await digest_updates.get(db, id)
        update = self._services.ports.messenger.update_digest(digest, channel=row.channel, ts=row.ts)
        wait = await _wait_for(update, f"the digest {id}")
        async with database.begin() as db:
            if wait is not None:
                await digest_updates.later(db, id, until=self._services.clock() + wait)
            else:
                await digest_updates.shown(db, id, digest)

    async def home(self, id: UUID) -> None:
        database, now = self._services.database, self._services.clock()
        async with database.begin() as db:
            home = await homes.claim(db, id, until=now + self._lease, now=now)
        if home is None:
            return
        if not home.known:
            home = await self._introduced(home)
        wait = await _wait_for(self._services.ports.messenger.show_home(home), f"the App Home of {home.user}")
        async with database.begin() as db:
            if wait is not None:
                await homes.later(db, id, until=self._services.clock() + wait)
            else:
                await homes.shown(db, id, home)

    async def _introduced(self, home: Home) -> Home:
        """The same on the member's own clock, which Slack tells; they can choose when their list comes from then on."""
        try:
            name, zone = await self._services.ports.messenger.member(home.user)
        except (Rejected, Unavailable, Unclear) as problem:
            log.warning("a member's time zone is not known yet", extra={"problem": str(problem)[:200]})
            return home
        async with self._services.database.begin() as db:
            await workspace.ensure_member(
                db, workspace=self._services.workspace, user=home.user, name=name, zone=zone, now=home.at
            )
        return replace(home, zone=zone, known=True)


async def _wait_for(update: Awaitable[None], what: str) -> timedelta | None:
    """How long to wait before this is tried again; None when it is up to date, or can never be."""
    try:
        await update
    except Rejected as gone:
        log.warning("a message cannot be updated any more", extra={"what": what, "slack": str(gone)})
    except (Unavailable, Unclear) as busy:
        return getattr(busy, "retry_after", None) or BUSY_PAUSE
    return None
