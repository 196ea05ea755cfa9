"""`/moves connect`: what the product is connected to, whether it answers, and how to mend what does not."""

from collections.abc import Awaitable, Callable

from bot import examination
from bot.services import Services
from bot.views import findings

ANSWERS_WITHIN_S = 1.8
"""Slack waits 3 s for a command; what has not answered by then is shown as just that."""


def answer(services: Services) -> Callable[[str, str], Awaitable[str]]:
    async def connect(user: str, _: str) -> str:
        found = await examination.examine(services.settings, patience_s=ANSWERS_WITHIN_S)
        return findings.render(found, services.settings)

    return connect
