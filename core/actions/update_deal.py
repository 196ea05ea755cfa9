"""Change a deal in the CRM: only if it still stands as it was when the change was proposed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from core.plan import Action, Editable, Plan, Step, Words, content_of
from core.ports import DEAL_FIELDS, CannotTell, Ports, Receipt, Receipts, Rejected

_NAMES = {"stage": "stage", "amount": "amount", "close_date": "close date", "next_step": "next step"}


class UpdateDeal(BaseModel, frozen=True):
    """What is None is left alone; `before` holds how each changed value stood when this was proposed."""

    deal_id: str = Field(min_length=1)
    deal_name: str
    stage: Annotated[str | None, Editable("Stage")] = None
    amount: Annotated[str | None, Editable("Amount", limit=30)] = None
    close_date: Annotated[str | None, Editable("Close date", limit=10)] = None
    next_step: Annotated[str | None, Editable("Next step", limit=250)] = None
    before: dict[str, str]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.after:
            raise ValueError("nothing would change")
        if missing := [name for name in self.after if name not in self.before]:
            raise ValueError(f"how {', '.join(missing)} stood before is not known")
        if self.amount and _number(self.amount) is None:
            raise ValueError(f"{self.amount!r} is not a number: write it like 18500 or 18500.50")
        return self

    @property
    def after(self) -> dict[str, str]:
        return {name: value for name in DEAL_FIELDS if (value := getattr(self, name)) is not None}

    @property
    def old(self) -> dict[str, str]:
        return {name: self.before[name] for name in self.after}


def plan(params: UpdateDeal) -> Plan:
    changes = tuple((_NAMES[name], f"{params.before[name] or 'empty'} → {new}") for name, new in params.after.items())
    return Plan(
        kind="update_deal",
        summary=f"{params.deal_name}: {'; '.join(f'{name} {change}' for name, change in changes)}",
        content=content_of(params),
        exact=(("deal", f"{params.deal_name} ({params.deal_id})"), *changes),
    )


@dataclass(frozen=True)
class ChangeDeal(Step[UpdateDeal]):
    name: str = "change_deal"
    service: str = "hubspot"
    sends: bool = False
    reversible: bool = True
    single_use: bool = False

    async def check(self, params: UpdateDeal, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        now = await _values(params, ports)
        if same(now, params.after):
            return Receipt(params.deal_id, "it stood so already")
        if changed := _difference(params.old, now):
            raise Rejected(f"the deal was changed in HubSpot since this was proposed: {changed}")
        return None

    async def send(self, params: UpdateDeal, ports: Ports, key: str, done: Receipts) -> Receipt:
        await ports.crm.change_deal(params.deal_id, params.after)
        return Receipt(params.deal_id)

    async def find(self, params: UpdateDeal, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        now = await _values(params, ports)
        if same(now, params.after):
            return Receipt(params.deal_id, "read back")
        if same(now, params.old):
            return None
        raise CannotTell(f"the deal stands neither as before nor as approved: {_difference(params.after, now)}")

    async def undo(self, params: UpdateDeal, ports: Ports, key: str, receipt: Receipt) -> None:
        if receipt.known_by == "it stood so already":
            raise Rejected("it was not changed by this move, so there is nothing to take back")
        now = await _values(params, ports)
        if same(now, params.old):
            return
        if changed := _difference(params.after, now):
            raise Rejected(f"the deal was changed in HubSpot since: {changed}")
        await ports.crm.change_deal(params.deal_id, params.old)


async def _values(params: UpdateDeal, ports: Ports) -> Mapping[str, str]:
    deal = await ports.crm.read_deal(params.deal_id)
    if deal is None:
        raise Rejected("the deal is gone from HubSpot")
    return deal.values


def same(now: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether the deal stands as wanted; 48000 and 48000.00 are one amount."""
    return not _difference(wanted, now)


def _difference(wanted: Mapping[str, str], now: Mapping[str, str]) -> str:
    changed = [name for name, value in wanted.items() if not _equal(name, value, now.get(name, ""))]
    return "; ".join(f"{_NAMES[name]} is now “{now.get(name, '') or 'empty'}”" for name in changed)


def _equal(name: str, one: str, other: str) -> bool:
    if name == "amount":
        number = _number(one)
        if number is not None:
            return number == _number(other)
    return one.strip() == other.strip()


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


UPDATE_DEAL = Action(
    kind="update_deal",
    params=UpdateDeal,
    plan=plan,
    steps=(ChangeDeal(),),
    words=Words(
        title="Change this deal",
        submit="Change",
        promise="The deal is changed in HubSpot at once, if it still stands as shown. The card has Undo: it puts the "
        "old values back, if nobody has changed them by then.",
        done="changed",
        place="HubSpot",
        thing="deal",
    ),
)
