"""Today's Moves: once for each owner and date, kept up in place, pressed like the cards; quiet where nothing is worth doing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from bot.worker import Worker
from core import digest_updates, digests, queue, workspace
from core.tables import effects, members, moves
from tests.conftest import NewProduct
from tests.support.product import OWNER, Product

ZONE = ZoneInfo("Europe/Berlin")
AT = time(7, 30)


@asynccontextmanager
async def in_berlin(new_product: NewProduct, **settings: Any) -> AsyncIterator[Product]:
    """The product of an owner whose list comes at half past seven in Berlin; the first one tomorrow, whenever this runs."""
    async with new_product(digest_at=AT, **settings) as product:
        here, now = product.services.workspace, product.clock.now
        async with product.services.database.begin() as db:
            await workspace.ensure_member(db, workspace=here, user=OWNER, name="Casey Morgan", zone=ZONE.key, now=now)
        yield product


@pytest.fixture
async def daily(new_product: NewProduct) -> AsyncIterator[Product]:
    async with in_berlin(new_product) as product:
        yield product


@pytest.fixture
async def with_holidays(new_product: NewProduct) -> AsyncIterator[Product]:
    """Where Berlin's public holidays are days off: not for stories that begin on any day."""
    async with in_berlin(new_product, holidays="DE-BE") as product:
        yield product


def lists(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in messages if any(block["type"] == "header" for block in one["blocks"])]


async def the_lists(product: Product) -> list[dict[str, Any]]:
    return lists(await product.messages())


def next_working_day(product: Product, days: int = 1) -> date:
    local = product.clock.now.astimezone(ZONE)
    while days:
        local += timedelta(days=1)
        days -= local.isoweekday() < 6
    return local.date()


async def morning(product: Product, *, days: int = 1) -> datetime:
    """The clock goes on to the time of the list, so many working days ahead; lets the worker do what follows."""
    at = datetime.combine(next_working_day(product, days), AT, ZONE).astimezone(UTC)
    product.clock.advance(at - product.clock.now)
    await product.settle()
    return at


async def people(product: Product, number: int) -> list[str]:
    """So many fill in the form; their names, the last first on the list as they name more money."""
    names = [f"Person {chr(65 + n)}" for n in range(number)]
    for name in names:
        await product.fill_form(name=name, message="We want to exhibit. What are the prices?")
    await product.settle()
    return names


def shown_text(message: dict[str, Any]) -> str:
    """All that the blocks say."""
    said = []
    for block in message["blocks"]:
        said += [one["text"] for one in block.get("elements", []) if isinstance(one.get("text"), str)]
        said += [one["text"]["text"] for one in block.get("elements", []) if isinstance(one.get("text"), dict)]
        said += [block["text"]["text"]] if "text" in block else []
    return "\n".join(said)


def titles(message: dict[str, Any]) -> list[str]:
    return [b["text"]["text"].split("\n")[0] for b in message["blocks"] if b.get("block_id", "").startswith("move:")]


async def test_the_list_comes_once_at_the_chosen_time_with_three_headlines(daily: Product) -> None:
    await people(daily, 5)
    assert await the_lists(daily) == []
    await morning(daily)
    [message] = await the_lists(daily)
    assert len(titles(message)) == 3
    assert titles(message)[0].startswith("*1  Reply to Person ")
    assert message["text"].startswith("Today's Moves: 3 worth your morning. First: Reply to Person ")
    said = shown_text(message)
    assert f"{daily.clock.now.astimezone(ZONE):%A}" in said
    assert "3 worth your morning, about " in said
    assert "Show 2 more" in said
    for _ in range(3):
        daily.clock.advance(timedelta(hours=2))
        await daily.settle()
    assert len(await the_lists(daily)) == 1


