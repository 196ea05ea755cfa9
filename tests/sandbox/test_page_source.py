"""What can be said of the page without a browser: nothing in it makes markup of text, and its colours can be read."""

import re

import pytest

from tests.sandbox.page_support import ROOT


def test_the_source_holds_no_way_to_turn_text_into_markup() -> None:
    for path in (ROOT / "integrations/sandbox/page").iterdir():
        text = path.read_text()
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function", text
        ), path
        assert text.count("\n") < 300, path


@pytest.mark.parametrize("scheme", [0, 1])
def test_colours_can_be_read(scheme: int) -> None:
    css = (ROOT / "integrations/sandbox/page/style.css").read_text()
    colours: dict[str, str] = {}
    for rule in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[: scheme + 1]:
        colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", rule))
    texts = [
        (ink, ground) for ink in ("ink", "soft", "link", "code", "danger") for ground in ("bg", "card", "chip", "hover")
    ]
    texts += [("go-ink", "go"), ("note-ink", "note"), ("note-ink", "bg"), ("link", "mention"), ("side-ink", "side")]
    for ink, ground in texts:
        assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for edge in ("edge", "ring"):
        assert _contrast(colours[edge], colours["bg"]) >= 3, edge


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
