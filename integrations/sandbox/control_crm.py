"""What a person or a test may do in HubSpot: deals, tasks, and how the portal is set up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from integrations.sandbox.control import Asked, ControlError, email, handler, only, optional_text, seconds, text, truth
from integrations.sandbox.hubspot.portal import KEY_PROPERTY, Portal, key_property, overview
from integrations.sandbox.hubspot.schema import PROBABILITY, TASKS
from integrations.sandbox.hubspot.writes import facts

if TYPE_CHECKING:
    from integrations.sandbox.world import World

LONGEST_LAG_S = 3600.0
AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?\Z")

Done = dict[str, Any]


def routes(world: World) -> list[web.RouteDef]:
    control = CrmControl(world)
    return [
        web.get("/control/hubspot", handler(control.portal)),
        web.post("/control/hubspot", handler(control.change_portal)),
        web.post("/control/deal", handler(control.deal)),
        web.post("/control/task", handler(control.task)),
    ]


class CrmControl:
    def __init__(self, world: World) -> None:
        self._store = world.store

    async def portal(self, _asked: Asked) -> Done:
        return overview(self._store)

    async def change_portal(self, asked: Asked) -> Done:
        only(asked, "index_lag_s", "unique_key")
        portal = Portal(self._store)
        lag = seconds(asked, "index_lag_s", portal.index_lag_s(), most=LONGEST_LAG_S)
        keyed = truth(asked, "unique_key") if "unique_key" in asked else portal.unique(TASKS, KEY_PROPERTY)
        with self._store.transaction():
            portal.set_index_lag(lag)
            if keyed:
                portal.define(TASKS, key_property())
            else:
                portal.undefine(TASKS, KEY_PROPERTY)
            self._store.record("hubspot", "act", "portal", {"index_lag_s": lag, "unique_key": keyed})
        return {"index_lag_s": lag, "unique_key": keyed}

    async def deal(self, asked: Asked) -> Done:
        only(asked, "contact", "name", "amount", "stage")
        who, stage = email(asked, "contact"), optional_text(asked, "stage")
        if stage is not None and stage not in PROBABILITY:
            raise ControlError("invalid", f"stage is one of {', '.join(PROBABILITY)}", "stage")
        amount = None if asked.get("amount") is None else str(asked["amount"])
        if amount is not None and not AMOUNT.match(amount):
            raise ControlError("invalid", "amount is a number such as 48000 or 48000.50", "amount")
        name = optional_text(asked, "name")
        with self._store.transaction():
            happened, deal = Portal(self._store).open_or_move_deal(who, name, amount, stage)
            self._store.record("hubspot", "act", "deal", {**asked, "contact": who})
            data = {"id": deal["id"], "contact": who, "properties": deal["properties"], "by": "person"}
            self._store.record("hubspot", "effect", happened, data)
        return {"id": deal["id"], "happened": happened, "properties": deal["properties"]}

    async def task(self, asked: Asked) -> Done:
        only(asked, "id", "subject", "status", "delete")
        id, subject, status = text(asked, "id"), optional_text(asked, "subject"), optional_text(asked, "status")
        portal = Portal(self._store)
        before = portal.get(TASKS, id)
        if before is None:
            raise ControlError("no_task", f"there is no task {id}", "id", status=404)
        statuses = TASKS.kinds["hs_task_status"]
        if status is not None and status not in statuses:
            raise ControlError("invalid", f"status is one of {', '.join(statuses)}", "status")
        deleted = truth(asked, "delete")
        if not deleted and subject is None and status is None:
            raise ControlError("invalid", "say what to do: subject, status or delete", "subject")
        said = {"hs_task_subject": subject, "hs_task_status": status}
        with self._store.transaction():
            self._store.record("hubspot", "act", "task", asked)
            if deleted:
                after = portal.archive(TASKS, id) or before
                self._store.record("hubspot", "effect", "task_deleted", {**facts(after), "by": "person"})
            else:
                wanted = {name: value for name, value in said.items() if value is not None}
                after = portal.change(TASKS, id, wanted)
                if after != before:
                    data = {**facts(after, before), "by": "person"}
                    self._store.record("hubspot", "effect", "task_updated", data)
        return {"id": id, "deleted": deleted, "properties": after["properties"]}
