"""One call, one request: every method of a port that changes something, wherever its answer can be lost.

A new method of a port, or of one of its clients, fails here until it has a row below or is named as a read.
"""

import inspect
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot import messenger
from bot.messenger import SlackMessenger
from core.note import Note
from core.ports import (
    Calendar,
    Crm,
    Mail,
    Mailbox,
    Meeting,
    Messenger,
    Posted,
    Rejected,
    Task,
    Unavailable,
    Unclear,
)
from integrations.calendar.client import GoogleCalendar
from integrations.gmail.client import GmailMailbox
from integrations.google.token import token_source
from integrations.hubspot.client import HubSpotCrm
from tests.integrations.answering import LOST, NOWHERE, STATUSES, Answering, answering
from tests.support.showing import card_of, digest_of, homes_of

PORTS: Mapping[type, type] = {
    Mailbox: GmailMailbox,
    Calendar: GoogleCalendar,
    Crm: HubSpotCrm,
    Messenger: SlackMessenger,
}
READS = {
    Mailbox: {"rendered", "read_draft", "find_draft", "drafts_like", "find_sent", "changes"},
    Calendar: {"busy", "read_event"},
    Crm: {"lookup", "find_task", "read_task", "task_is_tied", "read_deal"},
    Messenger: {"member", "find_post", "answered"},
}

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MAIL = Mail(("dana@northpier.example",), "Your stand", "Shall we talk?")
MEETING = Meeting("Your stand", "", NOON, NOON + timedelta(minutes=30), "Europe/London", MAIL.to)
EVENT = {
    "id": "c0ffee0",
    "start": {"dateTime": "2026-12-01T12:00:00Z"},
    "end": {"dateTime": "2026-12-01T12:30:00Z"},
}
TASK = Task("Call Dana", "", NOON)
TASK_RECORD = {"id": "7", "properties": {"hs_task_subject": "Call Dana", "hs_timestamp": "2026-12-01T12:00:00Z"}}
POST = {"ok": True, "channel": "C1", "ts": "1.1"}

# What comes out where an answer is not lost and yet no success. Elsewhere it is Unclear.
TURNED_AWAY: Mapping[str | int, type[Exception]] = {429: Unavailable}
GMAIL_TURNED_AWAY: Mapping[str | int, type[Exception]] = {429: Unavailable, 503: Unavailable}
# A deletion is believed by its status: nothing in its answer is read.
DELETED: Mapping[str | int, type[Exception] | None] = {"no JSON": None, "another shape": None}
# Asking twice changes nothing, so an unclear answer is none to worry about.
ASKED_AGAIN = dict.fromkeys((*LOST, *STATUSES), Unavailable)


@dataclass(frozen=True)
class Row:
    """`comes_out` names what is raised where it is not Unclear; None where the call succeeds."""

    call: Callable[[Any], Awaitable[object]]
    answer: Any
    comes_out: Mapping[str | int, type[Exception] | None] = field(default_factory=dict)


ROWS: Mapping[tuple[type, str], Row] = {
    (Mailbox, "create_draft"): Row(
        lambda mailbox: mailbox.create_draft(MAIL, key="k-0"),
        {"id": "r1", "message": {"id": "m1", "threadId": "t1"}},
        GMAIL_TURNED_AWAY,
    ),
    (Mailbox, "send_draft"): Row(
        lambda mailbox: mailbox.send_draft("r1"), {"id": "m2", "threadId": "t1"}, GMAIL_TURNED_AWAY
    ),
    (Mailbox, "delete_draft"): Row(lambda mailbox: mailbox.delete_draft("r1"), None, {**GMAIL_TURNED_AWAY, **DELETED}),
    (Calendar, "create_event"): Row(
        lambda calendar: calendar.create_event(MEETING, event_id="c0ffee0"), EVENT, TURNED_AWAY
    ),
    (Calendar, "cancel_event"): Row(
        lambda calendar: calendar.cancel_event("c0ffee0"), None, {**TURNED_AWAY, **DELETED}
    ),
    (Crm, "create_task"): Row(lambda crm: crm.create_task(TASK, key="k-0"), {"results": [TASK_RECORD]}, TURNED_AWAY),
    (Crm, "delete_task"): Row(lambda crm: crm.delete_task("7"), None, {**TURNED_AWAY, **DELETED}),
    (Crm, "tie_task"): Row(
        lambda crm: crm.tie_task("7", contact_id="8"), {"status": "COMPLETE", "results": []}, TURNED_AWAY
    ),
    (Crm, "untie_task"): Row(lambda crm: crm.untie_task("7", contact_id="8"), None, {**TURNED_AWAY, **DELETED}),
    (Crm, "change_deal"): Row(
        lambda crm: crm.change_deal("9", {"amount": "1"}), {"id": "9", "properties": {}}, TURNED_AWAY
    ),
    (Messenger, "dm"): Row(lambda slack: slack.dm("U1"), {"ok": True, "channel": {"id": "D1"}}, ASKED_AGAIN),
    (Messenger, "post_card"): Row(
        lambda slack: slack.post_card(card_of("Dana"), channel="C1", key="k-0"), POST, TURNED_AWAY
    ),
    (Messenger, "post_note"): Row(
        lambda slack: slack.post_note(
            Note("already_decided", {"state": "approved", "by": "U1"}), channel="C1", thread=None, key="k-0"
        ),
        POST,
        TURNED_AWAY,
    ),
    (Messenger, "whisper"): Row(
        lambda slack: slack.whisper(
            Note("already_decided", {"state": "approved", "by": "U1"}), channel="C1", user="U1"
        ),
        {"ok": True},
        TURNED_AWAY,
    ),
    (Messenger, "update_card"): Row(
        lambda slack: slack.update_card(card_of("Dana"), channel="C1", ts="1.1"), POST, TURNED_AWAY
    ),
    (Messenger, "post_digest"): Row(
        lambda slack: slack.post_digest(digest_of("Dana"), channel="C1", key="k-0"), POST, TURNED_AWAY
    ),
    (Messenger, "update_digest"): Row(
        lambda slack: slack.update_digest(digest_of("Dana"), channel="C1", ts="1.1"), POST, TURNED_AWAY
    ),
    (Messenger, "replace_with_note"): Row(
        lambda slack: slack.replace_with_note(Note("handed_over", {"title": "x", "to": "U1"}), channel="C1", ts="1.1"),
        POST,
        TURNED_AWAY,
    ),
    (Messenger, "show_home"): Row(lambda slack: slack.show_home(homes_of("Dana")[0]), {"ok": True}, TURNED_AWAY),
    (Messenger, "delete_post"): Row(lambda slack: slack.delete_post(Posted("C1", "1.1")), POST, TURNED_AWAY),
}


