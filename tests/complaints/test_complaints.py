"""What people complain of most in apps for Slack, each as a test; `test_planted.py` shows that every one can fail."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.support.product import HOLD, OWNER, Product, is_card

MOST_CONTROLS = 3
MOST_IN_A_MENU = 5
Choice = tuple[str, str | None]


def controls(block: dict[str, Any]) -> list[dict[str, Any]]:
    """What can be pressed on a block, its menu of three dots left out."""
    return [one for one in block.get("elements", []) if "action_id" in one]


def offered(message: dict[str, Any]) -> Iterator[Choice]:
    """Every action of a message, with the option where it takes one."""
    for block in message["blocks"]:
        for one in [*controls(block), *filter(None, [block.get("accessory")])]:
            for option in one.get("options", [None]):
                yield one["action_id"], option and option["value"]


async def new_card(product: Product, **fields: str) -> dict[str, Any]:
    await product.fill_form(**{"message": "What does a booth cost?", **fields})
    await product.settle()
    return await product.card("Reply")


async def as_it_is(product: Product, card: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in await product.messages() if one["ts"] == card["ts"])


async def views(product: Product) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = (await product.sandbox.control("GET", f"/control/slack?user={OWNER}"))["views"]
    return seen


async def test_no_button_is_dead(product: Product) -> None:
    choices = list(offered(await new_card(product)))
    assert {action for action, _ in choices} == {"move_execute", "move_snooze", "move_dismiss", "move_more"}
    for number, (action, option) in enumerate(choices):
        card = await new_card(product, name=f"Person {number}")
        await _something_happens(product, card, action, option)
    held = await new_card(product, name="Held Person")
    await product.approve(held)
    await product.settle()
    [(undo, _)] = [one for one in offered(await as_it_is(product, held)) if one[0] != "move_more"]
    await _something_happens(product, held, undo, None)


async def _something_happens(product: Product, card: dict[str, Any], action: str, option: str | None) -> None:
    """It is acknowledged, and then a form opens before the person or the card says something else."""
    before, opened = await as_it_is(product, card), len(await views(product))
    answer = await product.press(action, on=card, **({} if option is None else {"option": option}))
    assert (answer["acked"], answer["error"]) == (True, None), (action, option)
    await product.settle()
    shown = await views(product)
    assert len(shown) > opened or (await as_it_is(product, card))["blocks"] != before["blocks"], (action, option)
    for view in reversed(shown):
        await product.sandbox.control("POST", "/control/close", {"user": OWNER, "view_id": view["id"]})


async def test_a_card_says_done_only_once_it_is(product: Product) -> None:
    form = await product.fill_form(message="What does a booth cost?")
    await product.settle()
    card = await product.card("Reply")
    await product.approve(card)
    await product.settle()
    said = [str((await as_it_is(product, card))["blocks"][2:])]  # below the line of numbers
    fault = {"service": "gmail", "kind": "unavailable", "times": 1000}
    await product.sandbox.control("POST", "/control/fault", fault)
    for _ in range(3):
        product.clock.advance(HOLD)
        await product.settle()
        said.append(str((await as_it_is(product, card))["blocks"][2:]))
    assert ["held" in one or "waiting" in one for one in said] == [True] * 4, said
    assert not any("done" in one for one in said), said
    assert await product.mails_to(form["email"]) == []
    await product.sandbox.control("DELETE", "/control/fault")
    for _ in range(20):
        product.clock.advance(HOLD)
        await product.settle()
    assert len(await product.mails_to(form["email"])) == 1
    assert "*done*" in str((await as_it_is(product, card))["blocks"])


async def _whole_life(product: Product) -> dict[str, Any]:
    """From a form to the answer to our answer; the last line of the ledger before anybody pressed anything."""
    form = await product.fill_form(message="What does a booth cost?")
    await product.settle()
    before = (await product.ledger())[-1]["n"]
    await product.approve(await product.card("Reply"))
    for _ in range(4):
        await product.settle()
        product.clock.advance(HOLD)
    await product.sandbox.control("POST", "/control/reply", {"to": form["email"], "text": "Tuesday would suit me."})
    await product.read_mailbox()
    return {"before": before, **form}


async def test_a_thread_is_told_what_the_person_could_not_know_and_nothing_else(product: Product) -> None:
    await _whole_life(product)
    notes = await product.notes()
    assert ["replied" in note for note in notes] == [True], notes
    cards = [one for one in await product.messages() if is_card(one)]
    assert len(cards) == 1, [one["text"] for one in cards]


async def test_nobody_is_pinged_about_their_own_click(product: Product) -> None:
    life = await _whole_life(product)
    posted = await product.ledger(service="slack", method="message_posted")
    since = [entry["data"]["message"] for entry in posted if entry["n"] > life["before"]]
    assert since, "something was said"
    for message in since:
        assert f"<@{OWNER}>" not in str(message), message


async def test_a_card_is_no_wall_of_buttons(product: Product) -> None:
    for number in range(10):
        await new_card(product, name=f"Person {number}")
    for message in await product.messages():
        for block in message["blocks"]:
            assert len(controls(block)) <= MOST_CONTROLS
            assert len(block.get("accessory", {}).get("options", [])) <= MOST_IN_A_MENU
        assert len([one for block in message["blocks"] for one in controls(block)]) <= MOST_CONTROLS


async def test_waiting_is_no_refusal(guarded: Product) -> None:
    """What a second person has to approve waits for them: a week later their word is as good."""
    product = guarded
    form = await product.fill_form(message="What does a booth cost?", budget="$60,000")
    await product.settle()
    card = await product.card("Reply")
    move = card["blocks"][0]["block_id"].partition(":")[2]
    await product.approve(card)
    for _ in range(8):
        product.clock.advance(timedelta(days=1))
        await product.settle()
        assert "a second person has to approve it" in str((await as_it_is(product, card))["blocks"])
    assert "goes on" in await product.say(f"second {move}", user="U0ORLA")
    for _ in range(3):
        await product.settle()
        product.clock.advance(HOLD)
    assert len(await product.mails_to(form["email"])) == 1
