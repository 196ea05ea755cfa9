"""Debian's Chromium on the sandbox's page, for stories that a person would play."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 15_000
DESK, PHONE = (1280, 900), (390, 844)

BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}: apt-get install chromium"),
]


@contextmanager
def opened(url: str, home: Path, *, size: tuple[int, int] = DESK, dark: bool = False) -> Iterator[Page]:
    """The page at `url`; `home` is a folder that can be written to, whoever runs the tests."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        environment = {**os.environ, "HOME": str(home)}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments, env=environment)
        page = browser.new_page(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
        )
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto(url)
        yield page
        browser.close()


def taking(page: Page, folder: Path) -> Callable[[str], None]:
    """Takes screenshots; with CASEYOS_SCREENSHOTS set they stay in that folder, as the documents' do."""
    kept = Path(os.environ.get("CASEYOS_SCREENSHOTS", folder))

    def take(name: str) -> None:
        page.screenshot(path=kept / f"{name}.png")
        assert (kept / f"{name}.png").stat().st_size > 20_000

    return take