async def test_five_workers_at_the_same_instant_make_one_list(daily: Product) -> None:
    await people(daily, 1)
    day, here = next_working_day(daily), daily.services.workspace
    ready = asyncio.Barrier(5)

    async def make() -> UUID | None:
        async with daily.services.database.begin() as db:
            await db.execute(text("select 1"))
            await ready.wait()
            return await digests.make(db, workspace_id=here, owner=OWNER, day=day, now=daily.clock.now)

    made = await asyncio.gather(*(make() for _ in range(5)))
    assert len([one for one in made if one is not None]) == 1
    assert await digests_of(daily) == 1
    async with daily.services.database.begin() as db:
        assert await digests.make(db, workspace_id=here, owner=OWNER, day=day, now=daily.clock.now) is None
    await daily.settle()
    assert len(await the_lists(daily)) == 1


async def digests_of(product: Product) -> int:
    async with product.services.database.begin() as db:
        return len((await db.execute(text("select id from digests"))).all())


async def test_more_is_shown_in_place_and_hidden_again(daily: Product) -> None:
    await people(daily, 12)
    await morning(daily)
    [message] = await the_lists(daily)
    await daily.press("digest_more", on=message)
    await daily.settle()
    [message] = await the_lists(daily)
    assert len(titles(message)) == 10
    assert "and 2 more in `/moves`" in shown_text(message)
    await daily.press("digest_more", on=message)
    await daily.settle()
    [message] = await the_lists(daily)
    assert len(titles(message)) == 3


async def test_nobody_opens_somebody_elses_list(daily: Product) -> None:
    await people(daily, 5)
    await morning(daily)
    [message] = await the_lists(daily)
    mine = next(b["elements"][0]["value"] for b in message["blocks"] if b.get("block_id", "").startswith("digest:"))
    for digest, by in ((UUID(mine), "U0ORLA"), (uuid4(), OWNER)):
        with pytest.raises(digest_updates.NoSuchDigest):
            async with daily.services.database.begin() as db:
                await digest_updates.expand(db, digest, by=by, now=daily.clock.now)


async def test_a_move_is_executed_snoozed_and_dismissed_from_the_list_and_its_state_replaces_the_buttons(
    daily: Product,
) -> None:
    await people(daily, 3)
    await morning(daily)
    [message] = await the_lists(daily)
    ids = [b["block_id"].removeprefix("move:") for b in message["blocks"] if b.get("block_id", "").startswith("move:")]
    await daily.press("move_execute", on=message, block_id=f"act:{ids[0]}")
    await daily.submit(subject="Your stand")
    await daily.press("move_snooze", on=message, block_id=f"act:{ids[1]}", option="tomorrow")
    await daily.press("move_dismiss", on=message, block_id=f"act:{ids[2]}", option="bad_timing")
    await daily.settle()
    [message] = await the_lists(daily)
    said = shown_text(message)
    for state in ("*held*: leaves", "*snoozed* until", "*dismissed*"):
        assert state in said
    assert "3 worth your morning, 2 decided" in message["text"]
    acts = {b["block_id"] for b in message["blocks"] if b["type"] == "actions"}
    assert acts == {f"act:{ids[0]}", f"act:{ids[1]}"}  # undo, and what can still be decided
    await daily.press("move_undo", on=message, block_id=f"act:{ids[0]}")
    await daily.settle()
    [message] = await the_lists(daily)
    assert "*open again*" in shown_text(message)


async def test_the_next_list_says_what_came_of_the_one_before(daily: Product) -> None:
    names = await people(daily, 3)
    at = await morning(daily)
    [message] = await the_lists(daily)
    first = next(b["block_id"].removeprefix("move:") for b in message["blocks"] if b["type"] == "section")
    await daily.press("move_execute", on=message, block_id=f"act:{first}")
    await daily.submit()
    daily.clock.advance(timedelta(minutes=1))
    await daily.settle()
    async with daily.services.database.begin() as db:
        other = next(row.id for row in await queue.today(db, OWNER) if str(row.id) != first)
        await queue.retire(db, other, reason="it settled itself", now=daily.clock.now)
    await morning(daily)
    assert daily.clock.now > at
    [_, message] = await the_lists(daily)
    said = shown_text(message)
    assert "1 mail sent" in said
    assert "left unanswered last time: 1 still open, 1 settled by themselves" in said
    assert len(titles(message)) == 1
    assert titles(message)[0].removeprefix("*1  Reply to ")[:8] in names


