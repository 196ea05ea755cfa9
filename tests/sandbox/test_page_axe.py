"""The page read by axe, as assistive technology would: nothing serious, by day, by night and on a phone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.sandbox.page_support import APPROVE, CHROMIUM, Bot, Json, Sandbox, move, plain, section
from tests.sandbox.test_page_data import WEEKS, pie, plot, ranking, raw

SERIOUS = {"serious", "critical"}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


def grave(page: Page) -> list[str]:
    """What axe finds serious or critical, with the places it names."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['impact']} {one['id']}: {[node['target'] for node in one['nodes']][:5]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


@pytest.fixture(params=["light", "dark", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, sandbox: Sandbox) -> Iterator[Page]:
    size = {"width": 390, "height": 844} if request.param == "phone" else {"width": 1500, "height": 900}
    context = chromium.new_context(viewport=size, color_scheme="dark" if request.param == "dark" else "light")  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(6000)
    page.goto(sandbox.url)
    page.wait_for_selector("body[data-ready]")
    yield page
    context.close()


def everything() -> list[Json]:
    card = {"type": "card", "title": plain("Reply to Dana"), "body": plain("Asked."), "subtext": plain("86 of 100")}
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": "When?"}]}
    return [
        *move(),
        {"type": "divider"},
        {"type": "image", "image_url": "https://pictures.example/x.png", "alt_text": "a stand"},
        {"type": "rich_text", "elements": [quote]},
        {"type": "markdown", "text": "**bold** and [a link](https://pier7.example)"},
        card,
        {"type": "carousel", "elements": [card, card]},
        {"type": "table", "rows": [raw("Rule", "Replies"), raw("form", "3")]},
        ranking(["form", "deal", "reply", "meeting"]),
        plot("line", {"form": [1, 2, 3, 4], "deal": [4, 3, 2, 1]}, WEEKS),
        pie(form=3, deal=1),
    ]


def test_messages_of_every_kind_and_a_thread(page: Page, sandbox: Sandbox) -> None:
    ts = sandbox.say("Everything", everything())
    sandbox.say("in the thread", thread_ts=ts)
    page.get_by_role("button", name="1 reply").click()
    expect(page.get_by_role("complementary", name="Thread")).to_be_visible()
    assert grave(page) == []


def test_a_form_with_errors(page: Page, sandbox: Sandbox, bot: Bot) -> None:
    bot.on["execute"] = lambda press: sandbox.slack("views.open", trigger_id=press["trigger_id"], view=APPROVE) and None
    sandbox.say("Today's Moves", move())
    page.get_by_role("button", name="Execute").click()
    page.get_by_label("Copy to").fill("nobody")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("[data-block=copy] .problem")).to_contain_text("email")
    assert grave(page) == []


def test_home_and_every_pane(page: Page, sandbox: Sandbox) -> None:
    home = {"type": "home", "blocks": [section("*Today*"), *(one for one in everything() if one["type"] != "markdown")]}
    sandbox.slack("views.publish", user_id="U0CASEY", view=home)
    sandbox.say("Today's Moves", move())
    page.get_by_role("tab", name="Home").click()
    expect(page.locator("#home .blocks")).to_contain_text("Today")
    assert grave(page) == []
    for pane in ("Channels", "Happened", "Try it"):
        button = page.locator("#panes").get_by_role("button", name=pane)
        if button.is_visible():
            button.click()
            assert grave(page) == []
    for tab in ("Gmail", "Calendar", "HubSpot"):
        there = page.get_by_role("tab", name=tab)
        if there.is_visible():
            there.click()
            assert grave(page) == []


def test_axe_sees_what_is_wrong(page: Page) -> None:
    page.evaluate(
        "document.querySelector('main').append(document.createElement('button'), document.createElement('img'))"
    )
    found = [line.split(":")[0] for line in grave(page)]
    assert "critical button-name" in found
