"""Free and busy, lists with their bounds, pages and sync tokens, and what people do in the calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.sandbox.world_support import DANA, outside

CASEY = "casey@pier7.example"
THURSDAY = "2031-11-27"


@pytest.fixture
async def world(tmp_path):
    async with outside(tmp_path) as made:
        yield made


def at(clock, day=THURSDAY):
    return f"{day}T{clock}:00Z"


async def meet(world, id, begin, end, day=THURSDAY, **more):
    body = {"id": id, "start": {"dateTime": at(begin, day)}, "end": {"dateTime": at(end, day)}, **more}
    return await world.done(world.events.insert(calendarId="primary", body=body))


async def free_busy(world, begin="00:00", end="23:00", *, items=("primary",), day=THURSDAY, **more):
    body = {"timeMin": at(begin, day), "timeMax": at(end, day), "items": [{"id": each} for each in items], **more}
    return await world.call(world.calendar.freebusy().query(body=body))


async def busy(world, *args, **more):
    said = await free_busy(world, *args, **more)
    return [(each["start"][11:16], each["end"][11:16]) for each in said.body["calendars"]["primary"]["busy"]]


async def names(world, **asked):
    return [each["id"] for each in (await listed(world, **asked))["items"]]


async def listed(world, **asked):
    return await world.done(world.events.list(calendarId="primary", **asked))


async def test_every_weekday_has_its_usual_events_in_london(world):
    assert await busy(world) == [("09:30", "10:00"), ("13:00", "14:00")]
    assert await busy(world, day="2031-07-02") == [("08:30", "09:00"), ("12:00", "13:00")]
    assert await busy(world, day="2031-11-29") == []
    assert await busy(world, timeZone="Europe/Berlin") == [("10:30", "11:00"), ("14:00", "15:00")]
    assert await busy(world, "09:45", "13:15") == [("09:45", "10:00"), ("13:00", "13:15")]
    assert world.entries() == []


async def test_busy_is_what_takes_time(world):
    await meet(world, "one00", "10:00", "11:00")
    await meet(world, "tuo00", "10:30", "11:30")
    await meet(world, "free0", "15:00", "16:00", transparency="transparent")
    await meet(world, "gone0", "17:00", "18:00")
    await world.done(world.events.delete(calendarId="primary", eventId="gone0"))
    away = [{"email": CASEY, "responseStatus": "declined"}, {"email": DANA}]
    await meet(world, "nope0", "19:00", "20:00", attendees=away)
    assert await busy(world) == [("09:30", "11:30"), ("13:00", "14:00")]
    days = {"id": "allda0", "start": {"date": THURSDAY}, "end": {"date": "2031-11-28"}}
    await world.done(world.events.insert(calendarId="primary", body=days))
    assert await busy(world) == [("00:00", "23:00")]


async def test_calendars_that_cannot_be_asked_look_free(world):
    said = await free_busy(world, items=(CASEY, "orla@pier7.example"))
    missing = said.body["calendars"]["orla@pier7.example"]
    assert missing == {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    assert len(said.body["calendars"][CASEY]["busy"]) == 2
    many = (await free_busy(world, items=("primary", *(f"c{n}@pier7.example" for n in range(50))))).body["calendars"]
    assert many["primary"] == {"errors": [{"domain": "global", "reason": "tooManyCalendarsRequested"}], "busy": []}
    fifty = await free_busy(world, items=("primary", *(f"c{n}@pier7.example" for n in range(49))))
    assert "errors" not in fifty.body["calendars"]["primary"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"timeMin": at("10:00")}, "required"),
        ({"timeMin": at("10:00"), "timeMax": at("10:00")}, "timeRangeEmpty"),
        ({"timeMin": "2031-11-27T10:00:00", "timeMax": at("11:00")}, "badRequest"),
        ({"timeMin": at("10:00"), "timeMax": at("11:00"), "calendarExpansionMax": 51}, "invalid"),
        ({"timeMin": at("10:00"), "timeMax": at("11:00"), "calendars": []}, "invalid"),
        ({"timeMin": at("10:00"), "timeMax": at("11:00"), "timeZone": "Mars/Base"}, "invalid"),
    ],
)
async def test_questions_for_busy_times_that_are_refused(world, body, why):
    said = await world.call(world.calendar.freebusy().query(body=body))
    assert (said.status, said.body["error"]["errors"][0]["reason"]) == (400, why)


async def test_a_list_has_bounds_and_order(world):
    await meet(world, "later", "16:00", "17:00", summary="Fee for the stand")
    await meet(world, "ahead", "07:00", "08:00", extendedProperties={"private": {"key": "e7"}})
    await meet(world, "gone0", "11:00", "12:00")
    await world.done(world.events.delete(calendarId="primary", eventId="gone0"))
    bounds = {"timeMin": at("00:00"), "timeMax": at("23:00")}
    ordered = await names(world, **bounds, singleEvents=True, orderBy="startTime")
    assert ordered == ["ahead", "standup20311127", "lunch20311127", "later"]
    assert "gone0" in await names(world, **bounds, showDeleted=True)
    assert await names(world, timeMin=at("08:00"), timeMax=at("09:30")) == []
    assert await names(world, timeMin=at("07:59"), timeMax=at("09:31"), orderBy="updated") == [
        "standup20311127",
        "ahead",
    ]
    assert await names(world, q="stand fee") == ["later"]
    assert await names(world, privateExtendedProperty="key=e7") == ["ahead"]
    assert await names(world, iCalUID="later@calendar.google.example") == ["later"]
    refused = await world.call(world.events.list(calendarId="primary", orderBy="startTime"))
    assert refused.status == 400
    empty = await world.call(world.events.list(calendarId="primary", timeMin=at("10:00"), timeMax=at("09:00")))
    assert empty.status == 400


async def test_pages_lead_to_a_sync_token_and_the_token_to_what_changed(world):
    for n in range(3):
        await meet(world, f"event{n}", "15:00", "15:30")
    first = await listed(world, q="event", maxResults=2)
    assert "nextSyncToken" in first
    pages, token = [], None
    while True:
        said = await listed(world, maxResults=2, **({"pageToken": token} if token else {}))
        pages += [each["id"] for each in said["items"]]
        token = said.get("nextPageToken")
        if token is None:
            break
    assert {"event0", "event1", "event2"} <= set(pages)
    assert len(pages) == len(set(pages))
    sync = said["nextSyncToken"]
    assert (await listed(world, syncToken=sync))["items"] == []
    await world.done(world.events.delete(calendarId="primary", eventId="event1"))
    changed = await listed(world, syncToken=sync)
    assert [(each["id"], each["status"]) for each in changed["items"]] == [("event1", "cancelled")]
    mixed = await world.call(world.events.list(calendarId="primary", syncToken=sync, q="x"))
    assert mixed.status == 400
    await world.do("calendar", expire_sync=True)
    old = await world.call(world.events.list(calendarId="primary", syncToken=changed["nextSyncToken"]))
    assert (old.status, old.body["error"]["errors"][0]["reason"]) == (410, "fullSyncRequired")
    fresh = (await listed(world))["nextSyncToken"]
    assert (await listed(world, syncToken=fresh))["items"] == []


async def test_only_what_was_selected_is_answered(world):
    await meet(world, "later", "16:00", "17:00")
    said = await world.done(world.events.get(calendarId="primary", eventId="later", fields="id,start/dateTime"))
    assert said == {"id": "later", "start": {"dateTime": at("16:00")}}
    berlin = await world.done(world.events.get(calendarId="primary", eventId="later", timeZone="Europe/Berlin"))
    assert berlin["start"]["dateTime"] == f"{THURSDAY}T17:00:00+01:00"


async def test_people_make_move_answer_and_delete_events(world):
    made = await meet(world, "pier7", "16:00", "17:00", summary="Call", attendees=[{"email": DANA}])
    moved = await world.do("event", id="pier7", title="Longer call", start=at("17:00"))
    assert (moved["summary"], moved["start"], moved["end"]) == ("Longer call", at("17:00"), at("18:00"))
    answered = await world.do("event", id="pier7", response={"email": DANA, "status": "declined"})
    assert answered["attendees"] == [{"email": DANA, "response": "declined"}]
    assert len({made["etag"], moved["etag"], answered["etag"]}) == 3
    block = await world.do("event", start=at("20:00"), title="Dentist")
    assert (block["end"], ("20:00", "20:30") in await busy(world)) == (at("20:30"), True)
    await world.do("event", id="pier7", delete=True)
    assert (await world.done(world.events.get(calendarId="primary", eventId="pier7")))["status"] == "cancelled"
    changes = [(each["method"], each["data"]["by"]) for each in world.entries() if each["kind"] == "effect"]
    assert changes == [
        ("event_created", "api"),
        ("event_updated", "person"),
        ("event_updated", "person"),
        ("event_created", "person"),
        ("event_deleted", "person"),
    ]
    await world.done(world.events.patch(calendarId="primary", eventId=block["id"], body={"summary": "Free again"}))
    assert world.ledger("effect", "event_updated")[-1]["by"] == "api"
    await world.do("event", 409, id="pier7", delete=True)
    await world.do("event", 404, id="neverthere", delete=True)
    await world.do("event", 404, id=block["id"], response={"email": DANA, "status": "accepted"})
    await world.do("event", 400, id=block["id"])
    await world.do("event", 400, start="soon")
    await world.do("event", 400, start=at("20:00"), end=at("19:00"))


async def test_the_control_page_shows_the_agenda_of_the_coming_days(world):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    begin, end = f"{tomorrow:%Y-%m-%dT22:00:00Z}", f"{tomorrow:%Y-%m-%dT22:45:00Z}"
    await world.do("event", start=begin, end=end)
    seen = await world.seen("calendar")
    begins = [each["start"] for each in seen["events"]]
    assert begins == sorted(begins)
    assert {"start": begin, "end": end} in seen["busy"]
    usual = [each for each in seen["events"] if each["by"] == "usual"]
    assert len(usual) >= 18
    london = ZoneInfo("Europe/London")
    clocks = {datetime.fromisoformat(each["start"]).astimezone(london).strftime("%H:%M") for each in usual}
    assert clocks == {"09:30", "13:00"}
