"""The portal's objects: their properties with history, and which belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.sandbox import people
from integrations.sandbox.hubspot.schema import (
    CLOSED,
    COMPANIES,
    CONTACTS,
    DEALS,
    PROBABILITY,
    SINCE,
    TASKS,
    TYPES,
    ObjectType,
)
from integrations.sandbox.store import rfc3339, utc_now

if TYPE_CHECKING:
    from integrations.sandbox.store import Store

LINKS, UNIQUE = "hubspot_links", "hubspot_unique"
SETTING = "hubspot_setting"
INDEX_LAG_S = 3.0
ID_STEP = 7
BY_HAND, BY_API = "CRM_UI", "INTEGRATION"
CURRENCY = "USD"
KEY_PROPERTY = "caseyos_key"

Doc = dict[str, Any]


class Portal:
    """Callers hold a transaction of the store around each change and its ledger line."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seed(self) -> None:
        """Put the invented people there, once per store."""
        with self._store.transaction():
            if self._store.get(SETTING, "seeded") is not None:
                return
            self._store.put(SETTING, "seeded", {"at": rfc3339(utc_now())})
            self.define(TASKS, key_property())
            for id, properties in people.COMPANIES:
                self._put_new(COMPANIES, id, dict(properties), SINCE)
            for id, company, properties in people.CONTACTS:
                self._put_new(CONTACTS, id, dict(properties), SINCE)
                if company is not None:
                    self.link(CONTACTS, id, COMPANIES, company)
            for id, contact, company, properties in people.DEALS:
                self._put_new(DEALS, id, with_stage(dict(properties)), SINCE)
                self.link(DEALS, id, CONTACTS, contact)
                if company is not None:
                    self.link(DEALS, id, COMPANIES, company)

    # -- reading

    def get(self, kind: ObjectType, id: str, *, archived: bool = False) -> Doc | None:
        """The object of this id, among those of today or among those that were archived."""
        doc = self._store.get(_kind(kind), id)
        return doc if doc is not None and doc["archived"] is archived else None

    def all(self, kind: ObjectType, *, archived: bool = False) -> list[Doc]:
        return [doc for doc in self._store.all(_kind(kind)) if doc["archived"] is archived]

    def defined(self, kind: ObjectType) -> dict[str, Doc]:
        """The properties that this portal has added to those of HubSpot, by name."""
        return self._store.get(SETTING, f"properties/{kind.plural}") or {}

    def properties(self, kind: ObjectType) -> frozenset[str]:
        return kind.properties | self.defined(kind).keys()

    def unique(self, kind: ObjectType, name: str) -> bool:
        if kind is CONTACTS and name == "email":
            return True
        return bool(self.defined(kind).get(name, {}).get("hasUniqueValue"))

    def by_unique(self, kind: ObjectType, name: str, value: str, *, archived: bool = False) -> Doc | None:
        """The object whose unique property has this value. There is no index that could lag behind."""
        if kind is CONTACTS:
            return None if archived else self.contact_by_email(value)
        if archived:
            found = self.all(kind, archived=True)
            return next((each for each in reversed(found) if each["properties"].get(name) == value), None)
        holder = self._store.get(UNIQUE, f"{kind.plural}/{name}/{value}")
        return None if holder is None else self.get(kind, holder["id"])

    def contact_by_email(self, email: str) -> Doc | None:
        wanted = email.strip().lower()
        return next((each for each in self.all(CONTACTS) if each["properties"].get("email") == wanted), None)

    def linked(self, kind: ObjectType, id: str, to: ObjectType) -> list[str]:
        """Ids of the objects of the other type that belong to it and are not archived."""
        links = self._store.get(LINKS, f"{kind.plural}/{id}") or {}
        return [other for other in links.get(to.plural, []) if self.get(to, other) is not None]

    def index_lag_s(self) -> float:
        setting = self._store.get(SETTING, "index_lag_s")
        return INDEX_LAG_S if setting is None else float(setting["value"])

    # -- changing

    def set_index_lag(self, seconds: float) -> None:
        self._store.put(SETTING, "index_lag_s", {"value": seconds})

    def define(self, kind: ObjectType, definition: Doc) -> None:
        """Add a property to those of the type; the objects get it with their next change."""
        defined = {**self.defined(kind), definition["name"]: definition}
        self._store.put(SETTING, f"properties/{kind.plural}", defined)

    def undefine(self, kind: ObjectType, name: str) -> None:
        defined = {key: each for key, each in self.defined(kind).items() if key != name}
        self._store.put(SETTING, f"properties/{kind.plural}", defined)

    def create(self, kind: ObjectType, properties: dict[str, str], *, source: str = BY_HAND) -> Doc:
        id = str(kind.first_id + 500 + ID_STEP * self._store.next_id(_kind(kind)))
        return self._put_new(kind, id, properties, rfc3339(utc_now()), source=source)

    def change(self, kind: ObjectType, id: str, properties: dict[str, str], *, source: str = BY_HAND) -> Doc:
        """Set these properties; an empty text clears one."""
        doc = self.get(kind, id)
        if doc is None:
            raise KeyError(id)
        changed = {name: value for name, value in properties.items() if doc["properties"].get(name, "") != value}
        return self._put(kind, doc, changed, rfc3339(utc_now()), source=source) if changed else doc

    def archive(self, kind: ObjectType, id: str) -> Doc | None:
        """Take the object out of everybody's sight; None when it was not there."""
        doc = self.get(kind, id)
        if doc is None:
            return None
        now = rfc3339(utc_now())
        gone = {**doc, "archived": True, "archivedAt": now, "updatedAt": now}
        self._store.put(_kind(kind), id, gone)
        return gone

    def link(self, kind: ObjectType, id: str, to: ObjectType, to_id: str) -> bool:
        """Let the two belong together; whether that is new."""
        new = False
        for one, one_id, other, other_id in ((kind, id, to, to_id), (to, to_id, kind, id)):
            key = f"{one.plural}/{one_id}"
            links = self._store.get(LINKS, key) or {}
            known = links.get(other.plural, [])
            if other_id not in known:
                self._store.put(LINKS, key, {**links, other.plural: [*known, other_id]})
                new = True
        return new

    def unlink(self, kind: ObjectType, id: str, to: ObjectType, to_id: str) -> bool:
        """Let the two no longer belong together; whether they did."""
        were = False
        for one, one_id, other, other_id in ((kind, id, to, to_id), (to, to_id, kind, id)):
            key = f"{one.plural}/{one_id}"
            links = self._store.get(LINKS, key) or {}
            known = links.get(other.plural, [])
            if other_id in known:
                left = [each for each in known if each != other_id]
                self._store.put(LINKS, key, {**links, other.plural: left})
                were = True
        return were

    def open_or_move_deal(self, email: str, name: str | None, amount: str | None, stage: str | None) -> tuple[str, Doc]:
        """Move the person's deal of that name (or their only open one), or open one; what happened and the deal."""
        contact = self.contact_by_email(email) or self._new_contact(email)
        deal = self._deal_of(contact["id"], name)
        if deal is None:
            wanted = {"dealname": name or f"Deal with {email}", "deal_currency_code": CURRENCY, "pipeline": "default"}
            if amount is not None:
                wanted["amount"] = amount
            wanted["dealstage"] = stage or "appointmentscheduled"
            wanted["hubspot_owner_id"] = contact["properties"].get("hubspot_owner_id") or people.OWNERS[0][0]
            deal = self.create(DEALS, with_stage(wanted))
            self.link(DEALS, deal["id"], CONTACTS, contact["id"])
            for company in self.linked(CONTACTS, contact["id"], COMPANIES):
                self.link(DEALS, deal["id"], COMPANIES, company)
            return "deal_created", deal
        wanted = {} if amount is None else {"amount": amount}
        if stage is not None:
            wanted = with_stage({**wanted, "dealstage": stage})
        moved = stage not in (None, deal["properties"]["dealstage"])
        return "deal_moved" if moved else "deal_updated", self.change(DEALS, deal["id"], wanted)

    # -- inside

    def _deal_of(self, contact_id: str, name: str | None) -> Doc | None:
        found = [self.get(DEALS, id) for id in self.linked(CONTACTS, contact_id, DEALS)]
        for deal in reversed([deal for deal in found if deal is not None]):
            properties = deal["properties"]
            if properties["dealname"] == name or (name is None and properties["hs_is_closed"] == "false"):
                return deal
        return None

    def _new_contact(self, email: str) -> Doc:
        first, _, last = (people.name_of(email) or "").partition(" ")
        properties = {"email": email.strip().lower(), "firstname": first, "lastname": last, "lifecyclestage": "lead"}
        return self.create(CONTACTS, {name: value for name, value in properties.items() if value})

    def _put_new(self, kind: ObjectType, id: str, properties: dict[str, str], at: str, *, source: str = BY_HAND) -> Doc:
        doc = {"id": id, "properties": {}, "history": {}, "createdAt": at, "updatedAt": at, "archived": False}
        return self._put(kind, doc, {**properties, kind.created: at, "hs_object_id": id}, at, source=source)

    def _put(self, kind: ObjectType, doc: Doc, properties: dict[str, str], at: str, *, source: str) -> Doc:
        changed = {**properties, kind.modified: at}
        history = dict(doc["history"])
        for name, value in changed.items():
            entry = {"value": value, "timestamp": at, "sourceType": source}
            history[name] = [entry, *history.get(name, [])]
        self._move_unique_values(kind, doc, properties)
        now = {name: value for name, value in {**doc["properties"], **changed}.items() if value != ""}
        kept = {**doc, "properties": now, "history": history, "updatedAt": at}
        self._store.put(_kind(kind), doc["id"], kept)
        return kept

    def _move_unique_values(self, kind: ObjectType, doc: Doc, properties: dict[str, str]) -> None:
        for name in properties.keys() & self.defined(kind).keys():
            old = doc["properties"].get(name)
            if old is not None:
                self._store.delete(UNIQUE, f"{kind.plural}/{name}/{old}")
            if properties[name]:
                self._store.put(UNIQUE, f"{kind.plural}/{name}/{properties[name]}", {"id": doc["id"]})


