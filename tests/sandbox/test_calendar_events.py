"""An event is inserted once under our id, changes its tag with every change, and is never quite gone."""

import asyncio

import aiohttp
import pytest

from tests.sandbox.world_support import DANA, GOOGLE, TOMAS, outside

START, END = "2026-11-26T15:00:00+00:00", "2026-11-26T15:30:00+00:00"


@pytest.fixture
async def world(tmp_path):
    async with outside(tmp_path) as made:
        yield made


def event(id="pier7call", **more):
    body = {
        "id": id,
        "summary": "Kranwerk and Pier 7",
        "description": "About the coffee bar.",
        "start": {"dateTime": START, "timeZone": "Europe/London"},
        "end": {"dateTime": END, "timeZone": "Europe/London"},
        "attendees": [{"email": DANA.title()}, {"email": "orla@pier7.example"}],
        **more,
    }
    return {name: value for name, value in body.items() if value is not None}


def insert(world, body, **more):
    return world.events.insert(calendarId="primary", body=body, **more)


def delete(world, id="pier7call", **more):
    return world.events.delete(calendarId="primary", eventId=id, **more)


def get(world, id="pier7call"):
    return world.events.get(calendarId="primary", eventId=id)


def reason(said):
    return said.status, said.body["error"]["errors"][0]["reason"]


async def test_an_inserted_event_reads_back_and_its_guests_are_told(world):
    made = await world.done(insert(world, event(), sendUpdates="all"))
    read = await world.done(get(world))
    assert read == made
    assert (made["kind"], made["status"], made["sequence"]) == ("calendar#event", "confirmed", 0)
    assert made["start"] == {"dateTime": "2026-11-26T15:00:00Z", "timeZone": "Europe/London"}
    assert made["attendees"][0] == {"email": DANA, "responseStatus": "needsAction"}
    assert made["organizer"] == {"email": "casey@pier7.example", "displayName": "Casey Morgan", "self": True}
    assert made["etag"].startswith('"')
    created = world.ledger("effect", "event_created")
    assert [(each["id"], each["start"], each["etag"]) for each in created] == [
        ("pier7call", "2026-11-26T15:00:00Z", made["etag"])
    ]
    told = world.ledger("effect", "invitation_sent")
    assert [(each["to"], each["id"]) for each in told] == [(DANA, "pier7call"), ("orla@pier7.example", "pier7call")]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, []),
        ({"sendUpdates": "none"}, []),
        ({"sendUpdates": "externalOnly"}, [DANA]),
        ({"sendNotifications": True}, [DANA, "orla@pier7.example"]),
    ],
)
async def test_guests_are_told_as_asked(world, asked, told):
    guests = [{"email": DANA}, {"email": "orla@pier7.example"}, {"email": "casey@pier7.example"}]
    made = await world.done(insert(world, event(attendees=guests), **asked))
    assert [each["to"] for each in world.ledger("effect", "invitation_sent")] == told
    assert made["attendees"][2]["self"] is True


async def test_an_id_is_taken_for_good(world):
    await world.done(insert(world, event()))
    assert reason(await world.call(insert(world, event(summary="Another")))) == (409, "duplicate")
    assert await world.done(delete(world)) is None
    assert reason(await world.call(insert(world, event()))) == (409, "duplicate")
    gone = await world.done(get(world))
    assert (gone["status"], gone["summary"]) == ("cancelled", "Kranwerk and Pier 7")
    assert reason(await world.call(delete(world))) == (410, "deleted")
    assert [each["method"] for each in world.entries("calendar") if each["kind"] == "effect"] == [
        "event_created",
        "event_deleted",
    ]
    assert len(world.ledger("refused", "events.insert")) == 2


async def test_many_inserts_of_one_id_make_one_event(world):
    answers = await asyncio.gather(*(world.call(insert(world, event())) for _ in range(30)))
    assert sorted(each.status for each in answers) == [200, *[409] * 29]
    assert len(world.ledger("effect", "event_created")) == 1


