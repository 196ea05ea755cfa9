"""`/moves pause`, `resume`, `second` and `guardrails`: what stops things from leaving, and what lets them go on."""

from collections.abc import Awaitable, Callable

from bot.services import Services
from bot.views import guardrails, switch_line
from bot.views.text import plain
from core import all_workspaces, arming, execution, queue, seconding, switch, workspace
from core.guardrails import KILL_SWITCH

ALL = "all"
NOT_PERMITTED = "All workspaces at once are for those whom `CASEYOS_OPERATORS` names, and for the command line."

Answer = Callable[[str, str], Awaitable[str]]


def answers(services: Services) -> dict[str, Answer]:
    async def pause(user: str, given: str) -> str:
        first, _, rest = given.partition(" ")
        everywhere = first.lower() == ALL
        if everywhere and await _pause_all(services, user, rest):
            return "Paused in all workspaces. Nothing leaves any of them until somebody says `/moves resume all`."
        async with services.database.begin() as db:
            reason = plain(given, switch_line.REASON_LIMIT)
            await switch.pause(db, by=user, reason=reason, now=services.clock())
        if everywhere:  # but not permitted: whoever wants everything stopped wants at least this stopped
            return f"This workspace alone is paused; `/moves resume` lets it go on. {NOT_PERMITTED}"
        return "Paused. Nothing leaves until somebody says `/moves resume`; what was held waits and says so."

    async def resume(user: str, given: str) -> str:
        if given.lower() == ALL:
            return await _resume_all(services, user)
        async with services.database.begin() as db:
            await switch.resume(db, by=user, now=services.clock())
            waiting = await execution.unblock(db, KILL_SWITCH, services.clock())
            found = await switch.sending(db)
        services.bell.ring("sweep", [services.workspace])
        if found.paused:
            return f"This workspace has resumed, but nothing leaves yet. {switch_line.paused(found)}"
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


async def _pause_all(services: Services, user: str, reason: str) -> bool:
    """Whether the person may."""
    said, operators = plain(reason, switch_line.REASON_LIMIT), services.settings.operator_ids
    try:
        async with services.database.begin() as db:
            await all_workspaces.pause(db, by=user, operators=operators, reason=said, now=services.clock())
    except all_workspaces.NotPermitted:
        return False
    return True


async def _resume_all(services: Services, user: str) -> str:
    operators = services.settings.operator_ids
    try:
        async with services.database.begin() as db:
            await all_workspaces.resume(db, by=user, operators=operators, now=services.clock())
            found = await switch.sending(db)
    except all_workspaces.NotPermitted:
        return f"Nothing was changed. {NOT_PERMITTED}"
    services.bell.ring("sweep", [services.workspace])
    still = f" This one has: {switch_line.paused(found)}" if found.paused else ""
    return f"Resumed in all workspaces, but for those that have paused themselves.{still}"
