"""What may stand in a property, and how HubSpot keeps it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox import people
from integrations.sandbox.hubspot.errors import invalid, property_problem
from integrations.sandbox.store import rfc3339

if TYPE_CHECKING:
    from integrations.sandbox.hubspot.portal import Portal
    from integrations.sandbox.hubspot.schema import ObjectType

NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?\Z")
MILLISECONDS = re.compile(r"-?\d{1,14}\Z")
TEXT_LIMIT = 65_536
OWNER_IDS = tuple(id for id, *_ in people.OWNERS)

Doc = dict[str, Any]


def checked(portal: Portal, kind: ObjectType, given: Any) -> dict[str, str]:
    """The properties as they are kept; an empty text clears one. Refuses the first that is wrong."""
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON: properties is an object")
    known, defined = portal.properties(kind), portal.defined(kind)
    kept = {}
    for name, value in given.items():
        if name not in known:
            raise property_problem(name, f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST")
        if name in kind.own:
            raise property_problem(
                name, f'"{name}" is a read only property; its value cannot be set.', "READ_ONLY_VALUE"
            )
        if not isinstance(value, str):
            raise invalid(f"Invalid input JSON: the value of {name} is a text")
        if len(value) > TEXT_LIMIT:
            raise property_problem(name, f"The text is longer than {TEXT_LIMIT} characters", "INVALID_STRING_LENGTH")
        takes = "number" if defined.get(name, {}).get("type") == "number" else kind.kinds.get(name, "text")
        kept[name] = _value(name, value, takes) if value else ""
    return kept


def check_unique_values(portal: Portal, kind: ObjectType, properties: dict[str, str], *, own_id: str | None) -> None:
    """Refuse a value that another object of the type has and that only one may have."""
    for name, value in properties.items():
        if not value or not portal.unique(kind, name):
            continue
        holder = portal.by_unique(kind, name, value)
        if holder is not None and holder["id"] != own_id:
            says = f"Cannot set propertyName={name}, value={value}. {holder['id']} already has that value."
            raise property_problem(name, says, "CONFLICTING_UNIQUE_VALUE")


def _value(name: str, value: str, takes: str | tuple[str, ...]) -> str:
    if isinstance(takes, tuple):
        if value not in takes:
            says = f"{value} was not one of the allowed options: [{', '.join(takes)}]"
            raise property_problem(name, says, "INVALID_OPTION")
        return value
    match takes:
        case "number":
            if not NUMBER.match(value):
                raise property_problem(name, f"{value} was not a valid number.", "INVALID_DOUBLE")
        case "datetime":
            return _moment(name, value)
        case "owner":
            if value not in OWNER_IDS:
                raise property_problem(name, f"Owner {value} does not exist", "INVALID_OWNER_ID")
    return value


def _moment(name: str, value: str) -> str:
    """Milliseconds since 1970 or ISO 8601; kept as ISO with milliseconds in UTC."""
    try:
        if MILLISECONDS.match(value):
            return rfc3339(datetime.fromtimestamp(int(value) / 1000, UTC))
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError) as error:
        raise property_problem(name, f"{value} was not a valid long.", "INVALID_LONG") from error
    return rfc3339(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
