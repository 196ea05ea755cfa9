"""A browser, a sandbox and a bot for the tests of the page."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.sandbox.page_support import CHROMIUM, Bot, Sandbox, running


# Of this module alone: a browser that lives on would keep its event loop running under the asyncio tests that follow.
@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        environment = {**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))}  # one that can be written to
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args, env=environment)
        yield browser
        browser.close()


@pytest.fixture
def bot() -> Iterator[Bot]:
    bot = Bot()
    yield bot
    bot.close()


@pytest.fixture
def sandbox(bot: Bot, tmp_path: Path) -> Iterator[Sandbox]:
    with running(tmp_path, "--bot", bot.url, "--mode", "http", "--no-rate-limits") as sandbox:
        yield sandbox


@pytest.fixture
def page(chromium: Browser, sandbox: Sandbox) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(6000)
    elsewhere: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: request.url.startswith(sandbox.url) or elsewhere.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(sandbox.url)
    page.wait_for_selector("body[data-ready]")
    yield page
    assert elsewhere == []
    assert errors == []
    assert page.evaluate("window.alive") is None
    context.close()
