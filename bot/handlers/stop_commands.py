"""`/moves pause`, `resume`, `second` and `guardrails`: what stops things from leaving, and what lets them go on."""

from collections.abc import Awaitable, Callable

from bot.services import Services
from bot.views import guardrails
from bot.views.text import plain
from core import arming, execution, queue, seconding, switch, workspace

REASON_LIMIT = 300

Answer = Callable[[str, str], Awaitable[str]]


def answers(services: Services) -> dict[str, Answer]:
    async def pause(user: str, reason: str) -> str:
        async with services.database.begin() as db:
            await switch.pause(db, by=user, reason=plain(reason, REASON_LIMIT), now=services.clock())
        return "Paused. Nothing leaves until somebody says `/moves resume`; what was held waits and says so."

    async def resume(user: str, _: str) -> str:
        async with services.database.begin() as db:
            await switch.resume(db, by=user, now=services.clock())
            waiting = await execution.unblock(db, "kill_switch", services.clock())
        services.bell.ring("sweep", [services.workspace])
        return "Resumed." + (f" {waiting} waiting effects go on." if waiting else " Nothing was waiting.")

    async def second(user: str, which: str) -> str:
        async with services.database.begin() as db:
            move = await queue.named(db, which)
            try:
                await seconding.second(db, move=move, by=user, now=services.clock())
            except seconding.NotNeeded as why:
                return f"Nothing to do: {why}."
        services.bell.ring("card", [move])
        return "Approved as the second person; it goes on."

    async def guarded(user: str, _: str) -> str:
        async with services.database.begin() as db:
            zone = (await workspace.member(db, user)).zone
            return guardrails.render(await arming.room(db, zone=zone, now=services.clock(), owner=user))

    return {"pause": pause, "resume": resume, "second": second, "guardrails": guarded}
