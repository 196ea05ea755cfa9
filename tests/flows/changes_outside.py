"""What can change between an approval and its execution: what a person would want to know of, and what not."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from core import person, queue
from core.ports import Busy, Mail
from core.tables import moves, people, recommendations
from tests.flows.approved_plans import VALUES, Approved, Plans
from tests.support.factories import OWNER
from tests.support.fake_mailbox import Draft

Change = Callable[[Plans, Approved], Awaitable[None]]
UNMARKED = ""


def draft_of(plans: Plans, plan: Approved) -> Draft:
    return next(draft for draft in plans.mailbox.drafts if plan.to[0] in draft.mail.to)


def edited(**how: Callable[[Mail], object]) -> Change:
    """A person edits the draft in Gmail."""

    async def change(plans: Plans, plan: Approved) -> None:
        draft = draft_of(plans, plan)
        plans.mailbox.edit(draft.id, **{name: new(draft.mail) for name, new in how.items()})

    return change


def suppressed(kind: person.Kind, value: Callable[[Approved], str], *, and_back: bool = False) -> Change:
    async def change(plans: Plans, plan: Approved) -> None:
        named = {"kind": kind, "value": value(plan), "by": OWNER, "reason": "opt_out", "now": plans.clock.now}
        async with plans.database.begin() as db:
            await person.suppress_all(db, workspace=plans.database.workspace, evidence="they said so", **named)
            if and_back:
                await person.unsuppress(db, **{**named, "reason": "they asked to be written to again"})

    return change


def property_now(name: str, value: Callable[[str], str], *, of_another: bool = False) -> Change:
    async def change(plans: Plans, plan: Approved) -> None:
        deal = f"other-{plan.number}" if of_another else plan.deal
        plans.deals.deals.setdefault(deal, replace(plans.deals.deals[plan.deal], id=deal))
        plans.deals.by_hand(deal, **{name: value(VALUES[name])})

    return change


def deal_now(**values: str) -> Change:
    async def change(plans: Plans, plan: Approved) -> None:
        plans.deals.deals[plan.deal] = replace(plans.deals.deals[plan.deal], **values)

    return change


def another_draft(key: str, **differs: str) -> Change:
    async def change(plans: Plans, plan: Approved) -> None:
        draft = draft_of(plans, plan)
        await plans.mailbox.create_draft(replace(draft.mail, body="Hello again", **differs), key=key)

    return change


def busy(begins: timedelta, lasts: timedelta) -> Change:
    """Somebody else books the owner; `begins` counts from the beginning of the meeting."""

    async def change(plans: Plans, plan: Approved) -> None:
        async with plans.database.begin() as db:
            mine = select(recommendations.c.params).join(moves, moves.c.recommendation_id == recommendations.c.id)
            params = (await db.execute(mine.where(moves.c.id == plan.move))).scalar_one()
        start = plans.clock.now.fromisoformat(params["start"]) + begins
        plans.calendar.taken.append(Busy(start, start + lasts))

    return change


async def draft_deleted(plans: Plans, plan: Approved) -> None:
    plans.mailbox.remove(draft_of(plans, plan).id)


async def deal_gone(plans: Plans, plan: Approved) -> None:
    del plans.deals.deals[plan.deal]


async def reply_came(plans: Plans, plan: Approved) -> None:
    at = plans.clock.now + timedelta(seconds=1)
    async with plans.database.begin() as db:
        await db.execute(update(people).where(people.c.email == plan.to[0]).values(replied_at=at))


async def told_apart(plans: Plans, plan: Approved) -> None:
    """What the card says of it, and why."""
    mine = select(moves.c.recommendation_id).where(moves.c.id == plan.move).scalar_subquery()
    said = {"title": "Answer Dana", "why": "Wrote to you twice", "context": ["New"]}
    async with plans.database.begin() as db:
        await db.execute(update(recommendations).where(recommendations.c.id == mine).values(**said))


async def score_moved(plans: Plans, plan: Approved) -> None:
    async with plans.database.begin() as db:
        await db.execute(update(moves).where(moves.c.id == plan.move).values(aps=91))


async def card_drawn_anew(plans: Plans, plan: Approved) -> None:
    async with plans.database.begin() as db:
        await queue.touch(db, plan.move, now=plans.clock.now)


async def nothing_but_the_clock(plans: Plans, plan: Approved) -> None:
    """The time passes for all of them."""


BUSY = "you are not free then any more"
NOT_WRITTEN = "must not be written to"
A_MINUTE, HALF_AN_HOUR = timedelta(minutes=1), timedelta(minutes=30)

PEOPLE: Mapping[str, tuple[Change, str]] = {
    "a reply": (reply_came, "they answered in the meantime"),
    "the deal's stage": (property_now("stage", lambda _: "contractsent"), "its stage was"),
    "the deal's owner": (deal_now(owner_id="78"), "its owner was"),
    "the deal, gone": (deal_gone, "is gone from HubSpot"),
    "a suppressed address": (suppressed("address", lambda plan: plan.to[1]), NOT_WRITTEN),
    "a suppressed domain": (suppressed("domain", lambda plan: plan.domain), NOT_WRITTEN),
    "a suppressed account": (suppressed("account", lambda plan: plan.company), NOT_WRITTEN),
}
"""Of everybody who is written to; each with what the card then says."""

MATERIAL: Mapping[str, Mapping[str, tuple[Change, str]]] = {
    "send_email": {
        **PEOPLE,
        "a recipient more": (edited(to=lambda mail: (*mail.to, "eve@x.example")), "recipients are now"),
        "a recipient less": (edited(to=lambda mail: mail.to[:1]), "recipients are now"),
        "another recipient": (edited(to=lambda mail: (mail.to[0], "eve@x.example")), "recipients are now"),
        "the subject": (edited(subject=lambda mail: f"{mail.subject}!"), "the subject is now"),
        "a word of the text": (edited(body=lambda mail: mail.body.replace("talk", "meet")), "the text is different"),
        "a text cut short": (edited(body=lambda mail: mail.body.split("\n")[0]), "the text is different"),
        "the draft, deleted": (draft_deleted, "the draft was deleted in Gmail"),
        "a second draft": (another_draft(UNMARKED), "without our mark"),
    },
    "book_meeting": {
        **PEOPLE,
        "the time, taken": (busy(timedelta(), HALF_AN_HOUR), BUSY),
        "the time, taken from before": (busy(-HALF_AN_HOUR, HALF_AN_HOUR + A_MINUTE), BUSY),
        "the time, taken at its end": (busy(HALF_AN_HOUR - A_MINUTE, HALF_AN_HOUR), BUSY),
        "the time, all day": (busy(timedelta(hours=-8), timedelta(days=1)), BUSY),
    },
    "update_deal": {
        "its stage": (property_now("stage", lambda _: "contractsent"), "stage is now"),
        "its amount": (property_now("amount", lambda _: "48000.01"), "amount is now"),
        "its close date": (property_now("close_date", lambda _: "2027-03-02"), "close date is now"),
        "its next step": (property_now("next_step", lambda _: ""), "next step is now"),
        "it is gone": (deal_gone, "the deal is gone"),
    },
}

AROUND: Mapping[str, Change] = {
    "the clock": nothing_but_the_clock,
    "the score": score_moved,
    "the card": card_drawn_anew,
    "what the card says": told_apart,
    "another deal's stage": property_now("stage", lambda _: "closedlost", of_another=True),
    "somebody else suppressed": suppressed("address", lambda plan: f"eve@{plan.domain}"),
    "another domain suppressed": suppressed("domain", lambda plan: f"not-{plan.domain}"),
    "another account suppressed": suppressed("account", lambda plan: f"{plan.company} and Sons"),
    "suppressed, and not any more": suppressed("address", lambda plan: plan.to[0], and_back=True),
}
DEAL_AROUND: Mapping[str, Change] = {
    "the deal's amount": property_now("amount", lambda _: "51000"),
    "the deal's close date": property_now("close_date", lambda _: "2027-04-01"),
    "the deal's next step": property_now("next_step", lambda _: "Call"),
    "the deal's name": deal_now(name="Spring fair"),
}
IMMATERIAL: Mapping[str, Mapping[str, Change]] = {
    "send_email": {
        **AROUND,
        **DEAL_AROUND,
        "blanks in the text": edited(body=lambda mail: f"  {mail.body.replace(' ', '  ')}  "),
        "line breaks in the text": edited(body=lambda mail: mail.body.replace("\n", "\r\n\r\n")),
        "the order of the recipients": edited(to=lambda mail: mail.to[::-1]),
        "a draft of another subject": another_draft(UNMARKED, subject="Something else"),
        "a draft of another move": another_draft("f" * 33),
    },
    "book_meeting": {
        **AROUND,
        **DEAL_AROUND,
        "the time before, taken": busy(-HALF_AN_HOUR, HALF_AN_HOUR),
        "the time after, taken": busy(HALF_AN_HOUR, HALF_AN_HOUR),
    },
    "update_deal": {
        **AROUND,
        "its owner": deal_now(owner_id="78"),
        "its name": deal_now(name="Spring fair"),
        "its amount, written otherwise": property_now("amount", lambda _: "48000.00"),
        "blanks around its next step": property_now("next_step", lambda value: f" {value} "),
    },
}
