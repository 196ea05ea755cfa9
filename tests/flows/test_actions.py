"""Every kind of work through the front door: proposed by a form, approved in a form, done once, and taken back by its receipt."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from core import audit_story, audit_verify, queue
from tests.support.product import HOLD, OWNER, Product
from tests.support.sandbox import Sandbox

TOMAS = "tomas.reyes@harlowlane.example"
"""Has one open deal in the sandbox's HubSpot."""


@pytest.fixture(autouse=True)
async def the_deal_as_it_was(sandbox: Sandbox) -> AsyncIterator[None]:
    """The sandbox is shared: whoever comes next finds the deal at its 48,000."""
    deal = {"contact": TOMAS, "amount": "48000"}
    await sandbox.control("POST", "/control/deal", deal)
    yield
    await sandbox.control("POST", "/control/deal", deal)


async def effects(product: Product, service: str) -> list[str]:
    return [entry["method"] for entry in await product.ledger(service=service, kind="effect")]


async def proposed(product: Product, about: str, **fields: str) -> dict[str, Any]:
    await product.fill_form(**fields)
    await product.settle()
    return await product.card(about)


async def undone(product: Product, about: str) -> dict[str, Any]:
    await product.press("move_undo", on=await product.card(about))
    await product.settle()
    return await product.card(about)


async def test_a_task_is_made_once_and_deleted_again(product: Product) -> None:
    card = await proposed(product, "Call", name="Jonas Lindqvist", phone="+46 8 5550 0142", message="We may attend.")
    assert (await product.approve(card, subject="Call Jonas before noon"))["error"] is None
    await product.settle()

    assert await effects(product, "hubspot") == ["task_created"]
    tasks = (await product.sandbox.control("GET", "/control/hubspot"))["tasks"]
    assert tasks[-1]["properties"]["hs_task_subject"] == "Call Jonas before noon"
    assert "done: created" in (await product.card("Call"))["text"]

    after = await undone(product, "Call")
    assert await effects(product, "hubspot") == ["task_created", "task_deleted"]
    assert "open again" in str(after["blocks"])


async def test_a_task_about_somebody_known_stands_on_their_contact(product: Product) -> None:
    card = await proposed(
        product, "Call", email=TOMAS, name="Tomas Reyes", phone="+44 20 7946 0777", message="We may attend."
    )
    assert (await product.approve(card))["error"] is None
    await product.settle()
    assert await effects(product, "hubspot") == ["task_created", "association_created"]
    await undone(product, "Call")
    assert (await effects(product, "hubspot"))[-1] == "task_deleted"


async def test_a_task_that_somebody_changed_is_left_alone_and_the_card_says_why(product: Product) -> None:
    card = await proposed(product, "Call", name="Jonas Lindqvist", phone="+46 8 5550 0142", message="We may attend.")
    await product.approve(card)
    await product.settle()
    task = (await product.sandbox.control("GET", "/control/hubspot"))["tasks"][-1]
    await product.sandbox.control("POST", "/control/task", {"id": task["id"], "status": "COMPLETED"})

    after = await undone(product, "Call")
    assert "task_deleted" not in await effects(product, "hubspot")
    assert "could not be taken back: the task was changed in HubSpot since: its status is COMPLETED" in after["text"]
    assert "move_undo" not in str(after["blocks"])


def next_working_day_at_four(now: datetime) -> datetime:
    day = now + timedelta(days=2)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day.replace(hour=16, minute=0, second=0, microsecond=0)


async def test_a_meeting_is_booked_after_the_hold_and_cancelled_again(product: Product) -> None:
    at = next_working_day_at_four(product.clock.now)
    message = f"Could we talk on {at:%A} at 16:00?"
    form = await product.fill_form(name="Dana Whitfield", message=message)
    await product.settle()
    card = await product.card("Meet")
    await product.approve(card, title="Our talk")
    await product.settle()
    assert await effects(product, "calendar") == []
    assert "held: leaves" in (await product.card("Meet"))["text"]

    product.clock.advance(HOLD)
    await product.settle()
    assert await effects(product, "calendar") == ["event_created", "invitation_sent"]
    [event] = [entry["data"] for entry in await product.ledger(service="calendar", method="event_created")]
    assert datetime.fromisoformat(event["start"]) == at
    assert event["summary"] == "Our talk"
    assert [one["email"] for one in event["attendees"]] == [form["email"]]
    prep = [message["text"] for message in await product.messages() if "Prep for" in message["text"]]
    assert len(prep) == 1
    assert message in prep[0]

    after = await undone(product, "Meet")
    assert await effects(product, "calendar") == [
        "event_created",
        "invitation_sent",
        "event_deleted",
        "cancellation_sent",
    ]
    assert "open again" in str(after["blocks"])


