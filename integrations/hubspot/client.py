"""What HubSpot holds about an address: the contact, its company and its open deals, in at most three requests."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from core.ports import CrmRecord, Deal, Unavailable
from integrations.hubspot.resource import Associated, Batch, Pipelines, Record, Stage, money, true
from integrations.hubspot.wire import Missing, ask

PIPELINES_KEPT_S = 300.0
BATCH_LIMIT = 100
CONTACT = "email,firstname,lastname,company,lifecyclestage,hs_email_optout,associatedcompanyid"
COMPANY = ("name", "lifecyclestage")
DEAL = ("dealname", "amount", "deal_currency_code", "dealstage", "pipeline", "hs_is_closed")
CUSTOMER = frozenset({"customer", "evangelist"})

M = TypeVar("M", bound=BaseModel)


class HubSpotCrm:
    """Fulfils core.ports.Crm with reads only; raises Rejected or Unavailable."""

    def __init__(
        self, http: httpx.AsyncClient, *, api_url: str, token: str, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """`seconds` is a clock that never goes back; only differences count."""
        self._http = http
        self._api_url = api_url.rstrip("/")
        self._token = token
        self._seconds = seconds
        self._stages: dict[tuple[str, str], Stage] = {}
        self._stages_until = float("-inf")
        self._reading_stages = asyncio.Lock()

    async def lookup(self, email: str) -> CrmRecord | None:
        address = email.strip().lower()
        if "@" not in address or not address.isprintable():
            return None
        try:
            contact = await self._read(
                Record,
                "GET",
                f"/crm/v3/objects/contacts/{quote(address, safe='')}",
                params={"idProperty": "email", "properties": CONTACT, "associations": "companies,deals"},
            )
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
        maybe_open = [deal for deal in found if not true(deal.text("hs_is_closed"))]
        stages = await self._known_stages() if maybe_open else {}
        deals = []
        for deal in sorted(maybe_open, key=lambda deal: ids.index(deal.id)):
            stage = stages.get((deal.text("pipeline") or "default", deal.text("dealstage")))
            if stage is None or not stage.closed:
                label = stage.label if stage else deal.text("dealstage")
                amount = money(deal.text("amount"), deal.text("deal_currency_code"))
                deals.append(Deal(id=deal.id, name=deal.text("dealname"), stage=label, amount=amount))
        return tuple(deals)

    async def _batch(self, kind: str, ids: Iterable[str], properties: Sequence[str]) -> tuple[Record, ...]:
        """The objects that still exist; HubSpot leaves the others out."""
        content = {"properties": list(properties), "inputs": [{"id": id} for id in ids]}
        return (await self._read(Batch, "POST", f"/crm/v3/objects/{kind}/batch/read", content=content)).results

    async def _known_stages(self) -> dict[tuple[str, str], Stage]:
        """Stages by pipeline and id; they seldom change, so an answer serves for some minutes."""
        async with self._reading_stages:
            if self._seconds() >= self._stages_until:
                pipelines = await self._read(Pipelines, "GET", "/crm/v3/pipelines/deals")
                self._stages = {(each.id, stage.id): stage for each in pipelines.results for stage in each.stages}
                self._stages_until = self._seconds() + PIPELINES_KEPT_S
            return self._stages

    async def _read(
        self, kind: type[M], method: str, path: str, *, params: dict[str, str] | None = None, content: Any = None
    ) -> M:
        url = f"{self._api_url}{path}"
        answer = await ask(self._http, method, url, token=self._token, params=params, content=content)
        try:
            return kind.model_validate(answer)
        except ValidationError as error:
            raise Unavailable("HubSpot's answer could not be read") from error


def _first_primary(tied: Sequence[Associated]) -> list[str]:
    """Ids of companies, those that HubSpot marks as primary first."""
    return [one.id for one in sorted(tied, key=lambda one: "unlabeled" in one.type)]
