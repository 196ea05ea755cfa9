"""Drafts: the owner's voice, and nothing but what the record holds, whatever people call themselves."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.draft import Voice, answer_inquiry, first_name, one_line
from core.inquiry import Inquiry
from tests.support.strings import hostile_strings

VOICE = Voice(name="Casey Morgan", company="Pier 7 Marketing", greeting="Hello", sign_off="Kind regards")
INTERESTS = ("sponsor", "exhibit", "speak", "attend", "price")


def written(*wants, voice=VOICE, **fields):
    return answer_inquiry(Inquiry(form="contact", email="dana@northpier.example", **fields), wants, voice)


def test_the_draft_greets_by_first_name_and_signs_in_the_owners_voice():
    draft = written("exhibit", name="Dana Whitfield", company="Northpier Freight")
    assert draft.body.startswith("Hello Dana,\n")
    assert draft.body.endswith("Kind regards,\nCasey Morgan\nPier 7 Marketing\n")
    assert "from Northpier Freight" in draft.body
    assert draft.subject == "Your question about exhibiting"


def test_a_draft_without_a_record_says_nothing_about_one():
    draft = written()
    assert draft.body.startswith("Hello,\n")
    assert "from" not in draft.body.splitlines()[2]
    assert draft.subject == "Your message to Pier 7 Marketing"


@pytest.mark.parametrize("wants", [(one,) for one in INTERESTS] + [("exhibit", "price"), ("sponsor", "speak"), ()])
def test_no_draft_promises_a_date_a_place_or_a_figure(wants):
    draft = written(
        *wants, name="Dana", company="Northpier Freight", message="Is it 5,000 EUR on 14 January?", budget=5000
    )
    assert not re.search(r"\d", draft.subject.replace("Pier 7", "") + draft.body.replace("Pier 7", ""))


@pytest.mark.parametrize(
    ("want", "word"),
    [
        ("sponsor", "sponsoring"),
        ("exhibit", "exhibiting"),
        ("speak", "speaking"),
        ("attend", "attending"),
        ("price", "prices"),
    ],
)
def test_the_draft_is_about_what_they_asked(want, word):
    draft = written(want)
    assert word in draft.subject
    assert word in draft.body


def test_prices_are_answered_beside_what_they_are_for():
    assert "prices as well" in written("exhibit", "price").body
    assert "what do you have in mind" in written("price").body


def test_a_booking_link_is_offered_only_where_the_owner_has_one():
    voice = VOICE.model_copy(update={"booking_link": "https://pier7.example/book"})
    assert "https://pier7.example/book" in written(voice=voice).body
    assert "http" not in written().body


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Dana Whitfield", "Dana"),
        ("  Dana  ", "Dana"),
        ("Anne-Marie Lund", "Anne-Marie"),
        ("Zoë", "Zoë"),
        ("李 小龙", "李"),
        ("", ""),
        ("Dr. Dana Whitfield", ""),
        ("dana@northpier.example", ""),
        ("{{ voice.name }}", ""),
        ("<script>", ""),
        ("https://evil.example", ""),
        ("-", ""),
        ("Dana\nBcc: x@y.example", "Dana"),
        ("A" * 31, ""),
    ],
)
def test_only_what_looks_like_a_name_is_used_as_one(name, called):
    assert first_name(name) == called


NASTY = st.text(max_size=300)


@given(NASTY, NASTY, NASTY)
@example("{{ 7 * 7 }}", "{% for x in range(9) %}x{% endfor %}", "{{ voice.__class__ }}")
@example("Dana\r\nBcc: all@pier7.example", "\r\nX-Priority: 1", "\x00")
@example("\u2028Dana", "\u202e", "x" * 300)
def test_whatever_they_typed_stays_text_on_one_line(name, company, message):
    draft = written("exhibit", name=name, company=company, message=message)
    plain = written("exhibit")
    assert draft.subject == plain.subject
    shown = one_line(company, 80)
    lines = draft.body.splitlines()
    assert draft.body.startswith("Hello")
    assert (f"thank you for writing to us from {shown}." if shown else "thank you for writing to us.") in draft.body
    assert not {"\r", "\x00"} & set(draft.body)
    # Nothing but the two lines that hold their texts differs from the draft for somebody unknown.
    assert lines[3:] == plain.body.splitlines()[3:]


def test_hostile_strings_never_reach_a_header_or_a_template():
    plain = written("exhibit")
    for text in hostile_strings():
        draft = written("exhibit", name=text, company=text, message=text)
        assert draft.subject == plain.subject
        assert draft.body.splitlines()[3:] == plain.body.splitlines()[3:], text
        assert one_line(text, 80) in draft.body


@given(st.text(max_size=400), st.integers(1, 200))
def test_one_line_is_one_line_within_its_limit(text, limit):
    flat = one_line(text, limit)
    assert len(flat) <= limit
    assert len(flat.splitlines()) <= 1
    assert flat == flat.strip()
