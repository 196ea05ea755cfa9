"""Make a service fail on demand: lose answers, answer late, refuse, break the connection."""

import asyncio
import inspect
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

REQUEST_KINDS = frozenset(
    {"lose_answer", "lose_request", "late", "slow", "rate_limit", "unavailable", "error", "refuse"}
)
DELIVER_TWICE = "deliver_twice"
DROP_SOCKET = "drop_socket"
KINDS = REQUEST_KINDS | {DELIVER_TWICE, DROP_SOCKET}

#: What a client sees as the status; None where the connection breaks, or where the work decides.
STATUS = {"rate_limit": 429, "unavailable": 503, "error": 500, "refuse": 400}
#: Kinds under which the request changes nothing.
NOT_CARRIED_OUT = frozenset({"lose_request", "rate_limit", "unavailable", "refuse"})
_CARRIED_OUT_FIRST = frozenset({"lose_answer", "slow", "error"})
_CUTTING = frozenset({"lose_request", "lose_answer", "late"})

Work = Callable[[], web.Response | Awaitable[web.Response]]

log = logging.getLogger(__name__)
_late: set["asyncio.Task[None]"] = set()


@dataclass(frozen=True)
class Fault:
    kind: str
    seconds: float = 0.0


@dataclass
class _Armed:
    service: str
    fault: Fault
    method: str | None
    times: int


class Faults:
    """Faults that wait for their requests, oldest first. They live in memory: a restarted sandbox has none."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, service: str, kind: str, method: str | None = None, times: int = 1, seconds: float = 0.0) -> None:
        """Let the next `times` requests of the service (and of `method`, if given) fail in this way."""
        if kind not in KINDS:
            raise ValueError(f"{kind} is not one of {', '.join(sorted(KINDS))}")
        if times < 1 or not math.isfinite(seconds) or seconds < 0:
            raise ValueError("times is at least 1 and seconds at least 0")
        self._armed.append(_Armed(service, Fault(kind, seconds), method, times))

    def clear(self) -> None:
        self._armed.clear()

    def armed(self) -> list[dict[str, str | int | float | None]]:
        """The faults still waiting, as the control routes show them."""
        return [
            {
                "service": one.service,
                "kind": one.fault.kind,
                "method": one.method,
                "times": one.times,
                "seconds": one.fault.seconds,
            }
            for one in self._armed
        ]

    def take(self, service: str, method: str) -> Fault | None:
        """The fault that strikes this request, used up once; None when it goes through."""
        return self._take(service, method, REQUEST_KINDS)

    def take_delivery(self, service: str, method: str = "") -> bool:
        """Whether this delivery to the bot is to be made twice."""
        return self._take(service, method, frozenset({DELIVER_TWICE})) is not None

    def _take(self, service: str, method: str, kinds: frozenset[str]) -> Fault | None:
        for one in self._armed:
            if one.service == service and one.fault.kind in kinds and one.method in (None, method):
                one.times -= 1
                if one.times == 0:
                    self._armed.remove(one)
                return one.fault
        return None


async def apply(
    request: web.Request, fault: Fault | None, work: Work, *, refuse: Callable[[Fault], web.Response]
) -> web.StreamResponse:
    """Run `work` and answer as the fault says. `refuse` words the errors of the service (see `STATUS`)."""
    if fault is None:
        return await _run(work)
    if fault.kind == "late":
        _later(work, fault.seconds)
    answer = await _run(work) if fault.kind in _CARRIED_OUT_FIRST else web.Response(status=500)
    if fault.kind in _CUTTING:
        return _cut(request)
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return answer
    refusal = refuse(fault)
    if fault.kind == "rate_limit":
        refusal.headers["Retry-After"] = str(max(1, math.ceil(fault.seconds)))
    return refusal


async def cancel_late(_app: web.Application | None = None) -> None:
    """End the changes that are still to come; an `on_cleanup` handler. Nobody was promised them."""
    loop = asyncio.get_running_loop()
    tasks = [task for task in _late if task.get_loop() is loop]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _run(work: Work) -> web.Response:
    answer = work()
    return await answer if inspect.isawaitable(answer) else answer


def _later(work: Work, seconds: float) -> None:
    async def wait_and_work() -> None:
        await asyncio.sleep(seconds)
        try:
            await _run(work)
        except Exception:
            log.exception("a late change failed")
            raise

    task = asyncio.get_running_loop().create_task(wait_and_work())
    _late.add(task)
    task.add_done_callback(_late.discard)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    # The server tries to write this to the closed transport and lets it go: no byte leaves.
    return web.Response(status=500)
