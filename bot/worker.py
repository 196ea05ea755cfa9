"""The worker: looks at whatever is due, woken by the bell, and by a sweep that finds what a lost ring left behind."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from arq.typing import WorkerCoroutine
from arq.worker import Worker as ArqWorker
from arq.worker import func
from redis.exceptions import RedisError

from bot.bell import QUEUE, close, redis_at
from bot.keeping_up import KeepingUp
from bot.serial import dumps, loads
from bot.services import Services
from bot.settings import needed
from bot.surviving import stop_if_told, survived
from bot.taking_in import TakingIn
from bot.watching import Watcher
from core import (
    all_workspaces,
    audit,
    card_updates,
    digest_updates,
    digests,
    effect_rows,
    homes,
    inbox,
    outcome,
    queue,
    signal,
    workspace,
)
from core.audit_heads import Heads
from core.switched import Turned

log = logging.getLogger(__name__)

AT_ONCE = 20
"""How many things one worker works on beside each other; more wait for the next sweep."""
SILENCE_EVERY = timedelta(minutes=5)
DIGESTS_EVERY = timedelta(seconds=5)
TOP_UPS_EVERY = timedelta(minutes=5)
RECONNECT_S = 1.0
DRAIN_S = 8.0
RENEW_S = 1.0
RINGS_END_WITHIN_S = 1.0
BREATH_S = 0.05
"""Between two sweeps of a worker at its work, each end of which wakes the next: one finds what several left behind."""


class Worker:
    """Claims work in PostgreSQL, so that any number of workers may run; Redis only wakes it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._busy: dict[tuple[str, UUID], asyncio.Task[None]] = {}
        self._ended: set[tuple[str, UUID]] = set()
        """What came to its end since the last sweep began: whether it is due again the next one says, which its end wakes."""
        self._wake = asyncio.Event()
        self._stopping = False
        self.watcher = Watcher(services, self.wake)
        self._audit_heads = Heads(services.settings.audit_heads)
        self._silence_due = services.clock()
        self._digests_due = self._top_ups_due = services.clock()
        self._taking_in = TakingIn(services)
        keeping_up = KeepingUp(services)
        self._all_workspaces: Turned | None = None
        """How their switch stood at the last sweep."""
        self._looks: dict[str, Callable[[UUID], Awaitable[None]]] = {
            "signal": self._signal,
            "effect": self._effect,
            "card": keeping_up.card,
            "digest": keeping_up.digest,
            "home": keeping_up.home,
            "snooze": self._snooze,
        }

    def wake(self) -> None:
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then lets what has begun come to its end, for DRAIN_S at most."""
        helpers = [
            asyncio.create_task(self._listen_forever(), name="bell listener"),
            asyncio.create_task(self.watcher.run(), name="watcher"),
            asyncio.create_task(self._sweep_forever(), name="sweep"),
            asyncio.create_task(self._renew_forever(), name="leases"),
        ]
        stopped = asyncio.create_task(stop.wait())
        ended, _ = await asyncio.wait([stopped, *helpers], return_when=asyncio.FIRST_COMPLETED)
        self._stopping = True
        for task in (stopped, *helpers):
            task.cancel()
        await asyncio.gather(stopped, *helpers, return_exceptions=True)
        if self._busy:
            leases = asyncio.create_task(self._renew_forever(), name="leases while draining")
            await asyncio.wait(self._busy.values(), timeout=DRAIN_S)
            leases.cancel()
        for task in ended:
            if task is not stopped:
                task.result()  # a helper never ends by itself: let its error rise

    async def _sweep_forever(self) -> None:
        while True:
            self._wake.clear()
            with survived("sweep"):
                await self.sweep()
            if self._busy:
                await asyncio.sleep(BREATH_S)
            # Not `wait_for`, which would take a ring that comes at the same instant for the answer to being cancelled.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._services.settings.sweep_s):
                    await self._wake.wait()

    async def _renew_forever(self) -> None:
        """Says that this worker lives, so that nobody else takes up what it is at."""
        while True:
            with survived("leases"):
                await self._services.runner.renew()
            await asyncio.sleep(RENEW_S)

    async def sweep(self) -> None:
        """Starts looking at everything that is due and not being looked at, as far as there is room."""
        now = self._services.clock()
        self._ended.clear()
        if now >= self._digests_due:
            self._digests_due = now + DIGESTS_EVERY
            with survived("the day's lists"):  # whatever is wrong with them, what is due goes on
                await self._make_digests(now)
        async with self._services.database.begin() as db:
            stands = await all_workspaces.let_go_on(db, self._all_workspaces, now)
            if now >= self._silence_due:
                self._silence_due = now + SILENCE_EVERY
                await outcome.record_silence(db, now)
                await queue.expire(db, now)
                await inbox.forget_old(db, now)
            due: dict[str, list[UUID]] = {
                "effect": await effect_rows.due(db, now),
                "signal": await signal.due(db, now),
                "card": await card_updates.due(db, now),
                "digest": await digest_updates.due(db, now),
                "home": await homes.due(db, now),
                "snooze": await queue.due_snoozes(db, now),
            }
            head = await audit.head(db)
        self._all_workspaces = stands
        await asyncio.to_thread(self._audit_heads.tell, head, now)
        for what, ids in due.items():
            for id in ids:
                self._start(what, id)

    async def _make_digests(self, now: datetime) -> None:
        """Each by itself: what is wrong with one owner's keeps nobody else's back."""
        database, here = self._services.database, self._services.workspace
        async with database.begin() as db:
            due = await digests.due(db, now)
            owners = await workspace.owners(db) if now >= self._top_ups_due else []
        if due:
            async with database.begin() as db:
                await queue.bring_up(db, now)
        for owner, day in due:
            with survived(f"the list of {owner}"):
                async with database.begin() as db:
                    await digests.make(db, workspace_id=here, owner=owner, day=day, now=now)
        if owners:
            self._top_ups_due = now + TOP_UPS_EVERY
        for member in owners:
            with survived(f"one more for {member.user}"):
                async with database.begin() as db:
                    await digests.top_up(db, workspace_id=here, owner=member.user, day=member.today(now), now=now)

    async def settle(self) -> None:
        """Sweeps until nothing is due: all work there is by now has been done, or waits for its time."""
        await self.sweep()
        while self._busy:
            await asyncio.wait(self._busy.values())
            await asyncio.sleep(0)  # lets what has ended leave the list
            await self.sweep()

    def _start(self, what: str, id: UUID) -> None:
        if self._stopping or (what, id) in self._busy or (what, id) in self._ended or len(self._busy) >= AT_ONCE:
            return
        task = asyncio.create_task(self._look(what, id), name=f"{what} {id}")
        self._busy[what, id] = task
        task.add_done_callback(lambda _: self._done(what, id))

    def _done(self, what: str, id: UUID) -> None:
        self._busy.pop((what, id), None)
        self._ended.add((what, id))
        self._wake.set()  # what it did may have made something else due

    async def _look(self, what: str, id: UUID) -> None:
        """Looks at one thing. Whatever goes wrong, its lease in the database brings it up again."""
        with survived(f"{what} {id}"):
            await self._looks[what](id)
            return
        await asyncio.sleep(RECONNECT_S)

    async def _effect(self, id: UUID) -> None:
        await self._services.runner.run(id)

    async def _signal(self, id: UUID) -> None:
        for effect in await self._taking_in.take_in(id):
            self._start("effect", effect)

    async def _snooze(self, id: UUID) -> None:
        async with self._services.database.begin() as db:
            try:
                await queue.wake(db, id, now=self._services.clock())
            except queue.AlreadyDecided:
                return

    async def _listen_forever(self) -> None:
        """Takes rings from Redis. A Redis that is gone ends nothing here: the sweep goes on, and this reconnects."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError, TimeoutError) as down:
                stop_if_told()
                log.warning("the bell cannot be heard: sweeping", extra={"error": type(down).__name__})
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self) -> None:
        async def look(_: dict[str, Any], what: str, id: str) -> None:
            if what in self._looks and not self._busy:  # a worker at its work sweeps within a breath
                self._start(what, UUID(id))
            self._wake.set()

        url = needed(self._services.settings.redis_url, "redis_url", "give a Redis or Valkey address")
        redis = redis_at(url)
        listener = ArqWorker(
            functions=[func(cast(WorkerCoroutine, look), name="look", keep_result=0, max_tries=1)],
            queue_name=QUEUE,
            redis_pool=redis,
            handle_signals=False,
            poll_delay=0.05,
            keep_result=0,
            max_tries=1,
            max_jobs=AT_ONCE * 5,
            job_serializer=dumps,
            job_deserializer=loads,
            log_results=False,
        )
        try:
            await listener.async_run()
        finally:
            try:
                await _closed(listener)
            finally:
                await close(redis)  # arq leaves it open where it is stopped in the middle of a ring


async def _closed(listener: ArqWorker) -> None:
    """Rings that are being taken are taken to their end: arq leaves what it asks of Redis open where it is cancelled."""
    if listener.tasks:
        await asyncio.wait(listener.tasks.values(), timeout=RINGS_END_WITHIN_S)
    try:
        await listener.close()
    except asyncio.CancelledError:  # a ring that was cancelled after all must not pass for this task's own end
        stop_if_told()
