"""Properties that a product adds to a type of object, such as a unique one of its own on tasks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from integrations.sandbox.calls import Created
from integrations.sandbox.hubspot.errors import conflict, hubspot_error, invalid
from integrations.sandbox.hubspot.portal import Portal
from integrations.sandbox.hubspot.reads import json_object, read_type

if TYPE_CHECKING:
    from integrations.sandbox.calls import Answer, Call
    from integrations.sandbox.hubspot.schema import ObjectType

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")
FIELD_TYPES = {
    "string": ("text", "textarea", "phonenumber", "html", "file"),
    "number": ("number", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
    "bool": ("booleancheckbox",),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox"),
}
NEEDED = ("name", "label", "type", "fieldType", "groupName")
KNOWN = frozenset((*NEEDED, "description", "hasUniqueValue", "hidden", "formField", "displayOrder", "options"))
UNIQUE_LIMIT = 10

Doc = dict[str, Any]


def create_property(call: Call) -> Answer:
    kind = read_type(call.path["type"])
    body = json_object(call)
    if unknown := body.keys() - KNOWN:
        raise invalid(f"Invalid input JSON: Unrecognized field {min(unknown)}")
    for name in NEEDED:
        if not isinstance(body.get(name), str) or not body[name]:
            raise invalid(f"Invalid input JSON: {name} is needed")
    name, portal = body["name"], Portal(call.store)
    if not NAME.match(name):
        raise invalid("A name begins with a letter and has small letters, digits and underscores only")
    if body["fieldType"] not in FIELD_TYPES.get(body["type"], ()):
        raise invalid(f"There is no property of type {body['type']} and field type {body['fieldType']}")
    unique = body.get("hasUniqueValue", False)
    if not isinstance(unique, bool) or (unique and body["type"] not in ("string", "number")):
        raise invalid("hasUniqueValue is true or false, and true for texts and numbers only")
    if name in portal.properties(kind):
        raise conflict(f"A property named '{name}' already exists.")
    if unique and sum(portal.unique(kind, each) for each in portal.defined(kind)) >= UNIQUE_LIMIT:
        raise invalid(f"There are at most {UNIQUE_LIMIT} unique properties of one type of object")
    definition = {"description": "", "hasUniqueValue": False, **body}
    portal.define(kind, definition)
    call.effect("property_created", {"type": kind.plural, "name": name, "unique": unique})
    return Created(_shown(definition))


def get_property(call: Call) -> Answer:
    kind = read_type(call.path["type"])
    name, portal = call.path["name"], Portal(call.store)
    if name not in portal.properties(kind):
        raise hubspot_error(404, f"Property {name} does not exist", "OBJECT_NOT_FOUND")
    return _shown(portal.defined(kind).get(name) or _of_hubspot(portal, kind, name))


def _of_hubspot(portal: Portal, kind: ObjectType, name: str) -> Doc:
    takes = kind.kinds.get(name, "text")
    form = {"number": ("number", "number"), "datetime": ("datetime", "date"), "text": ("string", "text")}
    type, field_type = (
        form.get(takes, ("enumeration", "select")) if isinstance(takes, str) else ("enumeration", "select")
    )
    return {
        "name": name,
        "label": name,
        "type": type,
        "fieldType": field_type,
        "groupName": f"{kind.singular}information",
        "description": "",
        "hasUniqueValue": portal.unique(kind, name),
        "hubspotDefined": True,
    }


def _shown(definition: Doc) -> Doc:
    return {"options": [], "displayOrder": -1, "hidden": False, "formField": False, "archived": False, **definition}
