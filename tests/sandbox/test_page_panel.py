"""The page around Slack in a real browser: what happened, things to try, the phone, the keyboard."""

import base64
from http.client import RemoteDisconnected
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.sandbox.page_support import CHROMIUM, Bot, Sandbox, move, running, section, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


def test_one_click_fills_in_the_form_and_opens_a_deal(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    page.get_by_role("button", name="Someone fills in the form").click()
    until(lambda: len(bot.forms) == 1)
    assert bot.forms[0]["fields"]["email"].endswith(".example")
    page.get_by_label("Choose the details: Someone fills in the form").click()
    page.get_by_label("Name").fill("Ada Okoro")
    page.get_by_role("button", name="Do it").click()
    until(lambda: len(bot.forms) == 2)
    assert bot.forms[1]["fields"]["name"] == "Ada Okoro"
    expect(page.locator("#happened-list")).to_contain_text("Ada Okoro filled in the form")

    before = len(sandbox.control("hubspot")["deals"])
    page.get_by_role("button", name="A deal is opened").click()
    until(lambda: len(sandbox.control("hubspot")["deals"]) == before + 1)
    page.get_by_role("button", name="The person replies").click()
    expect(page.locator("#happen [role=alert]").nth(1)).to_contain_text("No mail has gone out yet")


def test_the_answer_to_an_earlier_click_leaves_alone_what_is_typed(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    bot.answers_forms.clear()
    page.get_by_role("button", name="Someone fills in the form").click()
    until(lambda: len(bot.forms) == 1)
    page.get_by_label("Choose the details: Someone fills in the form").click()
    page.get_by_label("Name").fill("Ada Okoro")
    bot.answers_forms.set()
    expect(page.locator("#happened-list")).to_contain_text("filled in the form")
    expect(page.get_by_label("Name")).to_have_value("Ada Okoro")


def test_a_draft_is_edited_sent_answered_and_a_lost_answer_is_told(page: Page, sandbox: Sandbox) -> None:
    raw = base64.urlsafe_b64encode(b"To: dana@northpier.example\r\nSubject: Your stand\r\n\r\nHello Dana").decode()
    draft = sandbox.gmail("drafts", {"message": {"raw": raw}})["id"]
    expect(page.locator("#happened-list")).to_contain_text("Gmail draft “Your stand” written to dana@northpier.example")
    page.get_by_role("tab", name="Gmail").click()
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Subject").fill("Your pavilion")
    page.get_by_role("button", name="Save in Gmail").click()
    expect(page.locator("#gmail-list h4")).to_have_text("Your pavilion")

    page.get_by_role("button", name="Lose the next answer from Gmail").click()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    armed = page.get_by_role("button", name="Lose the next answer from Gmail set")
    expect(armed).to_be_visible()
    with pytest.raises(RemoteDisconnected):
        sandbox.gmail("drafts/send", {"id": draft})
    expect(armed).to_be_hidden()
    page.get_by_role("tab", name="Happened").click()
    expect(page.locator("#happened-list li").first).to_contain_text("mail “Your pavilion” sent")
    expect(page.locator("#happened-list li").first).to_contain_text("the answer was lost on the way")
    expect(page.locator("#happened-list li").first).to_contain_text("1 request, 1 effect")

    page.get_by_role("button", name="The person replies").click()
    until(lambda: len(sandbox.control("gmail")["messages"]) == 2)
    expect(page.locator("#happened-list li").first).to_contain_text("dana@northpier.example replied")


def test_a_refusal_can_be_acted_on(chromium: Browser, tmp_path: Path, bot: Bot) -> None:
    with running(tmp_path) as sandbox, chromium.new_context() as context:
        page = context.new_page()
        page.goto(sandbox.url)
        page.get_by_role("button", name="Someone fills in the form").click()
        expect(page.locator(".toast")).to_contain_text("nobody has said where the bot listens")
        expect(page.locator(".toast").get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_every_part_and_nothing_runs_over(chromium: Browser, sandbox: Sandbox, scheme: str) -> None:
    sandbox.say("Today's Moves", [*move(), section("x" * 300)])
    phone = {"width": 390, "height": 844}
    with chromium.new_context(viewport=phone, has_touch=True, is_mobile=True, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(sandbox.url)
        page.wait_for_selector("body[data-ready]")
        for name, part in {"Channels": ".side", "Messages": ".main", "Happened": ".outside", "Try it": ".try"}.items():
            page.locator("#panes").get_by_role("button", name=name).tap()
            expect(page.locator(part)).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == 390
            assert page.locator(part).evaluate("node => node.scrollWidth <= node.clientWidth")


def test_every_control_is_named_and_reached_by_keyboard(page: Page, sandbox: Sandbox) -> None:
    sandbox.say("Today's Moves", move())
    expect(page.get_by_role("button", name="Execute")).to_be_visible()
    reached: set[str] = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        ring = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        composer = "document.activeElement.closest('.composer-form')"
        assert page.evaluate(f"document.activeElement === document.body || Boolean({composer}) || {ring}")
        reached.add(page.evaluate("document.activeElement.innerText.trim()"))
    assert {
        "Execute",
        "Snooze",
        "Never",
        "⋯",
        "A deal is opened",
        "Drop the Slack socket",
    } <= reached
    page.get_by_role("tab", name="Happened").press("ArrowRight")
    expect(page.get_by_role("tab", name="Gmail")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Gmail")).to_be_visible()
    unnamed = (
        "all => all.filter(n => !(n.textContent.trim() || n.getAttribute('aria-label') || n.labels?.length)).length"
    )
    assert page.locator(":is(button, input, select, textarea):visible").evaluate_all(unnamed) == 0
