"""Messages outlive upgrades: a button that this release does not know says what to do, and none is dead."""

from typing import Any

import httpx
import pytest

from bot import ids
from tests.support.product import DM, OWNER, Product

SAYS = "this is of another release; /moves shows your moves as they are now"


def menu(action_id: str, option: str) -> dict[str, Any]:
    options = [{"text": {"type": "plain_text", "text": option}, "value": option}]
    return {"type": "static_select", "action_id": action_id, "options": options}


OLD_BUTTON = {"type": "button", "action_id": "move_of_old", "text": {"type": "plain_text", "text": "Old"}, "value": "x"}


async def slack(product: Product, method: str, **body: Any) -> dict[str, Any]:
    """A call as an earlier release of ours made it."""
    async with httpx.AsyncClient(headers={"Authorization": "Bearer xoxb-sandbox"}) as http:
        answer: dict[str, Any] = (await http.post(f"{product.sandbox.slack_url}{method}", json=body)).json()
    assert answer["ok"], answer
    return answer


async def old_message(product: Product, element: dict[str, Any], move: str) -> dict[str, Any]:
    blocks = [{"type": "actions", "block_id": f"act:{move}", "elements": [element]}]
    posted = await slack(product, "chat.postMessage", channel=DM, text="An old card", blocks=blocks)
    return {"ts": posted["ts"]}


async def whispers(product: Product) -> list[str]:
    await product.settle()
    told = await product.ledger(service="slack", method="ephemeral_posted")
    return [entry["data"]["message"]["text"] for entry in told]


@pytest.mark.parametrize(
    ("element", "option"),
    [
        (OLD_BUTTON, None),
        (menu(ids.SNOOZE, "next_year"), "next_year"),
        (menu(ids.DISMISS, "dull"), "dull"),
        (menu(ids.MORE, "sing"), "sing"),
    ],
)
async def test_what_is_not_known_here_is_answered_and_decides_nothing(
    product: Product, element: dict[str, Any], option: str | None
) -> None:
    await product.fill_form(message="What does a booth cost?")
    await product.settle()
    card = await product.card("Reply")
    old = await old_message(product, element, card["blocks"][0]["block_id"].partition(":")[2])
    pressed = await product.press(element["action_id"], on=old, **({"option": option} if option else {}))
    assert (pressed["acked"], pressed["error"]) == (True, None)
    assert [SAYS in one for one in await whispers(product)] == [True]
    assert "waits for your decision" in (await product.card("Reply"))["text"]


async def test_an_old_home_is_drawn_anew(product: Product) -> None:
    await product.sandbox.control("POST", "/control/open_home", {"user": OWNER})
    await product.settle()
    old = {"type": "home", "blocks": [{"type": "actions", "elements": [OLD_BUTTON]}]}
    await slack(product, "views.publish", user_id=OWNER, view=old)
    pressed = await product.sandbox.control(
        "POST", "/control/press", {"user": OWNER, "home": True, "action_id": "move_of_old"}
    )
    assert (pressed["acked"], pressed["error"]) == (True, None)
    await product.settle()
    home = (await product.sandbox.control("GET", f"/control/slack?user={OWNER}"))["home"]
    assert "move_of_old" not in str(home)
