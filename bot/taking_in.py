"""Takes in what was seen outside: asks the services what they know of it, then lets the domain decide, once."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from bot.services import Services
from core import address, appointment, intake, outcome, signal
from core.database import Db
from core.draft import one_line
from core.inquiry import Inquiry
from core.intake import Asked, CrmAnswer
from core.ports import Busy, IncomingMail, Rejected, Unavailable, Unclear

log = logging.getLogger(__name__)

CRM_TIMEOUT_S = 3.0
NO_OWNER_PAUSE = timedelta(minutes=1)


class TakingIn:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def take_in(self, id: UUID) -> Sequence[UUID]:
        """Settles one signal, if nobody else does; what is to be told of it, to run next."""
        database, now = self._services.database, self._services.clock()
        async with database.begin() as db:
            claimed = await signal.claim(db, id, now)
        if claimed is None:
            return ()
        if claimed.kind == signal.MAIL_RECEIVED:
            async with database.begin() as db:
                await self._mail(db, claimed)
            return ()
        inquiry = Inquiry.model_validate(claimed.payload)
        crm, busy = await asyncio.gather(self._ask_crm(inquiry), self._ask_calendar(inquiry))
        async with database.begin() as db:
            now = self._services.clock()
            try:
                return await intake.take_in(
                    db, claimed, Asked(crm, busy), workspace_id=self._services.workspace, now=now
                )
            except intake.NoOwner:
                note = "nobody is set to get it: set CASEYOS_DEFAULT_OWNER or the form's owner"
                await signal.postpone(db, id, until=now + NO_OWNER_PAUSE, note=note)
                log.warning("a signal waits for an owner", extra={"signal": str(id), "mend": note})
                return ()

    async def _mail(self, db: Db, claimed: signal.StoredSignal) -> None:
        mail = IncomingMail(**{**claimed.payload, "at": claimed.occurred_at})
        now = self._services.clock()
        earned = await outcome.move_of_thread(db, mail.thread_id)
        if not await signal.settle(db, claimed.id, state="recorded", note="reply" if earned else "no thread of ours"):
            return
        if mail.bounced:
            await outcome.record_bounced(
                db, mail, earned, workspace=self._services.workspace, signal=claimed.id, now=now
            )
        elif earned is not None and mail.automatic:
            await outcome.record_automatic(db, earned, mail, signal=claimed.id, now=now)
        elif earned is not None:
            await outcome.record_reply(db, earned, mail, signal=claimed.id, now=now)

    async def _ask_crm(self, inquiry: Inquiry) -> CrmAnswer:
        """What the CRM knows; a CRM that does not answer in time never holds a card up."""
        email = address.parse(inquiry.email)
        if email is None:
            return CrmAnswer()
        try:
            async with asyncio.timeout(CRM_TIMEOUT_S):
                return CrmAnswer(await self._services.ports.crm.lookup(email))
        except TimeoutError:
            return CrmAnswer(problem="it did not answer in time")
        except (Unavailable, Unclear, Rejected) as problem:
            return CrmAnswer(problem=one_line(str(problem), 200))

    async def _ask_calendar(self, inquiry: Inquiry) -> tuple[Busy, ...] | None:
        """When the owner is not free, if somebody wants to talk; None when the calendar does not say."""
        if not appointment.wanted(inquiry.message):
            return None
        now = self._services.clock()
        try:
            async with asyncio.timeout(CRM_TIMEOUT_S):
                return await self._services.ports.calendar.busy(now, now + appointment.LOOK_AHEAD)
        except (TimeoutError, Unavailable, Unclear, Rejected) as problem:
            log.warning("the calendar was not read", extra={"problem": str(problem)[:200]})
            return None
