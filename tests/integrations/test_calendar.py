"""The owner's calendar, with Google's answers given at the wire: what is written, what is read, what each answer means."""

import json
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files

import httpx
import pytest
import respx
from hypothesis import example, given
from hypothesis import strategies as st

from core.ports import Busy, Meeting, Rejected, Unavailable, Unclear
from integrations.calendar.client import GoogleCalendar
from integrations.calendar.event import event
from integrations.calendar.resource import Event
from integrations.google.token import CALENDAR_SCOPES, token_source

API = "http://calendar.example/google"
EVENTS = f"{API}/calendar/v3/calendars/primary/events"
ID = "c0ffee0"
START = datetime(2026, 12, 1, 12, tzinfo=UTC)
MEETING = Meeting(
    title="Your stand in spring",
    description="Hello Dana,\n\n5 < 6 & <b>bold</b>",
    start=START,
    end=START + timedelta(minutes=30),
    zone="Europe/Berlin",
    attendees=("dana@northpier.example", "o.byrne@northpier.example"),
)


@pytest.fixture
async def calendar():
    async with httpx.AsyncClient() as http:
        yield GoogleCalendar(http, api_url=API, token=token_source(access_token="t", credentials=None))


@pytest.fixture
def google():
    with respx.mock(assert_all_called=False) as routes:
        yield routes


def kept(content, **more):
    """What Google says of an event that was written like this."""
    owner = {"email": "casey@pier7.example", "self": True, "organizer": True, "responseStatus": "accepted"}
    return {
        **content,
        "attendees": [*({**one, "responseStatus": "needsAction"} for one in content["attendees"]), owner],
        "status": "confirmed",
        "etag": '"1"',
        "htmlLink": "https://calendar.example/e",
        **more,
    }


def no(code, message, reason="x"):
    body = {"error": {"code": code, "message": message, "errors": [{"message": message, "reason": reason}]}}
    return httpx.Response(code, json=body)


async def test_an_event_is_made_under_our_id_and_everybody_is_told(google, calendar):
    made = google.post(EVENTS).mock(
        side_effect=lambda request: httpx.Response(200, json=kept(json.loads(request.content)))
    )

    now = await calendar.create_event(MEETING, event_id=ID)

    assert now.meeting == MEETING
    assert (now.event_id, now.link, now.etag, now.cancelled) == (ID, "https://calendar.example/e", '"1"', False)
    request = made.calls.last.request
    assert request.url.params["sendUpdates"] == "all"
    assert request.headers["authorization"] == "Bearer t"
    assert json.loads(request.content) == {
        "id": ID,
        "summary": "Your stand in spring",
        "description": "Hello Dana,\n\n5 &lt; 6 &amp; &lt;b&gt;bold&lt;/b&gt;",
        "start": {"dateTime": "2026-12-01T13:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-12-01T13:30:00+01:00", "timeZone": "Europe/Berlin"},
        "attendees": [{"email": "dana@northpier.example"}, {"email": "o.byrne@northpier.example"}],
    }


WRITTEN = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
NAIVE = START.replace(tzinfo=None)
MOMENTS = st.datetimes(NAIVE - timedelta(days=13_000), NAIVE + timedelta(days=30_000), timezones=st.just(UTC))


