"""Meetings, tasks and deals against the sandbox: what really became of a change, also where its answer was lost."""

import itertools
import secrets
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.ports import Busy, Meeting, Rejected, Task, Unavailable, Unclear
from integrations.calendar.client import GoogleCalendar
from integrations.google.token import token_source
from integrations.hubspot.client import HubSpotCrm
from tests.support.sandbox import GMAIL_TOKEN, HUBSPOT_TOKEN, running_sandbox

DANA = "dana.whitfield@northpier.example"
WEEKS = itertools.count()
MONDAY = datetime(2027, 3, 1, 9, tzinfo=UTC)
TASK = Task("Call Dana back", "5 < 6 & <b>bold</b>\n\nThe stand.", MONDAY, kind="CALL", priority="HIGH", owner_id="71")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """One of its own: its calendar is nobody else's."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
async def http(sandbox):
    await sandbox.control("DELETE", "/control/fault")
    async with httpx.AsyncClient(trust_env=False, timeout=10) as opened:
        yield opened


@pytest.fixture
def calendar(sandbox, http):
    token = token_source(access_token=GMAIL_TOKEN, credentials=None)
    return GoogleCalendar(http, api_url=sandbox.gmail_url, token=token)


@pytest.fixture
def crm(sandbox, http):
    return HubSpotCrm(http, api_url=sandbox.hubspot_url, token=HUBSPOT_TOKEN)


@pytest.fixture
def key():
    return secrets.token_hex(16)


@pytest.fixture
def meeting():
    """On a Saturday of its own, when Casey has nothing else."""
    start = MONDAY + timedelta(weeks=next(WEEKS), days=5)
    return Meeting("Your stand", "Hello <Dana>,\n& all", start, start + timedelta(minutes=45), "Europe/Berlin", (DANA,))


async def happened(sandbox, service, method, **data):
    """The effects of this name in the ledger with these facts."""
    lines = await sandbox.ledger(service=service, kind="effect", method=method)
    return [line["data"] for line in lines if data.items() <= line["data"].items()]


# -- the calendar


async def test_a_meeting_is_booked_read_and_called_off(sandbox, calendar, key, meeting):
    id = f"c{key}"
    assert await calendar.read_event(id) is None

    made = await calendar.create_event(meeting, event_id=id)
    assert (made.event_id, made.meeting, made.cancelled) == (id, meeting, False)
    assert made.link
    assert await calendar.read_event(id) == made
    assert await calendar.busy(meeting.start, meeting.end) == (Busy(meeting.start, meeting.end),)
    assert [one["to"] for one in await happened(sandbox, "calendar", "invitation_sent", id=id)] == [DANA]

    await calendar.cancel_event(id)
    await calendar.cancel_event(id)
    assert (await calendar.read_event(id)).cancelled
    assert await calendar.busy(meeting.start, meeting.end) == ()
    assert len(await happened(sandbox, "calendar", "event_deleted", id=id)) == 1
    assert [one["to"] for one in await happened(sandbox, "calendar", "cancellation_sent", id=id)] == [DANA]
    with pytest.raises(Unclear):  # a deleted id stays taken
        await calendar.create_event(meeting, event_id=id)


async def test_an_id_that_is_taken_is_unclear_and_makes_nothing(sandbox, calendar, key, meeting):
    await calendar.create_event(meeting, event_id=f"c{key}")
    with pytest.raises(Unclear, match="already exists"):
        await calendar.create_event(meeting, event_id=f"c{key}")
    assert len(await happened(sandbox, "calendar", "event_created", id=f"c{key}")) == 1
    assert len(await happened(sandbox, "calendar", "invitation_sent", id=f"c{key}")) == 1


async def test_an_answer_of_an_attendee_changes_the_etag_and_not_the_meeting(sandbox, calendar, key, meeting):
    made = await calendar.create_event(meeting, event_id=f"c{key}")
    await sandbox.control(
        "POST", "/control/event", {"id": f"c{key}", "response": {"email": DANA, "status": "accepted"}}
    )
    now = await calendar.read_event(f"c{key}")
    assert now.etag != made.etag
    assert now.meeting == meeting

    await sandbox.control("POST", "/control/event", {"id": f"c{key}", "title": "Moved by hand"})
    assert (await calendar.read_event(f"c{key}")).meeting.title == "Moved by hand"


@pytest.mark.parametrize(
    ("kind", "error", "made"),
    [
        ("lose_answer", Unclear, 1),
        ("lose_request", Unclear, 0),
        ("error", Unclear, 1),
        ("unavailable", Unclear, 0),
        ("rate_limit", Unavailable, 0),
        ("refuse", Rejected, 0),
    ],
)
async def test_what_became_of_a_meeting_is_read_back(sandbox, calendar, key, meeting, kind, error, made):
    await sandbox.fault("calendar", kind, method="events.insert", seconds=3)
    with pytest.raises(error):
        await calendar.create_event(meeting, event_id=f"c{key}")
    assert len(await happened(sandbox, "calendar", "event_created", id=f"c{key}")) == made
    found = await calendar.read_event(f"c{key}")
    assert (found is not None) == bool(made)
    assert found is None or found.meeting == meeting


# -- the CRM


async def test_a_task_is_made_once_however_often_it_is_asked_for(sandbox, crm, key):
    assert await crm.find_task(key=key) is None
    made = await crm.create_task(TASK, key=key)
    assert (made.task, made.status) == (TASK, "NOT_STARTED")
    assert await crm.create_task(TASK, key=key) == made
    assert await crm.find_task(key=key) == made
    assert await crm.read_task(made.id) == made
    assert len(await happened(sandbox, "hubspot", "task_created", caseyos_key=key)) == 1

    await crm.delete_task(made.id)
    await crm.delete_task(made.id)
    assert await crm.read_task(made.id) is None
    assert await crm.find_task(key=key) is None
    assert len(await happened(sandbox, "hubspot", "task_deleted", id=made.id)) == 1


async def test_a_task_is_shown_on_its_contact_once(sandbox, crm, key):
    contact = (await crm.lookup("dana.whitfield@northpier.example")).contact_id
    id = (await crm.create_task(TASK, key=key)).id
    assert not await crm.task_is_tied(id, contact_id=contact)
    await crm.tie_task(id, contact_id=contact)
    await crm.tie_task(id, contact_id=contact)
    assert await crm.task_is_tied(id, contact_id=contact)
    assert len(await happened(sandbox, "hubspot", "association_created", caseyos_key=key)) == 1
    await crm.untie_task(id, contact_id=contact)
    await crm.untie_task(id, contact_id=contact)
    assert not await crm.task_is_tied(id, contact_id=contact)
    with pytest.raises(Rejected):
        await crm.tie_task(id, contact_id="999999")


@pytest.mark.parametrize(
    ("kind", "error", "made"),
    [
        ("lose_answer", Unclear, 1),
        ("lose_request", Unclear, 0),
        ("error", Unclear, 1),
        ("unavailable", Unclear, 0),
        ("rate_limit", Unavailable, 0),
        ("refuse", Rejected, 0),
    ],
)
async def test_what_became_of_a_task_is_read_back(sandbox, crm, key, kind, error, made):
    await sandbox.fault("hubspot", kind, method="tasks.batch_upsert", seconds=3)
    with pytest.raises(error):
        await crm.create_task(TASK, key=key)
    assert len(await happened(sandbox, "hubspot", "task_created", caseyos_key=key)) == made
    assert (await crm.find_task(key=key) is not None) == bool(made)


async def test_a_deal_is_changed_and_put_back(sandbox, crm):
    person = f"p{secrets.token_hex(4)}@northpier.example"
    deal = {"contact": person, "name": "Booth", "amount": "18500", "stage": "qualifiedtobuy"}
    await sandbox.control("POST", "/control/deal", deal)
    found = (await crm.lookup(person)).open_deals[0]
    assert found.values == (await crm.read_deal(found.id)).values
    assert (found.values["stage"], found.values["amount"]) == ("qualifiedtobuy", "18500")

    wanted = {"stage": "contractsent", "amount": "20000.5", "close_date": "2027-03-31", "next_step": "Send plan"}
    await crm.change_deal(found.id, wanted)
    assert (await crm.read_deal(found.id)).values == wanted
    assert (await crm.lookup(person)).open_deals[0].stage == "Contract Sent"

    await crm.change_deal(found.id, found.values)
    assert (await crm.read_deal(found.id)).values == found.values
    assert await crm.read_deal("999999") is None


async def test_nothing_unknown_was_asked_of_the_sandbox(sandbox):
    assert await sandbox.ledger(kind="unknown_method") == []
