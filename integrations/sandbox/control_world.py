"""What a person or a test may do to forms, mails and faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from integrations.sandbox import faults, forms, people
from integrations.sandbox.calls import Refusal
from integrations.sandbox.control import Asked, ControlError, handler, only, optional_text, seconds, text, truth, whole
from integrations.sandbox.control import email as email_in
from integrations.sandbox.gmail import bounces, persons
from integrations.sandbox.gmail.mailbox import Mailbox

if TYPE_CHECKING:
    from integrations.sandbox.world import World

SERVICES = ("slack", "gmail", "calendar", "hubspot", "forms")
SECONDS_LIMIT = 3600.0
TIMES_LIMIT = 100_000

Done = dict[str, Any]


def routes(world: World) -> list[web.RouteDef]:
    control = WorldControl(world)
    return [
        web.post("/control/form", handler(control.form)),
        web.get("/control/visitors", handler(control.visitors)),
        web.post("/control/reply", handler(control.reply)),
        web.post("/control/bounce", handler(control.bounce)),
        web.post("/control/draft", handler(control.draft)),
        web.post("/control/fault", handler(control.add_fault)),
        web.get("/control/fault", handler(control.armed_faults)),
        web.delete("/control/fault", handler(control.clear_faults)),
        web.get("/control/gmail", handler(control.mailbox)),
        web.post("/control/gmail", handler(control.change_mailbox)),
    ]


class WorldControl:
    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    async def form(self, asked: Asked) -> Done:
        return await forms.submit(self._world, asked)

    async def visitors(self, _asked: Asked) -> Done:
        return {"visitors": [each.fields() for each in people.VISITORS]}

    async def reply(self, asked: Asked) -> Done:
        only(asked, "to", "text", "message_id", "headers")
        email, said = email_in(asked, "to"), text(asked, "text")
        headers = asked.get("headers") or {}
        if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
            raise ControlError("invalid", "headers is an object of texts", "headers")
        sent = persons.find_sent(self._store, to=email, message_id=optional_text(asked, "message_id"))
        if sent is None:
            raise ControlError("no_mail", f"no such mail was sent to {email}", "to", status=404)
        name = people.name_of(email) or _name_in(sent, email)
        try:
            got = persons.reply(self._store, sent, email=email, name=name, text=said, headers=headers)
        except (ValueError, Refusal) as error:
            raise ControlError("invalid", f"that is no mail: {error}", "headers") from error
        return _received(got)

    async def bounce(self, asked: Asked) -> Done:
        only(asked, "to", "kind", "message_id")
        email, kind = email_in(asked, "to"), text(asked, "kind")
        if kind not in bounces.BOUNCES:
            raise ControlError("invalid", f"kind is one of {', '.join(bounces.BOUNCES)}", "kind")
        sent = persons.find_sent(self._store, to=email, message_id=optional_text(asked, "message_id"))
        if sent is None:
            raise ControlError("no_mail", f"no such mail was sent to {email}", "to", status=404)
        return _received(bounces.bounce(self._store, sent, email=email, kind=kind))

    async def draft(self, asked: Asked) -> Done:
        only(asked, "id", "text", "subject", "delete")
        id = text(asked, "id")
        try:
            if truth(asked, "delete"):
                persons.delete_draft(self._store, id)
                return {"id": id, "deleted": True}
            said, subject = asked.get("text"), optional_text(asked, "subject")
            if said is not None and not isinstance(said, str):
                raise ControlError("invalid", "text is a text", "text")
            if said is None and subject is None:
                raise ControlError("invalid", "say what to change: text, subject or delete", "text")
            message = persons.edit_draft(self._store, id, text=said, subject=subject)
        except Refusal as refusal:
            raise ControlError("no_draft", f"there is no draft {id}", "id", status=404) from refusal
        except ValueError as error:
            raise ControlError("invalid", str(error), "subject") from error
        return {"id": id, "message": message["id"], "thread_id": message["threadId"]}

    async def add_fault(self, asked: Asked) -> Done:
        only(asked, "service", "kind", "method", "times", "seconds")
        service, kind, method = text(asked, "service"), text(asked, "kind"), optional_text(asked, "method")
        if service not in SERVICES:
            raise ControlError("invalid", f"service is one of {', '.join(SERVICES)}", "service")
        fits = {
            faults.DROP_SOCKET: service == "slack",
            faults.DELIVER_TWICE: service in ("slack", "forms"),
        }.get(kind, kind in faults.KINDS and service != "forms")
        if not fits:
            raise ControlError("invalid", f"{service} has no fault {kind}", "kind")
        times = whole(asked, "times", 1, least=1, most=TIMES_LIMIT)
        lasts = seconds(asked, "seconds", 0.0, most=SECONDS_LIMIT)
        self._store.record(service, "act", "fault", asked)
        if kind == faults.DROP_SOCKET:
            return {"dropped": await self._world.slack.drop_sockets()}
        self._world.faults.add(service, kind, method, times, lasts)
        return {"faults": self._world.faults.armed()}

    async def armed_faults(self, _asked: Asked) -> Done:
        return {"faults": self._world.faults.armed()}

    async def clear_faults(self, _asked: Asked) -> Done:
        self._world.faults.clear()
        self._store.record("sandbox", "act", "clear_faults", {})
        return {"faults": []}

    async def mailbox(self, _asked: Asked) -> Done:
        return persons.overview(self._store)

    async def change_mailbox(self, asked: Asked) -> Done:
        only(asked, "expire_history")
        if not truth(asked, "expire_history"):
            raise ControlError("invalid", "say what to do: expire_history", "expire_history")
        with self._store.transaction():
            oldest = Mailbox(self._store).expire_history()
            self._store.record("gmail", "act", "expire_history", {"oldest": str(oldest)})
        return {"oldest_history_id": str(oldest)}


def _received(got: Done) -> Done:
    return {
        "id": got["id"],
        "thread_id": got["threadId"],
        "message_id": got["messageId"],
        "history_id": got["historyId"],
    }


def _name_in(sent: Done, email: str) -> str:
    """The name under which the mail was addressed; empty when there was none."""
    for header in (sent["headers"].get("To", ""), sent["headers"].get("Cc", "")):
        for part in header.split(","):
            name, _, address = part.partition("<")
            if address.strip().rstrip(">").lower() == email:
                return str(name.strip().strip('"'))
    return ""
