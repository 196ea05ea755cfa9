"""HubSpot's methods that change tasks and deals, each with the effect it leaves in the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from integrations.sandbox.calls import Created, Partial, Refusal, Unserved
from integrations.sandbox.hubspot.errors import invalid, not_found, property_problem
from integrations.sandbox.hubspot.portal import BY_API, KEY_PROPERTY, Portal, with_stage
from integrations.sandbox.hubspot.reads import BATCH_LIMIT, check_unique, find, json_object, read_type
from integrations.sandbox.hubspot.schema import ASSOCIATION_IDS, DEALS, TASKS, TYPES, ObjectType
from integrations.sandbox.hubspot.values import check_unique_values, checked
from integrations.sandbox.store import rfc3339, utc_now

if TYPE_CHECKING:
    from integrations.sandbox.calls import Answer, Call

DUE = "hs_timestamp"
BEGINS_WITH = {"hs_task_status": "NOT_STARTED", "hs_task_priority": "NONE", "hs_task_type": "TODO"}
TO_CREATE = frozenset({"properties", "associations", "objectWriteTraceId"})
TO_UPDATE = frozenset({"properties"})
TO_UPSERT = frozenset({"id", "idProperty", "properties", "objectWriteTraceId"})

Doc = dict[str, Any]


def create_object(call: Call) -> Answer:
    kind = _served(call, TASKS)
    body = json_object(call)
    _only(body, TO_CREATE)
    portal = Portal(call.store)
    doc = _create(call, portal, kind, body.get("properties") or {})
    for to, to_id in _associations(body.get("associations") or [], portal, kind):
        if portal.link(kind, doc["id"], to, to_id):
            call.effect("association_created", tie(portal, (kind, doc["id"]), (to, to_id)))
    return Created(_answer(doc))


def update_object(call: Call) -> Answer:
    kind = _served(call, TASKS, DEALS)
    body = json_object(call)
    _only(body, TO_UPDATE)
    portal = Portal(call.store)
    doc = find(portal, kind, call.path["id"], dict(call.query).get("idProperty"))
    if doc is None:
        raise not_found()
    return _answer(_update(call, portal, kind, doc, body.get("properties")))


def archive_object(call: Call) -> Answer:
    """An object that is gone already is archived for HubSpot, too."""
    kind = _served(call, TASKS)
    doc = Portal(call.store).archive(kind, call.path["id"])
    if doc is not None:
        call.effect(f"{kind.singular}_deleted", facts(doc))
    return None


def upsert_batch(call: Call) -> Answer:
    """Without trace ids the first problem refuses the whole batch; with them each object is for itself."""
    kind = _served(call, TASKS)
    body = json_object(call)
    _only(body, frozenset({"inputs"}))
    portal = Portal(call.store)
    inputs = _inputs(portal, kind, body.get("inputs"))
    each_alone = all(isinstance(each.get("objectWriteTraceId"), str) for each in inputs)
    started = rfc3339(utc_now())
    results, errors = [], []
    for each in inputs:
        try:
            results.append(_upsert(call, portal, kind, each))
        except Refusal as refusal:
            if not each_alone:
                raise
            context = {"objectWriteTraceId": [each["objectWriteTraceId"]]}
            errors.append({**refusal.body, "context": context})
    answer: Doc = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": started,
        "completedAt": rfc3339(utc_now()),
    }
    return Partial({**answer, "numErrors": len(errors), "errors": errors}) if errors else answer


def create_association(call: Call) -> Answer:
    portal = Portal(call.store)
    one, other = _ends(call)
    for kind, id in (one, other):
        if portal.get(kind, id) is None:
            raise not_found(f"{kind.type_id} with id {id} does not exist")
    if portal.link(*one, *other):
        call.effect("association_created", tie(portal, one, other))
    results = [
        {
            "from": {"id": from_id},
            "to": {"id": to_id},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": ASSOCIATION_IDS[from_kind.plural, to_kind.plural],
            },
        }
        for (from_kind, from_id), (to_kind, to_id) in ((one, other), (other, one))
    ]
    now = rfc3339(utc_now())
    return {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}


def delete_association(call: Call) -> Answer:
    portal = Portal(call.store)
    one, other = _ends(call)
    if portal.unlink(*one, *other):
        call.effect("association_deleted", tie(portal, one, other))
    return None


def facts(doc: Doc, before: Doc | None = None) -> Doc:
    """The object as the ledger shows it, with what an update changed."""
    said = {"id": doc["id"], KEY_PROPERTY: doc["properties"].get(KEY_PROPERTY), "properties": doc["properties"]}
    if before is None:
        return said
    old, new = before["properties"], doc["properties"]
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name) and "modified" not in name]
    return {
        **said,
        "before": {name: old.get(name) for name in names},
        "after": {name: new.get(name) for name in names},
    }


def tie(portal: Portal, one: tuple[ObjectType, str], other: tuple[ObjectType, str]) -> Doc:
    """An association as the ledger shows it."""
    task = next((portal.get(kind, id) for kind, id in (one, other) if kind is TASKS), None)
    return {
        "from": {"type": one[0].plural, "id": one[1]},
        "to": {"type": other[0].plural, "id": other[1]},
        "type_id": ASSOCIATION_IDS[one[0].plural, other[0].plural],
        KEY_PROPERTY: None if task is None else task["properties"].get(KEY_PROPERTY),
    }


def happened_to(kind: ObjectType, before: Doc, after: Doc) -> str:
    """The name of the effect: a deal that changed its stage has moved."""
    moved = kind is DEALS and before["properties"].get("dealstage") != after["properties"].get("dealstage")
    return "deal_moved" if moved else f"{kind.singular}_updated"


def _create(call: Call, portal: Portal, kind: ObjectType, given: Any) -> Doc:
    properties = checked(portal, kind, given)
    if not properties.get(DUE):
        raise property_problem(DUE, f"Required property {DUE} is missing", "REQUIRED_FIELD")
    check_unique_values(portal, kind, properties, own_id=None)
    kept = {**BEGINS_WITH, **{name: value for name, value in properties.items() if value}}
    doc = portal.create(kind, kept, source=BY_API)
    call.effect(f"{kind.singular}_created", facts(doc))
    return doc


def _update(call: Call, portal: Portal, kind: ObjectType, doc: Doc, given: Any) -> Doc:
    properties = checked(portal, kind, given)
    for name in (DUE, "dealstage", "pipeline"):
        if properties.get(name) == "":
            raise property_problem(name, f"Required property {name} cannot be empty", "REQUIRED_FIELD")
    check_unique_values(portal, kind, properties, own_id=doc["id"])
    if kind is DEALS and properties.get("dealstage", doc["properties"]["dealstage"]) != doc["properties"]["dealstage"]:
        properties = with_stage(properties)
    changed = portal.change(kind, doc["id"], properties, source=BY_API)
    if changed != doc:
        call.effect(happened_to(kind, doc, changed), facts(changed, doc))
    return changed


def _upsert(call: Call, portal: Portal, kind: ObjectType, each: Doc) -> Doc:
    name, id = each["idProperty"], each["id"]
    given = each.get("properties")
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON: properties is an object")
    if given.get(name, id) != id:
        raise invalid(f"The value of {name} in properties is not the id {id}")
    doc = find(portal, kind, id, name)
    if doc is None:
        return {**_answer(_create(call, portal, kind, {**given, name: id})), "new": True}
    return {**_answer(_update(call, portal, kind, doc, given)), "new": False}


def _inputs(portal: Portal, kind: ObjectType, inputs: Any) -> list[Doc]:
    if not isinstance(inputs, list) or not inputs or not all(isinstance(each, dict) for each in inputs):
        raise invalid("Invalid input JSON: inputs is a list of objects")
    if len(inputs) > BATCH_LIMIT:
        raise invalid(f"There are at most {BATCH_LIMIT} inputs in one batch")
    for each in inputs:
        _only(each, TO_UPSERT)
        if not isinstance(each.get("id"), str) or not each["id"] or not isinstance(each.get("idProperty"), str):
            raise invalid("Invalid input JSON: an input has an id and an idProperty")
        check_unique(portal, kind, each["idProperty"])
    if len({(each["idProperty"], each["id"]) for each in inputs}) < len(inputs):
        raise invalid("Duplicate IDs found in batch input")
    if len({each["idProperty"] for each in inputs}) > 1:
        raise invalid("All inputs have the same idProperty")
    return inputs


def _associations(given: Any, portal: Portal, kind: ObjectType) -> list[tuple[ObjectType, str]]:
    """What a new object is to belong to: each by the association's number."""
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise invalid("Invalid input JSON: associations is a list of objects")
    wanted = []
    by_number = {
        ASSOCIATION_IDS[kind.plural, to.plural]: to for to in TYPES if (kind.plural, to.plural) in ASSOCIATION_IDS
    }
    for each in given:
        try:
            id = str(each["to"]["id"])
            numbers = [one["associationTypeId"] for one in each["types"]]
        except (TypeError, KeyError) as error:
            raise invalid("Invalid input JSON: an association has a to with an id, and types") from error
        for number in numbers:
            if number not in by_number or portal.get(by_number[number], id) is None:
                raise invalid(f"Association {number} to {id} is not possible")
            wanted.append((by_number[number], id))
    return wanted


def _ends(call: Call) -> tuple[tuple[ObjectType, str], tuple[ObjectType, str]]:
    one, other = read_type(call.path["type"]), read_type(call.path["toType"])
    if (one.plural, other.plural) not in ASSOCIATION_IDS:
        raise invalid(f"{one.plural} and {other.plural} cannot be associated")
    return (one, call.path["id"]), (other, call.path["toId"])


def _served(call: Call, *kinds: ObjectType) -> ObjectType:
    kind = read_type(call.path["type"])
    if kind not in kinds:
        raise Unserved(not_found())
    return kind


def _only(body: Doc, fields: frozenset[str]) -> None:
    unknown = body.keys() - fields
    if unknown:
        raise invalid(f"Invalid input JSON: Unrecognized field {json.dumps(min(unknown))}")


def _answer(doc: Doc) -> Doc:
    """What HubSpot answers to a change: all properties that are set."""
    return {
        "id": doc["id"],
        "properties": doc["properties"],
        "createdAt": doc["createdAt"],
        "updatedAt": doc["updatedAt"],
        "archived": doc["archived"],
    }