def overview(store: Store) -> dict[str, list[Doc]]:
    """All objects as `GET /control/hubspot` shows them."""
    portal = Portal(store)
    return {
        kind.plural: [
            {
                "id": doc["id"],
                "properties": doc["properties"],
                "updated_at": doc["updatedAt"],
                "associations": {to.plural: ids for to in TYPES if (ids := portal.linked(kind, doc["id"], to))},
            }
            for doc in portal.all(kind)
        ]
        for kind in TYPES
    }


def key_property() -> Doc:
    """The property by which a product finds the tasks that it made; the portal begins with it."""
    return {
        "name": KEY_PROPERTY,
        "label": "CaseyOS key",
        "type": "string",
        "fieldType": "text",
        "groupName": "task",
        "description": "",
        "hasUniqueValue": True,
    }


def with_stage(properties: dict[str, str]) -> dict[str, str]:
    """The properties that HubSpot derives from a deal's stage."""
    stage = properties["dealstage"]
    derived = {
        "hs_is_closed": "true" if stage in CLOSED else "false",
        "hs_is_closed_won": "true" if stage == "closedwon" else "false",
        "hs_deal_stage_probability": PROBABILITY[stage],
    }
    if stage in CLOSED and "closedate" not in properties:
        derived["closedate"] = rfc3339(utc_now())
    return {**properties, **derived}


def _kind(kind: ObjectType) -> str:
    return f"hubspot_{kind.plural}"
