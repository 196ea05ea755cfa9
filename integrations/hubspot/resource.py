"""HubSpot's own shapes, as far as they are read. All property values are text."""

import re
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.money import Money

DEFAULT_CURRENCY = "USD"
_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


class _Resource(BaseModel):
    model_config = ConfigDict(frozen=True)


class Associated(_Resource):
    id: str
    type: str = ""


class _Association(_Resource):
    results: tuple[Associated, ...] = ()


class Record(_Resource):
    """A contact, company or deal."""

    id: str = Field(min_length=1)
    properties: dict[str, str | None] = Field(default_factory=dict)
    associations: dict[str, _Association] = Field(default_factory=dict)

    def text(self, name: str) -> str:
        """The property, or nothing where it is unset. NUL, which no database keeps as text, is replaced."""
        return (self.properties.get(name) or "").replace("\0", "\ufffd").strip()

    def associated(self, kind: str) -> tuple[Associated, ...]:
        found = self.associations.get(kind)
        return found.results if found else ()


class Batch(_Resource):
    results: tuple[Record, ...] = ()


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


def true(value: str) -> bool:
    return value.lower() == "true"


def money(amount: str, currency: str) -> Money | None:
    """None where no amount is set, or none that is one."""
    if not _AMOUNT.fullmatch(amount):
        return None
    return Money.of(Decimal(amount), currency if _CURRENCY.fullmatch(currency) else DEFAULT_CURRENCY)
