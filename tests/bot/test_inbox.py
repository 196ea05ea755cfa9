"""A delivery that comes twice is taken once: the second changes nothing and bothers nobody."""

from datetime import timedelta

import pytest

from core import inbox
from tests.support.product import Product


async def twice(product: Product) -> None:
    await product.sandbox.control("POST", "/control/fault", {"service": "slack", "kind": "deliver_twice"})


async def whispers(product: Product) -> list[str]:
    return [entry["data"]["message"]["text"] for entry in await product.ledger(method="ephemeral_posted")]


@pytest.mark.parametrize(
    ("action", "option"), [("move_snooze", "two_hours"), ("move_dismiss", "not_relevant"), ("move_undo", None)]
)
async def test_a_press_that_is_delivered_twice_is_taken_once(product: Product, action: str, option: str | None) -> None:
    await product.fill_form(message="A booth?")
    await product.settle()
    if action == "move_undo":
        await product.approve(await product.card("Reply"))
        await product.settle()
    await twice(product)
    more = {"option": option} if option else {}
    answer = await product.press(action, on=await product.card("Reply"), **more)
    await product.settle()
    assert answer["error"] is None
    assert await whispers(product) == []


async def test_a_second_press_is_a_new_one_and_is_told_who_was_first(product: Product) -> None:
    await product.fill_form(message="A booth?")
    await product.settle()
    card = await product.card("Reply")
    await product.press("move_dismiss", on=card, option="not_relevant")
    await product.press("move_dismiss", on=card, option="not_relevant", user="U0CASEY")
    await product.settle()
    [told] = await whispers(product)
    assert "already dismissed by" in told


async def test_a_command_that_is_delivered_twice_takes_back_one_thing(product: Product) -> None:
    for number in range(3):
        await product.fill_form(name=f"Jonas {number}", phone=f"+46 8 5550 01{number}2", message="Hello.")
        await product.settle()
        await product.approve(await product.card(f"Call Jonas {number}"))
        await product.settle()
        product.clock.advance(timedelta(seconds=1))
    await twice(product)
    await product.say("undo 1")
    await product.settle()
    deleted = await product.ledger(service="hubspot", method="task_deleted")
    assert len(deleted) == 1


async def test_what_is_old_is_forgotten(product: Product) -> None:
    here = product.services.workspace
    async with product.services.database.begin() as db:
        assert await inbox.take(db, "press:1", workspace=here, now=product.clock.now)
        assert not await inbox.take(db, "press:1", workspace=here, now=product.clock.now)
        await inbox.forget_old(db, product.clock.now + inbox.KEPT_FOR)
        assert not await inbox.take(db, "press:1", workspace=here, now=product.clock.now)
        await inbox.forget_old(db, product.clock.now + inbox.KEPT_FOR + timedelta(seconds=1))
        assert await inbox.take(db, "press:1", workspace=here, now=product.clock.now)
