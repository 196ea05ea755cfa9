"""Where rules end, a short reply is read as those it resembles."""

import pytest

from core.mail.likeness import resembled


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("would you be so kind as to delete this old address", "unsubscribe"),
        ("i am sorry but this service is nothing we need", "not_interested"),
        ("thank you, noted", "none"),
    ],
)
def test_a_reply_resembles_those_with_its_words(text: str, name: str) -> None:
    assert resembled(text) == name


@pytest.mark.parametrize("text", ["", "zebra", "qqqq xxxx zzzz", "we need this " * 20])
def test_what_is_strange_or_long_resembles_none(text: str) -> None:
    assert resembled(text) is None
