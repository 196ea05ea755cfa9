"""Brings what stands in Slack up to what is true: a move's card, the day's list, and App Home."""

import logging
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from bot.services import Services
from core import card_updates, cards, digest_updates, homes, queue, workspace
from core.home import Home
from core.ports import Rejected, Unavailable, Unclear

log = logging.getLogger(__name__)

START_WITHIN = timedelta(seconds=2)
"""So long after it was read a state may begin to be sent."""
BUSY_PAUSE = timedelta(seconds=1)


class KeepingUp:
    """Whatever is set twice is set to the same, so that an update whose answer is lost is made again.

    One who stood still between reading and sending could overwrite what is newer. So nothing is sent that was read too
    long ago; and what somebody else had taken and let go is set once more when they can hardly send it any more.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lease = timedelta(seconds=services.settings.request_timeout_s) + START_WITHIN
        self._horizon = timedelta(seconds=services.settings.slack_horizon_s)

    async def card(self, move: UUID) -> None:
        database, now = self._services.database, self._services.clock()
        lease = now + self._lease
        async with database.begin() as db:
            claimed = await card_updates.claim(db, move, until=lease, now=now)
            if claimed is None:
                return
            card = await cards.to_show(db, move, now)
            row = await queue.get(db, move)
            digest = card.digest()
            if changes := digest != row.shown_digest:
                await card_updates.is_changing(db, move)
        if self._stood_still(now):
            return
        wait = None
        if changes:
            update = self._services.ports.messenger.update_card(card, channel=row.card_channel, ts=row.card_ts)
            wait = await _wait_for(update, f"the card of {move}")
        done_at = self._services.clock()
        async with database.begin() as db:
            if wait is not None:
                await card_updates.later(db, move, lease=lease, until=done_at + wait)
                return
            again_at = done_at + self._horizon if claimed.abandoned else None
            await card_updates.shown(
                db, move, lease=lease, revision=card.revision, digest=digest, now=done_at, again_at=again_at
            )

    async def digest(self, id: UUID) -> None:
        database, now = self._services.database, self._services.clock()
        lease = now + self._lease
        async with database.begin() as db:
            claimed = await digest_updates.claim(db, id, until=lease, now=now)
            row = await digest_updates.get(db, id)
        if claimed is None or self._stood_still(now):
            return
        update = self._services.ports.messenger.update_digest(claimed.says, channel=row.channel, ts=row.ts)
        wait = await _wait_for(update, f"the digest {id}")
        done_at = self._services.clock()
        async with database.begin() as db:
            if wait is not None:
                await digest_updates.later(db, id, lease=lease, until=done_at + wait)
                return
            again_at = done_at + self._horizon if claimed.abandoned else None
            await digest_updates.shown(db, id, claimed.says, lease=lease, now=done_at, again_at=again_at)

    async def home(self, id: UUID) -> None:
        database, now = self._services.database, self._services.clock()
        lease = now + self._lease
        async with database.begin() as db:
            claimed = await homes.claim(db, id, until=lease, now=now)
        if claimed is None:
            return
        home = claimed.says if claimed.says.known else await self._introduced(claimed.says)
        if self._stood_still(now):
            return
        wait = await _wait_for(self._services.ports.messenger.show_home(home), f"the App Home of {home.user}")
        done_at = self._services.clock()
        async with database.begin() as db:
            if wait is not None:
                await homes.later(db, id, lease=lease, until=done_at + wait)
                return
            again_at = done_at + self._horizon if claimed.abandoned else None
            await homes.shown(db, id, home, lease=lease, opened_at=claimed.opened_at, again_at=again_at)

    def _stood_still(self, read_at: datetime) -> bool:
        """Whether what was read may be old by now; the lease that runs out brings it up again."""
        return self._services.clock() > read_at + START_WITHIN

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
