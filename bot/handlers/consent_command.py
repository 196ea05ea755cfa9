"""`/moves opt-in` and `opt-out`: what somebody said about marketing mail elsewhere, typed in by a member."""

from collections.abc import Awaitable, Callable

from bot.services import Services
from bot.views.text import outside, plain
from core import address, consent, person

WORDING_LIMIT = 300

Answer = Callable[[str, str], Awaitable[str]]


def answers(services: Services) -> dict[str, Answer]:
    async def opt_in(user: str, said: str) -> str:
        email, wording = _read(said)
        if email is None or not wording:
            return _how("opt-in", "they asked for news at our stand on 3 March")
        now = services.clock()
        async with services.database.begin() as db:
            here = services.workspace
            who = await person.upsert(db, workspace=here, email=email, name="", company="", now=now)
            await consent.record_opt_in(db, workspace=here, person=who, email=email, by=user, wording=wording, at=now)
            suppressed = await person.suppression(db, email)
        if suppressed is not None:
            return f"On record. Nothing leaves to {outside(email, 80)} all the same: {outside(str(suppressed), 300)}."
        return f"On record: {outside(email, 80)} asked for marketing mail. `/moves opt-out` withdraws it."

    async def opt_out(user: str, said: str) -> str:
        email, wording = _read(said)
        if email is None or not wording:
            return _how("opt-out", "they said on the phone that they want no more mail")
        async with services.database.begin() as db:
            await person.suppress(
                db,
                workspace=services.workspace,
                email=email,
                reason="opt_out",
                evidence=wording,
                by=user,
                now=services.clock(),
            )
        return f"On record: nothing leaves to {outside(email, 80)} any more."

    return {"opt-in": opt_in, "opt-out": opt_out}


def _read(said: str) -> tuple[str | None, str]:
    """The address, and the words on which it rests."""
    first, _, rest = said.strip().partition(" ")
    return address.parse(first), plain(rest, WORDING_LIMIT).strip()


def _how(word: str, like: str) -> str:
    return f"Say who, and how you know: `/moves {word} dana@northpier.example {like}`."
