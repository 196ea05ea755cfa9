"""Calendar and HubSpot on the page: what stands there is shown as text, and people answer, move, complete and delete."""

import base64
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.sandbox.page_support import CHROMIUM, Bot, Sandbox, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]

GUEST = "o.hartmann@kranwerk.example"


def invite(sandbox: Sandbox, title: str) -> datetime:
    tomorrow = datetime.now(ZoneInfo("Europe/London")) + timedelta(days=1)
    start = tomorrow.replace(hour=15, minute=0, second=0, microsecond=0)
    times = {"start": start, "end": start + timedelta(minutes=30)}
    sandbox.event(
        {
            "id": "pier7call",
            "summary": title,
            "description": "<img src=x onerror=alive=1>",
            "attendees": [{"email": GUEST}],
            **{name: {"dateTime": moment.isoformat()} for name, moment in times.items()},
        }
    )
    return start


def ours(sandbox: Sandbox) -> dict[str, object]:
    found: dict[str, object] = next(each for each in sandbox.control("calendar")["events"] if each["id"] == "pier7call")
    return found


def test_a_meeting_is_answered_moved_and_deleted_by_hand(page: Page, sandbox: Sandbox) -> None:
    start = invite(sandbox, "Coffee <b>bar</b>")
    page.get_by_role("tab", name="Calendar").click()
    meeting = page.locator("#calendar-list article")
    expect(meeting).to_have_count(1)
    expect(meeting.locator("h4")).to_have_text("Coffee <b>bar</b>")
    expect(meeting).to_contain_text(f"{GUEST} has not answered")
    expect(page.locator("#calendar-list .agenda-line").first).to_contain_text("Stand-up")

    meeting.get_by_role("button", name="They accept").click()
    expect(meeting).to_contain_text(f"{GUEST} accepts")
    meeting.get_by_role("button", name="They decline").press("Enter")
    expect(meeting).to_contain_text(f"{GUEST} declines")
    meeting.get_by_role("button", name="They move it by an hour").click()
    until(lambda: ours(sandbox)["start"] == f"{(start + timedelta(hours=1)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    meeting.get_by_role("button", name="Delete it").click()
    expect(meeting.locator("h4 s")).to_have_text("Coffee <b>bar</b>")
    expect(meeting.get_by_role("button")).to_have_count(0)
    assert ours(sandbox)["status"] == "cancelled"

    page.get_by_role("tab", name="Happened").click()
    happened = page.locator("#happened-list")
    expect(happened).to_contain_text("event “Coffee <b>bar</b>” (Tomorrow 15:00) put in")
    expect(happened).to_contain_text(f"mailed to {GUEST}")
    expect(happened).to_contain_text("an event was moved by hand")


def test_tasks_are_completed_and_deleted_and_deals_stand_with_stage_and_amount(page: Page, sandbox: Sandbox) -> None:
    for n, subject in enumerate(("Call <i>Jonas</i>", "Send the plan")):
        due = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT12:00:00Z}"
        sandbox.task(f"m{n}", {"hs_timestamp": due, "hs_task_subject": subject, "hs_task_type": "CALL"})
    page.get_by_role("tab", name="HubSpot").click()
    hubspot = page.locator("#hubspot-list")
    deal = hubspot.get_by_role("article", name="Harlow Lane, spring campaign")
    expect(deal).to_contain_text("Presentation scheduled$48,000")
    expect(deal).to_contain_text("Tomas Reyes")

    call = hubspot.get_by_role("article", name="Call <i>Jonas</i>")
    call.get_by_role("button", name="Complete it").click()
    expect(call).to_contain_text("completed")
    expect(call.get_by_role("button", name="Complete it")).to_have_count(0)
    plan = hubspot.get_by_role("article", name="Send the plan")
    plan.get_by_role("button", name="Delete it").click()
    expect(plan).to_have_count(0)
    expect(hubspot).to_contain_text("task “Send the plan” deleted")
    statuses = [each["properties"]["hs_task_status"] for each in sandbox.control("hubspot")["tasks"]]
    assert statuses == ["COMPLETED"]


def test_a_mail_bounces_by_one_click(page: Page, sandbox: Sandbox) -> None:
    page.get_by_role("button", name="It bounces").click()
    expect(page.locator("#happen [role=alert]").nth(2)).to_contain_text("No mail has gone out yet")
    raw = base64.urlsafe_b64encode(b"To: dana@northpier.example\r\nSubject: Your stand\r\n\r\nHello Dana").decode()
    sandbox.gmail("messages/send", {"raw": raw})
    expect(page.locator("#happened-list")).to_contain_text("mail “Your stand” sent")
    page.get_by_role("button", name="It bounces").click()
    until(lambda: len(sandbox.control("gmail")["messages"]) == 2)
    expect(page.locator("#happened-list li").first).to_contain_text("comes back: no such address")
    headers = sandbox.control("gmail")["messages"][1]["headers"]
    assert headers["X-Failed-Recipients"] == "dana@northpier.example"


def test_visitors_come_in_turn_and_can_be_chosen(page: Page, bot: Bot) -> None:
    page.get_by_role("button", name="Someone fills in the form").click()
    until(lambda: len(bot.forms) == 1)
    assert bot.forms[0]["fields"]["email"] == "dana.whitfield@northpier.example"
    page.get_by_label("Choose the details: Someone fills in the form").click()
    expect(page.get_by_label("Name")).to_have_value("Marek Nowak")
    page.get_by_label("Who").select_option(label="Tomas Reyes, Harlow Lane")
    expect(page.get_by_label("Budget")).to_have_value("$52,000")
    page.get_by_role("button", name="Do it").click()
    until(lambda: len(bot.forms) == 2)
    fields = bot.forms[1]["fields"]
    assert (fields["email"], fields["budget"]) == ("tomas.reyes@harlowlane.example", "$52,000")
    assert "phone" not in fields


def test_a_marketing_mail_shows_its_way_out_as_text(page: Page, sandbox: Sandbox) -> None:
    link = f"https://casey.pier7.example/unsubscribe/{'Ab-_' * 16}"
    head = "To: dana@northpier.example\r\nSubject: News\r\n"
    way_out = f"List-Unsubscribe: <{link}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    for headers in (head, head + way_out):
        raw = base64.urlsafe_b64encode(f"{headers}\r\nHello Dana".encode()).decode()
        sandbox.gmail("messages/send", {"raw": raw})
    page.get_by_role("tab", name="Gmail").click()
    shown = page.locator("#gmail-list .way-out")
    expect(shown).to_have_count(1)
    expect(shown).to_have_text(f"one click unsubscribes: <{link}>")
