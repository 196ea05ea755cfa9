"""The fields of a deal that a move may change, in the domain's words and in HubSpot's."""

import re
from collections.abc import Mapping
from datetime import UTC, date
from decimal import Decimal

from core.ports import DEAL_FIELDS, DealNow, Rejected
from integrations.hubspot.resource import AMOUNT, Record, moment, unprintable

PROPERTIES = {"stage": "dealstage", "amount": "amount", "close_date": "closedate", "next_step": "hs_next_step"}
NEXT_STEP_LIMIT = 1000

_STAGE = re.compile(r"[!-~]{1,100}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# HubSpot keeps a moment and shows its day in the portal's zone: noon is the same day nearly everywhere.
_NOON = "T12:00:00.000Z"


def deal_now(record: Record) -> DealNow:
    return DealNow(record.id, record.text("dealname"), values(record), record.text("hubspot_owner_id"))


def values(record: Record) -> dict[str, str]:
    """Every one of DEAL_FIELDS as it stands; what HubSpot keeps in no usable form is told as it is."""
    return {
        "stage": record.text("dealstage"),
        "amount": _plain(record.text("amount")),
        "close_date": _day(record.text("closedate")),
        "next_step": record.text("hs_next_step"),
    }


def properties(changed: Mapping[str, str]) -> dict[str, str]:
    """The properties that a change sets. Raises Rejected when a value is none of its field."""
    if not changed:
        raise Rejected("nothing of the deal is to be changed")
    if unknown := sorted(set(changed) - set(DEAL_FIELDS)):
        raise Rejected(f"a deal has no {', '.join(unknown)}")
    return {PROPERTIES[field]: _written(field, value.strip()) for field, value in changed.items()}


def _written(field: str, value: str) -> str:
    if not value:
        return ""
    if field == "amount":
        if not AMOUNT.fullmatch(value):
            raise Rejected("the amount is not a decimal number")
        return _plain(value)
    if field == "close_date":
        return f"{_checked_date(value)}{_NOON}"
    if field == "stage" and not _STAGE.fullmatch(value):
        raise Rejected("the stage is not an id of HubSpot")
    if field == "next_step" and (bad := unprintable(value)):
        raise Rejected(f"the next step has a character that no line shows ({bad}); write it in one line")
    if len(value) > NEXT_STEP_LIMIT:
        raise Rejected(f"the next step is longer than {NEXT_STEP_LIMIT} characters")
    return value


def _checked_date(value: str) -> date:
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # such as the 30th of February
    raise Rejected("the close date is not a date such as 2026-12-31")


def _plain(amount: str) -> str:
    """A decimal number without zeros that say nothing, so that 1200.50 and 1200.5 are one amount."""
    if not AMOUNT.fullmatch(amount):
        return amount
    plain = f"{Decimal(amount):f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain


def _day(found: str) -> str:
    try:
        return moment(found).astimezone(UTC).date().isoformat() if found else ""
    except (ValueError, OverflowError):
        return found
