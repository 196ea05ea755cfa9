"""What writers want, in eight classes and many languages, and above all: a refusal is never read as interest."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mail.intent import intent_of
from core.mail.phrases import table
from core.mail.reply import own_words

REPLIES: dict[str, list[str]] = table("replies")
UNSEEN: dict[str, list[str]] = tomllib.loads((Path(__file__).parent / "unseen.toml").read_text(encoding="utf-8"))
REFUSALS = [*REPLIES["unsubscribe"], *REPLIES["not_interested"]]
EAGER = {"interested", "meeting"}


def letter(text: str) -> str:
    return f"Hi Nora,\n\n{text}\n\nBest regards\nJo Field"


@pytest.mark.parametrize("wanted", REPLIES)
def test_each_reply_is_read_as_what_its_writer_wants(wanted: str) -> None:
    wrong = {text: intent_of(letter(text)) for text in REPLIES[wanted] if intent_of(letter(text)).name != wanted}
    assert wrong == {}


@pytest.mark.parametrize(
    "text", ["Please stop.", "Not interested.", "Send me the offer.", "Can we talk on Monday at 10?"]
)
def test_what_was_found_is_told(text: str) -> None:
    found = intent_of(text)
    assert found.evidence
    assert found.evidence.lower() in text.lower()


@given(
    refusal=st.sampled_from(REFUSALS),
    before=st.sampled_from(["", "Thanks for the quick answer. ", "I read your mail with interest. "]),
)
def test_a_polite_word_before_a_refusal_makes_no_interest(refusal: str, before: str) -> None:
    assert intent_of(letter(before + refusal)).name not in EAGER


@given(
    refusal=st.sampled_from(REPLIES["unsubscribe"]),
    kind=st.sampled_from([*REPLIES["interested"], *REPLIES["meeting"], *REPLIES["none"]]),
)
def test_a_wish_for_no_more_mail_comes_before_all_else(refusal: str, kind: str) -> None:
    # A mail that keeps itself on the list says so in one of its sentences, and only that one is left out.
    assert intent_of(letter(f"{kind}\n\n{refusal}")).name == "unsubscribe"


@given(refusal=st.sampled_from(REFUSALS), quoted=st.sampled_from([*REPLIES["interested"], *REPLIES["meeting"]]))
def test_the_quotation_is_not_what_the_writer_wants(refusal: str, quoted: str) -> None:
    mail = f"{letter(refusal)}\n\nOn Tue, 24 Nov 2026 at 09:00 Nora Feld <nora@fernway.example> wrote:\n> {quoted}\n"
    assert intent_of(own_words(mail)).name not in EAGER


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Please don't contact me before March.", "later"),
        ("Please keep me on the list.", "none"),
        ("Does every mail have an unsubscribe link?", "question"),
        ("Our readers may unsubscribe with one click, how does that reach you?", "question"),
        ("We don't need the chat module, but the mail module would help us a lot.", "interested"),
        ("Hi Nora,\n\nI read it all.\n\nThanks but we'll pass.\nAnn", "not_interested"),
        ("", "none"),
    ],
)
def test_words_of_a_refusal_that_refuse_nothing_and_others_that_do(text: str, wanted: str) -> None:
    assert intent_of(text).name == wanted


@given(st.text(max_size=2_000))
def test_any_text_has_an_intent(text: str) -> None:
    assert intent_of(text, subject=text[:50]).name


def test_a_refusal_at_the_end_of_a_very_long_letter_is_read() -> None:
    assert intent_of("We were founded long ago. " * 2_000 + "\n\nPlease take us off your list.").name == "unsubscribe"
