"""Random walks of an effect with a clock that moves: what must hold whatever happens, in whatever order."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.effect import (
    Applied,
    Arm,
    Block,
    Cancel,
    CannotReadNow,
    CannotTell,
    Drop,
    Effect,
    Event,
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
    transition,
)

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
TIMING = Timing(timedelta(seconds=5), timedelta(seconds=20), timedelta(seconds=120))
SPANS = st.integers(0, 300).map(lambda seconds: timedelta(seconds=seconds))
ENDS = {State.APPLIED, State.REFUSED, State.CANCELLED, State.DROPPED, State.UNDONE, State.CANNOT_UNDO}
WAITS_FOR_A_PERSON = {State.NEEDS_HUMAN}

EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from(
        [
            Applied(),
            Found(),
            SaysSent(),
            SaysAgain(),
            Unblock(),
            Cancel(),
            TakeBack(),
            UndoDone(),
            Arm(TIMING),
            Undo(TIMING),
        ]
    ),
    st.sampled_from(
        [Refused("no"), Unclear("lost"), CannotTell("gone"), Drop("over"), UndoImpossible("changed"), Block("paused")]
    ),
    st.tuples(SPANS, SPANS).map(lambda spans: NotFound(spans[0], asked_at=START + 20 * spans[1])),
    SPANS.map(lambda span: WorkerLost(look_again=span)),
    st.sampled_from([Look(TIMING.lease), Park("again and again")]),
    SPANS.map(lambda span: Unavailable("busy", span)),
    SPANS.map(lambda span: CannotReadNow("down", span)),
    SPANS.map(lambda span: UndoUnclear("lost", span)),
    SPANS.map(lambda span: Block("cap", START + span)),
)


@dataclass
class Walk:
    """One effect and all that was seen on its way."""

    effect: Effect
    now: datetime = START
    seen: list[tuple[Effect, Event, Effect]] = field(default_factory=list)

    def step(self, event: Event) -> None:
        try:
            after = transition(self.effect, event, self.now)
        except Illegal:
            return
        self.seen.append((self.effect, event, after))
        self.effect = after


@st.composite
def walks(draw) -> Walk:
    walk = Walk(Effect(draw(st.sampled_from([State.APPROVED, State.HELD])), due_at=START))
    # Armed at once in most walks: from there the long ways begin.
    for event in [*draw(st.sampled_from([[Arm(TIMING)], [Arm(TIMING), Unclear("lost")], []]))]:
        walk.step(event)
    for event in draw(st.lists(EVENTS, min_size=20, max_size=60)):
        walk.now += draw(SPANS)
        walk.step(event)
    return walk


@given(walks())
def test_nothing_becomes_applied_without_an_answer_a_finding_or_a_persons_word(walk):
    for before, event, after in walk.seen:
        if after.state is State.APPLIED and before.state is not State.APPLIED:
            assert isinstance(event, Applied | Found | SaysSent)


@given(walks())
def test_nothing_is_absent_before_its_horizon(walk):
    for before, event, after in walk.seen:
        if after.state is State.ABSENT and before.state is not State.ABSENT:
            assert isinstance(event, NotFound)
            assert event.asked_at >= before.horizon_until


@given(walks())
def test_the_fence_never_falls_and_rises_with_every_request(walk):
    for before, event, after in walk.seen:
        assert after.fence == before.fence + isinstance(event, Arm | Undo)
        assert after.attempt == before.attempt + isinstance(event, Arm)


@given(walks())
def test_it_is_due_unless_it_has_ended_or_waits_for_a_person(walk):
    for before, event, after in walk.seen:
        if isinstance(event, WorkerLost):
            assert (after.due_at is None) is (before.due_at is None)
            continue
        if after.state in ENDS - {State.APPLIED} | WAITS_FOR_A_PERSON:
            assert after.due_at is None
        elif after.state is State.APPLIED:
            assert (after.due_at is None) is not isinstance(event, TakeBack)
        elif after.state is State.BLOCKED:
            assert after.due_at == event.lifts_at
        else:
            assert after.due_at is not None


@given(walks())
def test_one_request_at_most_is_under_way(walk):
    """Between two armings something has said what became of the first, or its horizon has passed."""
    settled = True
    for _, event, after in walk.seen:
        if isinstance(event, Arm):
            assert settled
            settled = False
        elif (
            isinstance(event, Applied | Refused | Unavailable | Found | SaysSent | SaysAgain | Drop | Park)
            or after.state is State.ABSENT
        ):
            settled = True


@given(walks())
def test_it_is_armed_again_only_from_approved_held_or_absent(walk):
    for before, event, _ in walk.seen:
        if isinstance(event, Arm):
            assert before.state in {State.APPROVED, State.HELD, State.ABSENT}


@given(walks())
def test_what_has_ended_stays_ended_but_for_an_undo(walk):
    for before, event, _ in walk.seen:
        if before.state in ENDS:
            assert before.state is State.APPLIED
            assert isinstance(event, TakeBack | Undo | WorkerLost | Park)
