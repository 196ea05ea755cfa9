"""What a mail carries whose purpose is marketing: the postal address in its text, and its one recipient's way out."""

from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from core import address, unsubscribing
from core.actions.send_email import SendEmail
from core.database import Db
from core.guardrails import GuardFacts, GuardrailSettings

P = TypeVar("P", bound=BaseModel)


def with_address(params: P, *, purpose: str, settings: GuardrailSettings) -> P:
    """The draft of a marketing mail with the sender's postal address under it; every other plan as it is."""
    legal = settings.legal
    if not isinstance(params, SendEmail) or purpose not in legal.marketing or not legal.postal_address.strip():
        return params
    return params.model_copy(update={"body": f"{params.body.rstrip()}\n\n{legal.postal_address.strip()}\n"})


async def with_way_out(db: Db, params: P, *, move: UUID, facts: GuardFacts) -> P:
    """The mail as it leaves: marketing to one person has that person's unsubscribe link, every other mail has none."""
    if not isinstance(params, SendEmail):
        return params
    url = None
    if facts.purpose in facts.settings.legal.marketing and facts.public_url and len(params.to) == 1:
        email = address.parse(params.to[0])
        url = email and await unsubscribing.link(db, move=move, email=email, public_url=facts.public_url)
    return params.model_copy(update={"unsubscribe_url": url})
