"""The slash command `/moves`: list, why, undo, audit, what stops and lets go on, help. Answers go in the acknowledgement, seen by the asker alone."""

import difflib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import ids
from bot.handlers import (
    audit_command,
    connect_command,
    consent_command,
    dry_run_command,
    list_commands,
    stop_commands,
    undo_command,
)
from bot.handlers.clicked import delivery_of
from bot.services import Services
from bot.views import modal
from bot.views.text import clip, outside
from core import cards, inbox, queue

ANSWER_LIMIT = 3500

HELP = "\n".join(
    (
        "*/moves*, *today*  what is worth doing now, best first",
        "*/moves all*  all that is open, under way or put off",
        "*/moves find NAME*  your moves about a person or a company",
        "*/moves snooze 1 tomorrow*  puts the first one off; *2h*, *next week*, *reply*",
        "*/moves why 1*  every point of the first one's score",
        "*/moves undo*  what can still be taken back; *undo 1*, *undo hour*",
        "*/moves audit ID*  who did what on a move, and on what grounds",
        "*/moves guardrails*  what stops a mail, and how much room is left",
        "*/moves second ID*  approve, as the second person, what waits for one",
        "*/moves opt-in ADDRESS WORDS*  somebody asked for marketing mail; *opt-out*: they want no more mail at all",
        "*/moves pause [reason]*  nothing leaves any more, in any process",
        "*/moves pause all [reason]*  the same in all workspaces; *resume all* lifts it",
        "*/moves resume*  what was waiting goes on",
        "*/moves dryrun on*, *off*  Execute rehearses your moves; *workspace on*, *off* everybody's",
        "*/moves connect*  what is connected, whether it answers, how to mend it",
        "*/moves help*  this",
    )
)


def register(app: AsyncApp, services: Services) -> None:
    async def why(user: str, which: str) -> str:
        async with services.database.begin() as db:
            now = services.clock()
            card = await cards.card(db, await list_commands.chosen(db, user, which, now), now)
        receipt = "\n".join(modal.reasons(card.score))
        return f"*{outside(card.title, 150)}*   `{card.score.aps}`\n{receipt}\nadds up to {card.score.aps}"

    async def told(user: str, _: str) -> str:
        return HELP

    words: dict[str, Callable[[str, str], Awaitable[str]]] = {
        "why": why,
        "undo": undo_command.answer(services),
        "audit": audit_command.answer(services),
        "dryrun": dry_run_command.answer(services),
        "connect": connect_command.answer(services),
        "help": told,
        **list_commands.answers(services),
        **consent_command.answers(services),
        **stop_commands.answers(services),
    }

    async def on_moves(ack: AsyncAck, body: dict[str, Any]) -> None:
        word, _, rest = str(body.get("text") or "").strip().partition(" ")
        answer = words.get(word.lower())
        if answer is None:
            await ack(text=_unknown(word, words), response_type="ephemeral")
            return
        async with services.database.begin() as db:
            first = await inbox.take(db, delivery_of(body), workspace=services.workspace, now=services.clock())
        if not first:
            await ack()
            return
        try:
            said = await answer(str(body["user_id"]), rest.strip())
        except queue.Ambiguous:
            said = "Several moves begin like that: give more of the id."
        except list_commands.NotInList as why_not:
            said = str(why_not)
        except queue.NoSuchMove:
            said = f"There is no move {outside(rest, 60)}. `/moves` shows what there is."
        await ack(text=clip(said, ANSWER_LIMIT), response_type="ephemeral")

    app.command(ids.COMMAND)(on_moves)


def _unknown(word: str, words: Iterable[str]) -> str:
    """What it may have been, or all there is."""
    near = difflib.get_close_matches(word.lower(), [one for one in words if one], n=1)
    meant = f" Did you mean `/moves {near[0]}`?" if near else f"\n{HELP}"
    return f"I know no `/moves {outside(word, 40)}`.{meant}"
