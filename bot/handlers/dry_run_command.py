"""`/moves dryrun`: whether Execute only rehearses, for the person who asks or for the whole workspace."""

from collections.abc import Awaitable, Callable

from bot.services import Services
from bot.views import switch_line
from core import dry_run, switch
from core.switched import EVERYBODY

SAY = "Say `/moves dryrun on` or `off` for yourself, `/moves dryrun workspace on` or `off` for everybody."
NONE = "No dry run is on for you: Execute does what it says."


def answer(services: Services) -> Callable[[str, str], Awaitable[str]]:
    async def dryrun(user: str, given: str) -> str:
        words = given.lower().split()
        whose = EVERYBODY if words[:1] == ["workspace"] else user
        match words[1:] if whose == EVERYBODY else words:
            case ["on"]:
                return await _begin(services, user, whose)
            case ["off"]:
                return await _end(services, user, whose)
            case _:
                async with services.database.begin() as db:
                    found = await switch.sending(db)
                return f"{switch_line.dry_run(found, user) or NONE} {SAY}"

    return dryrun


async def _begin(services: Services, user: str, whose: str) -> str:
    async with services.database.begin() as db:
        await dry_run.begin(db, whose=whose, by=user, now=services.clock())
    services.bell.ring("sweep", [services.workspace])
    whom = "everybody here" if whose == EVERYBODY else "your moves and what you approve"
    return f"A dry run is on for {whom}: Execute shows what would happen. What was approved before waits and says so."


async def _end(services: Services, user: str, whose: str) -> str:
    async with services.database.begin() as db:
        waiting = await dry_run.end(db, whose=whose, by=user, now=services.clock())
        found = await switch.sending(db)
    services.bell.ring("sweep", [services.workspace])
    if said := switch_line.dry_run(found, user):
        return said
    return NONE + (f" {waiting} waiting effects go on." if waiting else "")
