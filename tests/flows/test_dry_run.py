"""A dry run as a setting: Execute rehearses, what was approved before waits, and everything says so; and what only delays."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core import approval, queue
from core.tables import approvals, audit_entries
from tests.conftest import NewProduct
from tests.support.clock import HandClock
from tests.support.product import HOLD, Product

ORLA = "U0ORLA"


async def proposed(product: Product, **fields: str) -> tuple[dict[str, Any], str]:
    """The card of a mail that answers a form, and the address it goes to."""
    form = await product.fill_form(message="What does a booth cost?", **fields)
    await product.settle()
    return await product.card("Reply"), form["email"]


async def state_of(product: Product, card: dict[str, Any]) -> str:
    async with product.services.database.begin() as db:
        move = await queue.named(db, card["blocks"][0]["block_id"].partition(":")[2])
        return str((await queue.get(db, move)).state)


async def everything_leaves(product: Product) -> None:
    for _ in range(3):
        await product.settle()
        product.clock.advance(HOLD)
    await product.settle()


@pytest.mark.parametrize("whose", ["", "workspace "])
async def test_while_it_is_on_execute_shows_what_was_submitted_and_does_nothing(product: Product, whose: str) -> None:
    card, email = await proposed(product)
    assert "dry run" not in str(card["blocks"]).replace("Dry run: what would happen", "")
    assert "A dry run is on" in await product.say(f"dryrun {whose}on")
    await product.settle()
    card = await product.card("Reply")
    assert "*dry run*, switched on by <@U0CASEY>: Execute shows what would happen" in str(card["blocks"])
    assert "Execute (dry run)" in str(card["blocks"])
    assert "A dry run is on" in await product.say("")
    assert "*Dry run*" in await product.say("guardrails")

    began = len(await product.ledger(kind="effect"))
    await product.press("move_execute", on=card)
    assert (await product.view())["submit"]["text"] == "Dry run"
    shown = await product.rehearse(card, subject="The price of a booth")
    assert "*A dry run is on*: this was not approved, and nothing leaves." in shown
    assert "Subject: The price of a booth" in shown
    assert f"To: {email}" in shown
    assert "Nothing is in its way" in shown
    await everything_leaves(product)
    assert await state_of(product, card) == "open"
    changed = {entry["method"] for entry in (await product.ledger(kind="effect"))[began:]}
    assert changed <= {"view_opened", "view_updated", "view_closed"}
    async with product.services.database.begin() as db:
        assert (await db.execute(select(approvals))).all() == []

    assert "Execute does what it says" in await product.say(f"dryrun {whose}off")
    await product.settle()
    card = await product.card("Reply")
    assert "(dry run)" not in str(card["blocks"])
    await product.approve(card)
    await everything_leaves(product)
    assert len(await product.mails_to(email)) == 1


@pytest.mark.parametrize("whose", ["", "workspace "])
async def test_what_was_approved_before_waits_says_why_and_goes_on_afterwards(product: Product, whose: str) -> None:
    card, email = await proposed(product)
    await product.approve(card)
    await product.settle()
    await product.say(f"dryrun {whose}on")
    await everything_leaves(product)
    assert await product.mails_to(email) == []
    said = str((await product.card("Reply"))["blocks"])
    assert "*blocked*: a dry run is on for" in said
    assert f"`/moves dryrun {whose}off`" in said

    assert "1 waiting effects go on" in await product.say(f"dryrun {whose}off")
    await everything_leaves(product)
    assert len(await product.mails_to(email)) == 1


async def done_in(product: Product, service: str) -> list[str]:
    return [entry["method"] for entry in await product.ledger(service=service, kind="effect")]


async def test_what_leaves_no_mail_waits_as_well(product: Product) -> None:
    await product.fill_form(name="Jonas Lindqvist", phone="+46 8 5550 0142", message="We may attend.")
    await product.settle()
    await product.approve(await product.card("Call"))
    await product.say("dryrun on")
    await product.settle()
    assert await done_in(product, "hubspot") == []
    await product.say("dryrun off")
    await product.settle()
    assert await done_in(product, "hubspot") == ["task_created"]


def a_working_day(now: datetime) -> datetime:
    return next(day for n in range(2, 5) if (day := now + timedelta(days=n)).weekday() < 5)


async def test_taking_back_what_people_were_told_waits_and_the_rest_does_not(product: Product) -> None:
    await product.fill_form(name="Jonas Lindqvist", phone="+46 8 5550 0142", message="We may attend.")
    await product.fill_form(message=f"Could we talk on {a_working_day(product.clock.now):%A} at 15:00?")
    await product.settle()
    for about in ("Call", "Meet"):
        await product.approve(await product.card(about))
    await everything_leaves(product)
    booked = ["event_created", "invitation_sent"]
    assert (await done_in(product, "hubspot"), await done_in(product, "calendar")) == (["task_created"], booked)

    await product.say("dryrun workspace on")
    for about in ("Call", "Meet"):
        await product.press("move_undo", on=await product.card(about))
    await everything_leaves(product)
    assert await done_in(product, "hubspot") == ["task_created", "task_deleted"]
    assert await done_in(product, "calendar") == booked
    await product.say("dryrun workspace off")
    await everything_leaves(product)
    assert await done_in(product, "calendar") == [*booked, "event_deleted", "cancellation_sent"]


async def approved_by(product: Product, card: dict[str, Any], user: str) -> None:
    """As a press on a card that the sandbox shows to its owner alone."""
    move = UUID(card["blocks"][0]["block_id"].partition(":")[2])
    async with product.services.database.begin() as db:
        _, params = await approval.proposed(db, move)
        await approval.approve(db, move=move, params=params, by=user, hold=HOLD, now=product.clock())


async def test_one_persons_dry_run_is_not_anothers(product: Product) -> None:
    card, email = await proposed(product)
    await product.say("dryrun on", user=ORLA)
    assert "No dry run is on for you" in await product.say("dryrun")
    await product.approve(card)
    await everything_leaves(product)
    assert len(await product.mails_to(email)) == 1


async def test_it_holds_for_what_the_person_approves_of_others(product: Product) -> None:
    card, email = await proposed(product)
    await product.say("dryrun on", user=ORLA)
    with pytest.raises(approval.OnlyRehearsed):
        await approved_by(product, card, ORLA)
    assert await state_of(product, card) == "open"

    await product.say("dryrun off", user=ORLA)
    await approved_by(product, card, ORLA)
    await product.say("dryrun on", user=ORLA)
    await everything_leaves(product)
    assert "a dry run is on for who approved it" in str((await product.card("Reply"))["blocks"])
    await product.say("dryrun off", user=ORLA)
    await everything_leaves(product)
    assert len(await product.mails_to(email)) == 1


async def test_of_two_dry_runs_the_other_still_holds(product: Product) -> None:
    card, email = await proposed(product)
    await product.approve(card)
    await product.say("dryrun on")
    await product.say("dryrun workspace on", user=ORLA)
    await everything_leaves(product)
    assert "A dry run is on for the workspace, by <@U0ORLA>" in await product.say("dryrun off")
    await everything_leaves(product)
    assert await product.mails_to(email) == []
    await product.say("dryrun workspace off")
    await everything_leaves(product)
    assert len(await product.mails_to(email)) == 1


async def test_every_switch_is_in_the_audit(product: Product) -> None:
    for said in ("dryrun on", "dryrun workspace on", "dryrun workspace off", "dryrun off"):
        await product.say(said)
    assert "Say `/moves dryrun on`" in await product.say("dryrun maybe")
    async with product.services.database.begin() as db:
        words = select(audit_entries.c.what).where(audit_entries.c.what.like("dry_run%")).order_by(audit_entries.c.seq)
        assert list((await db.execute(words)).scalars()) == ["dry_run_on"] * 2 + ["dry_run_off"] * 2


@pytest.fixture
async def narrow(new_product: NewProduct, clock: HandClock, tmp_path: Path) -> AsyncIterator[Product]:
    """No mail this hour, none on a day like today, and a second person for what is worth more than 50,000."""
    rules = tmp_path / "guardrails.toml"
    another_day = (clock.now.isoweekday() + 2) % 7 + 1
    rules.write_text(
        "[four_eyes]\namount = 50000\n[caps]\nmailbox_per_minute = 0\nmailbox_per_hour = 0\n"
        f'[contact]\nat_any_hour = ["reply"]\nworking_days = [{another_day}]\n'
    )
    async with new_product(guardrails_file=rules) as running:
        yield running


DELAYS = (
    "a second person has to approve it",
    "mails leave 09:00 to 17:00 on working days",
    "0 mails left this mailbox",
)


async def previewed(product: Product, card: dict[str, Any]) -> tuple[str, str]:
    """(what it says would stop it, what it says would only delay it)"""
    stops, _, waits = (await product.preview(card)).partition("*It would only wait*")
    return stops.partition("*It would stop*")[2], waits


async def test_what_would_only_delay_it_is_named_beside_what_would_stop_it(narrow: Product) -> None:
    product = narrow
    card, email = await proposed(product, budget="$60,000")
    stops, waits = await previewed(product, card)
    assert stops == ""
    assert [delay for delay in DELAYS if delay in waits] == list(DELAYS)

    await product.say("pause the fair is over")
    stops, waits = await previewed(product, card)
    assert "everything is paused" in stops
    assert "paused" not in waits
    assert [delay for delay in DELAYS if delay in waits] == list(DELAYS)
    await product.say("resume")

    await product.approve(card)  # it is taken, and waits for all that was named
    await everything_leaves(product)
    assert await state_of(product, card) == "approved"
    assert DELAYS[0] in str((await product.card("Reply"))["blocks"])
    assert await product.mails_to(email) == []


async def test_what_is_worth_little_needs_no_second_person(narrow: Product) -> None:
    card, _ = await proposed(narrow, budget="$40,000")
    _, waits = await previewed(narrow, card)
    assert [delay for delay in DELAYS if delay in waits] == list(DELAYS[1:])
