"""Counterfactuals that the additive score makes exact: what this move would score if one thing were different."""

from datetime import datetime, timedelta
from uuid import UUID

from core import aps, learning, scoring
from core.database import Db


async def what_would_change(db: Db, move: UUID, now: datetime) -> list[str]:
    """Sentences, each with the score that would result; only those that differ from now."""
    facts = await scoring.facts_of(db, move)
    learned = await learning.corrections_for(db, facts.features)
    today = aps.score(facts, learned, now).aps
    found = []
    for hours in (2, 24):
        later = aps.score(facts, learned, now + timedelta(hours=hours)).aps
        if later != today:
            found.append(f"in {hours} hours: {later}, urgency falls")
    if facts.value is None:
        known = aps.score(facts.model_copy(update={"value": 20_000.0}), learned, now).aps
        found.append(f"with a budget of 20,000 {facts.currency}: {known}")
    else:
        unknown = aps.score(facts.model_copy(update={"value": None}), learned, now).aps
        found.append(f"without the known value: {unknown}")
    if learned:
        found.append(f"without what was learned: {aps.score(facts, (), now).aps}")
    return found