def methods(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.iscoroutinefunction) if not name.startswith("_")}


@pytest.mark.parametrize("port", PORTS, ids=lambda port: port.__name__)
def test_every_method_is_a_read_or_has_a_row(port):
    rows = {name for of, name in ROWS if of is port}
    assert methods(port) | methods(PORTS[port]) == READS[port] | rows
    assert not READS[port] & rows


@asynccontextmanager
async def client(port: type, url: str, moment: str | int = NOWHERE) -> AsyncIterator[Any]:
    """Waits long for an answer, so that a busy machine is no lost one; only where none comes it soon gives up."""
    silent = str(moment).startswith("silence")
    if port is Messenger:
        yield SlackMessenger(messenger.client(token="xoxb-t", api_url=url, timeout_s=1 if silent else 30))
        return
    async with httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(30, read=0.5 if silent else 30)) as http:
        token = token_source(access_token="t", credentials=None)
        if port is Mailbox:
            yield GmailMailbox(http, api_url=url, token=token, mailbox="casey@pier7.example")
        elif port is Calendar:
            yield GoogleCalendar(http, api_url=url, token=token)
        else:
            yield HubSpotCrm(http, api_url=url, token="pat")


async def outcome(call: Awaitable[object]) -> type[Exception] | None:
    """What is raised, by its exact kind but for a Rejected that says more; anything else is an error of the test."""
    try:
        await call
    except (Rejected, Unavailable, Unclear) as raised:
        return Rejected if isinstance(raised, Rejected) else type(raised)
    return None


def one_request(server: Answering) -> bool:
    return server.connections == 1 and len(server.requests) == (0 if server.moment == "closed unread" else 1)


@pytest.mark.parametrize("moment", [*LOST, *STATUSES])
@pytest.mark.parametrize(("port", "method"), ROWS, ids=[f"{port.__name__}.{method}" for port, method in ROWS])
async def test_exactly_one_request_wherever_the_answer_is_lost(port, method, moment):
    row = ROWS[port, method]
    async with answering(moment, row.answer) as server, client(port, server.url, moment) as asking:
        came_out = await outcome(row.call(asking))
        await server.has_read(0 if moment == "closed unread" else 1)
        assert one_request(server), (server.connections, server.requests)
        assert came_out is row.comes_out.get(moment, Unclear)


@pytest.mark.parametrize(("port", "method"), ROWS, ids=[f"{port.__name__}.{method}" for port, method in ROWS])
async def test_a_call_that_works_is_one_request(port, method):
    row = ROWS[port, method]
    async with answering(NOWHERE, row.answer) as server, client(port, server.url) as asking:
        assert await outcome(row.call(asking)) is None
        assert one_request(server)


@pytest.mark.parametrize(("port", "method"), ROWS, ids=[f"{port.__name__}.{method}" for port, method in ROWS])
async def test_a_kept_connection_that_died_is_never_tried_again(port, method):
    row = ROWS[port, method]
    if port is Messenger:
        pytest.skip("slack_sdk keeps no connection")
    async with answering(NOWHERE, row.answer) as server, client(port, server.url) as asking:
        assert await outcome(row.call(asking)) is None
        server.moment = "closed after reading"
        assert await outcome(row.call(asking)) is Unclear
        assert len(server.requests) == 2


@pytest.mark.parametrize(("port", "method"), ROWS, ids=[f"{port.__name__}.{method}" for port, method in ROWS])
async def test_where_nobody_listens_nothing_left(port, method):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    async with client(port, url) as asking:
        assert await outcome(ROWS[port, method].call(asking)) is Unavailable
