"""The story of the product, end to end: a form, a card, an edited mail, a hold, a reply, an outcome, a changed score."""

from datetime import timedelta

from tests.support.product import HOLD, Product

MESSAGE = "We would like to exhibit on 14 January. What are the prices?"


async def test_from_a_form_to_an_outcome(product: Product) -> None:
    form = await product.fill_form(company="Northpier Freight", message=MESSAGE)
    await product.settle()
    card = await product.card()
    assert "Reply to Dana Whitfield, Northpier Freight" in card["blocks"][0]["text"]["text"]

    assert (await product.approve(card, subject="Your stand in January"))["error"] is None
    await product.settle()
    assert "held: leaves" in (await product.card())["text"]
    assert await product.mails_to(form["email"]) == []

    product.clock.advance(HOLD)
    await product.settle()
    [mail] = await product.mails_to(form["email"])
    assert mail["subject"] == "Your stand in January"
    assert "done: sent" in (await product.card())["text"]

    await product.sandbox.control("POST", "/control/reply", {"to": form["email"], "text": "Yes, send me the plan."})
    await product.read_mailbox()
    assert "outcome: they replied" in (await product.card())["text"]
    [note] = await product.notes()
    assert "Yes, send me the plan." in note
    assert "1 of 1 answered" in note


async def test_undo_within_the_hold_deletes_the_draft_and_sends_nothing(product: Product) -> None:
    form = await product.fill_form(message=MESSAGE)
    await product.settle()
    await product.approve(await product.card())
    await product.settle()
    assert [e["method"] for e in await product.ledger(service="gmail", kind="effect")] == ["draft_created"]

    await product.press("move_undo", on=await product.card())
    product.clock.advance(timedelta(hours=1))
    await product.settle()

    assert await product.mails_to(form["email"]) == []
    assert [e["method"] for e in await product.ledger(service="gmail", kind="effect")] == [
        "draft_created",
        "draft_deleted",
    ]
    assert "open again" in (await product.card())["blocks"][-2]["elements"][0]["text"]
