"""App Home: what waits, what is under way, what was done and came back; kept up while it is looked at; and the settings."""

from datetime import timedelta
from typing import Any

from core import homes, workspace
from tests.support.product import OWNER, Product

STRANGER = "U0SAM"


async def opened(product: Product, user: str = OWNER) -> None:
    await product.sandbox.control("POST", "/control/open_home", {"user": user})
    await product.settle()


async def soon(product: Product) -> None:
    """What changes at the instant at which it was drawn is seen when it is looked at again."""
    for _ in range(2):
        product.clock.advance(timedelta(seconds=1))
        await product.settle()


async def home(product: Product, user: str = OWNER) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = (await product.sandbox.control("GET", f"/control/slack?user={user}"))["home"][
        "blocks"
    ]
    return blocks


async def said(product: Product, user: str = OWNER) -> str:
    found = []
    for block in await home(product, user):
        for part in (block, block.get("accessory", {}), *block.get("elements", [])):
            text = part.get("text")
            found += [text["text"] if isinstance(text, dict) else text] if text else []
    return "\n".join(found)


async def press(product: Product, action_id: str, *, user: str = OWNER, **more: Any) -> None:
    body = {"user": user, "home": True, "action_id": action_id, **more}
    await product.sandbox.control("POST", "/control/press", body)
    await product.settle()


def rows(blocks: list[dict[str, Any]]) -> list[str]:
    return [b["text"]["text"].split("\n")[0] for b in blocks if str(b.get("block_id", "")).startswith("move:")]


async def test_it_shows_what_waits_and_changes_while_it_is_looked_at(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    await opened(product)
    [row] = rows(await home(product))
    assert row.startswith("*1  Reply to Ada Berg*   `")
    await product.fill_form(name="Bo Lund", message="What are the prices?")
    await soon(product)
    assert len(rows(await home(product))) == 2
    [ada] = [b["block_id"] for b in await home(product) if "Ada Berg" in str(b.get("text", ""))]
    product.clock.advance(timedelta(seconds=1))
    await press(product, "move_snooze", block_id=ada.replace("move:", "act:"), option="tomorrow")
    assert len(rows(await home(product))) == 1
    text = await said(product)
    assert "Today (1)" in text
    assert "Snoozed (1)" in text
    assert "snoozed" in (await product.card("Ada Berg"))["text"]
    await press(product, "home_snoozed")
    assert "*snoozed* until" in await said(product)


async def test_what_is_under_way_is_told_apart_and_what_came_back_is_listed(product: Product) -> None:
    asked = await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    await opened(product)
    assert "Nothing is under way." not in await said(product)
    await press(product, "home_under_way")
    assert "Nothing is under way." in await said(product)
    product.clock.advance(timedelta(seconds=1))
    await product.approve(await product.card("Ada Berg"))
    await product.settle()
    text = await said(product)
    assert "1 held" in text
    assert "*held*: leaves" in text
    product.clock.advance(timedelta(minutes=1))
    await product.settle()
    await soon(product)
    assert "Nothing is under way." in await said(product)
    await press(product, "home_done")
    assert "*done*: sent" in await said(product)
    await product.sandbox.control("POST", "/control/reply", {"to": asked["email"], "text": "Yes, please."})
    await product.read_mailbox()
    await press(product, "home_outcomes")
    text = await said(product)
    assert "*Reply to Ada Berg*\nthey replied" in text


async def test_pages_stay_within_slacks_limits_and_lead_there_and_back(product: Product) -> None:
    for number in range(23):
        await product.fill_form(name=f"Person {number:02}", message="We want to exhibit.")
    await product.settle()
    await opened(product)
    seen = rows(await home(product))
    assert len(seen) == 10
    for _ in range(2):
        await press(product, "home_older")
        seen += rows(await home(product))
    assert [one.split()[0] for one in seen] == [f"*{n}" for n in range(1, 24)]
    assert len({one.split("Person ")[1] for one in seen}) == 23
    assert "More" not in (await said(product)).split("\n")
    await press(product, "home_newer")
    assert rows(await home(product)) == seen[10:20]
    for number, card in enumerate(await product.messages()):
        await product.press("move_snooze", on=card, option="tomorrow" if number % 2 else "next_week")
    await press(product, "home_snoozed")
    older = rows(await home(product))
    for _ in range(2):
        await press(product, "home_older")
        older += rows(await home(product))
    assert len({one.split("Person ")[1] for one in older}) == 23


async def test_a_member_chooses_when_their_list_comes_and_wrong_regions_are_named(product: Product) -> None:
    await opened(product)
    await press(product, "home_settings")
    text = await said(product)
    assert "never by itself; as the workspace has it" in text
    assert "*Kill switch*\nThings leave as approved." in text
    assert "*Guardrails*" in text
    await press(product, "home_digest")
    view = (await product.view())["id"]
    chosen = {
        "digest_at": {"input": "07:15"},
        "digest_days": {"input": ["1", "2", "4"]},
        "digest_holidays": {"input": "Narnia"},
    }
    body = {"user": OWNER, "view_id": view, "values": chosen}
    answer = await product.sandbox.control("POST", "/control/submit", body)
    assert "no public holidays are known for 'NARNIA'" in answer["response"]["errors"]["digest_holidays"]
    chosen["digest_holidays"] = {"input": "bank"}  # a name within the package, and no country
    answer = await product.sandbox.control("POST", "/control/submit", body)
    assert "no public holidays are known for 'BANK'" in answer["response"]["errors"]["digest_holidays"]
    chosen["digest_holidays"] = {"input": "gb"}
    answer = await product.sandbox.control("POST", "/control/submit", body)
    assert answer["acked"]
    await product.settle()
    assert "at 07:15, Monday, Tuesday, Thursday, but for the public holidays of GB; your own choice" in await said(
        product
    )


async def test_dry_run_and_kill_switch_are_turned_here(product: Product) -> None:
    await opened(product)
    await press(product, "home_settings")
    await press(product, "home_dry_run_on")
    assert "A dry run is on for you" in await said(product)
    await press(product, "home_dry_run_off")
    assert "Execute does what it says." in await said(product)
    await press(product, "home_pause")
    assert "*Nothing leaves*: Paused by <@U0CASEY>" in await said(product)
    await press(product, "home_resume")
    assert "*Nothing leaves*" not in await said(product)


async def test_whoever_opens_it_becomes_known_with_their_time_zone(product: Product) -> None:
    await opened(product, STRANGER)
    assert "Nothing is worth your time right now." in await said(product, STRANGER)
    async with product.services.database.begin() as db:
        member = await workspace.member(db, STRANGER)
    assert member.known
    assert member.zone != "UTC"


async def test_a_home_that_nobody_looks_at_any_more_is_left_alone(product: Product) -> None:
    for name in ("Ada Berg", "Bo Lund"):
        await product.fill_form(name=name, message="We want to exhibit.")
    await product.settle()
    await opened(product)
    product.clock.advance(homes.KEPT_UP_FOR + timedelta(seconds=1))
    await product.press("move_dismiss", on=await product.card("Ada Berg"), option="bad_timing")
    await product.settle()
    assert len(rows(await home(product))) == 2
    await opened(product)
    assert len(rows(await home(product))) == 1
