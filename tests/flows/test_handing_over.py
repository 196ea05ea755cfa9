"""Hand over: the move is somebody else's, with a card in their channel; the old card and the list say whose it is."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core import digests, workspace
from core.ports import Posted
from core.tables import effects
from tests.support.product import OWNER, Product

ORLA = "U0ORLA"


async def handed(product: Product, card: dict[str, Any], *, to: str = ORLA, user: str = OWNER, why: str = "") -> Any:
    await product.press("move_more", on=card, option="hand_over", user=user)
    view = (await product.view(user))["id"]
    values = {"whom": {"input": to}, "reason": {"input": why}}
    answer = await product.sandbox.control("POST", "/control/submit", {"user": user, "view_id": view, "values": values})
    await product.settle()
    return answer


async def test_the_move_is_theirs_with_a_card_and_a_word_and_the_old_card_says_so(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    old = await product.card("Ada Berg")
    await handed(product, old, why="She is in your region")
    [mine] = await product.messages()
    assert mine["ts"] == old["ts"]
    assert mine["text"] == "*Reply to Ada Berg*\nhanded over to <@U0ORLA>"
    assert not any(block["type"] == "actions" for block in mine["blocks"])
    [theirs] = await product.messages(ORLA)
    assert theirs["text"].startswith("Reply to Ada Berg (")
    product.clock.advance(timedelta(seconds=2))  # the word waits for the card in whose thread it stands
    await product.settle()
    assert await product.notes() == ["<@U0CASEY> handed this over to you: “She is in your region”"]
    assert "Ada Berg" not in await product.say("")
    assert "Ada Berg" in await product.say("", user=ORLA)

    await product.press("move_dismiss", on={**theirs}, user=ORLA, option="bad_timing", channel="D0ORLA")
    await product.settle()
    assert "dismissed" in (await product.messages(ORLA))[0]["text"]
    assert (await product.messages())[0]["text"] == mine["text"]


async def test_only_what_is_ones_own_and_undecided_is_handed_over(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    card = await product.card("Ada Berg")
    answer = await handed(product, card, to=OWNER)
    assert answer["response"]["errors"] == {"whom": "it is yours already"}
    await product.sandbox.control("POST", "/control/close", {"user": OWNER, "view_id": (await product.view())["id"]})
    await product.press("move_more", on=card, option="hand_over")
    view = (await product.view())["id"]
    await product.press("move_dismiss", on=card, option="bad_timing")
    values = {"whom": {"input": ORLA}}
    answer = await product.sandbox.control(
        "POST", "/control/submit", {"user": OWNER, "view_id": view, "values": values}
    )
    assert f"already dismissed by <@{OWNER}>" in str(answer["response"])
    assert await product.messages(ORLA) == []


async def test_it_can_be_handed_back_and_each_time_there_is_one_card(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    await handed(product, await product.card("Ada Berg"))
    [theirs] = await product.messages(ORLA)
    await product.press("move_more", on=theirs, user=ORLA, option="hand_over", channel="D0ORLA")
    view = (await product.view(ORLA))["id"]
    values = {"whom": {"input": OWNER}}
    await product.sandbox.control("POST", "/control/submit", {"user": ORLA, "view_id": view, "values": values})
    await product.settle()
    old, new = await product.messages()
    assert "handed over" in old["text"]
    assert "waits for your decision" in new["text"]
    assert "handed over to <@U0CASEY>" in (await product.messages(ORLA))[0]["text"]


async def test_a_list_that_showed_it_says_whose_it_is_now(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    now = product.clock.now
    async with product.services.database.begin() as db:
        here = product.services.workspace
        await workspace.ensure_member(db, workspace=here, user=OWNER, name="Casey Morgan", zone="UTC", now=now)
        await digests.make(db, workspace_id=here, owner=OWNER, day=now.date(), now=now)
    await product.settle()
    await handed(product, await product.card("Ada Berg"))
    message = (await product.messages())[-1]
    assert "*handed over* to <@U0ORLA>" in str(message["blocks"])
    assert not any(block["type"] == "actions" for block in message["blocks"])


async def test_a_bot_or_nobody_gets_nothing(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    card = await product.card("Ada Berg")
    answer = await handed(product, card, to="U0BOT")
    assert answer["response"]["errors"] == {"whom": "this is a bot; nothing was done"}
    assert "waits for your decision" in (await product.card("Ada Berg"))["text"]


async def test_an_old_card_that_is_gone_ends_the_telling(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    card = await product.card("Ada Berg")
    await product.press("move_more", on=card, option="hand_over")
    view = (await product.view())["id"]
    await product.services.ports.messenger.delete_post(Posted("D0CASEY", card["ts"]))
    values = {"whom": {"input": ORLA}}
    await product.sandbox.control("POST", "/control/submit", {"user": OWNER, "view_id": view, "values": values})
    await product.settle()
    async with product.services.database.begin() as db:
        states = select(effects.c.state).where(effects.c.action == "replace_card")
        assert (await db.execute(states)).scalars().all() == ["applied"]
    assert len(await product.messages(ORLA)) == 1


async def test_two_deliveries_at_once_hand_it_over_once(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    await product.press("move_more", on=await product.card("Ada Berg"), option="hand_over")
    view = (await product.view())["id"]
    body = {"user": OWNER, "view_id": view, "values": {"whom": {"input": ORLA}}, "times": 3}
    await product.sandbox.control("POST", "/control/submit", body)
    await product.settle()
    assert len(await product.messages(ORLA)) == 1
