"""Every hostile string on the page, as text, as markup and as a plain label: nothing runs, nothing is fetched, no link leads astray."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.sandbox.page_support import CHROMIUM, Json, Sandbox, plain, section
from tests.support.strings import hostile_strings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]

AT_ONCE = 40  # blocks in a message
LIMIT = 3000
PLAIN_LIMIT = 150
# What the page itself makes of a message, and of Slack's markup within it.
OWN = {
    *("A", "BLOCKQUOTE", "BR", "BUTTON", "CODE", "DIV", "EM", "H3", "HR", "P", "PRE", "S", "SPAN", "STRONG", "TIME"),
    *("LI", "OL", "UL", "SVG", "PATH", "svg", "path", "ARTICLE", "H4"),
}

FOUND = """() => {
  const all = [...document.querySelectorAll("#messages *")];
  return {
    tags: [...new Set(all.map((one) => one.tagName))],
    handlers: all.flatMap((one) => [...one.attributes].map((each) => each.name)).filter((name) => name.startsWith("on")),
    links: [...new Set(all.filter((one) => one.hasAttribute("href")).map((one) => one.getAttribute("href")))],
    blank: all.filter((one) => one.tagName === "A" && !one.relList.contains("noopener")).length,
  };
}"""


def markup(text: str) -> Json:
    return section(text[:LIMIT])


def escaped(text: str) -> Json:
    return section(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")[:LIMIT])


def label(text: str) -> Json:
    return {"type": "section", "text": plain(text[:PLAIN_LIMIT])}


@pytest.mark.parametrize("shown", [markup, escaped, label])
def test_no_hostile_string_comes_alive_on_the_page(page: Page, sandbox: Sandbox, shown) -> None:
    dialogs: list[str] = []

    def alert(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", alert)
    texts = [text.replace("\0", "").encode("utf-8", "replace").decode() for text in hostile_strings()]
    texts = [text for text in texts if text]
    for start in range(0, len(texts), AT_ONCE):
        last = sandbox.say("a", [shown(text) for text in texts[start : start + AT_ONCE]])
    expect(page.locator(f'#messages [data-ts="{last}"]')).to_be_visible(timeout=20_000)

    assert page.locator("#messages .blocks > *").count() >= len(texts)
    found = page.evaluate(FOUND)
    assert set(found["tags"]) <= OWN, set(found["tags"]) - OWN
    assert found["handlers"] == []
    assert {urlsplit(address).scheme for address in found["links"]} <= {"http", "https", "mailto"}
    assert found["blank"] == 0
    assert dialogs == []
    if shown is not markup:
        assert all(address.startswith(("http://", "https://")) for address in found["links"])
