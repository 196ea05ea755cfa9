"""What a person wrote in a form, in our words; and what they seem to want."""

import re
from decimal import Decimal

from pydantic import BaseModel, Field

from core.money import Money

FORM_SUBMITTED = "form_submitted"
"""The kind of signal whose payload is an Inquiry."""


class Price(BaseModel, frozen=True):
    """What the workspace usually earns with an interest, as its owner wrote it down."""

    amount: Decimal
    currency: str = Field(min_length=3, max_length=3)

    def money(self) -> Money:
        return Money.of(self.amount, self.currency)


class Announce(BaseModel, frozen=True):
    """The channel that is told when somebody who matters writes: Slack's id and the name people know."""

    channel: str
    name: str


class Consent(BaseModel, frozen=True):
    """The person ticked the form's box for marketing mail; `wording` is what stands beside the box."""

    field: str
    value: str
    wording: str = Field(min_length=1)


class Inquiry(BaseModel, frozen=True):
    """The payload of a `form_submitted` signal. Texts are the person's own, untouched."""

    form: str
    name: str = ""
    email: str = ""
    company: str = ""
    message: str = ""
    phone: str = ""
    budget: Decimal | None = None
    currency: str = "USD"
    owner: str | None = None
    announce: Announce | None = None
    consent: Consent | None = None
    prices: dict[str, Price] = Field(default_factory=dict)
    other: dict[str, str] = Field(default_factory=dict)


# In the order in which they count when a message names several.
_INTERESTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("sponsor", r"\bsponsor(?:s|ed|ing|ship|ships)?\b"),
        ("exhibit", r"\b(?:exhibit(?:s|ed|ing|ion|or|ors)?|booths?|stands?)\b"),
        ("speak", r"\b(?:speak(?:s|ing|er|ers)?|keynotes?|panels?|present(?:ing|ation)?)\b"),
        ("attend", r"\b(?:attend(?:s|ed|ing|ee|ees|ance)?|tickets?|register|registration|passes)\b"),
        ("price", r"\b(?:pric(?:e|es|ing)|costs?|quotes?|rates?|packages?|budget)\b"),
    )
)
_NOT_WANTED = re.compile(r"\b(?:no|not|don['’]t|never|without)\s+(?:\w+\s+){0,3}$", re.IGNORECASE)
_DENIAL_WITHIN = 120
"""How many characters before a word are searched for its denial: all of them would take seconds on a long message."""


def interests(message: str) -> tuple[str, ...]:
    """What the message names, strongest first: sponsor, exhibit, speak, attend, price. A plain denial does not count."""
    return tuple(name for name, pattern in _INTERESTS if _named(message, pattern))


def _named(message: str, pattern: re.Pattern[str]) -> bool:
    return any(
        not _NOT_WANTED.search(message[max(0, found.start() - _DENIAL_WITHIN) : found.start()])
        for found in pattern.finditer(message)
    )
