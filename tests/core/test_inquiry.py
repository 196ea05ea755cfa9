"""What a message seems to want: whole words, strongest first, denials left out, however long it is."""

import time

import pytest

from core.inquiry import interests


@pytest.mark.parametrize(
    ("message", "wants"),
    [
        ("", ()),
        ("Hello there", ()),
        ("We would like to sponsor the spring fair", ("sponsor",)),
        ("SPONSORSHIP packages?", ("sponsor", "price")),
        ("What does a booth cost?", ("exhibit", "price")),
        ("How much is a stand, and may I speak?", ("exhibit", "speak")),
        ("I want to attend; two tickets please", ("attend",)),
        ("Could our CEO give the keynote?", ("speak",)),
        ("Prices and rates, please", ("price",)),
        ("price, attend, speak, exhibit, sponsor", ("sponsor", "exhibit", "speak", "attend", "price")),
    ],
)
def test_a_message_names_what_it_wants_strongest_first(message, wants):
    assert interests(message) == wants


@pytest.mark.parametrize(
    "message", ["I understand your outstanding work", "Presents for the attendant", "A speakeasy, corporate", "costume"]
)
def test_a_word_within_another_is_not_named(message):
    assert interests(message) == ()


@pytest.mark.parametrize(
    "message",
    [
        "We do not want to sponsor",
        "I don't want to sponsor",
        "I don’t want to sponsor",
        "no sponsoring",
        "never sponsor",
    ],
)
def test_a_plain_denial_does_not_count(message):
    assert interests(message) == ()


def test_a_denial_of_one_thing_leaves_the_other():
    assert interests("Not a booth. We would rather sponsor.") == ("sponsor",)
    assert interests("No booth for us this year; a booth next year though") == ("exhibit",)


def test_a_message_as_long_as_a_form_may_be_is_read_in_no_time():
    began = time.perf_counter()
    assert interests("no stand " * 7_000) == ()
    assert time.perf_counter() - began < 2