async def test_a_meeting_done_again_after_an_undo_gets_an_id_of_its_own(product: Product) -> None:
    at = next_working_day_at_four(product.clock.now)
    card = await proposed(product, "Meet", message=f"Shall we meet on {at:%A} at 16:00?")
    await product.approve(card)
    product.clock.advance(HOLD)
    await product.settle()
    card = await undone(product, "Meet")

    product.clock.advance(timedelta(days=8))  # an invitation counts as a mail: one a person and week
    later = next_working_day_at_four(product.clock.now)
    assert (await product.approve(card, start=f"{later:%Y-%m-%d %H:%M}"))["error"] is None
    product.clock.advance(HOLD)
    await product.settle()
    made = [entry["data"]["id"] for entry in await product.ledger(service="calendar", method="event_created")]
    assert len(made) == len(set(made)) == 2
    assert "done: booked" in (await product.card("Meet"))["text"]


async def test_a_deal_is_changed_only_as_it_stood_and_put_back(product: Product) -> None:
    card = await proposed(product, "Update", name="Tomas Reyes", email=TOMAS, budget="$52,000", message="Spring again.")
    await product.approve(card)
    await product.settle()

    def amount(seen: dict[str, Any]) -> str:
        return next(
            deal["properties"]["amount"] for deal in seen["deals"] if "spring" in deal["properties"]["dealname"]
        )

    assert amount(await product.sandbox.control("GET", "/control/hubspot")) == "52000"
    assert "done: changed" in (await product.card("Update"))["text"]

    after = await undone(product, "Update")
    assert amount(await product.sandbox.control("GET", "/control/hubspot")) == "48000"
    assert "open again" in str(after["blocks"])

    await product.sandbox.control("POST", "/control/deal", {"contact": TOMAS, "amount": "50000"})
    await product.approve(after)
    await product.settle()
    refused = await product.card("Update")
    assert "the deal was changed in HubSpot since this was proposed: amount is now “50000”" in str(refused["blocks"])
    assert amount(await product.sandbox.control("GET", "/control/hubspot")) == "50000"


@pytest.mark.parametrize("answer", ["nobody answered", "somebody answered"])
async def test_a_post_is_made_once_and_deleted_unless_somebody_answered(announcing: Product, answer: str) -> None:
    product = announcing
    card = await proposed(
        product, "Tell #wins", name="Tomas Reyes", email=TOMAS, message="Hello <!channel> @here https://a.example"
    )
    await product.approve(card)
    await product.settle()
    posts = [entry["data"] for entry in await product.ledger(service="slack", method="message_posted")]
    [post] = [post for post in posts if post["channel"] == "C0WINS"]
    assert "<!channel>" not in str(post["message"])

    if answer == "somebody answered":
        said = {"user": "U0ORLA", "channel": "C0WINS", "text": "Lovely", "thread_ts": post["ts"]}
        await product.sandbox.control("POST", "/control/message", said)
    after = await undone(product, "Tell #wins")
    deleted = "message_deleted" in await effects(product, "slack")
    assert deleted is (answer == "nobody answered")
    assert ("somebody has answered the message since" in after["text"]) is not deleted


@pytest.mark.parametrize("fault", ["lose_answer", "late", "error"])
@pytest.mark.parametrize(
    ("about", "fields", "service", "method", "effect"),
    [
        ("Call", {"phone": "+46 8 5550 0142"}, "hubspot", "tasks.batch_upsert", "task_created"),
        ("Update", {"email": TOMAS, "budget": "$53,000"}, "hubspot", "objects.update", "deal_updated"),
    ],
)
async def test_a_lost_answer_is_read_back_and_nothing_is_done_twice(
    product: Product, fault: str, about: str, fields: dict[str, str], service: str, method: str, effect: str
) -> None:
    card = await proposed(product, about, **{"name": "Tomas Reyes", **fields})
    await product.sandbox.control("POST", "/control/fault", {"service": service, "kind": fault, "method": method})
    began = len(await effects(product, service))
    await product.approve(card)
    for _ in range(20):
        await product.settle()
        product.clock.advance(timedelta(seconds=10))
    assert (await effects(product, service))[began:] == [effect]
    assert "done" in (await product.card(about))["text"]


async def test_who_has_answered_us_is_answered_in_the_same_thread(product: Product) -> None:
    form = await product.fill_form(message="What does a booth cost?")
    await product.settle()
    await product.approve(await product.card())
    await product.settle()
    product.clock.advance(HOLD)
    await product.settle()
    await product.sandbox.control("POST", "/control/reply", {"to": form["email"], "text": "Good, and the price?"})
    await product.read_mailbox()

    await product.fill_form(email=form["email"], message="One more thing: is there power at the booth?")
    await product.settle()
    assert "in conversation already" in str((await product.card())["blocks"])
    assert (await product.approve(await product.card()))["error"] is None
    await product.settle()
    product.clock.advance(HOLD)
    await product.settle()

    first, second = await product.mails_to(form["email"])
    assert second["thread_id"] == first["thread_id"]
    assert second["subject"].startswith("Re: ")
    assert "done: answered" in (await product.card())["text"]


