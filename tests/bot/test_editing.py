"""The form of every action: submitted as it was shown it changes nothing, and what cannot be approved is said at its input."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.views import editing
from bot.views.editing import Mistyped
from core.actions.registry import ACTIONS
from tests.support.showing import MOVE, plans_of

HOLD = timedelta(seconds=30)
ZONE = "America/New_York"


def values_of(action, params, **typed):
    """What Slack sends when the person changes only what `typed` says."""
    form = editing.form(action, params, move_id=MOVE, hold=HOLD, zone=ZONE).to_dict()
    inputs = [block for block in form["blocks"] if block["type"] == "input"]
    shown = {block["block_id"]: block["element"].get("initial_value") for block in inputs}
    return {name: {"input": {"type": "plain_text_input", "value": text}} for name, text in {**shown, **typed}.items()}


def plan_of(kind, text="Dana asks"):
    return next((action, params) for action, params in plans_of(text) if action.kind == kind)


def submitted(kind, **typed):
    action, params = plan_of(kind)
    return editing.read(action, params.model_dump(mode="json"), values_of(action, params, **typed), zone=ZONE)


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Zl", "Zp", "Zs"]), min_size=1, max_size=200))
@settings(max_examples=25)
def test_a_form_submitted_as_it_was_shown_changes_nothing(text):
    for action, params in plans_of(text):
        proposed = params.model_dump(mode="json")
        assert editing.read(action, proposed, values_of(action, params), zone=ZONE) == proposed, action.kind


@pytest.mark.parametrize("kind", ACTIONS)
def test_every_action_says_what_pressing_does_and_fits_into_a_form(kind):
    action, params = plan_of(kind)
    form = editing.form(action, params, move_id=MOVE, hold=HOLD, zone=ZONE).to_dict()
    assert len(form["title"]["text"]) <= 24
    assert "{" not in action.words.promise.format(hold=30)
    assert action.words.promise.format(hold=30) in str(form["blocks"][-1])


def test_a_text_too_long_for_a_form_is_shown_and_goes_out_whole():
    action, params = plan_of("send_email", "x" * 9000)
    values = values_of(action, params, subject="A new subject")
    assert "body" not in values
    form = editing.form(action, params, move_id=MOVE, hold=HOLD, zone=ZONE).to_dict()
    assert "has 9000 characters" in str(form["blocks"])
    read = editing.read(action, params.model_dump(mode="json"), values, zone=ZONE)
    assert (read["subject"], read["body"]) == ("A new subject", "x" * 9000)


def test_times_are_typed_on_the_owners_clock():
    read = submitted("book_meeting", start="2026-12-01 09:30")
    assert datetime.fromisoformat(read["start"]) == datetime(2026, 12, 1, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "typed", "at", "says"),
    [
        ("send_email", {"to": "nobody"}, "to", "nobody is not an address that mail can reach"),
        ("send_email", {"to": " , ;"}, "to", "Give at least one address"),
        ("send_email", {"subject": "  "}, "subject", "looks like spam"),
        ("send_email", {"body": "one\x00two"}, "body", "type the text anew"),
        ("reply_in_thread", {"body": ""}, "body", "nothing to send"),
        ("create_task", {"due_at": "tomorrow"}, "due_at", "like 2026-11-26 15:00"),
        ("create_task", {"subject": ""}, "subject", "what is to be done"),
        ("book_meeting", {"start": "2026-02-30 09:00"}, "start", "like 2026-11-26 15:00"),
        ("book_meeting", {"attendees": ""}, "attendees", "Invite at least one person"),
        ("update_deal", {"amount": "a lot"}, None, "is not a number"),
        ("post_to_channel", {"text": " "}, "text", "nothing to post"),
    ],
)
def test_what_cannot_be_approved_is_said_at_its_input(kind, typed, at, says):
    with pytest.raises(Mistyped) as mistyped:
        submitted(kind, **typed)
    ((where, sentence),) = mistyped.value.errors.items()
    assert says in sentence
    shown = values_of(*plan_of(kind))
    assert where == at if at else where in shown
