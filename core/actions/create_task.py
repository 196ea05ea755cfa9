"""Create a task in the CRM and show it on the contact: two requests, and one task however often they are made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from core.plan import Action, Editable, Plan, Step, Words, content_of
from core.ports import Ports, Receipt, Receipts, Rejected, Task, TaskNow

UNTOUCHED = "NOT_STARTED"


class CreateTask(BaseModel, frozen=True):
    """`contact_id` and `owner_id` are the CRM's; empty where it knows nobody."""

    subject: Annotated[str, Editable("Task", limit=250, empty="Say what is to be done")] = Field(
        min_length=1, max_length=250
    )
    body: Annotated[str, Editable("Notes", "text", 3000)] = Field(default="", max_length=20_000)
    due_at: Annotated[AwareDatetime, Editable("Due", "moment", 20, empty="Say when it is due")]
    kind: Literal["CALL", "EMAIL", "TODO"] = "TODO"
    contact_id: str = ""
    owner_id: str = ""

    def task(self) -> Task:
        return Task(self.subject.strip(), self.body, self.due_at, kind=self.kind, owner_id=self.owner_id)


def plan(params: CreateTask) -> Plan:
    return Plan(
        kind="create_task",
        summary=f"Task in HubSpot: {params.subject}",
        content=content_of(params),
        exact=(
            ("hs_task_subject", params.subject),
            ("hs_task_body", params.body),
            ("hs_timestamp", _stamp(params.due_at)),
            ("hs_task_type", params.kind),
            ("hubspot_owner_id", params.owner_id or "nobody"),
            ("contact", params.contact_id or "none"),
        ),
    )


@dataclass(frozen=True)
class MakeTask(Step[CreateTask]):
    name: str = "make_task"
    service: str = "hubspot"
    sends: bool = False
    reversible: bool = True
    single_use: bool = False

    async def check(self, params: CreateTask, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        return None  # asking twice makes one task: nothing has to be read before

    async def send(self, params: CreateTask, ports: Ports, key: str, done: Receipts) -> Receipt:
        made = await ports.crm.create_task(params.task(), key=key)
        return Receipt(made.id)

    async def find(self, params: CreateTask, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        made = await ports.crm.find_task(key=key)
        return None if made is None else Receipt(made.id, "read back")

    async def undo(self, params: CreateTask, ports: Ports, key: str, receipt: Receipt) -> None:
        now = await ports.crm.read_task(receipt.external_id)
        if now is None:
            return
        if changed := _difference(params.task(), now):
            raise Rejected(f"the task was changed in HubSpot since: {changed}")
        await ports.crm.delete_task(now.id)


@dataclass(frozen=True)
class TieTask(Step[CreateTask]):
    """Not reversible by itself: the tie goes with its task."""

    name: str = "tie_task"
    service: str = "hubspot"
    sends: bool = False
    reversible: bool = False
    single_use: bool = False

    async def check(self, params: CreateTask, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        return _nothing_to_tie(params, done)

    async def send(self, params: CreateTask, ports: Ports, key: str, done: Receipts) -> Receipt:
        await ports.crm.tie_task(done[0].external_id, contact_id=params.contact_id)
        return Receipt(done[0].external_id)

    async def find(self, params: CreateTask, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        if (receipt := _nothing_to_tie(params, done)) is not None:
            return receipt  # the worker stopped before it could say so
        tied = await ports.crm.task_is_tied(done[0].external_id, contact_id=params.contact_id)
        return Receipt(done[0].external_id, "read back") if tied else None

    async def undo(self, params: CreateTask, ports: Ports, key: str, receipt: Receipt) -> None:
        raise Rejected("the tie goes with its task")


def _nothing_to_tie(params: CreateTask, done: Receipts) -> Receipt | None:
    if not params.contact_id:
        return Receipt("", "there is no contact in HubSpot to show it on")
    if not done[0].external_id:
        return Receipt("", "left to the person who made the task")
    return None


def _difference(made: Task, now: TaskNow) -> str:
    changed = []
    if now.status != UNTOUCHED:
        changed.append(f"its status is {now.status}")
    if now.task.subject != made.subject:
        changed.append(f"it is called “{now.task.subject}”")
    if now.task.body.split() != made.body.split():
        changed.append("its notes are different")
    if _stamp(now.task.due_at) != _stamp(made.due_at):
        changed.append(f"it is due {now.task.due_at:%d %b, %H:%M} UTC")
    return "; ".join(changed)


def _stamp(moment: datetime) -> str:
    """To the second: the CRM keeps milliseconds, people minutes."""
    return moment.isoformat(timespec="seconds")


CREATE_TASK = Action(
    kind="create_task",
    params=CreateTask,
    plan=plan,
    steps=(MakeTask(), TieTask()),
    words=Words(
        title="Create this task",
        submit="Create",
        promise="The task is made in HubSpot at once. The card has Undo: it deletes the task, "
        "if nobody has changed it by then.",
        done="created",
        place="HubSpot",
        thing="task",
    ),
)
