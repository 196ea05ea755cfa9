"""The slash command `/moves`: list, why, undo, audit, what stops and lets go on, help. Answers go in the acknowledgement, seen by the asker alone."""

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import ids
from bot.handlers import audit_command, consent_command, dry_run_command, stop_commands, undo_command
from bot.handlers.clicked import delivery_of, parse
from bot.services import Services
from bot.views import modal, switch_line
from bot.views.text import clip, outside
from core import cards, inbox, queue, scoring, switch

ANSWER_LIMIT = 3500
DIGITS = 4  # of the longest list that anybody has

HELP = "\n".join(
    (
        "*/moves*  what is worth doing now, best first",
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
        "*/moves help*  this",
    )
)


def register(app: AsyncApp, services: Services) -> None:
    async def listed(user: str, _: str) -> str:
        async with services.database.begin() as db:
            rows = await scoring.ranked(db, services.clock(), owner=user)
            found = await switch.sending(db)
        said = (switch_line.paused(found), switch_line.dry_run(found, user))
        note = "".join(f"{line}\n" for line in said if line)
        if not rows:
            return f"{note}Nothing is worth your time right now. Enjoy it."
        lines = [f"{n}  *{outside(row.title, 150)}*   `{row.score.aps}`" for n, row in enumerate(rows[:10], start=1)]
        more = f"\n…and {len(rows) - 10} more" if len(rows) > 10 else ""
        return note + "\n".join(lines) + more

    async def why(user: str, which: str) -> str:
        async with services.database.begin() as db:
            now = services.clock()
            if which.isdecimal() and len(which) <= DIGITS:
                rows = await scoring.ranked(db, now, owner=user)
                if not 1 <= int(which) <= len(rows):
                    return f"There is no move {outside(which, 20)} in your list of {len(rows)}. `/moves` shows it."
                move = rows[int(which) - 1].id
            else:
                move = parse(which)
            card = await cards.card(db, move, now)
        receipt = "\n".join(modal.reasons(card.score))
        return f"*{outside(card.title, 150)}*   `{card.score.aps}`\n{receipt}\nadds up to {card.score.aps}"

    async def told(user: str, _: str) -> str:
        return HELP

    words: dict[str, Callable[[str, str], Awaitable[str]]] = {
        "": listed,
        "list": listed,
        "why": why,
        "undo": undo_command.answer(services),
        "audit": audit_command.answer(services),
        "dryrun": dry_run_command.answer(services),
        "help": told,
        **consent_command.answers(services),
        **stop_commands.answers(services),
    }

    async def on_moves(ack: AsyncAck, body: dict[str, Any]) -> None:
        word, _, rest = str(body.get("text") or "").strip().partition(" ")
        answer = words.get(word.lower())
        if answer is None:
            await ack(text=f"I know no `/moves {outside(word, 40)}`.\n{HELP}", response_type="ephemeral")
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
        except queue.NoSuchMove:
            said = f"There is no move {outside(rest, 60)}. `/moves` shows what there is."
        await ack(text=clip(said, ANSWER_LIMIT), response_type="ephemeral")

    app.command(ids.COMMAND)(on_moves)