@pytest.mark.parametrize("id", ["four", "UPPER", "with-dash", "wxyz0", "a" * 1025, "", "aaaa\n"])
async def test_an_id_of_other_letters_is_refused(world, id):
    assert reason(await world.call(insert(world, event(id)))) == (400, "invalid")
    assert world.ledger("effect") == []


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"iCalUID": "x@y.example"}, "invalid"),
        ({"end": None}, "required"),
        ({"end": {"dateTime": "2026-11-26T14:00:00Z"}}, "timeRangeEmpty"),
        ({"start": {"dateTime": "2026-11-26T15:00:00"}}, "required"),
        ({"start": {"dateTime": "2026-11-26T15:00:00", "timeZone": "Mars/Base"}}, "invalid"),
        ({"start": {"date": "2026-11-26"}}, "invalid"),
        ({"start": {"dateTime": "tomorrow"}}, "invalid"),
        ({"start": {"dateTime": "2026-13-26T15:00:00Z"}}, "invalid"),
        ({"start": {"date": "2026-11-26"}, "end": {"date": "2026-11-26"}}, "timeRangeEmpty"),
        ({"attendees": [{"email": "no address"}]}, "invalid"),
        ({"attendees": [{"displayName": "Dana"}]}, "required"),
        ({"attendees": [{"email": DANA, "answer": "yes"}]}, "invalid"),
        ({"attendees": {"email": DANA}}, "invalid"),
        ({"titel": "x"}, "invalid"),
        ({"summary": 7}, "invalid"),
        ({"sequence": True}, "invalid"),
        ({"guestsCanModify": "yes"}, "invalid"),
        ({"transparency": "glass"}, "invalid"),
        ({"status": "cancelled"}, "invalid"),
        ({"extendedProperties": {"private": {"key": 7}}}, "invalid"),
        ({"extendedProperties": {"private": {"k" * 45: "v"}}}, "invalid"),
    ],
)
async def test_what_calendar_refuses_makes_no_event(world, more, why):
    said = await world.call(insert(world, event(**more)))
    assert reason(said) == (400, why)
    assert world.ledger("effect") == []
    assert len(world.ledger("refused", "events.insert")) == 1


async def test_parameters_calendars_and_tokens_are_checked(world):
    url = f"{world.url}/google/calendar/v3/calendars/primary/events"
    unknown = await world.send("GET", f"{url}?limit=3", None, GOOGLE)
    assert (unknown.status, 'Unknown name "limit"' in unknown.message) == (400, True)
    bad = await world.send("POST", f"{url}?sendUpdates=some", "{}", GOOGLE)
    assert bad.status == 400
    other = await world.call(world.events.list(calendarId="orla@pier7.example"))
    assert reason(other) == (404, "notFound")
    named = await world.call(world.events.list(calendarId="casey@pier7.example"))
    assert named.status == 200
    refused = await world.call(insert(world, event()), {"Authorization": "Bearer ya29.other"})
    assert refused.status == 401
    assert reason(await world.call(get(world, "neverthere"))) == (404, "notFound")
    assert world.ledger("effect") == []


async def test_what_is_not_served_is_unknown(world):
    for more in (
        {"recurrence": ["RRULE:FREQ=DAILY"]},
        {"eventType": "outOfOffice"},
        {"conferenceData": {"notes": "x"}},
    ):
        assert (await world.call(insert(world, event(**more)))).status == 400
    assert (await world.call(world.calendar.colors().get())).status == 404
    unknown = [each["service"] for each in world.entries() if each["kind"] == "unknown_method"]
    assert unknown == ["calendar"] * 4


async def test_a_patch_merges_and_an_update_replaces(world):
    made = await world.done(insert(world, event(extendedProperties={"private": {"a": "1"}})))
    body = {"summary": "New", "extendedProperties": {"private": {"b": "2"}}, "description": None}
    patched = await world.done(world.events.patch(calendarId="primary", eventId="pier7call", body=body))
    assert (patched["summary"], "description" in patched) == ("New", False)
    assert patched["extendedProperties"] == {"private": {"a": "1", "b": "2"}}
    assert patched["attendees"] == made["attendees"]
    assert patched["etag"] != made["etag"]
    changed = world.ledger("effect", "event_updated")[0]
    assert changed["before"]["summary"] == "Kranwerk and Pier 7"
    assert changed["after"] == {"summary": "New", "description": "", "private": {"a": "1", "b": "2"}}

    times = {"start": {"dateTime": "2026-11-27T09:00:00Z"}, "end": {"dateTime": "2026-11-27T09:30:00Z"}}
    updated = await world.done(world.events.update(calendarId="primary", eventId="pier7call", body=times))
    assert ("summary" in updated, "attendees" in updated, updated["sequence"]) == (False, False, 1)
    again = await world.done(world.events.update(calendarId="primary", eventId="pier7call", body=times))
    assert again["etag"] == updated["etag"]
    assert len(world.ledger("effect", "event_updated")) == 2
    no_end = {"start": times["start"]}
    said = await world.call(world.events.update(calendarId="primary", eventId="pier7call", body=no_end))
    assert reason(said) == (400, "required")


