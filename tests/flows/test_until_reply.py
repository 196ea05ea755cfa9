"""Snooze, until they reply: the move is back as soon as its person answers, and two weeks later at the latest."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.product import HOLD, Product


async def written_to(product: Product, name: str) -> str:
    """Somebody to whom a mail of ours has gone; their address."""
    form = await product.fill_form(name=name, message="What does a booth cost?")
    await product.settle()
    await product.approve(await product.card(name))
    for _ in range(3):
        await product.settle()
        product.clock.advance(HOLD)
    assert len(await product.mails_to(form["email"])) == 1
    return str(form["email"])


async def a_call(product: Product, name: str, email: str) -> dict[str, Any]:
    """The card of a task about the same person."""
    await product.fill_form(name=name, email=email, message="Here is my number.", phone="+44 20 7946 0958")
    await product.settle()
    return await product.card("Call")


async def answers(product: Product, email: str, text: str) -> None:
    await product.sandbox.control("POST", "/control/reply", {"to": email, "text": text})
    await product.read_mailbox()


def state_of(card: dict[str, Any]) -> str:
    return str(card["text"]).partition(": ")[2]


async def as_it_is(product: Product, card: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in await product.messages() if one["ts"] == card["ts"])


async def test_it_waits_says_for_what_and_comes_back_with_the_reply(product: Product) -> None:
    email = await written_to(product, "Ada Berg")
    card = await a_call(product, "Ada Berg", email)
    await product.press("move_snooze", on=card, option="until_reply")
    await product.settle()
    said = state_of(await as_it_is(product, card))
    assert said.startswith("snoozed until they reply, ")
    assert "at the latest" in said
    product.clock.advance(timedelta(days=3))
    await product.settle()
    assert state_of(await as_it_is(product, card)) == said

    await answers(product, email, "Thanks, got it. Call me on Tuesday.")
    assert state_of(await as_it_is(product, card)) == "waits for your decision"


async def test_without_a_reply_it_comes_back_after_two_weeks(product: Product) -> None:
    card = await a_call(product, "Bo Lund", await written_to(product, "Bo Lund"))
    await product.press("move_snooze", on=card, option="until_reply")
    product.clock.advance(timedelta(days=14) - timedelta(minutes=1))
    await product.settle()
    assert state_of(await as_it_is(product, card)).startswith("snoozed")
    product.clock.advance(timedelta(minutes=1))
    await product.settle()
    assert state_of(await as_it_is(product, card)) == "waits for your decision"


async def test_another_snooze_forgets_the_reply(product: Product) -> None:
    email = await written_to(product, "Cy Holm")
    card = await a_call(product, "Cy Holm", email)
    await product.press("move_snooze", on=card, option="until_reply")
    await product.settle()
    await product.press("move_snooze", on=card, option="next_week")
    await answers(product, email, "Thanks, got it.")
    assert state_of(await as_it_is(product, card)).startswith("snoozed until Mon")


@pytest.mark.parametrize(
    ("answer", "stands"), [("Tuesday would suit me.", "waits"), ("Please remove me from your list.", "retired")]
)
async def test_a_letter_that_waits_for_a_reply_is_kept_unless_they_want_none(
    product: Product, answer: str, stands: str
) -> None:
    """Other letters are taken off the list by an answer; of this one somebody said that the answer brings it back."""
    email = await written_to(product, "Dee Moss")
    await product.fill_form(name="Dee Moss", email=email, message="And what does the corner booth cost?")
    await product.settle()
    card = await product.card("Dee Moss")
    assert state_of(card) == "waits for your decision"
    await product.press("move_snooze", on=card, option="until_reply")
    await product.settle()
    await answers(product, email, answer)
    assert state_of(await as_it_is(product, card)).startswith(stands)


async def test_by_words(product: Product) -> None:
    email = await written_to(product, "Eli Vance")
    card = await a_call(product, "Eli Vance", email)
    assert "is put off until they reply, " in await product.say("snooze 1 reply")
    assert "put off until they reply, " in await product.say("all")
    await answers(product, email, "Good.")
    assert state_of(await as_it_is(product, card)) == "waits for your decision"