async def test_what_a_colleague_answered_for_somebody_is_not_where_they_are_written_to(product: Product) -> None:
    form = await product.fill_form(message="What does a booth cost?")
    await product.settle()
    await product.approve(await product.card())
    await product.settle()
    product.clock.advance(HOLD)
    await product.settle()
    said = {"From": "Lee <lee@northpier.example>", "Subject": "Re: between the two of us"}
    answer = {"to": form["email"], "text": "I look after this now.", "headers": said}
    await product.sandbox.control("POST", "/control/reply", answer)
    await product.read_mailbox()
    assert "lee@northpier.example" in (await product.notes())[-1]

    await product.fill_form(email=form["email"], message="Is there power at the booth?")
    await product.settle()
    card = await product.card()
    assert "Is there power" in str(card["blocks"])
    assert "in conversation already" not in str(card["blocks"])
    assert "between the two of us" not in str(card["blocks"])


async def test_the_audit_tells_the_story_and_is_sound(product: Product) -> None:
    form = await product.fill_form(message="What does a booth cost?")
    await product.settle()
    async with product.services.database.begin() as db:
        [move] = [row.id for row in await queue.today(db, OWNER)]
    await product.approve(await product.card())
    await product.settle()
    product.clock.advance(HOLD)
    await product.settle()
    async with product.services.database.begin() as db:
        assert (await audit_verify.verify(db)).sound
        told = "\n".join((await audit_story.of_move(db, move)).sentences("Europe/London"))
    for part in (
        f"CaseyOS proposed this for {form['email']}, on the grounds of form_inquiry",
        f"{OWNER} approved the plan for {form['email']}, content",
        "CaseyOS held it back until",
        "CaseyOS was about to send the request",
        "CaseyOS did it; receipt",
        "CaseyOS closed this as done",
    ):
        assert part in told


async def test_what_can_still_be_taken_back_is_listed_and_taken_back_in_one_go(product: Product) -> None:
    for number in range(2):
        phone = f"+46 8 5550 01{number}2"
        card = await proposed(product, f"Call Jonas {number}", name=f"Jonas {number}", phone=phone, message="Hello.")
        await product.approve(card)
        await product.settle()
        product.clock.advance(timedelta(seconds=1))
    listed = await product.say("undo")
    assert listed.index("Call Jonas 1") < listed.index("Call Jonas 0")

    assert "taking it back" in await product.say("undo 2")
    await product.settle()
    assert "open again" in str((await product.card("Call Jonas 0"))["blocks"])
    assert "Jonas 0" not in await product.say("undo")

    assert "Call Jonas 1" in await product.say("undo hour")
    await product.settle()
    assert (await effects(product, "hubspot")).count("task_deleted") == 2
    assert "nothing that you could take back" in await product.say("undo")
    assert "There is no 7 among" in await product.say("undo 7")


async def test_the_audit_is_told_in_slack(product: Product) -> None:
    card = await proposed(product, "Reply", message="What does a booth cost?", name="Dana <!channel>")
    move = card["blocks"][0]["block_id"].partition(":")[2]
    await product.approve(card)
    told = await product.say(f"audit {move[:18]}")
    assert "approved the plan for" in told
    assert "<!channel>" not in told
    assert "no move" in await product.say("audit 00000000")


async def test_a_dry_run_shows_the_exact_mail_and_changes_nothing(product: Product) -> None:
    form = await product.fill_form(message="What does a booth cost?")
    await product.settle()
    began = len(await product.ledger(kind="effect"))
    shown = await product.preview(await product.card("Reply"))
    assert "Nothing is in its way" in shown
    assert f"To: {form['email']}" in shown
    assert "Subject: Your question about exhibiting" in shown
    changed = [entry["method"] for entry in (await product.ledger(kind="effect"))[began:]]
    assert set(changed) <= {"view_opened", "view_updated"}


async def test_a_dry_run_stops_where_the_real_run_would(product: Product) -> None:
    card = await proposed(product, "Update", name="Tomas Reyes", email=TOMAS, budget="$52,000", message="Spring again.")
    await product.sandbox.control("POST", "/control/deal", {"contact": TOMAS, "amount": "50000"})
    await product.say("pause stop")
    shown = await product.preview(card)
    assert "It would stop" in shown
    assert "everything is paused" in shown
    assert "the deal was changed in HubSpot since this was proposed: amount is now “50000”" in shown
    await product.say("resume")
