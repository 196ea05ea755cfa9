"""Who an address is: against the sandbox's HubSpot, and with odd answers given at the wire."""

import json
from datetime import timedelta

import httpx
import pytest
import respx

from core.money import Money
from core.ports import CrmRecord, Deal, Rejected, Unavailable
from integrations.hubspot.client import PIPELINES_KEPT_S, HubSpotCrm
from tests.support.sandbox import HUBSPOT_TOKEN, running_sandbox

API = "http://hubspot.example"
CONTACTS = f"{API}/crm/v3/objects/contacts/dana%40northpier.example"
PIPELINES = f"{API}/crm/v3/pipelines/deals"
DANA = "dana@northpier.example"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
async def real(sandbox):
    await sandbox.control("DELETE", "/control/fault")
    async with httpx.AsyncClient(trust_env=False) as http:
        yield HubSpotCrm(http, api_url=sandbox.hubspot_url, token=HUBSPOT_TOKEN)


async def test_a_customer_of_the_sandbox(real):
    found = await real.lookup("Dana.Whitfield@northpier.example")
    assert found is not None
    assert (found.name, found.company, found.customer) == ("Dana Whitfield", "Northpier Freight", True)
    assert not found.unsubscribed


async def test_open_deals_come_with_their_stages_names_and_closed_ones_do_not(sandbox, real):
    person = "new.buyer@newpier.example"
    for name, amount, stage in (
        ("Booth", "18500", "contractsent"),
        ("Old", "10", "closedlost"),
        ("Won", "5", "closedwon"),
    ):
        await sandbox.control(
            "POST", "/control/deal", {"contact": person, "name": name, "amount": amount, "stage": stage}
        )

    found = await real.lookup(person)

    assert found is not None
    assert [(one.name, one.stage, one.amount) for one in found.open_deals] == [
        ("Booth", "Contract Sent", Money(1850000, "USD"))
    ]
    assert not found.customer


async def test_nobody(real):
    for address in ("nobody@nowhere.example", "", "nobody", "a\0@b.example", "../deals@x.example", "a/b?c#d@x.example"):
        assert await real.lookup(address) is None


@pytest.mark.parametrize(
    ("kind", "error", "wait"),
    [
        ("rate_limit", Unavailable, timedelta(seconds=3)),
        ("unavailable", Unavailable, None),
        ("error", Unavailable, None),
        ("lose_answer", Unavailable, None),
        ("lose_request", Unavailable, None),
        ("refuse", Rejected, None),
    ],
)
async def test_faults(sandbox, real, kind, error, wait):
    await sandbox.fault("hubspot", kind, seconds=3)
    with pytest.raises(error) as raised:
        await real.lookup(DANA)
    assert getattr(raised.value, "retry_after", None) == wait


async def test_nothing_unknown_was_asked_of_the_sandbox(sandbox):
    assert await sandbox.ledger(kind="unknown_method") == []


# -- at the wire


@pytest.fixture
def hubspot():
    with respx.mock(assert_all_called=False) as routes:
        yield routes


@pytest.fixture
async def crm():
    async with httpx.AsyncClient() as http:
        yield HubSpotCrm(http, api_url=f"{API}/", token="pat")


def record(id, associations=None, **properties):
    return {"id": id, "properties": properties, "associations": associations or {}}


def stage(id, label, closed="false"):
    return {"id": id, "label": label, "metadata": {"isClosed": closed}}


def serve(hubspot, *, deals=(), **properties):
    tied = {
        "companies": {
            "results": [{"id": "8", "type": "contact_to_company_unlabeled"}, {"id": "7", "type": "contact_to_company"}]
        },
        "deals": {"results": [{"id": one["id"], "type": "contact_to_deal"} for one in deals for _ in range(2)]},
    }
    hubspot.get(CONTACTS).respond(json=record("1", tied, firstname="Dana", **properties))
    hubspot.post(f"{API}/crm/v3/objects/companies/batch/read").mock(
        side_effect=lambda request: httpx.Response(
            200, json={"results": [record(json.loads(request.content)["inputs"][0]["id"], name="Northpier")]}
        )
    )
    hubspot.post(f"{API}/crm/v3/objects/deals/batch/read").respond(207, json={"results": list(deals), "errors": [{}]})
    stages = [stage("s1", "In talks"), stage("s9", "Signed", "true")]
    return hubspot.get(PIPELINES).respond(json={"results": [{"id": "p", "stages": stages}]})


def values(amount, close_date="", next_step=""):
    return {"stage": "s1", "amount": amount, "close_date": close_date, "next_step": next_step}


