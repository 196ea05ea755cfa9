"""The score: its reasons add up, it moves the right way, and its receipt makes it again."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.aps import WEIGHTS_VERSION, Correction, Facts, Fit, ScoreReceipt, receipt, recompute, score, spoken

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
VALUES = st.one_of(st.none(), st.floats(0, 1e12))
AGES = st.floats(0, 5_000).map(lambda hours: timedelta(hours=hours))
FITS = st.builds(Fit, points=st.integers(0, 10), text=st.just("is a customer"), field=st.just("customer"))


@st.composite
def corrections(draw, feature="interest", value="exhibit") -> Correction:
    tried, others = draw(st.integers(0, 500)), draw(st.integers(0, 500))
    return Correction(
        feature=feature,
        value=value,
        tried=tried,
        succeeded=draw(st.integers(0, tried)),
        others_tried=others,
        others_succeeded=draw(st.integers(0, others)),
    )


FACTS = st.builds(
    Facts,
    value=VALUES,
    waiting_since=st.one_of(st.none(), AGES.map(lambda age: NOW - age)),
    due_at=st.one_of(st.none(), AGES.map(lambda ahead: NOW + ahead)),
    effort_minutes=st.integers(0, 600),
    fits=st.lists(FITS, max_size=12).map(tuple),
    features=st.just({"interest": "exhibit"}),
)
EVERYTHING = Facts(
    value=1e12,
    waiting_since=NOW,
    effort_minutes=1,
    fits=(Fit(points=40, text="a", field="a"),),
    features={"interest": "exhibit"},
)
NOTHING = Facts(
    value=0.0, waiting_since=NOW - timedelta(days=400), effort_minutes=600, features={"interest": "exhibit"}
)
ALWAYS_WON = Correction(
    feature="interest", value="exhibit", tried=500, succeeded=500, others_tried=500, others_succeeded=0
)
ALWAYS_LOST = Correction(
    feature="interest", value="exhibit", tried=500, succeeded=0, others_tried=500, others_succeeded=500
)


@given(FACTS, st.lists(corrections(), max_size=3))
@example(EVERYTHING, [ALWAYS_WON])
@example(NOTHING, [ALWAYS_LOST])
@example(Facts(), [])
def test_the_reasons_add_up_to_a_whole_number_within_0_and_100(facts, learned):
    made = score(facts, learned, NOW)
    assert 0 <= made.aps <= 100
    assert made.aps == sum(reason.points for reason in made.reasons)
    assert [reason.part for reason in made.reasons][:5] == ["base", "revenue", "urgency", "effort", "strategic"]
    assert {reason.part for reason in made.reasons[5:]} <= {"learned", "limit"}
    assert all(reason.text for reason in made.reasons)


@given(FACTS, st.lists(corrections(), max_size=2))
@example(EVERYTHING, [ALWAYS_WON])
def test_no_part_leaves_its_span(facts, learned):
    made = score(facts, learned, NOW)
    for part, span in (("revenue", 40), ("urgency", 25), ("effort", 15)):
        assert 0 <= made.part(part) <= span


def test_a_limit_is_named_only_where_one_was_needed():
    assert score(EVERYTHING, [ALWAYS_WON], NOW).part("limit") < 0
    assert score(NOTHING, [ALWAYS_LOST], NOW).part("limit") > 0
    assert [reason.part for reason in score(Facts(), (), NOW).reasons] == [
        "base",
        "revenue",
        "urgency",
        "effort",
        "strategic",
    ]


@given(FACTS, AGES, AGES)
@example(Facts(waiting_since=NOW), timedelta(hours=1), timedelta(microseconds=1))
def test_an_older_inquiry_never_scores_higher(facts, first, more):
    waits = facts.model_copy(update={"waiting_since": NOW})
    assert score(waits, (), NOW + first + more).aps <= score(waits, (), NOW + first).aps


@pytest.mark.parametrize(
    ("hours", "points"), [(0, 25), (1, 25), (2, 20), (4, 15), (8, 10), (16, 5), (32, 0), (1000, 0)]
)
def test_urgency_falls_with_each_doubling_after_the_first_hour(hours, points):
    waits = Facts(waiting_since=NOW)
    assert score(waits, (), NOW + timedelta(hours=hours)).part("urgency") == points


def test_what_is_due_scores_higher_the_nearer_it_comes():
    due = Facts(due_at=NOW + timedelta(days=7))
    points = [score(due, (), NOW + timedelta(days=days)).part("urgency") for days in range(10)]
    assert points == sorted(points)
    assert (points[0], points[7], points[9]) == (0, 25, 25)


@given(FACTS, st.floats(0, 1e9), st.floats(0, 1e9))
@example(Facts(), 100_000.0, 0.01)
def test_a_larger_value_never_scores_lower(facts, value, more):
    smaller, larger = (facts.model_copy(update={"value": amount}) for amount in (value, value + more))
    assert score(smaller, (), NOW).aps <= score(larger, (), NOW).aps


@pytest.mark.parametrize(
    ("value", "points"), [(0, 0), (1_000, 6), (10_000, 21), (100_000, 40), (10**9, 40), (None, 10)]
)
def test_revenue_counts_by_its_logarithm(value, points):
    assert score(Facts(value=value), (), NOW).part("revenue") == points


@given(FACTS, st.integers(0, 500), st.integers(0, 500))
def test_more_effort_never_scores_higher(facts, minutes, more):
    short, long = (facts.model_copy(update={"effort_minutes": each}) for each in (minutes, minutes + more))
    assert score(long, (), NOW).aps <= score(short, (), NOW).aps


@given(corrections())
def test_corrections_grow_with_success_and_shrink_with_failure(learned):
    won = learned.model_copy(update={"tried": learned.tried + 1, "succeeded": learned.succeeded + 1})
    lost = learned.model_copy(update={"tried": learned.tried + 1})
    assert lost.points <= learned.points <= won.points


def test_a_long_run_of_success_is_worth_more_than_a_short_one():
    def won(times: int) -> int:
        return Correction(
            feature="f", value="v", tried=times, succeeded=times, others_tried=0, others_succeeded=0
        ).points

    points = [won(times) for times in (0, 1, 2, 5, 20)]
    assert points[0] == 0
    assert all(first < second for first, second in pairwise(points))


def test_what_was_learned_about_something_else_counts_for_nothing():
    other = ALWAYS_WON.model_copy(update={"value": "sponsor"})
    facts = Facts(features={"interest": "exhibit"})
    assert score(facts, [other], NOW) == score(facts, (), NOW)
    assert receipt(facts, [other], NOW).corrections == ()


def test_the_counts_behind_a_correction_are_shown():
    learned = Correction(feature="interest", value="exhibit", tried=4, succeeded=3, others_tried=10, others_succeeded=1)
    [reason] = [
        one for one in score(Facts(features={"interest": "exhibit"}), [learned], NOW).reasons if one.part == "learned"
    ]
    assert "3 of 4 answered you (others 1 of 10)" in reason.text


@given(FACTS, st.lists(corrections(), max_size=3))
@example(EVERYTHING, [ALWAYS_WON])
def test_a_receipt_makes_its_score_again_to_the_letter_after_being_stored(facts, learned):
    made = receipt(facts, learned, NOW)
    stored = ScoreReceipt.model_validate_json(made.model_dump_json())
    assert stored == made
    assert recompute(stored) == made.score


def test_a_receipt_of_other_weights_is_not_made_again_by_these():
    old = receipt(Facts(), (), NOW).model_copy(update={"weights": "2025-01-01"})
    with pytest.raises(ValueError, match=f"2025-01-01; this release holds {WEIGHTS_VERSION}"):
        recompute(old)


@pytest.mark.parametrize(
    ("value", "currency", "said"),
    [(5000, "JPY", "5,000 JPY"), (1500.5, "EUR", "€1,500.50"), (20_000, "USD", "$20,000")],
)
def test_the_value_is_said_in_its_own_currency(value, currency, said):
    [reason] = [one for one in score(Facts(value=value, currency=currency), (), NOW).reasons if one.part == "revenue"]
    assert reason.text == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(0), "0 min"),
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=1, minutes=49), "1 h 49 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=3, hours=23), "3 days"),
    ],
)
def test_spans_are_said_as_people_say_them(span, said):
    assert spoken(span) == said