async def test_where_nothing_is_worth_doing_one_friendly_line_says_so(daily: Product) -> None:
    await daily.settle()
    await morning(daily)
    [message] = await the_lists(daily)
    assert message["text"] == "Today's Moves: Nothing is worth your time this morning. Enjoy the quiet."
    assert titles(message) == []


async def test_no_list_comes_at_the_weekend_on_a_holiday_or_for_a_time_before_somebody_came(
    with_holidays: Product,
) -> None:
    database = with_holidays.services.database
    at = datetime(
        2027, 4, 30, 12, tzinfo=UTC
    )  # a Friday; on the Saturday is Labour Day, on 8 March Women's Day in Berlin
    with_holidays.clock.now = at
    async with database.begin() as db:
        await db.execute(update(members).values(created_at=at))
    await with_holidays.settle()
    for hours in range(0, 60, 6):
        with_holidays.clock.now = at + timedelta(hours=hours)
        await with_holidays.settle()
    assert await the_lists(with_holidays) == []
    with_holidays.clock.now = datetime(2028, 3, 8, 12, tzinfo=UTC)  # a Wednesday
    await with_holidays.settle()
    assert await the_lists(with_holidays) == []
    with_holidays.clock.now = datetime(2028, 3, 9, 12, tzinfo=UTC)
    await with_holidays.settle()
    assert len(await the_lists(with_holidays)) == 1


async def test_a_meeting_whose_time_has_come_expires_and_the_list_says_so(daily: Product) -> None:
    day = datetime.combine(next_working_day(daily, 8), time(12), UTC)
    await daily.fill_form(name="Mona Field", message=f"Could we have a call on {day:%d %B} at 10:00?")
    await daily.settle()
    await morning(daily)
    [message] = await the_lists(daily)
    assert titles(message)[0].startswith("*1  Meet Mona Field")
    daily.clock.now = day + timedelta(days=1)
    await morning(daily)
    card = await daily.card("Mona Field")
    assert "*expired*: its time has passed" in shown_text(card)
    latest = (await the_lists(daily))[-1]
    assert "left unanswered last time: 1 expired" in shown_text(latest)


async def test_once_a_day_what_has_come_to_outrank_the_list_is_told(daily: Product) -> None:
    await people(daily, 2)
    await daily.fill_form(name="Bo Late", message="We want to sponsor.", budget="250000")
    await daily.settle()
    bo = await daily.card("Bo Late")
    move = UUID(next(b["block_id"].partition(":")[2] for b in bo["blocks"] if b["type"] == "actions"))
    nine = datetime.combine(next_working_day(daily), time(9), ZONE)  # after the list
    async with daily.services.database.begin() as db:
        await queue.snooze(db, move, until=nine.astimezone(UTC), by=OWNER, now=daily.clock.now)
    await daily.settle()
    await morning(daily)
    [message] = await the_lists(daily)
    assert "Bo Late" not in shown_text(message)
    for _ in range(2):  # the snooze ends, and at the next look at the list it outranks it
        daily.clock.advance(timedelta(hours=2))
        await daily.settle()
    [_, one_more] = await the_lists(daily)
    assert one_more["text"].startswith("One more for today: 1 worth your time. First: Reply to Bo Late")
    await daily.fill_form(name="Cy Later", message="We want to sponsor.", budget="900000")
    daily.clock.advance(timedelta(hours=1))
    await daily.settle()
    assert len(await the_lists(daily)) == 2