async def test_a_contact_with_everything(hubspot, crm):
    deals = (
        record(
            "31",
            dealname="Stand",
            amount="1200.50",
            deal_currency_code="EUR",
            dealstage="s1",
            pipeline="p",
            closedate="2026-12-31T22:30:00Z",
            hs_next_step="Send plan",
        ),
        record("32", dealname="Done", amount="5", dealstage="s9", pipeline="p"),
        record("33", dealname="Closed", amount="5", dealstage="s1", pipeline="p", hs_is_closed="true"),
        record("34", dealname="Elsewhere", amount=None, dealstage="s1", pipeline="other"),
        record("35", dealname="Odd", amount="1e999999999", deal_currency_code="$", dealstage="s1", pipeline="p"),
        record("36", dealname="Plain", amount="7", dealstage="s1", pipeline="p"),
    )
    serve(
        hubspot,
        deals=deals,
        lifecyclestage="customer",
        hs_email_optout="true",
        company="As typed",
        hubspot_owner_id="77",
        phone="+44 20 7946 0101",
        mobilephone="+44 7700 900101",
    )

    assert await crm.lookup(f"  {DANA.upper()} ") == CrmRecord(
        contact_id="1",
        name="Dana",
        company="Northpier",
        customer=True,
        unsubscribed=True,
        open_deals=(
            Deal("31", "Stand", "In talks", Money(120050, "EUR"), values("1200.5", "2026-12-31", "Send plan")),
            Deal("34", "Elsewhere", "s1", None, values("")),
            Deal("35", "Odd", "In talks", None, values("1e999999999")),
            Deal("36", "Plain", "In talks", Money(700, "USD"), values("7")),
        ),
        owner_id="77",
        phones=("+44 20 7946 0101", "+44 7700 900101"),
    )
    asked = json.loads(hubspot.calls[1].request.content)
    assert asked["inputs"] == [{"id": "7"}]  # the primary one, though another is named first
    assert hubspot.calls[0].request.headers["authorization"] == "Bearer pat"


async def test_at_most_three_requests_while_the_stages_are_known(hubspot):
    clock = [0.0]
    async with httpx.AsyncClient() as http:
        crm = HubSpotCrm(http, api_url=API, token="pat", seconds=lambda: clock[0])
        pipelines = serve(hubspot, deals=(record("31", dealname="Stand", dealstage="s1", pipeline="p"),))
        await crm.lookup(DANA)
        assert len(hubspot.calls) == 4
        await crm.lookup(DANA)
        assert (len(hubspot.calls), pipelines.call_count) == (7, 1)
        clock[0] = PIPELINES_KEPT_S
        await crm.lookup(DANA)
        assert pipelines.call_count == 2


async def test_an_address_stays_one_piece_of_the_path(hubspot, crm):
    route = hubspot.route(host="hubspot.example").mock(return_value=said(404, "not found"))
    assert await crm.lookup("../a/b?c#d@x.example") is None
    asked = route.calls.last.request.url.raw_path.partition(b"?")[0]
    assert asked == b"/crm/v3/objects/contacts/..%2Fa%2Fb%3Fc%23d%40x.example"


async def test_a_lone_contact_is_one_request(hubspot, crm):
    hubspot.get(CONTACTS).respond(json=record("1", company="As typed", firstname=None))
    assert await crm.lookup(DANA) == CrmRecord("1", "", "As typed", customer=False, unsubscribed=False)
    assert len(hubspot.calls) == 1


def said(status, message, **more):
    return httpx.Response(status, json={"status": "error", "message": message, **more})


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (said(400, "bad"), Rejected, "HubSpot: bad"),
        (said(401, "expired"), Unavailable, "CASEYOS_HUBSPOT_TOKEN"),
        (said(403, "scopes are missing", category="MISSING_SCOPES"), Rejected, "scopes are missing"),
        (said(423, "locked"), Unavailable, "wait"),
        (said(500, "broken"), Unavailable, "500"),
        (httpx.Response(200, text="<html>"), Unavailable, "could not be read"),
        (httpx.Response(200, json=[]), Unavailable, "could not be read"),
        (httpx.Response(200, json={"properties": {}}), Unavailable, "could not be read"),
        (httpx.Response(502, text="<html>"), Unavailable, "502"),
        (httpx.Response(302), Unavailable, "302"),
        (httpx.ConnectError("x"), Unavailable, "cannot be reached"),
        (httpx.ReadTimeout("x"), Unavailable, "cannot be reached"),
    ],
)
async def test_what_an_answer_means(hubspot, crm, answer, error, sentence):
    gives = {"side_effect": answer} if isinstance(answer, Exception) else {"return_value": answer}
    hubspot.get(CONTACTS).mock(**gives)
    with pytest.raises(error, match=sentence):
        await crm.lookup(DANA)
    assert len(hubspot.calls) == 1


async def test_the_shared_window_is_ten_seconds_when_nothing_is_said(hubspot, crm):
    hubspot.get(CONTACTS).mock(return_value=said(429, "limit", policyName="TEN_SECONDLY_ROLLING"))
    with pytest.raises(Unavailable) as raised:
        await crm.lookup(DANA)
    assert raised.value.retry_after == timedelta(seconds=10)


async def test_an_unusable_token_asks_nothing(hubspot):
    async with httpx.AsyncClient() as http:
        for token in ("", "two words", "line\n"):
            with pytest.raises(Unavailable, match="CASEYOS_HUBSPOT_TOKEN"):
                await HubSpotCrm(http, api_url=API, token=token).lookup(DANA)
    assert not hubspot.calls
