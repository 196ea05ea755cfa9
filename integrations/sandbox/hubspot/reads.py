"""HubSpot's methods that only read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from integrations.sandbox import people
from integrations.sandbox.calls import Partial
from integrations.sandbox.hubspot import search
from integrations.sandbox.hubspot.errors import invalid, not_found, property_problem
from integrations.sandbox.hubspot.portal import CURRENCY, Portal
from integrations.sandbox.hubspot.schema import ASSOCIATION_IDS, SINCE, ObjectType, default_pipeline, type_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integrations.sandbox.calls import Answer, Call

PORTAL_ID = 7_007_007
BATCH_LIMIT = 100
PAGE_LIMIT = 100
ASSOCIATIONS_PAGE = 500
Doc = dict[str, Any]


def get_object(call: Call) -> Answer:
    kind = read_type(call.path["type"])
    portal = Portal(call.store)
    doc = find(portal, kind, call.path["id"], _one(call, "idProperty"), archived=_archived(call))
    if doc is None:
        raise not_found()
    history = _names(call, "propertiesWithHistory")
    shown = _shown(portal, kind, doc, [*_names(call, "properties"), *history], history)
    return _with_associations(portal, kind, shown, _names(call, "associations"))


def list_objects(call: Call) -> Answer:
    kind = read_type(call.path["type"])
    portal = Portal(call.store)
    limit = _whole(call, "limit", 10)
    after = _whole(call, "after", 0)
    if not 1 <= limit <= PAGE_LIMIT:
        raise invalid(f"The limit must be between 1 and {PAGE_LIMIT}")
    left = [doc for doc in portal.all(kind, archived=_archived(call)) if int(doc["id"]) > after]
    names, associations = _names(call, "properties"), _names(call, "associations")
    results = [_with_associations(portal, kind, _shown(portal, kind, doc, names), associations) for doc in left[:limit]]
    return {"results": results, **_next(left, limit, results[-1]["id"] if results else "")}


def read_batch(call: Call) -> Answer:
    kind = read_type(call.path["type"])
    body = json_object(call)
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) and "id" in each for each in inputs):
        raise invalid("Invalid input JSON: inputs is a list of objects with an id")
    if len(inputs) > BATCH_LIMIT:
        raise invalid(f"There are at most {BATCH_LIMIT} inputs in one batch")
    portal = Portal(call.store)
    found: list[Doc] = []
    missing: list[str] = []
    history = _listed(body, "propertiesWithHistory")
    names = [*_listed(body, "properties"), *history]
    for each in inputs:
        doc = find(portal, kind, str(each["id"]), body.get("idProperty"))
        if doc is None:
            missing.append(str(each["id"]))
        elif doc["id"] not in {shown["id"] for shown in found}:
            found.append(_shown(portal, kind, doc, names, history))
    answer: Doc = {"status": "COMPLETE", "results": found, "startedAt": SINCE, "completedAt": SINCE}
    if missing:
        # HubSpot calls it complete all the same; only the 207 and the errors tell.
        error = {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some objects, they may be deleted or not exist. Check that ids are valid.",
            "context": {"ids": missing},
        }
        return Partial({**answer, "numErrors": 1, "errors": [error]})
    return answer


def search_objects(call: Call) -> Answer:
    kind = read_type(call.path["type"])
    body = json_object(call)
    after, limit = search.page(body)
    portal = Portal(call.store)
    objects = search.found(portal, kind, body)
    names = _listed(body, "properties")
    left = objects[after:]
    results = [_shown(portal, kind, doc, names) for doc in left[:limit]]
    return {"total": len(objects), "results": results, **_next(left, limit, str(after + limit))}


def associations(call: Call) -> Answer:
    kind, to = read_type(call.path["type"]), read_type(call.path["toType"])
    portal = Portal(call.store)
    if portal.get(kind, call.path["id"]) is None:
        raise not_found()
    after = _whole(call, "after", 0)
    limit = min(_whole(call, "limit", ASSOCIATIONS_PAGE), ASSOCIATIONS_PAGE)
    left = [id for id in sorted(portal.linked(kind, call.path["id"], to), key=int) if int(id) > after]
    type_id = ASSOCIATION_IDS.get((kind.plural, to.plural))
    labels = [{"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": None}]
    results = [{"toObjectId": int(id), "associationTypes": labels} for id in left[:limit]]
    return {"results": results, **_next(left, limit, left[limit - 1] if len(left) > limit else "")}


def pipelines(_call: Call) -> Answer:
    return {"results": [default_pipeline()]}


def pipeline(call: Call) -> Answer:
    if call.path["id"] != "default":
        raise not_found()
    return default_pipeline()


def owners(call: Call) -> Answer:
    email = _one(call, "email")
    return {"results": [owner for owner in _owners() if email in (None, owner["email"])]}


def owner(call: Call) -> Answer:
    for each in _owners():
        if each["id"] == call.path["id"]:
            return each
    raise not_found()


def account(_call: Call) -> Answer:
    return {
        "portalId": PORTAL_ID,
        "accountType": "STANDARD",
        "timeZone": "Europe/London",
        "companyCurrency": CURRENCY,
        "additionalCurrencies": [],
        "utcOffset": "+00:00",
        "utcOffsetMilliseconds": 0,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "eu1",
    }


def _owners() -> list[Doc]:
    return [
        {
            "id": id,
            "email": email,
            "type": "PERSON",
            "firstName": first,
            "lastName": last,
            "userId": int(id) + 9000,
            "userIdIncludingInactive": int(id) + 9000,
            "createdAt": SINCE,
            "updatedAt": SINCE,
            "archived": False,
        }
        for id, email, first, last in people.OWNERS
    ]


def find(portal: Portal, kind: ObjectType, id: str, id_property: str | None, *, archived: bool = False) -> Doc | None:
    """The object of this id, or the one whose unique property has this value."""
    if id_property in (None, "", "hs_object_id"):
        return portal.get(kind, id, archived=archived)
    check_unique(portal, kind, id_property)
    return portal.by_unique(kind, id_property, id, archived=archived)


def check_unique(portal: Portal, kind: ObjectType, name: str) -> None:
    if name not in portal.properties(kind):
        raise property_problem(name, f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST")
    if not portal.unique(kind, name):
        raise invalid(f"Property {name} is not a unique property of {kind.plural}")


def _shown(portal: Portal, kind: ObjectType, doc: Doc, names: Sequence[str], history: Sequence[str] = ()) -> Doc:
    """The object with the properties asked for: unknown ones left out, unset ones null, some always there."""
    known = portal.properties(kind)
    wanted = sorted({*kind.always, *names} & known) if names else kind.shown
    shown = {
        "id": doc["id"],
        "properties": {name: doc["properties"].get(name) for name in wanted},
        "createdAt": doc["createdAt"],
        "updatedAt": doc["updatedAt"],
        "archived": doc["archived"],
        **({"archivedAt": doc["archivedAt"]} if doc["archived"] else {}),
    }
    if history:
        shown["propertiesWithHistory"] = {name: doc["history"].get(name, []) for name in history if name in known}
    return shown


def _with_associations(portal: Portal, kind: ObjectType, shown: Doc, names: Sequence[str]) -> Doc:
    found = {}
    for name in names:
        to = read_type(name)
        results = [
            {"id": id, "type": f"{kind.singular}_to_{to.singular}"} for id in portal.linked(kind, shown["id"], to)
        ]
        if results:
            found[to.plural] = {"results": results}
    return {**shown, "associations": found} if found else shown


def _next(left: Sequence[object], limit: int, after: str) -> Doc:
    return {"paging": {"next": {"after": after}}} if len(left) > limit else {}


def read_type(name: str) -> ObjectType:
    kind = type_of(name)
    if kind is None:
        raise invalid(f"Unable to infer object type from: {name}")
    return kind


def _archived(call: Call) -> bool:
    text = _one(call, "archived") or "false"
    if text not in ("true", "false"):
        raise invalid(f'"{text}" is not a valid value for "archived"')
    return text == "true"


def _one(call: Call, name: str) -> str | None:
    return next((value for key, value in call.query if key == name), None)


def _names(call: Call, name: str) -> list[str]:
    """A list in the query: repeated, or separated by commas."""
    joined = ",".join(value for key, value in call.query if key == name)
    return [each.strip() for each in joined.split(",") if each.strip()]


def _whole(call: Call, name: str, default: int) -> int:
    text = _one(call, name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise invalid(f'"{text}" is not a valid value for "{name}"')
    return int(text)


def json_object(call: Call) -> Doc:
    try:
        body = json.loads(call.body)
    except ValueError as error:
        raise invalid("Invalid input JSON") from error
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: an object is expected")
    return body


def _listed(body: Doc, name: str) -> list[str]:
    names = body.get(name) or []
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise invalid(f"Invalid input JSON: {name} is a list of names")
    return names
