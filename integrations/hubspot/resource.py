"""HubSpot's own shapes, as far as they are read. All property values are text."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.money import Money

DEFAULT_CURRENCY = "USD"
AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


class _Resource(BaseModel):
    model_config = ConfigDict(frozen=True)


class Associated(_Resource):
    id: str
    type: str = ""


class _Association(_Resource):
    results: tuple[Associated, ...] = ()


class Record(_Resource):
    """A contact, company, deal or task."""

    id: str = Field(min_length=1)
    properties: dict[str, str | None] = Field(default_factory=dict)
    associations: dict[str, _Association] = Field(default_factory=dict)

    def text(self, name: str) -> str:
        """The property, or nothing where it is unset. NUL, which no database keeps as text, is replaced."""
        return (self.properties.get(name) or "").replace("\0", "\ufffd").strip()

    def with_defaults(self, properties: Mapping[str, str]) -> "Record":
        """The same object, with these properties where it names none of its own."""
        return self.model_copy(update={"properties": {**properties, **self.properties}})

    def associated(self, kind: str) -> tuple[Associated, ...]:
        found = self.associations.get(kind)
        return found.results if found else ()


class Batch(_Resource):
    results: tuple[Record, ...] = ()


class Problem(_Resource):
    """Why one of a batch was not done."""

    category: str = ""
    message: str = ""


class Changed(_Resource):
    """What became of a batch of changes: HubSpot answers 2xx also where some or all of them failed."""

    results: tuple[Record, ...] = ()
    errors: tuple[Problem, ...] = ()


class Tied(_Resource):
    """What became of a new association."""

    errors: tuple[Problem, ...] = ()


class _Tie(_Resource):
    to: int | str = Field(alias="toObjectId")


class _Next(_Resource):
    after: str = ""


class _Paging(_Resource):
    next: _Next = _Next()


class Ties(_Resource):
    """A page of what an object is tied to."""

    results: tuple[_Tie, ...] = ()
    paging: _Paging = _Paging()

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(str(one.to) for one in self.results)


class _Metadata(_Resource):
    is_closed: bool = Field(default=False, alias="isClosed")

    @field_validator("is_closed", mode="before")
    @classmethod
    def _text(cls, value: object) -> bool:
        return true(str(value))


class Stage(_Resource):
    id: str
    label: str
    metadata: _Metadata = _Metadata()

    @property
    def closed(self) -> bool:
        return self.metadata.is_closed


class _Pipeline(_Resource):
    id: str
    stages: tuple[Stage, ...] = ()


class Pipelines(_Resource):
    results: tuple[_Pipeline, ...] = ()


def moment(value: str) -> datetime:
    """A point in time as HubSpot writes it: ISO 8601, a day (its beginning in UTC), or milliseconds. ValueError."""
    if value.isascii() and value.removeprefix("-").isdigit():
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value[:20]))
        except OverflowError as error:
            raise ValueError("not a point in time") from error
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def unprintable(text: str) -> str | None:
    """The first character that breaks or hides in a line, by its number."""
    hidden = {"Cc", "Cs", "Zl", "Zp"}  # controls, lone surrogates, line and paragraph separators
    return next((f"U+{ord(char):04X}" for char in text if unicodedata.category(char) in hidden), None)


def true(value: str) -> bool:
    return value.lower() == "true"


def money(amount: str, currency: str) -> Money | None:
    """None where no amount is set, or none that is one."""
    if not AMOUNT.fullmatch(amount):
        return None
    return Money.of(Decimal(amount), currency if _CURRENCY.fullmatch(currency) else DEFAULT_CURRENCY)
