"""`/moves audit`: the story of one move, as the audit has it."""

from collections.abc import Awaitable, Callable

from bot.handlers.clicked import parse
from bot.services import Services
from bot.views.text import outside
from core import audit_story, queue, workspace

SENTENCE_LIMIT = 300
SHOWN_AT_MOST = 40


def answer(services: Services) -> Callable[[str, str], Awaitable[str]]:
    async def audit(user: str, which: str) -> str:
        async with services.database.begin() as db:
            zone = (await workspace.member(db, user)).zone
            try:
                move = await queue.named(db, which) if which else None
            except queue.Ambiguous:
                return "Several moves begin like that: give more of the id."
            if move is None:
                return "Say which: `/moves audit` and the id that the card's Why shows."
            story = await audit_story.of_move(db, parse(str(move)))
        sentences = [outside(sentence, SENTENCE_LIMIT) for sentence in story.sentences(zone)]
        more = len(sentences) - SHOWN_AT_MOST
        shown = sentences[:SHOWN_AT_MOST] + ([f"…and {more} more: `caseyos audit show`"] if more > 0 else [])
        return "\n".join(shown) or "The audit has nothing about this move."

    return audit
