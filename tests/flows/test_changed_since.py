"""What happens outside between an approval and its sending, or after it: asked about, taken to heart, never ignored."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from core import person
from tests.support.product import HOLD, Product
from tests.support.sandbox import Sandbox

TOMAS = "tomas.reyes@harlowlane.example"
"""Has one open deal in the sandbox's HubSpot."""
AS_IT_WAS = {"contact": TOMAS, "stage": "presentationscheduled"}


@pytest.fixture(autouse=True)
async def the_deal_as_it_was(sandbox: Sandbox) -> AsyncIterator[None]:
    await sandbox.control("POST", "/control/deal", AS_IT_WAS)
    yield
    await sandbox.control("POST", "/control/deal", AS_IT_WAS)


async def sent_mail(product: Product, **fields: str) -> str:
    """The address of somebody to whom a mail has just left."""
    form = await product.fill_form(message="What does a booth cost?", **fields)
    await product.settle()
    await product.approve(await product.card("Reply"))
    await product.settle()
    product.clock.advance(HOLD)
    await product.settle()
    assert len(await product.mails_to(form["email"])) == 1
    email: str = form["email"]
    return email


async def test_a_deal_that_moved_in_the_hold_asks_again_and_shows_the_difference(product: Product) -> None:
    await product.fill_form(name="Tomas Reyes", email=TOMAS, message="What does a booth cost?")
    await product.settle()
    await product.approve(await product.card("Reply"))
    await product.settle()
    await product.sandbox.control("POST", "/control/deal", {"contact": TOMAS, "stage": "contractsent"})
    product.clock.advance(HOLD)
    await product.settle()
    assert await product.mails_to(TOMAS) == []
    card = await product.card("Reply")
    assert "changed since you approved" in str(card["blocks"])
    assert "its stage was presentationscheduled and is contractsent" in str(card["blocks"])

    await product.approve(card)  # told, and approved all the same
    await product.settle()
    product.clock.advance(HOLD)
    await product.settle()
    assert len(await product.mails_to(TOMAS)) == 1


async def test_what_does_not_matter_asks_nobody_again(product: Product) -> None:
    await product.fill_form(name="Tomas Reyes", email=TOMAS, message="What does a booth cost?")
    await product.settle()
    await product.approve(await product.card("Reply"))
    await product.settle()
    await product.sandbox.control("POST", "/control/deal", {"contact": TOMAS, "amount": "48001"})
    product.clock.advance(HOLD)
    await product.settle()
    assert len(await product.mails_to(TOMAS)) == 1
    await product.sandbox.control("POST", "/control/deal", {"contact": TOMAS, "amount": "48000"})


@pytest.mark.parametrize(
    ("said", "left_alone"),
    [("Please take me off your list.", True), ("Yes, send me the plan.", False)],
)
async def test_who_asks_for_no_more_mail_gets_none_from_then_on(product: Product, said: str, left_alone: bool) -> None:
    email = await sent_mail(product)
    await product.sandbox.control("POST", "/control/reply", {"to": email, "text": said})
    await product.read_mailbox()
    assert any("nothing leaves to them any more" in note for note in await product.notes()) is left_alone
    async with product.services.database.begin() as db:
        found = await person.suppression(db, email)
    assert (found is not None) is left_alone
    if found is not None:
        assert found.reason == "opt_out"
        assert said in found.evidence


@pytest.mark.parametrize(("kind", "suppressed"), [("hard", True), ("soft", False), ("policy", False)])
async def test_a_bounce_is_told_and_a_dead_address_gets_no_more(product: Product, kind: str, suppressed: bool) -> None:
    email = await sent_mail(product)
    await product.sandbox.control("POST", "/control/bounce", {"to": email, "kind": kind})
    await product.read_mailbox()
    [note] = [note for note in await product.notes() if "came back" in note]
    assert email in note
    assert ("Nothing leaves to this address any more" in note) is suppressed
    async with product.services.database.begin() as db:
        found = await person.suppression(db, email)
    assert (found is not None) is suppressed


async def test_what_is_worth_much_waits_for_a_second_person(guarded: Product) -> None:
    product = guarded
    form = await product.fill_form(message="What does a booth cost?", budget="$60,000")
    await product.settle()
    card = await product.card("Reply")
    move = card["blocks"][0]["block_id"].partition(":")[2]
    await product.approve(card)
    product.clock.advance(HOLD)
    await product.settle()
    product.clock.advance(timedelta(days=3))  # waiting denies nothing
    await product.settle()
    assert "a second person has to approve it" in str((await product.card("Reply"))["blocks"])
    assert await product.mails_to(form["email"]) == []
    assert "you approved it yourself" in await product.say(f"second {move}")

    assert "goes on" in await product.say(f"second {move}", user="U0ORLA")
    for _ in range(3):
        await product.settle()
        product.clock.advance(HOLD)
    assert len(await product.mails_to(form["email"])) == 1
    assert "nothing of this move waits" in await product.say(f"second {move}", user="U0ORLA")