async def test_guests_hear_of_changes_and_of_the_end(world):
    await world.done(insert(world, event()))
    body = {"attendees": [{"email": DANA}, {"email": TOMAS}]}
    await world.done(world.events.patch(calendarId="primary", eventId="pier7call", body=body, sendUpdates="all"))
    await world.done(delete(world, sendUpdates="all"))
    told = [
        (each["method"], each["data"]["to"])
        for each in world.entries("calendar")
        if each["kind"] == "effect" and each["method"].endswith("_sent")
    ]
    assert told == [
        ("invitation_sent", TOMAS),
        ("update_sent", DANA),
        ("cancellation_sent", "orla@pier7.example"),
        ("cancellation_sent", DANA),
        ("cancellation_sent", TOMAS),
    ]


async def test_a_status_cancels_and_confirms(world):
    await world.done(insert(world, event()))
    cancelled = await world.done(
        world.events.patch(calendarId="primary", eventId="pier7call", body={"status": "cancelled"})
    )
    assert cancelled["status"] == "cancelled"
    assert len(world.ledger("effect", "event_deleted")) == 1
    back = await world.done(world.events.patch(calendarId="primary", eventId="pier7call", body={"status": "confirmed"}))
    assert back["status"] == "confirmed"
    assert world.ledger("effect", "event_updated")[0]["after"] == {"status": "confirmed"}


async def test_a_change_seen_by_nobody_is_refused_when_asked(world):
    made = await world.done(insert(world, event()))
    await world.do("event", id="pier7call", response={"email": DANA, "status": "accepted"})
    stale = {**GOOGLE, "If-Match": made["etag"]}
    patch = world.events.patch(calendarId="primary", eventId="pier7call", body={"summary": "x"})
    assert reason(await world.call(patch, stale)) == (412, "conditionNotMet")
    assert reason(await world.call(delete(world), stale)) == (412, "conditionNotMet")
    now = await world.done(get(world))
    assert now["attendees"][0]["responseStatus"] == "accepted"
    assert (await world.call(delete(world), {**GOOGLE, "If-Match": now["etag"]})).status == 204
    assert (await world.call(delete(world), {**GOOGLE, "If-Match": "*"})).status == 410


async def test_a_lost_answer_and_a_late_insert(world):
    await world.do("fault", service="calendar", kind="lose_answer", method="events.insert")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await world.done(insert(world, event("lost0"), sendUpdates="all"))
    assert (await world.done(get(world, "lost0")))["status"] == "confirmed"
    await world.do("fault", service="calendar", kind="late", method="events.insert", seconds=0.2)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await world.done(insert(world, event("late0")))
    assert (await world.call(get(world, "late0"))).status == 404
    await asyncio.sleep(0.4)
    assert (await world.call(get(world, "late0"))).status == 200
    requests = world.ledger("request", "events.insert")
    assert [(each["fault"], each["status"]) for each in requests] == [("lose_answer", None), ("late", None)]
    assert [each["id"] for each in world.ledger("effect", "event_created")] == ["lost0", "late0"]


async def test_faults_answer_in_calendars_words(world):
    found = {}
    for kind in ("rate_limit", "unavailable", "error", "refuse"):
        await world.do("fault", service="calendar", kind=kind, method="events.insert", seconds=7)
        found[kind] = await world.call(insert(world, event(f"of{kind[0]}00")))
    assert [reason(each) for each in found.values()] == [
        (429, "rateLimitExceeded"),
        (503, "backendError"),
        (500, "backendError"),
        (400, "badRequest"),
    ]
    assert found["rate_limit"].headers["Retry-After"] == "7"
    assert len(world.ledger("effect", "event_created")) == 1
