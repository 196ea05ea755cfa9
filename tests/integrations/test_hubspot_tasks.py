"""Tasks in HubSpot, with its answers given at the wire: what is written, what is read, and that there is one."""

import json
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
import respx
from hypothesis import example, given
from hypothesis import strategies as st

from core.ports import CannotTell, Rejected, Task, TaskNow, Unavailable, Unclear
from integrations.hubspot import task
from integrations.hubspot.client import HubSpotCrm
from integrations.hubspot.resource import Record

API = "http://hubspot.example"
UPSERT = f"{API}/crm/v3/objects/tasks/batch/upsert"
TASKS = f"{API}/crm/v3/objects/tasks"
TIES = f"{API}/crm/v4/objects/tasks/7/associations"
KEY = "k-0"
DUE = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
TASK = Task("Call Dana", "About the stand.\n5 < 6 & <b>bold</b>", DUE, kind="CALL", priority="HIGH", owner_id="77")
WRITTEN = {
    "caseyos_key": KEY,
    "hs_task_subject": "Call Dana",
    "hs_task_body": "About the stand.<br>5 &lt; 6 &amp; &lt;b&gt;bold&lt;/b&gt;",
    "hs_timestamp": "2026-12-01T09:30:00.000Z",
    "hs_task_type": "CALL",
    "hs_task_priority": "HIGH",
    "hs_task_status": "NOT_STARTED",
    "hubspot_owner_id": "77",
}


@pytest.fixture
async def crm():
    async with httpx.AsyncClient() as http:
        yield HubSpotCrm(http, api_url=f"{API}/", token="pat")


@pytest.fixture
def hubspot():
    with respx.mock(assert_all_called=False) as routes:
        yield routes


def said(status, message, **more):
    return httpx.Response(status, json={"status": "error", "message": message, **more})


def failed(category, message="no"):
    problem = {"status": "error", "category": category, "message": message}
    return httpx.Response(207, json={"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [problem]})


async def test_a_task_is_one_upsert_by_our_key(hubspot, crm):
    route = hubspot.post(UPSERT).respond(
        json={"status": "COMPLETE", "results": [{"id": "7", "new": True, "properties": WRITTEN}]}
    )

    assert await crm.create_task(TASK, key=KEY) == TaskNow("7", TASK, "NOT_STARTED")
    assert len(hubspot.calls) == 1
    request = route.calls.last.request
    assert json.loads(request.content) == {"inputs": [{"idProperty": "caseyos_key", "id": KEY, "properties": WRITTEN}]}
    assert (request.headers["authorization"], request.headers["content-type"]) == ("Bearer pat", "application/json")


async def test_what_the_answer_leaves_out_is_as_it_was_asked_for(hubspot, crm):
    hubspot.post(UPSERT).respond(json={"results": [{"id": "7", "properties": {"hs_task_status": "COMPLETED"}}]})
    assert await crm.create_task(TASK, key=KEY) == TaskNow("7", TASK, "COMPLETED")


TEXT = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
NAIVE = DUE.replace(tzinfo=None)


@given(
    subject=st.text(TEXT, min_size=1, max_size=60).filter(str.strip),
    body=st.text(TEXT | st.sampled_from("\n\t<>&;"), max_size=80),
    due=st.datetimes(NAIVE - timedelta(days=13_000), NAIVE + timedelta(days=30_000), timezones=st.just(UTC)),
    offset=st.integers(-14 * 60, 14 * 60),
    kind=st.sampled_from(sorted(task.KINDS)),
    priority=st.sampled_from(sorted(task.PRIORITIES)),
    owner=st.sampled_from(["", "1", "77"]),
)
@example("a", "&lt;br&gt; <br> &amp;amp;\n\n<p>", DUE, 0, "TODO", "LOW", "")
def test_what_is_written_reads_the_same_and_is_no_markup(subject, body, due, offset, kind, priority, owner):
    asked = Task(subject, body, due.astimezone(timezone(timedelta(minutes=offset))), kind, priority, owner)

    written = task.properties(asked, key=KEY)

    assert not set("<>") & set(written["hs_task_body"].replace("<br>", ""))
    read = task.task_now(Record(id="7", properties=written)).task
    assert (read.subject, read.body, read.kind, read.priority, read.owner_id) == (
        subject.strip(),
        body.strip(),
        kind,
        priority,
        owner,
    )
    assert read.due_at == due - timedelta(microseconds=due.microsecond % 1000)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"subject": " "}, "no subject"),
        ({"subject": "two\nlines"}, "U\\+000A"),
        ({"subject": "x" * 501}, "longer"),
        ({"body": "nul \0"}, "U\\+0000"),
        ({"body": "&" * 20_000}, "longer"),
        ({"due_at": NAIVE}, "no time zone"),
        ({"kind": "SMS"}, "CALL"),
        ({"priority": "NONE"}, "LOW"),
        ({"owner_id": "me"}, "owner"),
    ],
)
async def test_a_task_that_cannot_be_written_asks_nothing(hubspot, crm, changed, sentence):
    with pytest.raises(Rejected, match=sentence):
        await crm.create_task(Task(**{**TASK.__dict__, **changed}), key=KEY)
    assert not hubspot.calls


NO_SUCH_PROPERTY = 'Property values were not valid: [{"message":"Property \\"caseyos_key\\" does not exist"}]'


