"""“Never for this person”: asked once more, then nothing leaves to them from anybody, and nothing is proposed."""

from core import person
from tests.support.product import OWNER, Product


async def test_the_move_is_dismissed_other_letters_go_and_nothing_is_proposed_any_more(product: Product) -> None:
    asked = await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    card = await product.card("Ada Berg")
    await product.press("move_more", on=card, option="never")
    view = await product.view()
    assert "Never for Ada Berg?" in str(view["blocks"])
    assert asked["email"] in str(view["blocks"])
    assert (await product.submit(reason="They asked me at the fair"))["acked"]
    await product.settle()
    text = str((await product.card("Ada Berg"))["blocks"])
    assert f"*dismissed* by <@{OWNER}>: Never for this person" in text
    async with product.services.database.begin() as db:
        found = await person.suppression(db, asked["email"])
    assert found is not None
    assert (found.reason, found.evidence) == ("manual", "They asked me at the fair")

    await product.fill_form(name="Ada Berg", email=asked["email"], message="What are the prices?")
    await product.settle()
    assert "must not be written to" in (await product.messages())[-1]["text"]


async def test_who_was_first_is_told_to_whoever_comes_second(product: Product) -> None:
    asked = await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    card = await product.card("Ada Berg")
    await product.press("move_more", on=card, option="never")
    await product.press("move_dismiss", on=card, option="bad_timing")
    await product.submit()
    async with product.services.database.begin() as db:
        assert await person.suppression(db, asked["email"]) is None
    assert f"already dismissed by <@{OWNER}>" in str((await product.view())["blocks"])


async def test_their_other_letters_are_taken_off_the_list_and_calls_stay(product: Product) -> None:
    await product.fill_form(name="Ada Berg", phone="+44 20 7946 0958", message="We want to exhibit.")
    await product.settle()
    await product.press("move_more", on=await product.card("Reply to Ada Berg"), option="never")
    await product.submit()
    await product.settle()
    assert "Call Ada Berg" in await product.say("")
