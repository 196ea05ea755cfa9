"""Work that waits for a person: what nobody owns, what nobody can tell, and what a guardrail holds back."""

from dataclasses import dataclass

from sqlalchemy import func, select

from core.database import Db
from core.effect import State
from core.tables import effects, signals


@dataclass(frozen=True)
class Waiting:
    """How many of each. `stuck_signals` are pending ones that could not be worked on; `why` is what one of them says."""

    stuck_signals: int
    why: str
    needs_human: int
    blocked: int


async def waiting(db: Db) -> Waiting:
    stuck = select(func.count(), func.max(signals.c.note)).where(signals.c.state == "pending", signals.c.note != "")
    signals_stuck, why = (await db.execute(stuck)).one()
    by_state = select(effects.c.state, func.count()).group_by(effects.c.state)
    by_state = by_state.where(effects.c.state.in_([State.NEEDS_HUMAN, State.BLOCKED]))
    counts = {State(state): count for state, count in (await db.execute(by_state)).all()}
    return Waiting(signals_stuck, why or "", counts.get(State.NEEDS_HUMAN, 0), counts.get(State.BLOCKED, 0))
