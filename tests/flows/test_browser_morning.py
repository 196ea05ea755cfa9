"""A morning on a phone, in a real browser: the list, a move done from it, more in place, App Home and when the list comes."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from bot import demo
from tests.support import browser

PEOPLE = 5

pytestmark = browser.BROWSER


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[demo.Demo]:
    """Some have filled in the form over night, and the list is there."""
    with demo.running(tmp_path / "demo", durable=False, extra={"CASEYOS_HOLD_S": "60"}) as (started, _):
        demo.wait_until_ready(started)
        for _ in range(PEOPLE):
            demo.ask(f"{started.sandbox}/control/form", {"form": "contact"})
        deadline = time.monotonic() + demo.READY_S
        while len(_posts(started)) < PEOPLE and time.monotonic() < deadline:
            time.sleep(0.1)
        demo.make_list(started)
        while not any("Today's Moves" in text for text in _posts(started)) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield started


def _posts(started: demo.Demo) -> list[str]:
    seen = demo.ask(f"{started.sandbox}/control/slack?user={demo.OWNER}")
    return [message["text"] for channel in seen["channels"] if channel["is_im"] for message in channel["messages"]]


def _list(page: Page) -> Locator:
    return page.get_by_role("article").filter(has_text="Today's Moves")


def test_a_morning_on_a_phone(morning: demo.Demo, tmp_path: Path) -> None:
    with browser.opened(morning.sandbox, tmp_path, size=browser.PHONE) as page:
        picture = browser.taking(page, tmp_path)
        moves = _list(page)
        expect(moves.get_by_role("button", name="Execute")).to_have_count(3)
        picture("digest-phone")
        moves.get_by_role("button", name="Execute: move 1").click()
        page.get_by_role("dialog").get_by_role("button", name="Send").click()
        expect(moves.get_by_text("held", exact=True)).to_be_visible()
        moves.get_by_role("button", name="Undo").click()
        expect(moves.get_by_text("open again")).to_be_visible()
        moves.get_by_role("button", name="Show").click()
        expect(moves.get_by_role("button", name="Execute")).to_have_count(PEOPLE + 1)  # one of them left a number


def test_app_home_and_when_the_list_comes(morning: demo.Demo, tmp_path: Path) -> None:
    with browser.opened(morning.sandbox, tmp_path, dark=True) as page:
        picture = browser.taking(page, tmp_path)
        page.get_by_role("tab", name="Home").click()
        expect(page.get_by_role("button", name="Today (6)")).to_be_visible()
        picture("home")
        page.get_by_role("button", name="Settings").click()
        page.get_by_role("button", name="Change").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("When your list comes").fill("07:15")
        dialog.get_by_label("Friday").uncheck()
        dialog.get_by_role("button", name="Save").click()
        expect(page.get_by_text("at 07:15, Monday to Thursday; your own choice").first).to_be_visible()
