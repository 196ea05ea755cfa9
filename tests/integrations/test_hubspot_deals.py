"""Deals in HubSpot as a move changes them, and what HubSpot's answers to changes of any kind mean."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
import respx
from hypothesis import example, given
from hypothesis import strategies as st

from core.ports import DealNow, Rejected, Task, Unavailable, Unclear
from integrations.hubspot import deal
from integrations.hubspot.client import HubSpotCrm
from integrations.hubspot.resource import Record

API = "http://hubspot.example"
DEAL = f"{API}/crm/v3/objects/deals/9"
KEY = "k-0"
TASK = Task("Call Dana", "", datetime(2026, 12, 1, 9, 30, tzinfo=UTC))
TEXT = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))


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


async def test_a_deal_is_read_in_our_words(hubspot, crm):
    held = {"dealname": "Stand", "dealstage": "s1", "amount": "18500.00", "closedate": "2026-12-31T12:00:00Z"}
    route = hubspot.get(DEAL).respond(
        json={"id": "9", "properties": {**held, "hs_next_step": None, "hubspot_owner_id": "71"}}
    )
    assert await crm.read_deal("9") == DealNow(
        "9", "Stand", {"stage": "s1", "amount": "18500", "close_date": "2026-12-31", "next_step": ""}, "71"
    )
    assert set(held) | {"hs_next_step", "hubspot_owner_id"} == set(
        route.calls.last.request.url.params["properties"].split(",")
    )
    route.mock(return_value=said(404, "gone"))
    assert await crm.read_deal("9") is None


async def test_only_what_changes_is_written(hubspot, crm):
    route = hubspot.patch(DEAL).respond(json={"id": "9", "properties": {}})
    await crm.change_deal("9", {"amount": "18500.50", "close_date": "2026-12-31"})
    assert json.loads(route.calls.last.request.content) == {
        "properties": {"amount": "18500.5", "closedate": "2026-12-31T12:00:00.000Z"}
    }
    await crm.change_deal("9", {"stage": "s2", "amount": "", "close_date": "", "next_step": ""})
    assert json.loads(route.calls.last.request.content) == {
        "properties": {"dealstage": "s2", "amount": "", "closedate": "", "hs_next_step": ""}
    }
    assert route.call_count == 2


VALUES = {
    "stage": st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True),
    "amount": st.just("") | st.decimals(0, 10**12, places=2).map(str),
    "close_date": st.just("") | st.dates().map(str),
    "next_step": st.text(TEXT, max_size=60).map(str.strip),
}


@given(st.fixed_dictionaries({}, optional=VALUES).filter(bool))
@example({"amount": "0.00"})
@example({"amount": "-0"})
@example({"close_date": "0001-01-01"})
@example({"amount": "100000000000000"})
def test_what_a_deal_was_given_is_what_it_has(changed):
    held = dict.fromkeys(deal.PROPERTIES.values(), None) | deal.properties(changed)
    read = deal.values(Record(id="9", properties=held))
    for name, value in changed.items():
        same = Decimal(read[name]) == Decimal(value) if name == "amount" and value else read[name] == value
        assert same, (name, value, read[name])
    assert deal.properties(read) == {name: value or "" for name, value in held.items()}


@pytest.mark.parametrize(
    ("held", "amount"),
    [("18500.00", "18500"), ("0.50", "0.5"), ("-0", "0"), ("100", "100"), ("-1.10", "-1.1"), ("1e5", "1e5"), ("", "")],
)
def test_one_amount_has_one_text(held, amount):
    assert deal.values(Record(id="9", properties={"amount": held}))["amount"] == amount


@pytest.mark.parametrize(
    ("held", "day"),
    [
        ("2026-12-31", "2026-12-31"),
        ("2026-12-31T23:30:00.000Z", "2026-12-31"),
        ("2026-12-31T23:30:00-02:00", "2027-01-01"),
        ("1796117400000", "2026-12-01"),
        ("99999999999999999999", "99999999999999999999"),
        ("soon", "soon"),
    ],
)
def test_a_close_date_is_a_day(held, day):
    assert deal.values(Record(id="9", properties={"closedate": held}))["close_date"] == day


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "nothing"),
        ({"owner": "1"}, "no owner"),
        ({"amount": "a lot"}, "decimal number"),
        ({"amount": "1e5"}, "decimal number"),
        ({"amount": "NaN"}, "decimal number"),
        ({"close_date": "31.12.2026"}, "such as 2026-12-31"),
        ({"close_date": "2026-02-30"}, "such as 2026-12-31"),
        ({"close_date": "2026-W01-1"}, "such as 2026-12-31"),
        ({"stage": "contract sent"}, "stage"),
        ({"next_step": "two\nlines"}, "U\\+000A"),
        ({"next_step": "x" * 1001}, "longer"),
    ],
)
async def test_a_value_that_is_none_of_its_field_asks_nothing(hubspot, crm, values, sentence):
    with pytest.raises(Rejected, match=sentence):
        await crm.change_deal("9", values)
    assert not hubspot.calls


ANSWERS = [
    (said(400, "bad"), Rejected),
    (said(401, "expired"), Unavailable),
    (said(403, "scopes"), Rejected),
    (said(408, "slow"), Unavailable),
    (said(409, "conflict"), Unclear),
    (said(423, "locked"), Unavailable),
    (said(429, "limit"), Unavailable),
    (said(500, "broken"), Unclear),
    (said(502, "broken"), Unclear),
    (said(503, "broken"), Unclear),
    (httpx.Response(302, headers={"location": "http://elsewhere.example/"}), Unclear),
    (httpx.Response(200, text="<html>"), Unclear),
    (httpx.Response(200, json=[]), Unclear),
    (httpx.ConnectError("refused"), Unavailable),
    (httpx.PoolTimeout("busy"), Unavailable),
    (httpx.ReadTimeout("slow"), Unclear),
    (httpx.WriteError("cut"), Unclear),
    (httpx.RemoteProtocolError("cut"), Unclear),
]


@pytest.mark.parametrize(("answer", "error"), ANSWERS)
async def test_what_an_answer_to_a_change_means(hubspot, crm, answer, error):
    route = hubspot.route(host="hubspot.example")
    route.mock(**({"side_effect": answer} if isinstance(answer, Exception) else {"return_value": answer}))
    calls = [
        lambda: crm.create_task(TASK, key=KEY),
        lambda: crm.tie_task("7", contact_id="8"),
        lambda: crm.change_deal("9", {"amount": "1"}),
    ]
    if not (isinstance(answer, httpx.Response) and answer.is_success):  # of a deletion only the status is read
        calls += [lambda: crm.delete_task("7"), lambda: crm.untie_task("7", contact_id="8")]
    for call in calls:
        with pytest.raises(error) as raised:
            await call()
        assert raised.type is error
    assert route.call_count == len(calls)


async def test_how_long_to_wait_is_told(hubspot, crm):
    hubspot.patch(DEAL).mock(return_value=httpx.Response(429, headers={"retry-after": "7"}, json={}))
    with pytest.raises(Unavailable) as raised:
        await crm.change_deal("9", {"amount": "1"})
    assert raised.value.retry_after == timedelta(seconds=7)


async def test_ids_stay_one_piece_of_the_path(hubspot, crm):
    for id in ("", "..", "a/b", "a?b", "a b", "é", "7\n", "x" * 65):
        for call in (
            crm.read_task,
            crm.delete_task,
            lambda id: crm.tie_task(id, contact_id="8"),
            lambda id: crm.tie_task("7", contact_id=id),
            lambda id: crm.untie_task("7", contact_id=id),
            lambda id: crm.task_is_tied(id, contact_id="8"),
            crm.read_deal,
            lambda id: crm.change_deal(id, {"amount": "1"}),
        ):
            with pytest.raises(Rejected):
                await call(id)
    for key in ("", "..", ".", "a/b", "k 0", "k" * 101):
        for call in (lambda key: crm.find_task(key=key), lambda key: crm.create_task(TASK, key=key)):
            with pytest.raises(Rejected):
                await call(key)
    assert not hubspot.calls
