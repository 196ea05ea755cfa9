"""One contract for the CRM's deals and the calendar: those in memory behave as the clients of HubSpot and Calendar do."""

import secrets
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.ports import Busy, DealNow, Meeting
from integrations.calendar.client import GoogleCalendar
from integrations.google.token import token_source
from integrations.hubspot.client import HubSpotCrm
from tests.support.fake_outside import FakeCalendar, FakeDeals
from tests.support.sandbox import GMAIL_TOKEN, HUBSPOT_TOKEN

TOMAS = "tomas.reyes@harlowlane.example"
"""Has one open deal in the sandbox's HubSpot."""
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
async def http():
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture(params=["memory", "hubspot"])
async def crm(request, http):
    """With the id of a deal in it."""
    if request.param == "memory":
        fake = FakeDeals()
        values = {"stage": "contractsent", "amount": "48000", "close_date": "2027-03-01", "next_step": ""}
        fake.deals["9"] = DealNow("9", "Spring fair", values, "77")
        yield fake, "9"
        return
    real = HubSpotCrm(http, api_url=request.getfixturevalue("sandbox").hubspot_url, token=HUBSPOT_TOKEN)
    record = await real.lookup(TOMAS)
    id = record.open_deals[0].id
    before = (await real.read_deal(id)).values["next_step"]
    yield real, id
    await real.change_deal(id, {"next_step": before})


@pytest.fixture(params=["memory", "google"])
def calendar(request, http):
    if request.param == "memory":
        return FakeCalendar()
    token = token_source(access_token=GMAIL_TOKEN, credentials=None)
    return GoogleCalendar(http, api_url=request.getfixturevalue("sandbox").gmail_url, token=token)


async def test_a_deal_stands_as_it_was_changed_and_the_rest_as_before(crm):
    deals, id = crm
    before = await deals.read_deal(id)
    await deals.change_deal(id, {"next_step": "Call them"})
    after = await deals.read_deal(id)
    assert after.values == {**before.values, "next_step": "Call them"}
    assert (after.id, after.name, after.owner_id) == (before.id, before.name, before.owner_id)
    assert await deals.read_deal("999999999") is None


async def test_an_event_is_read_under_its_id_and_takes_its_time_alone(calendar):
    id = f"c{secrets.token_hex(8)}"
    start = datetime(2031, 3, 8, 20, tzinfo=UTC)
    meeting = Meeting("Your stand", "", start, start + HALF_AN_HOUR, "UTC", ("dana@northpier.example",))
    assert await calendar.read_event(id) is None
    made = await calendar.create_event(meeting, event_id=id)
    assert (made.event_id, made.meeting) == (id, meeting)
    assert (await calendar.read_event(id)).meeting == meeting
    assert Busy(start, start + HALF_AN_HOUR) in await calendar.busy(start, start + HALF_AN_HOUR)
    assert await calendar.busy(start - HALF_AN_HOUR, start) == ()
    assert await calendar.busy(start + HALF_AN_HOUR, start + 2 * HALF_AN_HOUR) == ()
