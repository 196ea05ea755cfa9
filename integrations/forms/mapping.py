"""Which field of a form is which of ours, who answers it, and what an interest is worth: read from a TOML file."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from core.inquiry import Announce, Price

FIELDS = ("name", "email", "company", "message", "phone", "budget")
INTERESTS = ("sponsor", "exhibit", "speak", "attend", "price")
DEFAULT_CURRENCY = "USD"

_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OWNER = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_WORDING_LIMIT = 1000
_AMOUNT_LIMIT = Decimal(10) ** 12


class BadMapping(ValueError):
    """The file cannot be used; the message names it, the key in it, and how to mend it."""


@dataclass(frozen=True)
class ConsentBox:
    """The form's box for marketing mail: its field, and the words beside it, which are what people agree to."""

    field: str
    wording: str


@dataclass(frozen=True)
class FormMapping:
    """`fields` leads from our name of a field to the form's own."""

    form: str
    fields: Mapping[str, str]
    owner: str | None
    currency: str
    prices: Mapping[str, Price]
    announce: Announce | None = None
    consent: ConsentBox | None = None


class FormMappings:
    """All forms that may be delivered, by name."""

    def __init__(self, forms: Mapping[str, FormMapping]) -> None:
        self._forms = dict(forms)

    @classmethod
    def load(cls, path: Path | None = None) -> "FormMappings":
        """From the file, or as shipped. Raises BadMapping."""
        shipped = files("integrations.forms").joinpath("forms.toml")
        name = "forms.toml (as shipped)" if path is None else str(path)
        try:
            text = shipped.read_text(encoding="utf-8") if path is None else path.read_text(encoding="utf-8")
        except OSError as error:
            raise BadMapping(f"{name}: cannot be read ({error.strerror}); set CASEYOS_FORMS_FILE to a file") from error
        except UnicodeDecodeError as error:
            raise BadMapping(f"{name}: is not UTF-8; save it as UTF-8") from error
        return cls.from_text(text, name=name)

    @classmethod
    def from_text(cls, text: str, *, name: str) -> "FormMappings":
        """`name` stands for the file in messages. Raises BadMapping."""
        try:
            content = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise BadMapping(f"{name}: is not TOML: {error}") from error
        _only(content, ("forms",), where="", file=name)
        forms = _table(content.get("forms"), where="forms", file=name)
        if not forms:
            raise BadMapping(f"{name}: has no form; add a section such as [forms.contact]")
        return cls({form: _form(form, value, file=name) for form, value in forms.items()})

    def get(self, form: str) -> FormMapping | None:
        return self._forms.get(form)

    def owners(self) -> frozenset[str]:
        """All who are named as somebody's owner."""
        return frozenset(form.owner for form in self._forms.values() if form.owner is not None)

    def names(self) -> tuple[str, ...]:
        return tuple(self._forms)


def _form(form: str, value: Any, *, file: str) -> FormMapping:
    where = f"forms.{form}"
    if not _FORM.fullmatch(form):
        raise BadMapping(f"{file}: {where}: a form is named in letters, digits, - and _, 64 at most")
    table = _table(value, where=where, file=file)
    _only(table, ("fields", "owner", "currency", "prices", "announce", "consent"), where=where, file=file)
    owner = table.get("owner")
    if owner is not None and not (isinstance(owner, str) and _OWNER.fullmatch(owner)):
        raise BadMapping(f'{file}: {where}.owner: write a Slack user id such as "U0CASEY", or leave it out')
    prices = _table(table.get("prices", {}), where=f"{where}.prices", file=file)
    _only(prices, INTERESTS, where=f"{where}.prices", file=file)
    currency = _currency(table.get("currency", DEFAULT_CURRENCY), where=f"{where}.currency", file=file)
    fields = _fields(table.get("fields"), where=f"{where}.fields", file=file)
    return FormMapping(
        form=form,
        fields=fields,
        owner=owner,
        currency=currency,
        prices={
            interest: _price(price, currency, where=f"{where}.prices.{interest}", file=file)
            for interest, price in prices.items()
        },
        announce=_announce(table.get("announce"), where=f"{where}.announce", file=file),
        consent=_consent(table.get("consent"), fields, where=f"{where}.consent", file=file),
    )


def _consent(value: Any, fields: Mapping[str, str], *, where: str, file: str) -> ConsentBox | None:
    if value is None:
        return None
    table = _table(value, where=where, file=file)
    _only(table, ("field", "wording"), where=where, file=file)
    field, wording = table.get("field"), table.get("wording")
    written = isinstance(wording, str) and wording.strip() and len(wording) <= _WORDING_LIMIT
    if not (isinstance(field, str) and field and isinstance(wording, str) and written):
        raise BadMapping(
            f'{file}: {where}: write field = "newsletter", the form\'s own name of the box, and wording, the words beside'
            f" it, {_WORDING_LIMIT} characters at most: they are what people agree to"
        )
    if field in fields.values():
        raise BadMapping(f"{file}: {where}.field: is one of the fields already; a box for consent stands alone")
    return ConsentBox(field=field, wording=" ".join(wording.split()))


def _announce(value: Any, *, where: str, file: str) -> Announce | None:
    if value is None:
        return None
    table = _table(value, where=where, file=file)
    _only(table, ("channel", "name"), where=where, file=file)
    channel, name = table.get("channel"), table.get("name")
    if not (isinstance(channel, str) and _CHANNEL.fullmatch(channel) and isinstance(name, str) and name):
        raise BadMapping(f'{file}: {where}: write channel = "C0WINS", its Slack id, and name = "wins"')
    return Announce(channel=channel, name=name.lstrip("#"))


def _fields(value: Any, *, where: str, file: str) -> dict[str, str]:
    fields = _table(value, where=where, file=file)
    _only(fields, FIELDS, where=where, file=file)
    for ours, theirs in fields.items():
        if not isinstance(theirs, str) or not theirs:
            raise BadMapping(f'{file}: {where}.{ours}: write the name of the form\'s field, such as "{ours}"')
    if "email" not in fields:
        raise BadMapping(f'{file}: {where}: says no email; add email = "email", or nobody could be answered')
    if len(set(fields.values())) < len(fields):
        raise BadMapping(f"{file}: {where}: two of ours lead to one field of the form; give each its own")
    return fields


def _price(value: Any, currency: str, *, where: str, file: str) -> Price:
    table = _table(value, where=where, file=file)
    _only(table, ("amount", "currency"), where=where, file=file)
    amount = table.get("amount")
    number = isinstance(amount, int | Decimal) and not isinstance(amount, bool) and Decimal(amount).is_finite()
    if amount is None or not number or not 0 < amount < _AMOUNT_LIMIT:
        raise BadMapping(f"{file}: {where}.amount: write a number above 0, such as 18500; leave out what earns nothing")
    return Price(
        amount=Decimal(amount),
        currency=_currency(table.get("currency", currency), where=f"{where}.currency", file=file),
    )


def _currency(value: Any, *, where: str, file: str) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise BadMapping(f'{file}: {where}: write three capital letters, such as "USD"')
    return value


def _table(value: Any, *, where: str, file: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadMapping(f"{file}: {where}: is missing or not a table; write [{where}]")
    return value


def _only(table: dict[str, Any], known: tuple[str, ...], *, where: str, file: str) -> None:
    for key in table:
        if key not in known:
            at = f"{where}.{key}" if where else key
            raise BadMapping(f"{file}: {at}: is not known; known here: {', '.join(known)}")
