"""The newcomer's story in a real browser: the form, the card, a changed word, the mail after the hold, reply, outcome."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot import demo
from tests.support import browser

HOLD_S = 4

pytestmark = browser.BROWSER


@pytest.fixture
def running(tmp_path: Path) -> Iterator[demo.Demo]:
    settings = {"CASEYOS_HOLD_S": str(HOLD_S), "CASEYOS_GMAIL_POLL_S": "0.5"}
    with demo.running(tmp_path / "demo", durable=False, extra=settings) as (started, _):
        demo.wait_until_ready(started)
        yield started


@pytest.fixture
def page(running: demo.Demo, tmp_path: Path) -> Iterator[Page]:
    with browser.opened(running.sandbox, tmp_path) as opened:
        yield opened


@pytest.fixture
def picture(tmp_path: Path, page: Page) -> Callable[[str], None]:
    return browser.taking(page, tmp_path)


def test_a_newcomer_plays_the_whole_story(page: Page, picture: Callable[[str], None], running: demo.Demo) -> None:
    page.get_by_role("button", name="Someone fills in the form").click()
    card = page.get_by_role("article").filter(has_text="Execute")
    expect(card).to_have_count(1)
    picture("card")

    card.get_by_role("button", name="Execute").click()
    modal = page.get_by_role("dialog")
    modal.get_by_label("Subject").fill("Your corner stand in January")
    picture("edit")
    modal.get_by_role("button", name="Send").click()
    expect(page.get_by_text("held", exact=True)).to_be_visible()
    picture("held")

    expect(page.get_by_text("done", exact=True)).to_be_visible()
    page.get_by_role("tab", name="Gmail").click()
    expect(page.get_by_role("heading", name="Your corner stand in January")).to_be_visible()
    [mail] = demo.ask(f"{running.sandbox}/control/gmail")["messages"]
    assert mail["subject"] == "Your corner stand in January"

    page.get_by_role("button", name=re.compile("The person replies")).click()
    expect(page.get_by_text("they replied")).to_be_visible()
    page.get_by_role("button", name=re.compile("1 reply")).click()
    expect(page.get_by_text(re.compile(r"moves like this one: \d+ → \d+"))).to_be_visible()
    picture("outcome")
