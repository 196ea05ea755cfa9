"""Whatever stands in a card, a modal or a note: it is within Slack's limits, dead, and says who it is about and how it stands."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.views import card as card_view
from bot.views import digest as digest_view
from bot.views import editing, modal
from bot.views import home as home_view
from bot.views import note as note_view
from bot.views.text import clip, escape, outside, plain
from core.card import CardState
from core.digest import Report
from tests.support.showing import (
    MOVE,
    OWNER,
    SPOKEN,
    card_of,
    decided_by_nobody,
    digest_of,
    homes_of,
    notes_of,
    plans_of,
    score_of,
)
from tests.support.slack_blocks import assert_dead, assert_message, assert_view
from tests.support.strings import hostile_strings

STATES = list(CardState)

# Long, many-byte, invisible, right to left, or full of what Slack reads.
AWKWARD = st.one_of(
    st.text(max_size=400),
    st.text(alphabet="<>&@#!|*_~`:\n\u202e\u2066\u200b\u200d\ufeff\x00\x85é🎪👩‍👩‍👧ש", max_size=400),
    st.builds(lambda one, times: one * times, st.text(min_size=1, max_size=4), st.integers(1, 6000)),
)


def around(limit):
    """Texts whose clipped end falls into an entity, a pair or a mark."""
    ends = ("&", "<", "🎪", "\u202e", "<@U0ORLA>")
    return [("x" * (limit - back)) + end * 9 for back in (0, 1, 2, 4, 5) for end in ends]


def assert_card(card):
    message = {
        "text": card_view.text(card),
        "blocks": [block.to_dict() for block in card_view.render(card)],
    }
    assert_message(message, members=[OWNER, card.by or ""])
    assert SPOKEN[card.state] in message["text"]
    who = outside(card.title, 40).rstrip("…")
    assert message["text"].startswith(who)


def assert_digest(digest):
    blocks = [block.to_dict() for block in digest_view.render(digest)]
    message = {"text": digest_view.text(digest), "blocks": blocks}
    assert_message(message, members=[OWNER, *(card.by or "" for card in digest.cards)])
    assert message["text"].startswith(digest_view.TITLES[digest.kind])
    assert outside(digest.cards[0].title, 40).rstrip("…") in message["text"]


def assert_home(text):
    for home in homes_of(text):
        assert_view(home_view.render(home).to_dict(), members=[OWNER])


def assert_modals(text):
    for action, params in plans_of(text):
        form = editing.form(action, params, move_id=MOVE, hold=timedelta(seconds=30), zone="Europe/London")
        assert_view(form.to_dict())
    assert_view(modal.why(title=text, move_id=MOVE, score=score_of(text), changes=[text, text]).to_dict())
    assert_view(modal.why(title=text, move_id=MOVE, score=score_of(text), changes=[]).to_dict())
    for note in notes_of(text):
        assert_view(modal.word("Nothing to do", note_view.render(note)).to_dict())
    assert_view(modal.never(name=text, email=text, move_id=MOVE).to_dict())
    assert_view(modal.hand_over(title=text, move_id=MOVE).to_dict())


def assert_notes(text):
    for note in notes_of(text):
        assert_message({"text": note_view.render(note)})


def assert_everywhere(text):
    for state in STATES:
        assert_card(card_of(text, state))
        assert_card(decided_by_nobody(card_of(text, state)))
    assert_digest(digest_of(text, STATES))
    assert_modals(text)
    assert_notes(text)


def test_every_hostile_string_is_dead_and_within_limits_on_a_card_in_every_state():
    for number, text in enumerate(hostile_strings()):
        # Every text in the state it waits in, and in the others in turn: all states see many texts of every kind.
        for state in (CardState.OPEN, STATES[number % len(STATES)]):
            assert_card(card_of(text, state))
            assert_card(decided_by_nobody(card_of(text, state)))


def test_every_hostile_string_is_dead_and_within_limits_on_a_list_and_on_app_home():
    for number, text in enumerate(hostile_strings()):
        if number % 10 == 0:  # ten cards each time
            assert_digest(digest_of(text, STATES[number // 10 % len(STATES) :] + STATES))
            assert_home(text)


def test_a_list_says_what_was_done_since_the_one_before_and_what_was_left():
    digest = digest_of("Dana")
    assert digest_view.summary(digest) == (
        "Tuesday 24 November  ·  3 worth your morning, about 25 min  ·  since Friday: "
        "2 mails sent, 2 mails answered, 2 tasks created, 2 meetings booked, 2 deals changed, 2 messages posted, 1 reply"
    )
    assert (
        digest_view.unanswered(digest.report)
        == "left unanswered last time: 2 still open, 1 expired, 1 settled by themselves"
    )
    assert digest_view.summary(digest_of("Dana", kind="top_up")).startswith(
        "Tuesday 24 November  ·  It has come to rank"
    )
    quiet = replace(digest, cards=(), report=Report(since=date(2026, 11, 23), outcomes={"reply": 2}))
    assert digest_view.summary(quiet) == f"Tuesday 24 November  ·  {digest_view.QUIET}  ·  yesterday: 2 replies"
    assert digest_view.text(quiet) == f"Today's Moves: {digest_view.QUIET}"


def test_every_hostile_string_is_dead_and_within_limits_in_modals_and_notes():
    for text in hostile_strings():
        assert_modals(text)
        assert_notes(text)


@pytest.mark.parametrize("limit", [40, 60, 150, 200, 300, 400, 600, 1500, 2000, 3000])
def test_a_text_clipped_at_a_limit_of_ours_stays_whole_there(limit):
    for number, text in enumerate(around(limit)):
        assert_everywhere(text)
        if number % 6 == 0:  # each kind of end, somewhere
            assert_home(text)


@settings(deadline=None, max_examples=40)
@given(AWKWARD)
@example("")
@example(" ")
@example("\u202e")
@example("&" * 5000)
@example("🎪" * 3000)
def test_any_text_is_dead_and_within_limits_everywhere(text):
    assert_everywhere(text)
    assert_home(text)


@settings(deadline=None)
@given(AWKWARD, st.integers(1, 400))
@example("<" * 10, 4)
@example("a&b", 2)
def test_clipped_text_is_no_longer_than_asked_and_ends_in_no_half_entity(text, limit):
    shown = outside(text, limit)
    assert len(shown) <= limit
    assert_dead(shown)
    assert clip(escape(text), len(escape(text))) == escape(text)
    assert len(plain(text, limit)) <= limit


def test_escaped_text_reads_as_it_was():
    assert escape("Harlow & Lane <b>") == "Harlow &amp; Lane &lt;b&gt;"
    assert plain("Harlow & Lane <b>", 50) == "Harlow & Lane <b>"
    assert escape("Zoë\u202e 🎪\x07\n") == "Zoë 🎪\n"


def test_who_decided_is_mentioned_and_anybody_else_is_only_named():
    said = card_view.state_line(card_of("x", CardState.SNOOZED))
    assert said.endswith("by <@U0CASEY>")
    assert "&lt;!channel&gt;" in note_view.already("approved", "<!channel>")
    assert "<@" not in note_view.already("approved", "U0CASEY> <!channel")


def test_the_points_on_a_card_add_up_to_its_score():
    card = card_of("x")
    numbers = card_view.render(card)[1].to_dict()["elements"][0]["text"]
    points = [int(word.strip(",+")) for word in numbers.partition("min")[2].split() if word.strip(",+-").isdigit()]
    assert sum(points) == card.score.aps