@given(
    title=st.text(WRITTEN, min_size=1, max_size=80).filter(str.strip),
    description=st.text(WRITTEN | st.sampled_from("\n\t<>&;"), max_size=80),
    start=MOMENTS,
    minutes=st.integers(1, 100_000),
    zone=st.sampled_from(["UTC", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    offset=st.integers(-14 * 60, 14 * 60),
)
@example("a", "&lt;b&gt; &amp;amp;", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 60, "Europe/London", 0)
@example("a", "</textarea><img src=x onerror=x>", datetime(2026, 3, 29, 0, 59, 59, 999, tzinfo=UTC), 1, "UTC", 840)
def test_what_is_written_reads_the_same_and_is_no_markup(title, description, start, minutes, zone, offset):
    begins = start.astimezone(timezone(timedelta(minutes=offset)))
    meeting = Meeting(title, description, begins, begins + timedelta(minutes=minutes), zone, MEETING.attendees)

    content = event(meeting, event_id=ID)

    assert not set("<>") & set(content["description"])
    whole = begins.replace(microsecond=0)
    assert Event.model_validate(kept(content)).now().meeting == Meeting(
        title, description, whole, whole + timedelta(minutes=minutes), zone, MEETING.attendees
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": "two\nlines"}, "U\\+000A"),
        ({"title": " "}, "no title"),
        ({"title": "x" * 1001}, "longer"),
        ({"title": "half \ud800"}, "U\\+D800"),
        ({"description": "bell \a"}, "U\\+0007"),
        ({"description": "nul \0"}, "U\\+0000"),
        ({"description": "&" * 5000}, "longer"),
        ({"attendees": ("dana",)}, "address"),
        ({"attendees": ("a@b.example, c@d.example",)}, "address"),
        ({"attendees": ("a@b.example\n",)}, "address"),
        ({"attendees": ("<a@b.example>",)}, "address"),
        ({"attendees": ("a@b.example",) * 201}, "attendees"),
        ({"start": NAIVE}, "no time zone"),
        ({"end": START}, "before it begins"),
        ({"zone": "Middle/Earth"}, "time zone"),
        ({"zone": "../../etc/passwd"}, "time zone"),
        ({"zone": ""}, "time zone"),
    ],
)
async def test_what_cannot_be_written_exactly_is_refused_before_anything_leaves(google, calendar, changed, sentence):
    with pytest.raises(Rejected, match=sentence):
        await calendar.create_event(Meeting(**{**MEETING.__dict__, **changed}), event_id=ID)
    assert not google.calls


@pytest.mark.parametrize("id", ["", "c0ff", "xyz00000", "C0FFEE0", "c0ffee0\n", "../c0ffee", "a" * 1025])
async def test_an_id_that_google_would_not_take_asks_nothing(google, calendar, id):
    for call in (calendar.read_event, calendar.cancel_event, lambda id: calendar.create_event(MEETING, event_id=id)):
        with pytest.raises(Rejected):
            await call(id)
    assert not google.calls


ANSWERS = [
    (no(400, "Bad time range", "timeRangeEmpty"), Rejected, Rejected),
    (no(401, "Invalid Credentials", "authError"), Unavailable, Unavailable),
    (no(403, "Forbidden", "forbidden"), Rejected, Rejected),
    (no(403, "Limit", "quotaExceeded"), Unavailable, Unavailable),
    (no(403, "Limit", "userRateLimitExceeded"), Unavailable, Unavailable),
    (no(409, "The requested identifier already exists.", "duplicate"), Unclear, Unavailable),
    (no(412, "Precondition Failed", "conditionNotMet"), Rejected, Rejected),
    (no(429, "Slow down", "rateLimitExceeded"), Unavailable, Unavailable),
    (no(500, "Backend Error", "backendError"), Unclear, Unavailable),
    (no(503, "Service unavailable", "backendError"), Unclear, Unavailable),
    (httpx.Response(200, json={"id": ID}), Unclear, Unavailable),
    (httpx.Response(200, json={"id": ID, "status": "confirmed", "start": {}, "end": {}}), Unclear, Unavailable),
    (httpx.Response(200, json={}), Unclear, Unavailable),
    (httpx.Response(200, text="<html>"), Unclear, Unavailable),
    (httpx.Response(302, headers={"location": "http://[::bad"}), Unclear, Unavailable),
    (httpx.ReadTimeout("slow"), Unclear, Unavailable),
    (httpx.ConnectError("refused"), Unavailable, Unavailable),
]


@pytest.mark.parametrize(("answer", "change", "read"), ANSWERS)
async def test_what_an_answer_means(google, calendar, answer, change, read):
    gives = {"side_effect": answer} if isinstance(answer, Exception) else {"return_value": answer}
    routes = [google.post(EVENTS), google.get(f"{EVENTS}/{ID}"), google.post(f"{API}/calendar/v3/freeBusy")]
    for route in routes:
        route.mock(**gives)
    with pytest.raises(change) as raised:
        await calendar.create_event(MEETING, event_id=ID)
    assert raised.type is change
    with pytest.raises(read):
        await calendar.read_event(ID)
    with pytest.raises(read):
        await calendar.busy(START, START + timedelta(hours=1))
    assert [route.call_count for route in routes] == [1, 1, 1]


async def test_a_calendar_that_is_not_there_books_nothing(google, calendar):
    google.post(EVENTS).mock(return_value=no(404, "Not Found", "notFound"))
    with pytest.raises(Rejected, match="Not Found"):
        await calendar.create_event(MEETING, event_id=ID)


async def test_another_event_in_the_answer_is_not_believed(google, calendar):
    google.post(EVENTS).respond(json=kept(event(MEETING, event_id="another0")))
    with pytest.raises(Unclear):
        await calendar.create_event(MEETING, event_id=ID)


async def test_an_event_that_never_was_and_one_that_was_deleted(google, calendar):
    route = google.get(f"{EVENTS}/{ID}").mock(return_value=no(404, "Not Found", "notFound"))
    assert await calendar.read_event(ID) is None

    route.mock(return_value=no(410, "Resource has been deleted", "deleted"))
    gone = await calendar.read_event(ID)
    assert (gone.event_id, gone.cancelled, gone.meeting.title) == (ID, True, "")

    route.respond(json={"id": ID, "status": "cancelled"})
    assert (await calendar.read_event(ID)).cancelled

    route.respond(json=kept(event(MEETING, event_id=ID), status="cancelled"))
    known = await calendar.read_event(ID)
    assert known.cancelled
    assert known.meeting == MEETING


async def test_what_a_person_made_of_an_event_is_read_as_it_is(google, calendar):
    by_hand = {
        "id": ID,
        "status": "tentative",
        "description": "Hello&nbsp;<br>there\0",
        "start": {"date": "2026-12-01", "timeZone": "Asia/Tokyo"},
        "end": {"date": "2026-12-02"},
        "attendees": [{"email": "dana@northpier.example"}, {"displayName": "A room"}],
    }
    google.get(f"{EVENTS}/{ID}").respond(json=by_hand)
    now = (await calendar.read_event(ID)).meeting
    assert (now.title, now.description) == ("", "Hello\u00a0<br>there\ufffd")
    assert (now.start, now.end) == (datetime(2026, 11, 30, 15, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC))
    assert now.attendees == ("dana@northpier.example",)


async def test_a_cancellation_tells_everybody_and_may_be_repeated(google, calendar):
    route = google.delete(f"{EVENTS}/{ID}").respond(204)
    await calendar.cancel_event(ID)
    assert route.calls.last.request.url.params["sendUpdates"] == "all"
    gone = no(404, "Not Found"), no(410, "Resource has been deleted", "deleted")
    for answer in gone:
        route.mock(return_value=answer)
        google.get(f"{EVENTS}/{ID}").mock(return_value=answer)
        await calendar.cancel_event(ID)
    route.mock(return_value=no(503, "Service unavailable"))
    with pytest.raises(Unclear):
        await calendar.cancel_event(ID)
    assert route.call_count == 4


async def test_an_event_that_is_said_to_be_gone_and_still_stands_there_is_unclear(google, calendar):
    google.delete(f"{EVENTS}/{ID}").mock(return_value=no(404, "Not Found"))
    shown = google.get(f"{EVENTS}/{ID}").respond(json=kept(event(MEETING, event_id=ID)))
    with pytest.raises(Unclear):
        await calendar.cancel_event(ID)
    shown.mock(return_value=no(503, "Service unavailable"))
    with pytest.raises(Unclear):
        await calendar.cancel_event(ID)


def at(hour, minute=0):
    return datetime(2026, 12, 1, hour, minute, tzinfo=UTC)


async def test_busy_times_come_in_order_and_without_overlaps(google, calendar):
    spans = [(14, 17), (9, 10), (10, 11), (14, 14), (15, 16)]
    busy = [{"start": f"2026-12-01T{a:02}:00:00Z", "end": f"2026-12-01T{b:02}:00:00Z"} for a, b in spans]
    route = google.post(f"{API}/calendar/v3/freeBusy").respond(json={"calendars": {"primary": {"busy": busy}}})

    found = await calendar.busy(at(8), at(18))

    assert found == (Busy(at(9), at(11)), Busy(at(14), at(17)))
    assert json.loads(route.calls.last.request.content) == {
        "timeMin": "2026-12-01T08:00:00+00:00",
        "timeMax": "2026-12-01T18:00:00+00:00",
        "items": [{"id": "primary"}],
    }
    with pytest.raises(Rejected):
        await calendar.busy(NAIVE, at(18))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"primary": {"errors": [{"domain": "global", "reason": "notFound"}]}}, Rejected),
        ({"primary": {"errors": [{"domain": "global", "reason": "internalError"}]}}, Unavailable),
        ({"primary": {"errors": [{}]}}, Rejected),
        ({"primary": {"busy": [{"start": "2026-12-01T09:00:00", "end": "2026-12-01T10:00:00"}]}}, Unavailable),
        ({}, Unavailable),
    ],
)
async def test_a_calendar_that_cannot_be_read_is_never_called_free(google, calendar, answer, error):
    google.post(f"{API}/calendar/v3/freeBusy").respond(json={"calendars": answer})
    with pytest.raises(error):
        await calendar.busy(at(8), at(18))


def test_the_scopes_are_enough_for_every_method():
    """By Google's own document: a method takes any one of the scopes that it lists."""
    document = json.loads(
        files("googleapiclient").joinpath("discovery_cache/documents/calendar.v3.json").read_text(encoding="utf-8")
    )
    for group, method in (("events", "insert"), ("events", "get"), ("events", "delete"), ("freebusy", "query")):
        assert set(CALENDAR_SCOPES) & set(document["resources"][group]["methods"][method]["scopes"]), (group, method)
