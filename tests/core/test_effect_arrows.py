"""The state machine of an effect, arrow by arrow: the table is written apart from the code that it checks."""

from datetime import UTC, datetime, timedelta

import pytest

from core.effect import (
    FINAL,
    Applied,
    Arm,
    Block,
    Cancel,
    CannotReadNow,
    CannotTell,
    Drop,
    Effect,
    Found,
    Illegal,
    Look,
    NotFound,
    Park,
    Refused,
    SaysAgain,
    SaysSent,
    State,
    TakeBack,
    Timing,
    Unavailable,
    Unblock,
    Unclear,
    Undo,
    UndoDone,
    UndoImpossible,
    UndoUnclear,
    WorkerLost,
    allowed,
    transition,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SOON = timedelta(seconds=2)
TIMING = Timing(timedelta(seconds=5), timedelta(seconds=20), timedelta(seconds=120))

EVENTS = {
    "arm": Arm(TIMING),
    "block": Block("paused"),
    "unblock": Unblock(),
    "applied": Applied(),
    "refused": Refused("no"),
    "unavailable": Unavailable("busy", SOON),
    "unclear": Unclear("lost"),
    "worker lost": WorkerLost(look_again=SOON),
    "look": Look(TIMING.lease),
    "park": Park("again and again"),
    "found": Found(),
    "not found": NotFound(SOON, NOW),
    "cannot tell": CannotTell("gone"),
    "cannot read now": CannotReadNow("down", SOON),
    "cancel": Cancel(),
    "drop": Drop("why"),
    "says sent": SaysSent(),
    "says again": SaysAgain(),
    "take back": TakeBack(),
    "undo": Undo(TIMING),
    "undo done": UndoDone(),
    "undo impossible": UndoImpossible("changed"),
    "undo unclear": UndoUnclear("lost", SOON),
}

# Past its horizon; before it, `not found` stays unknown, which has a test of its own.
ARROWS = {
    "approved": {
        "arm": "armed",
        "block": "blocked",
        "drop": "dropped",
        "worker lost": "approved",
        "park": "needs_human",
    },
    "held": {
        "arm": "armed",
        "block": "blocked",
        "drop": "dropped",
        "cancel": "cancelled",
        "worker lost": "held",
        "park": "needs_human",
    },
    "armed": {
        "applied": "applied",
        "refused": "refused",
        "unavailable": "approved",
        "unclear": "unknown",
        "worker lost": "unknown",
    },
    "blocked": {
        "block": "blocked",
        "unblock": "approved",
        "drop": "dropped",
        "worker lost": "blocked",
        "park": "needs_human",
    },
    "applied": {"take back": "applied", "undo": "undo_armed", "worker lost": "applied", "park": "cannot_undo"},
    "refused": {},
    "unknown": {
        "applied": "applied",
        "found": "applied",
        "not found": "absent",
        "cannot tell": "needs_human",
        "cannot read now": "unknown",
        "look": "unknown",
        "worker lost": "unknown",
        "park": "needs_human",
    },
    "absent": {
        "arm": "armed",
        "block": "blocked",
        "drop": "dropped",
        "worker lost": "absent",
        "park": "needs_human",
    },
    "needs_human": {"says sent": "applied", "says again": "approved", "drop": "dropped"},
    "cancelled": {},
    "dropped": {},
    "undo_armed": {
        "undo done": "undone",
        "undo impossible": "cannot_undo",
        "undo unclear": "undo_unknown",
        "worker lost": "undo_unknown",
    },
    "undo_unknown": {
        "undo": "undo_armed",
        "undo done": "undone",
        "undo impossible": "cannot_undo",
        "undo unclear": "undo_unknown",
        "worker lost": "undo_unknown",
        "park": "cannot_undo",
    },
    "undone": {},
    "cannot_undo": {},
}


def an_effect(state: str) -> Effect:
    return Effect(
        State(state), attempt=1, fence=3, due_at=NOW, start_by=NOW, horizon_until=NOW - SOON, cause="an earlier one"
    )


def test_the_table_knows_every_state():
    assert set(ARROWS) == {str(state) for state in State}


@pytest.mark.parametrize("state", ARROWS)
@pytest.mark.parametrize("event", EVENTS)
def test_every_pair_of_state_and_event_has_its_arrow_or_is_refused(state, event):
    before = an_effect(state)
    end = ARROWS[state].get(event)
    assert allowed(before.state, type(EVENTS[event])) is (end is not None)
    if end is None:
        with pytest.raises(Illegal) as refused:
            transition(before, EVENTS[event], NOW)
        assert (refused.value.state, refused.value.event) == (before.state, EVENTS[event])
    else:
        assert transition(before, EVENTS[event], NOW).state == end


def test_what_waits_for_nobody_is_final():
    assert {str(state) for state in FINAL} == {
        "applied",
        "refused",
        "needs_human",
        "cancelled",
        "dropped",
        "undone",
        "cannot_undo",
    }


def test_arming_writes_down_lease_deadline_and_horizon():
    armed = transition(an_effect("approved"), Arm(TIMING), NOW)
    assert (armed.attempt, armed.fence, armed.cause) == (2, 4, None)
    assert armed.start_by == NOW + timedelta(seconds=5)
    assert armed.due_at == NOW + TIMING.lease
    assert armed.horizon_until == NOW + timedelta(seconds=145)


def test_what_landed_after_the_reading_began_is_looked_for_again():
    unknown = Effect(State.UNKNOWN, 1, 1, NOW, NOW, horizon_until=NOW)
    early = transition(unknown, NotFound(SOON, asked_at=NOW - SOON), NOW + timedelta(minutes=5))
    assert (early.state, early.due_at) == (State.UNKNOWN, NOW + timedelta(minutes=5))


def test_requests_without_an_answer_add_up_over_readings_that_are_answered_and_one_answer_ends_the_count():
    effect = Effect(State.APPROVED, due_at=NOW)
    for crashes in range(1, 4):
        effect = transition(effect, Arm(TIMING), NOW)
        effect = transition(effect, WorkerLost(), NOW)
        assert effect.claims == crashes
        effect = transition(effect, Look(TIMING.lease), NOW)
        effect = transition(effect, NotFound(SOON, effect.horizon_until), effect.horizon_until)
        assert (effect.state, effect.claims, effect.looks) == (State.ABSENT, crashes, 0)
    answered = transition(transition(effect, Arm(TIMING), NOW), Unavailable("busy", SOON), NOW)
    assert answered.claims == 0


def test_readings_without_an_answer_add_up_until_one_is_answered():
    unknown = Effect(State.UNKNOWN, 1, 1, NOW, NOW, horizon_until=NOW, claims=2)
    for crashes in range(1, 4):
        unknown = transition(transition(unknown, Look(TIMING.lease), NOW), WorkerLost(), NOW)
        assert (unknown.looks, unknown.claims) == (crashes, 2)
    answered = transition(transition(unknown, Look(TIMING.lease), NOW), CannotReadNow("busy", SOON), NOW)
    assert (answered.looks, answered.claims) == (0, 2)


@pytest.mark.parametrize(
    ("early_by", "state", "due_in"),
    [
        (timedelta(0), "absent", timedelta(0)),
        (timedelta(microseconds=1), "unknown", timedelta(microseconds=1)),
        (timedelta(seconds=1), "unknown", timedelta(seconds=1)),
        (timedelta(seconds=2), "unknown", SOON),
        (timedelta(minutes=2), "unknown", SOON),
    ],
)
def test_what_is_not_found_is_absent_from_its_horizon_on_and_looked_for_again_until_then(early_by, state, due_in):
    unknown = Effect(State.UNKNOWN, 1, 1, NOW, NOW, NOW + early_by)
    after = transition(unknown, NotFound(SOON, NOW), NOW)
    assert (after.state, after.due_at) == (state, NOW + due_in)


def test_reasons_are_kept_for_the_card_and_forgotten_when_they_no_longer_hold():
    assert transition(an_effect("armed"), Refused("no such address"), NOW).cause == "no such address"
    assert transition(an_effect("armed"), Unavailable("busy", SOON), NOW).cause == "busy"
    assert transition(an_effect("unknown"), CannotTell("the draft is gone"), NOW).cause == "the draft is gone"
    assert transition(an_effect("approved"), Block("paused", NOW), NOW).cause == "paused"
    for state, event in (("blocked", Unblock()), ("unknown", Found()), ("needs_human", SaysSent())):
        assert transition(an_effect(state), event, NOW).cause is None


@pytest.mark.parametrize(
    ("state", "event", "due_at"),
    [
        ("approved", Block("cap", NOW + SOON), NOW + SOON),
        ("approved", Block("paused"), None),
        ("blocked", Unblock(), NOW),
        ("armed", Unavailable("busy", SOON), NOW + SOON),
        ("armed", Unclear("lost"), NOW),
        ("unknown", CannotReadNow("down", SOON), NOW + SOON),
        ("applied", TakeBack(), NOW),
        ("applied", Undo(TIMING), NOW + TIMING.lease),
        ("undo_armed", UndoUnclear("lost", SOON), NOW + SOON),
        ("needs_human", SaysAgain(), NOW),
    ],
)
def test_every_arrow_says_when_to_look_next(state, event, due_at):
    assert transition(an_effect(state), event, NOW).due_at == due_at


def test_an_undo_raises_the_fence_so_that_an_old_answer_changes_nothing():
    undo = transition(an_effect("applied"), Undo(TIMING), NOW)
    assert (undo.fence, undo.attempt) == (4, 1)