async def test_a_list_whose_post_got_no_answer_is_found_and_not_posted_again(daily: Product) -> None:
    await people(daily, 1)
    await daily.sandbox.fault("slack", "lose_answer", method="chat.postMessage")
    today = daily.clock.now.date()  # the clock stays: Slack's own does not go on with it
    async with daily.services.database.begin() as db:
        await digests.make(db, workspace_id=daily.services.workspace, owner=OWNER, day=today, now=daily.clock.now)
    await daily.settle()
    daily.clock.advance(timedelta(minutes=3))
    await daily.settle()
    assert len(await the_lists(daily)) == 1
    [message] = await the_lists(daily)
    await daily.press("move_snooze", on=message, block_id=_act(message), option="two_hours")
    await Worker(daily.services).settle()
    assert "*snoozed*" in shown_text((await the_lists(daily))[0])


def _act(message: dict[str, Any]) -> str:
    return next(b["block_id"] for b in message["blocks"] if b["type"] == "actions")


async def test_a_list_goes_on_where_slack_is_busy(daily: Product) -> None:
    await people(daily, 1)
    await morning(daily)
    await daily.sandbox.fault("slack", "rate_limit", method="chat.update")
    async with daily.services.database.begin() as db:
        await db.execute(update(moves).values(revision=moves.c.revision + 1, note="x", state="retired"))
    await daily.settle()
    daily.clock.advance(timedelta(minutes=1))
    await daily.settle()
    assert "*retired*" in shown_text((await the_lists(daily))[0])


async def test_what_was_put_off_until_a_morning_is_on_that_mornings_list(daily: Product) -> None:
    await people(daily, 1)
    await daily.press("move_snooze", on=await daily.card("Person A"), option="next_week")
    await daily.settle()
    today = daily.clock.now.astimezone(ZONE).date()
    monday = datetime.combine(today + timedelta(days=8 - today.isoweekday()), AT, ZONE)
    daily.clock.advance(monday.astimezone(UTC) - daily.clock.now)
    await daily.settle()
    [message] = await the_lists(daily)
    assert len(titles(message)) == 1


async def test_a_list_that_could_not_be_posted_all_day_is_not_posted_any_more(daily: Product) -> None:
    await people(daily, 1)
    for _ in range(3):
        await daily.sandbox.fault("slack", "refuse", method="chat.postMessage")
    at = await morning(daily)
    for hours in (1, 10, 21):
        daily.clock.now = at + timedelta(hours=hours)
        await daily.settle()
    assert await the_lists(daily) == []
    async with daily.services.database.begin() as db:
        waiting = select(effects.c.receipt).where(effects.c.action == "post_digest", effects.c.state == "applied")
        assert "its day is over" in str((await db.execute(waiting)).scalar_one())


async def test_one_owner_whose_zone_is_none_keeps_nobody_elses_list_back(daily: Product) -> None:
    await people(daily, 1)
    async with daily.services.database.begin() as db:
        for user, zone in (("U0AAA", "Nowhere/Atall"), ("U0BBB", "UTC")):
            await workspace.ensure_member(
                db, workspace=daily.services.workspace, user=user, name=user, zone=zone, now=daily.clock.now
            )
        await db.execute(update(members).where(members.c.slack_user_id == "U0BBB").values(preferences={"digest": 5}))
    await morning(daily)
    assert len(await the_lists(daily)) == 1


async def test_whatever_is_wrong_with_lists_other_work_goes_on(daily: Product) -> None:
    await people(daily, 1)
    card = await daily.card("Person A")
    async with daily.services.database.begin() as db:
        await db.execute(text("""update workspaces set settings = settings || '{"digest": 5}'"""))
    daily.clock.advance(timedelta(minutes=1))
    await daily.press("move_snooze", on=card, option="two_hours")
    await daily.settle()
    assert "snoozed" in (await daily.card("Person A"))["text"]