@pytest.mark.parametrize(
    "answer",
    [
        said(400, NO_SUCH_PROPERTY, category="VALIDATION_ERROR"),
        said(400, "caseyos_key is not a unique property of tasks"),
        failed("VALIDATION_ERROR", NO_SUCH_PROPERTY),
    ],
)
async def test_a_portal_without_the_unique_property_says_how_to_mend_it(hubspot, crm, answer):
    hubspot.post(UPSERT).mock(return_value=answer)
    hubspot.get(f"{TASKS}/{KEY}").mock(return_value=said(400, "caseyos_key is not a unique property"))
    for call in (lambda: crm.create_task(TASK, key=KEY), lambda: crm.find_task(key=KEY)):
        with pytest.raises(Rejected, match="create caseyos_key as single-line text"):
            await call()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failed("VALIDATION_ERROR"), Rejected),
        (failed("MISSING_SCOPES"), Rejected),
        (failed("RATE_LIMITS"), Unavailable),
        (failed("CONFLICT"), Unclear),
        (failed("INTERNAL_ERROR"), Unclear),
        (failed(""), Unclear),
        (httpx.Response(200, json={"status": "COMPLETE", "results": []}), Unclear),
        (httpx.Response(200, json={"results": [{"id": "7", "properties": {"hs_timestamp": "soon"}}]}), Unclear),
        (httpx.Response(200, json={"results": [{"id": "7", "properties": {"caseyos_key": "k-9"}}]}), Unclear),
        (httpx.Response(200, json={"results": [{"id": ""}]}), Unclear),
    ],
)
async def test_a_batch_that_was_answered_and_yet_not_done(hubspot, crm, answer, error):
    hubspot.post(UPSERT).mock(return_value=answer)
    with pytest.raises(error) as raised:
        await crm.create_task(TASK, key=KEY)
    assert raised.type is error


async def test_a_task_is_found_by_its_key_past_any_index(hubspot, crm):
    route = hubspot.get(f"{TASKS}/{KEY}").respond(json={"id": "7", "properties": WRITTEN})
    assert await crm.find_task(key=KEY) == TaskNow("7", TASK, "NOT_STARTED")
    asked = route.calls.last.request.url.params
    assert asked["idProperty"] == "caseyos_key"
    assert set(WRITTEN) <= set(asked["properties"].split(","))

    route.mock(return_value=said(404, "resource not found"))
    assert await crm.find_task(key=KEY) is None


async def test_a_task_as_a_person_left_it(hubspot, crm):
    route = hubspot.get(f"{TASKS}/7").respond(
        json={
            "id": "7",
            "properties": {
                "hs_task_subject": "Call Dana today",
                "hs_task_body": '<div dir="auto"><p>One&nbsp;more</p><p>line</p></div>',
                "hs_timestamp": "1796117400000",
                "hs_task_status": "COMPLETED",
                "hs_task_priority": None,
            },
        }
    )
    now = await crm.read_task("7")
    assert now == TaskNow("7", Task("Call Dana today", "One\u00a0more\nline", DUE, "TODO", "NONE"), "COMPLETED")

    route.respond(json={"id": "7", "properties": {"hs_task_subject": "x"}})
    with pytest.raises(Unavailable):
        await crm.read_task("7")
    route.mock(return_value=said(404, "gone"))
    assert await crm.read_task("7") is None


async def test_what_is_gone_already_may_be_deleted_again(hubspot, crm):
    deleted = hubspot.delete(f"{TASKS}/7").respond(204)
    untied = hubspot.delete(f"{TIES}/contacts/8").respond(204)
    for _ in range(2):
        await crm.delete_task("7")
        await crm.untie_task("7", contact_id="8")
        for route in (deleted, untied):
            route.mock(return_value=said(404, "gone"))
    assert (deleted.call_count, untied.call_count) == (2, 2)


async def test_a_tie_is_asked_for_and_read(hubspot, crm):
    tied = hubspot.put(f"{TIES}/default/contacts/8").respond(json={"status": "COMPLETE", "results": [{}]})
    await crm.tie_task("7", contact_id="8")
    assert tied.calls.last.request.content == b""

    pages = {None: {"results": [{"toObjectId": 5}], "paging": {"next": {"after": "2"}}}, "2": {"results": []}}
    read = hubspot.get(f"{TIES}/contacts")
    read.mock(side_effect=lambda request: httpx.Response(200, json=pages[request.url.params.get("after")]))
    assert not await crm.task_is_tied("7", contact_id="8")
    assert await crm.task_is_tied("7", contact_id="5")
    pages["2"]["results"] = [{"toObjectId": "8", "associationTypes": []}]
    assert await crm.task_is_tied("7", contact_id="8")
    pages[None] = pages["2"] = {"results": [], "paging": {"next": {"after": "2"}}}
    with pytest.raises(CannotTell):
        await crm.task_is_tied("7", contact_id="8")
    read.mock(return_value=said(404, "gone"))
    assert not await crm.task_is_tied("7", contact_id="8")


async def test_a_tie_to_a_contact_that_is_gone_is_refused(hubspot, crm):
    tied = hubspot.put(f"{TIES}/default/contacts/8").mock(return_value=said(404, "contact not found"))
    with pytest.raises(Rejected, match="contact not found"):
        await crm.tie_task("7", contact_id="8")
    tied.mock(return_value=failed("OBJECT_NOT_FOUND", "gone"))
    with pytest.raises(Rejected, match="gone"):
        await crm.tie_task("7", contact_id="8")
