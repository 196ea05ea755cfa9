"""The Action Priority Score: a whole number from 0 to 100 whose reasons add up to it exactly.

Points are additive. `base`, the four static parts, what was learned, and `limit`, which keeps the sum within 0..100.
Money and chance enter by their logarithms, so that adding points multiplies them. The weights are explained in
`docs/explanation/score.md`.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import AwareDatetime, BaseModel, Field

from core.money import Money

WEIGHTS_VERSION = "2026-11-24"

REVENUE_SPAN = 40
URGENCY_SPAN = 25
EFFORT_SPAN = 15
STRATEGIC_SPAN = 20

_VALUE_SCALE = 1_000.0  # below this, money counts about linearly; above, by its logarithm
_VALUE_FULL = 100_000.0  # the value that earns the whole span
_VALUE_UNKNOWN_POINTS = 10
_FRESH = timedelta(hours=1)  # an inquiry answered within the hour qualifies about seven times as often
_FALL_PER_DOUBLING = 5.0
_EFFORT_PER_DOUBLING = 2.5
_DUE_HORIZON = timedelta(days=7)

PRIOR_CHANCE = 0.15  # share of first mails that are answered, before anything was learned
PRIOR_WEIGHT = 6.0  # how many outcomes the prior counts for
POINTS_PER_LOGIT = 8.0


class Fit(BaseModel, frozen=True):
    """One reason why this person or account matters beyond today's money."""

    points: int
    text: str
    field: str


class Facts(BaseModel, frozen=True):
    """Everything a score is made of, so that it can be made again. Money in major units, currencies at par."""

    value: float | None = None
    currency: str = "USD"
    value_source: str = ""
    waiting_since: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    effort_minutes: int = 5
    effort_text: str = ""
    fits: tuple[Fit, ...] = ()
    features: dict[str, str] = Field(default_factory=dict)
    """What past outcomes are compared by, such as `interest: exhibit`."""


class Correction(BaseModel, frozen=True):
    """What was learned about one feature's value, with the counts it rests on."""

    feature: str
    value: str
    tried: int
    succeeded: int
    others_tried: int
    others_succeeded: int

    @property
    def points(self) -> int:
        others = _shrunk(self.others_succeeded, self.others_tried, PRIOR_CHANCE)
        here = _shrunk(self.succeeded, self.tried, others)
        return round(POINTS_PER_LOGIT * (_logit(here) - _logit(others)))


class Reason(BaseModel, frozen=True):
    part: str
    text: str
    points: int
    fields: tuple[str, ...] = ()


class Score(BaseModel, frozen=True):
    aps: int
    reasons: tuple[Reason, ...]

    def part(self, name: str) -> int:
        return sum(reason.points for reason in self.reasons if reason.part == name)


class ScoreReceipt(BaseModel, frozen=True):
    """Which facts and which weights made a score, and when: enough to make it again to the letter."""

    at: AwareDatetime
    weights: str
    facts: Facts
    corrections: tuple[Correction, ...]
    score: Score


def score(facts: Facts, corrections: Sequence[Correction], now: datetime) -> Score:
    """The score of `facts` at `now`. Corrections for features that the facts do not have are ignored."""
    reasons = [
        Reason(part="base", text="every move starts here", points=0),
        _revenue(facts),
        _urgency(facts, now),
        _effort(facts),
        _strategic(facts),
        *_learned(facts, corrections),
    ]
    total = sum(reason.points for reason in reasons)
    aps = min(100, max(0, total))
    if aps != total:
        reasons.append(Reason(part="limit", text="a score stays within 0 to 100", points=aps - total))
    return Score(aps=aps, reasons=tuple(reasons))


def receipt(facts: Facts, corrections: Sequence[Correction], now: datetime) -> ScoreReceipt:
    used = tuple(c for c in corrections if facts.features.get(c.feature) == c.value)
    return ScoreReceipt(at=now, weights=WEIGHTS_VERSION, facts=facts, corrections=used, score=score(facts, used, now))


def recompute(given: ScoreReceipt) -> Score:
    """The same score again from its receipt. ValueError when it was made by weights this release does not hold."""
    if given.weights != WEIGHTS_VERSION:
        raise ValueError(f"made with the weights of {given.weights}; this release holds {WEIGHTS_VERSION}")
    return score(given.facts, given.corrections, given.at)


def _revenue(facts: Facts) -> Reason:
    if facts.value is None:
        text = "value not known yet: a cautious middle"
        return Reason(part="revenue", text=text, points=_VALUE_UNKNOWN_POINTS, fields=("value",))
    counted = min(max(facts.value, 0.0), _VALUE_FULL)
    share = math.log1p(counted / _VALUE_SCALE) / math.log1p(_VALUE_FULL / _VALUE_SCALE)
    money = Money.of(Decimal(str(facts.value)), facts.currency)
    text = f"{money}{', ' + facts.value_source if facts.value_source else ''}"
    return Reason(part="revenue", text=text, points=round(REVENUE_SPAN * share), fields=("value",))


def _urgency(facts: Facts, now: datetime) -> Reason:
    if facts.waiting_since is not None:
        waited = max(now - facts.waiting_since, timedelta())
        doublings = math.log2(max(waited / _FRESH, 1.0))
        points = max(0, round(URGENCY_SPAN - _FALL_PER_DOUBLING * doublings))
        text = f"waits {spoken(waited)}; answers within the hour qualify far more often"
        return Reason(part="urgency", text=text, points=points, fields=("due_at",))
    if facts.due_at is not None:
        left = max(facts.due_at - now, timedelta())
        points = round(URGENCY_SPAN * max(0.0, 1.0 - left / _DUE_HORIZON))
        return Reason(part="urgency", text=f"due in {spoken(left)}", points=points, fields=("due_at",))
    return Reason(part="urgency", text="no date presses", points=0, fields=("due_at",))


def _effort(facts: Facts) -> Reason:
    doublings = math.log2(max(facts.effort_minutes, 1))
    points = max(0, round(EFFORT_SPAN - _EFFORT_PER_DOUBLING * doublings))
    text = f"{facts.effort_minutes} min{', ' + facts.effort_text if facts.effort_text else ''}"
    return Reason(part="effort", text=text, points=points, fields=("effort_minutes",))


def _strategic(facts: Facts) -> Reason:
    if not facts.fits:
        return Reason(part="strategic", text="nothing known that speaks for it", points=0)
    text = ", ".join(fit.text for fit in facts.fits)
    points = sum(fit.points for fit in facts.fits)
    return Reason(part="strategic", text=text, points=points, fields=tuple(fit.field for fit in facts.fits[:3]))


def _learned(facts: Facts, corrections: Sequence[Correction]) -> list[Reason]:
    return [
        Reason(
            part="learned",
            text=f"{c.feature} {c.value}: {c.succeeded} of {c.tried} answered you"
            f" (others {c.others_succeeded} of {c.others_tried})",
            points=c.points,
            fields=(c.feature,),
        )
        for c in corrections
        if facts.features.get(c.feature) == c.value and c.tried > 0
    ]


def _shrunk(succeeded: int, tried: int, towards: float) -> float:
    return (succeeded + PRIOR_WEIGHT * towards) / (tried + PRIOR_WEIGHT)


def _logit(chance: float) -> float:
    return math.log(chance / (1.0 - chance))


def spoken(span: timedelta) -> str:
    """A time span as people say it: `49 min`, `1 h 49 min`, `3 days`."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes // (24 * 60)} days"
