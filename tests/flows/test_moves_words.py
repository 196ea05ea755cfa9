"""The words of `/moves` about a person's own list: today, all, find, snooze; and what it says to a word it does not know."""

import re
from pathlib import Path

from bot.handlers.moves import HELP
from tests.support.product import OWNER, Product

PAGE = Path(__file__).resolve().parents[2] / "integrations/sandbox/page/composer.js"


async def three(product: Product) -> list[str]:
    names = ["Ada Berg", "Bo Lund", "Cy Holm"]
    for name in names:
        await product.fill_form(name=name, company="Tidewater 100% Ltd", message="We want to exhibit.")
    await product.settle()
    return names


async def test_today_and_nothing_say_the_same(product: Product) -> None:
    assert await product.say("today") == "Nothing is worth your time right now. Enjoy it."
    names = await three(product)
    said = await product.say("today")
    assert said == await product.say("") == await product.say("list")
    assert all(name in said for name in names)


async def test_the_sandbox_hints_at_every_word_that_help_explains_and_at_no_other(product: Product) -> None:
    hinted = set(re.findall(r'"/moves ([a-z-]+) ?"', PAGE.read_text(encoding="utf-8")))
    explained = set(re.findall(r"/moves ([a-z-]+)", HELP)) | {"today", "opt-out"}
    assert hinted == explained
    for word in hinted - {"pause"}:
        assert not (await product.say(word)).startswith("I know no"), word


async def test_all_lists_what_is_open_under_way_and_put_off_and_nothing_that_is_over(product: Product) -> None:
    await three(product)
    await product.press("move_snooze", on=await product.card("Ada"), option="tomorrow")
    await product.approve(await product.card("Bo"))
    await product.settle()
    lines = (await product.say("all")).split("\n")
    assert [line.split("*")[1] for line in lines] == [
        f"Reply to {name}, Tidewater 100% Ltd" for name in ("Cy Holm", "Bo Lund", "Ada Berg")
    ]
    assert lines[0].endswith("waits for you")
    assert lines[1].endswith("under way")
    assert "put off until" in lines[2]
    await product.press("move_dismiss", on=await product.card("Cy"), option="bad_timing")
    assert "Cy Holm" not in await product.say("all")


async def test_find_finds_by_name_company_and_address_and_takes_no_word_for_a_pattern(product: Product) -> None:
    await three(product)
    asked = await product.fill_form(name="Dee Lark", message="We want to speak.")
    await product.settle()
    for words in ("ada", "Berg"):
        found = await product.say(f"find {words}")
        assert "Ada Berg" in found
        assert "Bo Lund" not in found
    assert (await product.say("find 100%")).count("Tidewater") == 3
    assert "Dee Lark" in await product.say(f"find {asked['email']}")
    for nothing in ("%", "_____", "100_", "<!channel>"):
        if nothing != "%":
            assert await product.say(f"find {nothing}") == f"None of your moves is about “{_dead(nothing)}”."
    assert "None of your moves" in await product.say("find Ada Berg", user="U0ORLA")
    assert await product.say("find") == "Say whom or what: `/moves find Northpier`."


def _dead(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


async def test_snooze_puts_off_by_number_or_id_for_its_owner_alone(product: Product) -> None:
    await three(product)
    first = (await product.say("")).split("*")[1]
    assert "is put off until" in await product.say("snooze 1 2h")
    assert first not in await product.say("")
    card = await product.card(first)
    await product.settle()
    assert "snoozed" in (await product.card(first))["text"]
    move = next(b["block_id"].partition(":")[2] for b in card["blocks"] if b["block_id"].startswith("move:"))
    assert "put off" in await product.say(f"snooze {move[:18]} next week")
    assert "There is no move" in await product.say(f"snooze {move} tomorrow", user="U0ORLA")
    assert "in your list of 2" in await product.say("snooze 9 tomorrow")
    for odd in ("snooze", "snooze 1", "snooze 1 someday"):
        assert (await product.say(odd)).startswith("Say until when")
    await product.press("move_dismiss", on=card, option="bad_timing")
    assert await product.say(f"snooze {move} tomorrow") == f"Nothing to do: already dismissed by <@{OWNER}>."


async def test_a_word_that_is_nearly_one_is_guessed_and_any_other_gets_the_help(product: Product) -> None:
    assert await product.say("guardrail") == "I know no `/moves guardrail`. Did you mean `/moves guardrails`?"
    assert "*/moves help*" in await product.say("xyzzy")
