"""A task in the domain's words and in HubSpot's, whose body is HTML and whose values are all text."""

import html
import re
from collections.abc import Mapping
from datetime import UTC

from core.ports import Rejected, Task, TaskNow
from integrations.hubspot.resource import Record, moment, unprintable

KEY = "caseyos_key"
"""The unique property of tasks by which a task that was asked for twice stays one."""
HOW_TO_MEND = (
    f"HubSpot's tasks have no unique property {KEY}: in HubSpot open Settings > Properties, choose task properties and"
    f' create {KEY} as single-line text with "require unique values" ticked'
)
NOT_STARTED = "NOT_STARTED"
KINDS = frozenset({"CALL", "EMAIL", "TODO"})
PRIORITIES = frozenset({"LOW", "MEDIUM", "HIGH"})
NO_PRIORITY = "NONE"
SUBJECT_LIMIT = 500
BODY_LIMIT = 60_000

SHOWN = (
    "hs_task_subject",
    "hs_task_body",
    "hs_timestamp",
    "hs_task_type",
    "hs_task_priority",
    "hs_task_status",
    "hubspot_owner_id",
    KEY,
)

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_OWNER = re.compile(r"[0-9]{0,20}")
_NEW_LINE = re.compile(r"<br\s*/?>|</p>|</div>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def properties(task: Task, *, key: str) -> dict[str, str]:
    """The properties of a new task. Raises Rejected when the task cannot be written exactly."""
    subject, body = task.subject.strip(), _lines(task.body).strip()
    _check(task, subject, body)
    written = {
        KEY: checked_key(key),
        "hs_task_subject": subject,
        # HubSpot renders a body as HTML; what is escaped is shown as it was written.
        "hs_task_body": html.escape(body, quote=False).replace("\n", "<br>"),
        "hs_timestamp": task.due_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "hs_task_type": task.kind,
        "hs_task_priority": task.priority,
        "hs_task_status": NOT_STARTED,
    }
    return written | ({"hubspot_owner_id": task.owner_id} if task.owner_id else {})


def checked_key(key: str) -> str:
    """Raises Rejected for a key that none of ours is."""
    if not _KEY.fullmatch(key):
        raise Rejected("the key of a task is letters, digits, dots and dashes, 100 at most")
    return key


def task_now(record: Record, *, asked: Mapping[str, str] | None = None) -> TaskNow:
    """The task as HubSpot tells it; what it leaves out is as it was `asked` for. ValueError without a due time."""
    found = record if asked is None else record.with_defaults(asked)
    task = Task(
        subject=found.text("hs_task_subject"),
        body=_plain(found.text("hs_task_body")),
        due_at=moment(found.text("hs_timestamp")).astimezone(UTC),
        kind=found.text("hs_task_type") or "TODO",
        priority=found.text("hs_task_priority") or NO_PRIORITY,
        owner_id=found.text("hubspot_owner_id"),
    )
    return TaskNow(found.id, task, found.text("hs_task_status") or NOT_STARTED)


def _check(task: Task, subject: str, body: str) -> None:
    if not subject:
        raise Rejected("the task has no subject")
    if bad := unprintable(subject):
        raise Rejected(f"the subject has a character that no line shows ({bad}); write it in one line")
    if bad := unprintable(re.sub(r"[\t\n]", " ", body)):
        raise Rejected(f"the text has a character that cannot be shown ({bad})")
    if len(subject) > SUBJECT_LIMIT:
        raise Rejected(f"the subject is longer than {SUBJECT_LIMIT} characters")
    if len(html.escape(body, quote=False)) > BODY_LIMIT:
        raise Rejected(f"the text is longer than {BODY_LIMIT} characters")
    if task.due_at.tzinfo is None:
        raise Rejected("the time at which the task is due has no time zone")
    if task.kind not in KINDS or task.priority not in PRIORITIES:
        raise Rejected("a task is CALL, EMAIL or TODO, and LOW, MEDIUM or HIGH")
    if not _OWNER.fullmatch(task.owner_id):
        raise Rejected("the owner of the task is not an id of HubSpot")


def _lines(body: str) -> str:
    return body.replace("\r\n", "\n").replace("\r", "\n")


def _plain(body: str) -> str:
    """The text of an HTML body, line by line."""
    text = html.unescape(_TAG.sub("", _NEW_LINE.sub("\n", body)))
    return text.replace("\0", "\ufffd").strip()
