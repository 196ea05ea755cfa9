"""Modals: edit before sending, why a score is what it is, and a plain word."""

from datetime import timedelta
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    DividerBlock,
    InputBlock,
    PlainTextInputElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot import ids
from bot.views.text import CONTEXT_LIMIT, SECTION_LIMIT, clip, escape, markdown, outside, plain
from core.actions.send_email import SendEmail
from core.aps import Score

BODY_LIMIT = 3000  # what Slack's text input holds
SUBJECT_LIMIT = 250


def edit_mail(*, move_id: str, mail: SendEmail, hold: timedelta) -> View:
    """The mail as it would leave, every word open to change. Submitting is the approval."""
    seconds = int(hold.total_seconds())
    return View(
        type="modal",
        callback_id=ids.EXECUTE_VIEW,
        private_metadata=move_id,
        title="Send this mail",
        submit="Send",
        close="Cancel",
        blocks=[
            _input(ids.TO, "To", ", ".join(mail.to), limit=500),
            _input(ids.SUBJECT, "Subject", plain(mail.subject, SUBJECT_LIMIT), limit=SUBJECT_LIMIT),
            _input(ids.BODY, "Text", mail.body[:BODY_LIMIT], limit=BODY_LIMIT, multiline=True),
            ContextBlock(
                elements=[
                    markdown(
                        f"Exactly this leaves {seconds} s after you press Send. Until then the card has Undo, "
                        "and the draft lies in Gmail; afterwards a mail cannot be called back."
                    )
                ]
            ),
        ],
    )


def _input(block: str, label: str, value: str, *, limit: int, multiline: bool = False) -> InputBlock:
    element = PlainTextInputElement(
        action_id=ids.INPUT, initial_value=value or None, multiline=multiline, min_length=1, max_length=limit
    )
    return InputBlock(block_id=block, label=label, element=element)


def why(*, title: str, move_id: str, score: Score, changes: list[str]) -> View:
    """The receipt: every point with its reason, and what would change it."""
    blocks: list[Block] = [
        SectionBlock(text=markdown(f"*{outside(title, 300)}*")),
        SectionBlock(text=markdown(clip("\n".join(reasons(score)), SECTION_LIMIT))),
        ContextBlock(
            elements=[markdown(f"adds up to {score.aps}  ·  recompute: `caseyos why {move_id}`")],
        ),
    ]
    if changes:
        blocks += [
            DividerBlock(),
            SectionBlock(
                text=markdown(clip("*What would change it*\n" + "\n".join(map(escape, changes)), SECTION_LIMIT))
            ),
        ]
    return View(type="modal", title=f"Why {score.aps}", close="Close", blocks=blocks)


def reasons(score: Score) -> list[str]:
    return [f"`{reason.points:+d}`   *{reason.part}*: {outside(reason.text, 400)}" for reason in score.reasons]


def word(title: str, text: str) -> View:
    """One sentence in place of a modal that has nothing left to do."""
    return View(
        type="modal", title=title, close="Close", blocks=[SectionBlock(text=markdown(clip(text, CONTEXT_LIMIT)))]
    )


def home(lines: list[str]) -> dict[str, Any]:
    """App Home: what waits today."""
    blocks = [SectionBlock(text=markdown(clip(line, SECTION_LIMIT))) for line in lines[:90]]
    return View(type="home", blocks=blocks).to_dict()
