"""App Home: what waits, what is under way, what was done and came back, and a member's settings."""

from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot import ids
from bot.views import card as card_view
from bot.views import guardrails, switch_line
from bot.views.text import CONTEXT_LIMIT, SECTION_LIMIT, clip, day_and_clock, markdown, outside
from core.home import Chosen, Home, Tab
from core.switched import EVERYBODY

TABS: dict[Tab, str] = {
    "today": "Today",
    "under_way": "Under way",
    "snoozed": "Snoozed",
    "done": "Done",
    "outcomes": "Outcomes",
    "settings": "Settings",
}
EMPTY: dict[Tab, str] = {
    "today": "Nothing is worth your time right now. Enjoy it.",
    "under_way": "Nothing is under way.",
    "snoozed": "Nothing is put off.",
    "done": "Nothing has been done yet.",
    "outcomes": "Nothing has come back yet. What does stands here, and in the thread of its card.",
    "settings": "",
}
DAYS = {1: "Monday", 2: "Tuesday", 3: "Wednesday", 4: "Thursday", 5: "Friday", 6: "Saturday", 7: "Sunday"}


def render(home: Home) -> View:
    """At most 60 blocks: Slack takes 100."""
    return View(type="home", blocks=[*_top(home), *_rows(home), *_pages(home)])


def _top(home: Home) -> Iterator[Block]:
    if home.switch.paused:
        yield SectionBlock(text=markdown(f"*Nothing leaves*: {switch_line.paused(home.switch)}"))
    if dry := switch_line.dry_run(home.switch, home.user):
        yield SectionBlock(text=markdown(f"*{dry}*"))
    yield ActionsBlock(block_id="home_tabs", elements=[_tab(home, tab) for tab in TABS])
    if home.tab == "under_way" and home.under_way:
        said = ", ".join(f"{many} {what}" for what, many in home.under_way.items())
        yield ContextBlock(elements=[markdown(said)])


def _tab(home: Home, tab: Tab) -> ButtonElement:
    many = home.counts.get(tab)
    label = TABS[tab] + (f" ({many})" if many else "")
    here = "the tab you see" if tab == home.tab else "tab"
    return ButtonElement(
        action_id=ids.HOME_TABS[tab],
        text=label,
        style="primary" if tab == home.tab else None,
        accessibility_label=f"{label}, {here}",
    )


def _rows(home: Home) -> Iterator[Block]:
    if home.chosen is not None:
        yield from _settings(home, home.chosen)
        return
    if not home.cards and not home.outcomes:
        yield SectionBlock(text=markdown(EMPTY[home.tab]))
    for number, card in enumerate(home.cards, start=home.first):
        yield from card_view.listed(card, number)
        yield DividerBlock()
    for came in home.outcomes:
        what = outside(card_view.OUTCOMES.get(came.kind, came.kind), 80)
        when = day_and_clock(came.at, home.zone, home.at)
        yield SectionBlock(text=markdown(clip(f"*{outside(came.title, 300)}*\n{what}, {when}", SECTION_LIMIT)))


def _pages(home: Home) -> Iterator[Block]:
    buttons = []
    if home.first > 1:
        buttons.append(ButtonElement(action_id=ids.HOME_NEWER, text="Back"))
    if home.older:
        buttons.append(ButtonElement(action_id=ids.HOME_OLDER, text="More"))
    if buttons:
        yield ActionsBlock(block_id="home_pages", elements=buttons)


def _settings(home: Home, chosen: Chosen) -> Iterator[Block]:
    yield SectionBlock(
        text=markdown(f"*Today's Moves*\n{digest_line(chosen)}"),
        accessory=ButtonElement(
            action_id=ids.HOME_DIGEST, text="Change", accessibility_label="Change when your list comes"
        ),
    )
    yield from _switches(home)
    yield DividerBlock()
    yield SectionBlock(text=markdown(clip(guardrails.render(chosen.guardrails), SECTION_LIMIT)))
    yield DividerBlock()
    yield SectionBlock(text=markdown(f"*Mailbox*\n{_mailbox(home, chosen)}"))


def digest_line(chosen: Chosen) -> str:
    """`at 08:00, Monday to Friday, but for the public holidays of DE-BE; your own choice`."""
    digest = chosen.digest
    whose = "your own choice" if chosen.own else "as the workspace has it"
    if digest.at is None:
        return f"never by itself; {whose}"
    off = f", but for the public holidays of {outside(digest.holidays, 20)}" if digest.holidays else ""
    return f"at {digest.at:%H:%M}, {_days(sorted(digest.days))}{off}; {whose}"


def _days(days: Sequence[int]) -> str:
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]} to {DAYS[days[-1]]}"
    return ", ".join(DAYS[day] for day in days) or "on no day"


def _switches(home: Home) -> Iterator[Block]:
    mine = home.user in home.switch.dry_runs
    said = "Execute rehearses your moves, and nothing of them leaves." if mine else "Execute does what it says."
    if EVERYBODY in home.switch.dry_runs:
        said = "A dry run is on for the whole workspace."
    yield SectionBlock(
        text=markdown(f"*Dry run*\n{said}"),
        accessory=ButtonElement(
            action_id=ids.HOME_DRY_RUN_OFF if mine else ids.HOME_DRY_RUN_ON,
            text="Switch off" if mine else "Switch on",
            accessibility_label=f"Switch your dry run {'off' if mine else 'on'}",
        ),
    )
    here = home.switch.here
    if here.paused:
        button = ButtonElement(action_id=ids.HOME_RESUME, text="Resume", accessibility_label="Let everything go on")
    else:
        button = ButtonElement(
            action_id=ids.HOME_PAUSE,
            text="Pause everything",
            style="danger",
            confirm=ConfirmObject(
                title="Pause everything?",
                text="Nothing leaves any more, for anybody in this workspace. What is held waits and says so.",
                confirm="Pause",
                deny="Cancel",
            ),
        )
    stands = switch_line.paused(home.switch) or "Things leave as approved."
    yield SectionBlock(text=markdown(clip(f"*Kill switch*\n{stands}", SECTION_LIMIT)), accessory=button)


def _mailbox(home: Home, chosen: Chosen) -> str:
    reading = chosen.mailbox
    if reading is None:
        return "has not been read yet"
    read = f"read {day_and_clock(reading.read_at, home.zone, home.at)}" if reading.read_at else "not read yet"
    if reading.problem:
        again = day_and_clock(reading.due_at, home.zone, home.at)
        return clip(f":warning: {outside(reading.problem, 400)}; {read}, again {again}", CONTEXT_LIMIT)
    return f"{read}; nothing is wrong"
