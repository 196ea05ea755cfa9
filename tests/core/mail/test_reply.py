"""What a person newly wrote: quotations, introductions, signatures and device lines go, all else stays."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.mail.html_text import as_text
from core.mail.parsing import parse
from core.mail.reply import own_words, reply_of, trimmed

OWN = "Hello Nora,\n\nTuesday is fine.\n\nBest regards\nJo"

# What programs put below an answer, in several languages.
BELOW = {
    "introduced": "On Tue, 24 Nov 2026 at 09:00 Nora Feld <nora@pier7.example> wrote:\n> Hello Jo,\n> is Tuesday fine?\n",
    "introduction over two lines": "On Tue, 24 Nov 2026 at 09:00 Nora Feld\n<nora@pier7.example> wrote:\n\n> Is Tuesday fine?\n",
    "German": "Am 24.11.2026 um 09:00 schrieb Nora Feld:\n> Passt Dienstag?\n",
    "French": "Le mar. 24 nov. 2026 à 09:00, Nora Feld <nora@pier7.example> a écrit :\n> Mardi ?\n",
    "Spanish": "El mar, 24 nov 2026 a las 9:00, Nora Feld (<nora@pier7.example>) escribió:\n> ¿El martes?\n",
    "Dutch": "Op di 24 nov. 2026 om 09:00 schreef Nora Feld <nora@pier7.example>:\n> Dinsdag?\n",
    "Italian": "Il giorno mar 24 nov 2026 alle ore 09:00 Nora Feld <nora@pier7.example> ha scritto:\n> Martedì?\n",
    "Swedish": "Den 24 nov. 2026 kl. 09:00 skrev Nora Feld <nora@pier7.example>:\n> Tisdag?\n",
    "header block": "From: Nora Feld <nora@pier7.example>\nSent: Tuesday, 24 November 2026 09:00\nTo: Jo Field <jo@fernway.example>\nSubject: Offer\n\nIs Tuesday fine?\n",
    "German header block": "Von: Nora Feld <nora@pier7.example>\nGesendet: Dienstag, 24. November 2026 09:00\nAn: Jo Field\nBetreff: Angebot\n\nPasst Dienstag?\n",
    "original message": "-----Original Message-----\nFrom: Nora Feld\nSent: Tuesday\nTo: Jo Field\nSubject: Offer\n\nIs Tuesday fine?\n",
    "forwarded": "---------- Forwarded message ---------\nFrom: Nora Feld <nora@pier7.example>\nDate: Tue, 24 Nov 2026\nSubject: Offer\nTo: <jo@fernway.example>\n\nIs Tuesday fine?\n",
    "signature": "-- \nJo Field\nFernway, 12 Mill Lane\n",
    "telephone": "Sent from my iPhone\n",
    "telephone and quotation": "Von meinem iPhone gesendet\n\nAm 24.11.2026 um 09:00 schrieb Nora Feld <nora@pier7.example>:\n\n> Passt Dienstag?\n",
}


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW.keys())
def test_what_stands_below_an_answer_goes(below: str) -> None:
    assert trimmed(f"{OWN}\n\n{below}").text == OWN


def test_an_answer_below_the_quotation_counts() -> None:
    assert trimmed("On 24 Nov 2026, Nora Feld <nora@pier7.example> wrote:\n> Is Tuesday fine?\n\nYes.\n").text == "Yes."


def test_answers_between_quoted_lines_count_and_their_questions_are_not_the_writers_own() -> None:
    reply = trimmed(
        "On 24 Nov 2026, Nora Feld <nora@pier7.example> wrote:\n> Is Tuesday fine?\n\nYes.\n\n> And the price?\n\nFine too.\n"
    )
    assert "Yes." in reply.text
    assert "Fine too." in reply.text
    assert "price" not in reply.own


def test_the_writers_own_line_breaks_and_sign_off_stay() -> None:
    assert trimmed("One\ntwo\n\n\nthree\n\nBest regards,\nAnn").text == "One\ntwo\n\n\nthree\n\nBest regards,\nAnn"


@pytest.mark.parametrize(
    "text",
    [
        "On Tuesday I wrote a letter to the board: they liked it.",
        "From: is a word we use in our forms.",
        "> is my favourite sign",
        "Prices:\n- small: 10\n- large: 20",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert trimmed(f"Hi\n\n{text}\n\nAnn").text == f"Hi\n\n{text}\n\nAnn" or text.startswith(">")


def test_html_becomes_text_without_its_quotation() -> None:
    markup = (
        "<html><head><style>p {color: red}</style></head><body><p>Hello Nora,</p><p>Tuesday is <b>fine</b>.<br>Jo &amp; Ann</p>"
        '<div class="gmail_quote">On Tue, 24 Nov 2026 Nora wrote:<blockquote>Is Tuesday fine?</blockquote></div></body></html>'
    )
    raw = b"From: jo@fernway.example\nSubject: Re: Offer\nContent-Type: text/html; charset=utf-8\n\n" + markup.encode()
    assert reply_of(parse(raw)).text == "Hello Nora,\n\nTuesday is fine.\nJo & Ann"


@given(st.text(max_size=3_000))
@example("> \n>\n")
@example("On 1.1.2026 wrote:\n" * 30)
@example("--\n--\n")
def test_nothing_is_invented(text: str) -> None:
    written = {
        line.strip()
        for line in text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u00a0", " ")
        .replace("\u200b", "")
        .split("\n")
    }
    assert {line.strip() for line in own_words(text).split("\n")} <= written | {""}


@given(
    st.lists(
        st.sampled_from(
            [*BELOW.values(), OWN, "> quoted\n", "\n", "Yes.\n", "-- \n", "On Monday\n", "_____\n", "a: b\n"]
        ),
        max_size=8,
    )
)
@example([OWN, "\n", BELOW["introduced"]])
@example([BELOW["introduced"], "\n", "Yes.\n"])
def test_what_is_left_has_no_more_to_lose(pieces: list[str]) -> None:
    once = own_words("".join(pieces))
    assert own_words(once) == once


@given(st.text(alphabet="<>/abp \"'=!-&;\n", max_size=800))
def test_any_markup_is_read(markup: str) -> None:
    assert "\x00" not in as_text(markup)
