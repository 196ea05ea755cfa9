"""HubSpot's search: filter groups, sorting, paging, and an index that lags behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from integrations.sandbox.hubspot.errors import invalid
from integrations.sandbox.hubspot.portal import Portal
from integrations.sandbox.hubspot.schema import ObjectType, type_of
from integrations.sandbox.store import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE_LIMIT = 200
RESULT_LIMIT = 10_000
GROUP_LIMIT, FILTER_LIMIT, ALL_FILTERS_LIMIT = 5, 6, 18
FIELDS = frozenset({"filterGroups", "sorts", "properties", "limit", "after", "query"})
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GT": lambda value, limit: value > limit,
    "GTE": lambda value, limit: value >= limit,
    "LT": lambda value, limit: value < limit,
    "LTE": lambda value, limit: value <= limit,
}
OPERATORS = frozenset({*COMPARISONS, "EQ", "NEQ", "IN", "NOT_IN", "BETWEEN", "HAS_PROPERTY", "NOT_HAS_PROPERTY"})

Doc = dict[str, Any]


def found(portal: Portal, kind: ObjectType, body: Doc) -> list[Doc]:
    """All objects that the search finds, sorted; what changed within the lag is not in the index yet."""
    unknown = body.keys() - FIELDS
    if unknown:
        raise invalid(f"Invalid input JSON: Unrecognized field {json.dumps(min(unknown))}")
    names = portal.properties(kind)
    groups = _groups(names, body.get("filterGroups") or [])
    indexed_until = utc_now() - timedelta(seconds=portal.index_lag_s())
    words = str(body.get("query") or "").casefold().split()
    objects = [
        doc
        for doc in portal.all(kind)
        if datetime.fromisoformat(doc["updatedAt"]) <= indexed_until
        and (not groups or any(all(_passes(portal, kind, doc, each) for each in group) for group in groups))
        and all(word in " ".join(map(str, doc["properties"].values())).casefold() for word in words)
    ]
    return _sorted(objects, names, body.get("sorts") or [])


def page(body: Doc) -> tuple[int, int]:
    """Where the page begins and how long it is."""
    limit, after = body.get("limit", 10), body.get("after") or 0
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 <= limit <= PAGE_LIMIT:
        raise invalid(f"The limit must be between 0 and {PAGE_LIMIT}")
    if not str(after).isascii() or not str(after).isdigit():
        raise invalid(f'"{after}" is not a valid value for "after"')
    if int(after) + limit > RESULT_LIMIT:
        raise invalid(f"Paging beyond {RESULT_LIMIT} results is not possible")
    return int(after), limit


def _groups(names: frozenset[str], groups: Any) -> list[list[Doc]]:
    if not isinstance(groups, list) or len(groups) > GROUP_LIMIT:
        raise invalid(f"filterGroups is a list of at most {GROUP_LIMIT}")
    read = []
    for group in groups:
        filters = group.get("filters") if isinstance(group, dict) else None
        if not isinstance(filters, list) or len(filters) > FILTER_LIMIT:
            raise invalid(f"filters is a list of at most {FILTER_LIMIT}")
        for each in filters:
            _check_filter(names, each)
        read.append(filters)
    if sum(map(len, read)) > ALL_FILTERS_LIMIT:
        raise invalid(f"There are at most {ALL_FILTERS_LIMIT} filters in one search")
    return read


def _check_filter(names: frozenset[str], each: Any) -> None:
    if not isinstance(each, dict) or each.get("operator") not in OPERATORS:
        raise invalid("Invalid input JSON: a filter has a propertyName, an operator and a value")
    name, operator = each.get("propertyName"), each["operator"]
    to = name.removeprefix("associations.") if isinstance(name, str) else ""
    if not isinstance(name, str) or (name not in names and (to == name or type_of(to) is None)):
        raise invalid(f"There was a problem with the request: unknown property {name}")
    if operator in ("IN", "NOT_IN"):
        values = each.get("values")
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            raise invalid(f"operator {operator} needs values")
    elif operator not in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        needed = ("value", "highValue") if operator == "BETWEEN" else ("value",)
        if any(not isinstance(each.get(field), str | int | float) for field in needed):
            raise invalid(f"operator {operator} needs {' and '.join(needed)}")


def _passes(portal: Portal, kind: ObjectType, doc: Doc, each: Doc) -> bool:
    values = _values(portal, kind, doc, each["propertyName"])
    operator = each["operator"]
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return bool(values) is (operator == "HAS_PROPERTY")
    if operator in ("EQ", "IN", "NEQ", "NOT_IN"):
        wanted = {str(value).casefold() for value in each.get("values") or [each.get("value")]}
        same = bool(wanted & {value.casefold() for value in values})
        return same if operator in ("EQ", "IN") else not same
    limits = (
        [("GTE", each["value"]), ("LTE", each["highValue"])] if operator == "BETWEEN" else [(operator, each["value"])]
    )
    return all(_compared(values, comparison, str(limit)) for comparison, limit in limits)


def _values(portal: Portal, kind: ObjectType, doc: Doc, name: str) -> list[str]:
    if name.startswith("associations."):
        to = type_of(name.removeprefix("associations."))
        return [] if to is None else portal.linked(kind, doc["id"], to)
    value = doc["properties"].get(name)
    return [] if value in (None, "") else [str(value)]


def _compared(values: Iterable[str], operator: str, limit: str) -> bool:
    wanted = _number(limit)
    if wanted is None:
        raise invalid(f"{limit} is neither a number nor a date")
    return any((number := _number(value)) is not None and COMPARISONS[operator](number, wanted) for value in values)


def _number(text: str) -> float | None:
    """A number as it is, a date as milliseconds."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp() * 1000
    except ValueError:
        return None


def _sorted(objects: list[Doc], names: frozenset[str], sorts: Any) -> list[Doc]:
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise invalid("There is at most one sort")
    if not sorts:
        return objects
    one = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": sorts[0]}
    name, direction = one.get("propertyName"), one.get("direction", "ASCENDING")
    if not isinstance(name, str) or name not in names or direction not in ("ASCENDING", "DESCENDING"):
        raise invalid("A sort has a known propertyName and a direction ASCENDING or DESCENDING")

    def key(doc: Doc) -> tuple[bool, float, str]:
        value = doc["properties"].get(name)
        number = None if value is None else _number(str(value))
        return value is not None, number or 0.0, "" if number is not None else str(value)

    return sorted(objects, key=key, reverse=direction == "DESCENDING")
