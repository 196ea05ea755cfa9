"""HubSpot as the domain's CRM: who an address is, tasks that are made once, and deals that are changed."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import httpx

from core.ports import CannotTell, CrmRecord, Deal, DealNow, Rejected, Task, TaskNow, Unavailable, Unclear
from integrations.hubspot import deal, task
from integrations.hubspot.resource import (
    Associated,
    Batch,
    Changed,
    Pipelines,
    Problem,
    Record,
    Stage,
    Tied,
    Ties,
    money,
    true,
)
from integrations.hubspot.wire import Missing, Portal, unreadable

PIPELINES_KEPT_S = 300.0
BATCH_LIMIT = 100
TIES_PAGE = 500
TIES_PAGES_AT_MOST = 10
CONTACT = "email,firstname,lastname,company,lifecyclestage,hs_email_optout,associatedcompanyid,hubspot_owner_id,phone,mobilephone"
COMPANY = ("name", "lifecyclestage")
CHANGEABLE = ("dealname", "hubspot_owner_id", *deal.PROPERTIES.values())
DEAL = (*CHANGEABLE, "deal_currency_code", "pipeline", "hs_is_closed")
CUSTOMER = frozenset({"customer", "evangelist"})
REFUSED = frozenset({"VALIDATION_ERROR", "OBJECT_NOT_FOUND", "FORBIDDEN", "MISSING_SCOPES", "BANNED"})

OBJECTS = ("crm", "v3", "objects")
TASKS = (*OBJECTS, "tasks")
DEALS = (*OBJECTS, "deals")
TIED_TASKS = ("crm", "v4", "objects", "tasks")

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class HubSpotCrm:
    """Fulfils core.ports.Crm. Whatever changes something makes one request, once."""

    def __init__(
        self, http: httpx.AsyncClient, *, api_url: str, token: str, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """`seconds` is a clock that never goes back; only differences count."""
        self._portal = Portal(http, api_url=api_url, token=token)
        self._seconds = seconds
        self._stages: dict[tuple[str, str], Stage] = {}
        self._stages_until = float("-inf")
        self._reading_stages = asyncio.Lock()

    # -- who an address is, in at most three requests while the stages are known

    async def lookup(self, email: str) -> CrmRecord | None:
        address = email.strip().lower()
        if "@" not in address or not address.isprintable():
            return None
        asked = {"idProperty": "email", "properties": CONTACT, "associations": "companies,deals"}
        try:
            contact = await self._portal.read(Record, *OBJECTS, "contacts", address, params=asked)
        except Missing:
            return None
        company = await self._company(contact)
        deals = await self._open_deals(contact.associated("deals"))
        name = " ".join(part for part in (contact.text("firstname"), contact.text("lastname")) if part)
        stages = {contact.text("lifecyclestage"), company.text("lifecyclestage") if company else ""}
        return CrmRecord(
            contact_id=contact.id,
            name=name,
            company=(company.text("name") if company else "") or contact.text("company"),
            customer=bool(stages & CUSTOMER),
            unsubscribed=true(contact.text("hs_email_optout")),
            open_deals=deals,
            owner_id=contact.text("hubspot_owner_id"),
            phones=tuple(number for name in ("phone", "mobilephone") if (number := contact.text(name))),
        )

    async def _company(self, contact: Record) -> Record | None:
        """The contact's primary company, or else the first that it is tied to."""
        tied = contact.associated("companies")
        primary = contact.text("associatedcompanyid") or next(iter(_first_primary(tied)), "")
        if not primary:
            return None
        found = await self._batch("companies", [primary], COMPANY)
        return next(iter(found), None)

    async def _open_deals(self, tied: Sequence[Associated]) -> tuple[Deal, ...]:
        ids = list(dict.fromkeys(one.id for one in tied))
        if not ids:
            return ()
        found = await self._batch("deals", ids[:BATCH_LIMIT], DEAL)
        maybe_open = [one for one in found if not true(one.text("hs_is_closed"))]
        stages = await self._known_stages() if maybe_open else {}
        deals = []
        for one in sorted(maybe_open, key=lambda one: ids.index(one.id)):
            stage = stages.get((one.text("pipeline") or "default", one.text("dealstage")))
            if stage is None or not stage.closed:
                label = stage.label if stage else one.text("dealstage")
                amount = money(one.text("amount"), one.text("deal_currency_code"))
                deals.append(
                    Deal(one.id, one.text("dealname"), label, amount, deal.values(one), one.text("hubspot_owner_id"))
                )
        return tuple(deals)

    async def _batch(self, kind: str, ids: Iterable[str], properties: Sequence[str]) -> tuple[Record, ...]:
        """The objects that still exist; HubSpot leaves the others out."""
        content = {"properties": list(properties), "inputs": [{"id": id} for id in ids]}
        return (await self._portal.read(Batch, *OBJECTS, kind, "batch", "read", content=content)).results

    async def _known_stages(self) -> dict[tuple[str, str], Stage]:
        """Stages by pipeline and id; they seldom change, so an answer serves for some minutes."""
        async with self._reading_stages:
            if self._seconds() >= self._stages_until:
                pipelines = await self._portal.read(Pipelines, "crm", "v3", "pipelines", "deals")
                self._stages = {(each.id, stage.id): stage for each in pipelines.results for stage in each.stages}
                self._stages_until = self._seconds() + PIPELINES_KEPT_S
            return self._stages

    # -- tasks

    async def create_task(self, wanted: Task, *, key: str) -> TaskNow:
        """One upsert by our unique property, which sets a task of this key to what is wanted, whoever changed it since.

        Raises Rejected, with how to mend it, where the portal has no such property.
        """
        asked = task.properties(wanted, key=key)
        content = {"inputs": [{"idProperty": task.KEY, "id": key, "properties": asked}]}
        try:
            answer = await self._portal.change(Changed, "POST", *TASKS, "batch", "upsert", content=content)
            if not answer.results:
                raise _failed(answer.errors)
        except Rejected as no:
            raise _mending(no) from no
        made = answer.results[0]
        if made.text(task.KEY) not in ("", key):
            raise Unclear("HubSpot answered with another task than the one that was made")
        try:
            return task.task_now(made, asked=asked)
        except ValueError as error:
            raise unreadable(changes=True) from error

    async def find_task(self, *, key: str) -> TaskNow | None:
        """Read by the unique property itself, so no index lags behind. Raises Rejected where there is no such property."""
        checked = task.checked_key(key)
        try:
            return await self._task(checked, {"idProperty": task.KEY})
        except Rejected as no:
            raise _mending(no) from no

    async def read_task(self, id: str) -> TaskNow | None:
        return await self._task(_id(id), {})

    async def _task(self, id: str, asked: dict[str, str]) -> TaskNow | None:
        try:
            found = await self._portal.read(Record, *TASKS, id, params={**asked, "properties": ",".join(task.SHOWN)})
        except Missing:
            return None
        try:
            return task.task_now(found)
        except ValueError as error:
            raise unreadable(changes=False) from error

    async def delete_task(self, id: str) -> None:
        """Puts the task into HubSpot's recycling bin. One that is gone already is fine."""
        await self._portal.remove(*TASKS, _id(id))

    async def tie_task(self, id: str, *, contact_id: str) -> None:
        path = (*TIED_TASKS, _id(id), "associations", "default", "contacts", _id(contact_id))
        if errors := (await self._portal.change(Tied, "PUT", *path)).errors:
            raise _failed(errors)

    async def untie_task(self, id: str, *, contact_id: str) -> None:
        await self._portal.remove(*TIED_TASKS, _id(id), "associations", "contacts", _id(contact_id))

    async def task_is_tied(self, id: str, *, contact_id: str) -> bool:
        """False as well when the task is gone. Raises CannotTell when it is tied to too many."""
        path = (*TIED_TASKS, _id(id), "associations", "contacts")
        wanted, asked = _id(contact_id), {"limit": str(TIES_PAGE)}
        try:
            for _ in range(TIES_PAGES_AT_MOST):
                page = await self._portal.read(Ties, *path, params=asked)
                if wanted in page.ids:
                    return True
                if not page.paging.next.after:
                    return False
                asked["after"] = page.paging.next.after
        except Missing:
            return False
        raise CannotTell(
            f"the task is tied to more than {TIES_PAGE * TIES_PAGES_AT_MOST} contacts; look at it in HubSpot"
        )

    # -- deals

    async def read_deal(self, id: str) -> DealNow | None:
        try:
            found = await self._portal.read(Record, *DEALS, _id(id), params={"properties": ",".join(CHANGEABLE)})
        except Missing:
            return None
        return deal.deal_now(found)

    async def change_deal(self, id: str, values: Mapping[str, str]) -> None:
        content = {"properties": deal.properties(values)}
        await self._portal.change(Record, "PATCH", *DEALS, _id(id), content=content)


def _first_primary(tied: Sequence[Associated]) -> list[str]:
    """Ids of companies, those that HubSpot marks as primary first."""
    return [one.id for one in sorted(tied, key=lambda one: "unlabeled" in one.type)]


def _failed(errors: Sequence[Problem]) -> Exception:
    """What it means that HubSpot answered 2xx and yet did not do it."""
    if not errors:
        return unreadable(changes=True)
    message = f"HubSpot: {' '.join(errors[0].message.split())[:200] or errors[0].category}"
    if errors[0].category in REFUSED:
        return Rejected(message)
    if errors[0].category == "RATE_LIMITS":
        return Unavailable(message)
    return Unclear(message)


def _mending(no: Rejected) -> Rejected:
    """The refusal itself, or how to mend it where it says that the portal has no unique property for our keys."""
    return Rejected(f"{task.HOW_TO_MEND} ({no})") if task.KEY in str(no) else no


def _id(text: str) -> str:
    """An id that stays one piece of a path. Raises Rejected for anything that HubSpot never gave out."""
    if not _ID.fullmatch(text):
        raise Rejected("not an id of HubSpot")
    return text
