"""Modals: why a score is what it is, what a dry run shows, and a plain word."""

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    DividerBlock,
    InputBlock,
    PlainTextInputElement,
    SectionBlock,
    UserSelectElement,
)
from slack_sdk.models.views import View

from bot import ids
from bot.views.text import CONTEXT_LIMIT, SECTION_LIMIT, clip, escape, markdown, outside
from core.aps import Score
from core.rehearsal import Rehearsal

WHY_LIMIT = 500


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


def preparing() -> View:
    """Opened at once, while what it will say is being read."""
    return View(
        type="modal", title="Dry run", close="Close", blocks=[SectionBlock(text=markdown("Reading what would happen…"))]
    )


def rehearsal(found: Rehearsal, *, executed: bool = False) -> View:
    """What would leave, exactly; what would stop or delay it; and what only the call can show. Nothing was done."""
    blocks: list[Block] = [SectionBlock(text=markdown(clip(f"*{outside(found.summary, 300)}*", SECTION_LIMIT)))]
    if executed:
        blocks.append(SectionBlock(text=markdown("*A dry run is on*: this was not approved, and nothing leaves.")))
    for heading, reasons in (("It would stop", found.stops), ("It would only wait", found.waits)):
        if reasons:
            listed = "\n".join(f"•  {outside(one, 400)}" for one in reasons)
            blocks.append(SectionBlock(text=markdown(clip(f"*{heading}*\n{listed}", SECTION_LIMIT))))
    if not (found.stops or found.waits):
        blocks.append(SectionBlock(text=markdown("*Nothing is in its way.* Nothing was done, either.")))
    blocks.append(DividerBlock())
    for label, value in found.exact:
        shown = outside(value, SECTION_LIMIT - 200) or "(empty)"
        blocks.append(SectionBlock(text=markdown(clip(f"*{outside(label, 80)}*\n{shown}", SECTION_LIMIT))))
    if found.open:
        only = "; ".join(outside(one, 200) for one in found.open)
        blocks.append(ContextBlock(elements=[markdown(clip(f"only the call can show: {only}", CONTEXT_LIMIT))]))
    return View(type="modal", title="Dry run", close="Close", blocks=blocks)


def never(*, name: str, email: str, move_id: str) -> View:
    """Asks whether nobody is to write to this person any more."""
    who = outside(name, 80) or outside(email, 120)
    said = f"*Never for {who}?*\nNothing leaves to {outside(email, 200)} any more, from anybody in this workspace, and nothing"
    why = PlainTextInputElement(action_id=ids.INPUT, max_length=WHY_LIMIT)
    return View(
        type="modal",
        callback_id=ids.NEVER_VIEW,
        private_metadata=move_id,
        title="Never for this person",
        submit="Never again",
        close="Cancel",
        blocks=[
            SectionBlock(
                text=markdown(
                    f"{said} is proposed for them. This move is dismissed, their other letters are taken off the list."
                )
            ),
            InputBlock(block_id=ids.REASON, label="Why", element=why, optional=True, hint="Kept beside the address."),
        ],
    )


def hand_over(*, title: str, move_id: str) -> View:
    """Asks whose this is from now on."""
    why = PlainTextInputElement(action_id=ids.INPUT, max_length=WHY_LIMIT)
    return View(
        type="modal",
        callback_id=ids.HAND_OVER_VIEW,
        private_metadata=move_id,
        title="Hand over",
        submit="Hand over",
        close="Cancel",
        blocks=[
            SectionBlock(text=markdown(f"*{outside(title, 300)}*")),
            InputBlock(block_id=ids.WHOM, label="To whom", element=UserSelectElement(action_id=ids.INPUT)),
            InputBlock(block_id=ids.REASON, label="What they should know", element=why, optional=True),
        ],
    )


def word(title: str, text: str) -> View:
    """One sentence in place of a modal that has nothing left to do."""
    return View(
        type="modal", title=title, close="Close", blocks=[SectionBlock(text=markdown(clip(text, CONTEXT_LIMIT)))]
    )
