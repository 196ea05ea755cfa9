"""Who approves a mail says when it leaves: after the hold, in two hours, the reader's next morning, or a time of their own."""

from datetime import UTC, datetime, time, timedelta

from tests.support.product import HOLD, Product


def later(than: datetime, *, days: int = 0, hour: int = 14, minute: int = 0) -> datetime:
    """So many days later, at that time of day, in UTC: nobody has told where the owner lives."""
    date = than.date() + timedelta(days=days)
    return datetime.combine(date, time(hour, minute), tzinfo=UTC)


async def on_tuesday(product: Product, **fields: str) -> tuple[str, datetime]:
    """Somebody's form lies there on a Tuesday afternoon; their address and that time."""
    form = await product.fill_form(**{"message": "What does a booth cost?", **fields})
    await product.settle()
    now = product.clock.now
    tuesday = later(now, days=(1 - now.weekday()) % 7 or 7)
    await pass_to(product, tuesday)
    return form["email"], tuesday


async def pass_to(product: Product, at: datetime) -> None:
    product.clock.now = at
    for _ in range(3):
        await product.settle()


async def the_morning(product: Product) -> str:
    """The option of the open form that names a morning."""
    [asked] = [block for block in (await product.view())["blocks"] if block["block_id"] == "leaves"]
    options = {one["text"]["text"]: one["value"] for one in asked["element"]["options"]}
    return next(value for words, value in options.items() if words == "Wednesday at 09:00, UTC time")


async def test_the_next_morning_is_on_the_card_and_then_it_leaves(product: Product) -> None:
    email, tuesday = await on_tuesday(product)
    await product.press("move_execute", on=await product.card("Reply"))
    await product.submit(leaves=await the_morning(product))
    await pass_to(product, tuesday + timedelta(hours=3))
    nine = later(tuesday, days=1, hour=9)
    held = await product.card("Reply")
    assert f"*held*: leaves {nine:%a %d %b}, 09:00" in str(held["blocks"])
    assert await product.mails_to(email) == []
    await pass_to(product, nine - timedelta(seconds=1))
    assert await product.mails_to(email) == []
    await pass_to(product, nine)
    assert len(await product.mails_to(email)) == 1


async def test_a_form_that_is_submitted_after_midnight_means_the_morning_it_shows(product: Product) -> None:
    email, tuesday = await on_tuesday(product)
    product.clock.now = later(tuesday, hour=23, minute=59)
    await product.press("move_execute", on=await product.card("Reply"))
    morning = await the_morning(product)
    product.clock.now = later(tuesday, days=1, hour=0, minute=1)
    await product.submit(leaves=morning)
    await pass_to(product, later(tuesday, days=1, hour=9))
    assert len(await product.mails_to(email)) == 1


async def test_it_can_be_taken_back_all_the_while(product: Product) -> None:
    email, tuesday = await on_tuesday(product)
    card = await product.card("Reply")
    await product.approve(card, leaves="two_hours")
    await pass_to(product, tuesday + timedelta(hours=1, minutes=59))
    await product.press("move_undo", on=await product.card("Reply"))
    await pass_to(product, tuesday + timedelta(days=1))
    assert await product.mails_to(email) == []
    assert "waits for your decision" in (await product.card("Reply"))["text"]


async def test_a_time_of_ones_own_counts_and_a_bad_one_is_refused_at_its_field(product: Product) -> None:
    email, tuesday = await on_tuesday(product)
    card = await product.card("Reply")
    await product.press("move_execute", on=card)
    for typed, why in (
        ("tomorrow-ish", "Write the day and the time like"),
        (f"{later(tuesday, hour=13):%Y-%m-%d} 13:00", "That time has passed"),
        (f"{tuesday + timedelta(days=62):%Y-%m-%d} 09:00", "more than 60 days"),
    ):
        answer = await product.submit(leaves_at=typed)
        assert why in answer["response"]["errors"]["leaves_at"]
    thursday = later(tuesday, days=2, hour=10, minute=30)
    await product.submit(leaves_at=f"{thursday:%Y-%m-%d %H:%M}")
    await pass_to(product, thursday - timedelta(minutes=1))
    assert await product.mails_to(email) == []
    await pass_to(product, thursday)
    assert len(await product.mails_to(email)) == 1


async def test_the_hold_is_what_is_chosen_where_nothing_is(product: Product) -> None:
    email, tuesday = await on_tuesday(product)
    card = await product.card("Reply")
    await product.approve(card)
    await pass_to(product, tuesday + HOLD + timedelta(seconds=1))
    assert len(await product.mails_to(email)) == 1


async def test_a_task_does_not_ask(product: Product) -> None:
    await on_tuesday(product, name="Ada Berg", message="Here is my number.", phone="+44 20 7946 0958")
    await product.press("move_execute", on=await product.card("Call"))
    assert "leaves" not in {block["block_id"] for block in (await product.view())["blocks"]}
