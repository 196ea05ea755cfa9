"""The portal answers as HubSpot does: text or null, an index that lags, associations by number."""

import asyncio

import pytest

from tests.sandbox.world_support import DANA, TOMAS, outside

STAGES = [
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
    "closedwon",
    "closedlost",
]


@pytest.fixture
async def world(tmp_path):
    async with outside(tmp_path) as made:
        yield made


async def contact(world, email):
    return (await world.crm(f"/crm/v3/objects/contacts/{email}?idProperty=email")).body


async def found(world, kind, *filters, **more):
    said = await world.crm(f"/crm/v3/objects/{kind}/search", {"filterGroups": [{"filters": list(filters)}], **more})
    return said.body


async def test_properties_are_text_or_null_and_unknown_ones_are_left_out(world):
    tomas = await contact(world, TOMAS.upper())
    query = "properties=hs_email_optout,lifecyclestage&properties=shoe_size&associations=deals,companies"
    said = await world.crm(f"/crm/v3/objects/contacts/{tomas['id']}?{query}")
    assert said.body["properties"]["lifecyclestage"] == "opportunity"
    assert said.body["properties"]["hs_email_optout"] is None
    assert "shoe_size" not in said.body["properties"]
    assert said.body["properties"]["hs_object_id"] == tomas["id"]
    deals = said.body["associations"]["deals"]["results"]
    assert deals == [{"id": "3002", "type": "contact_to_deal"}]
    assert said.body["associations"]["companies"]["results"][0]["type"] == "contact_to_company"


async def test_associations_lead_from_contact_to_deal(world):
    tomas = await contact(world, TOMAS)
    said = await world.crm(f"/crm/v4/objects/contacts/{tomas['id']}/associations/deals")
    assert said.body == {
        "results": [
            {
                "toObjectId": 3002,
                "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 4, "label": None}],
            }
        ]
    }
    deal = (await world.crm("/crm/v3/objects/deals/3002?properties=amount,dealstage,hs_is_closed")).body["properties"]
    assert (deal["amount"], deal["dealstage"], deal["hs_is_closed"]) == ("48000", "presentationscheduled", "false")
    back = await world.crm("/crm/v4/objects/deal/3002/associations/contact")
    assert back.body["results"][0]["associationTypes"][0]["typeId"] == 3
    assert (await world.crm("/crm/v4/objects/deals/9/associations/contacts")).status == 404


async def test_the_seed_has_a_customer_a_deal_a_lead_and_an_unsubscribed(world):
    seen = await world.seen("hubspot")
    stages = {each["properties"]["lifecyclestage"] for each in seen["contacts"]}
    assert {"customer", "opportunity", "lead"} <= stages
    assert [each["properties"].get("hs_email_optout") for each in seen["contacts"]].count("true") == 1
    assert all(each["properties"]["email"].endswith(".example") for each in seen["contacts"])


async def test_a_moved_deal_is_read_at_once_and_found_later(world):
    await world.do("hubspot", index_lag_s=0.3)
    moved = await world.do(
        "deal", contact=TOMAS, name="Harlow Lane, spring campaign", amount="52000", stage="contractsent"
    )
    assert (moved["id"], moved["happened"]) == ("3002", "deal_moved")
    read = (await world.crm("/crm/v3/objects/deals/3002?propertiesWithHistory=dealstage")).body
    assert [each["value"] for each in read["propertiesWithHistory"]["dealstage"]] == [
        "contractsent",
        "presentationscheduled",
    ]
    by_stage = {"propertyName": "dealstage", "operator": "EQ", "value": "contractsent"}
    assert (await found(world, "deals", by_stage))["total"] == 0
    await asyncio.sleep(0.4)
    assert [each["id"] for each in (await found(world, "deals", by_stage))["results"]] == ["3002"]
    assert len(world.ledger("effect", "deal_moved")) == 1


async def test_a_deal_opens_for_a_stranger_and_closes(world):
    opened = await world.do("deal", contact="new@lumenhaul.example", name="Sponsoring", amount=25000)
    assert opened["properties"]["dealstage"] == "appointmentscheduled"
    again = await world.do("deal", contact="new@lumenhaul.example", stage="closedwon")
    assert again["id"] == opened["id"]
    won = (
        await world.crm(f"/crm/v3/objects/deals/{opened['id']}?properties=hs_is_closed,hs_is_closed_won,closedate")
    ).body
    assert (won["properties"]["hs_is_closed"], won["properties"]["hs_is_closed_won"]) == ("true", "true")
    assert won["properties"]["closedate"] is not None
    assert (await contact(world, "new@lumenhaul.example"))["properties"]["email"] == "new@lumenhaul.example"
    assert (await world.do("deal", 400, contact=TOMAS, stage="almost"))["error"]["field"] == "stage"


async def test_search_filters_sort_and_page(world):
    won_or_open = {"propertyName": "dealstage", "operator": "IN", "values": ["closedwon", "presentationscheduled"]}
    by_amount = [{"propertyName": "amount", "direction": "DESCENDING"}]
    both = await found(world, "deals", won_or_open, sorts=by_amount, properties=["amount"], limit=1)
    assert (both["total"], both["results"][0]["properties"]["amount"]) == (2, "48000")
    rest = await found(world, "deals", won_or_open, sorts=by_amount, limit=1, after=both["paging"]["next"]["after"])
    assert rest["results"][0]["id"] == "3001"
    assert "paging" not in rest
    big = {"propertyName": "amount", "operator": "GT", "value": "30000"}
    assert [each["id"] for each in (await found(world, "deals", big))["results"]] == ["3002"]
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GT", "value": "1700000000000"}
    assert (await found(world, "deals", since))["total"] == 2
    opted = {"propertyName": "hs_email_optout", "operator": "HAS_PROPERTY"}
    assert (await found(world, "contacts", opted))["total"] == 1
    of_dana = {"propertyName": "associations.contact", "operator": "EQ", "value": "1001"}
    assert [each["id"] for each in (await found(world, "deals", of_dana))["results"]] == ["3001"]


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 200, "after": "9900"},
        {"filterGroups": [{"filters": [{"propertyName": "shoe_size", "operator": "EQ", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "LIKE", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "IN", "value": "1"}]}]},
        {"filterGroups": [{"filters": []}] * 6},
        {"page": 2},
    ],
)
async def test_searches_that_hubspot_refuses(world, body):
    said = await world.crm("/crm/v3/objects/contacts/search", body)
    assert (said.status, said.body["category"]) == (400, "VALIDATION_ERROR")
    assert len(world.ledger("refused", service="hubspot")) == 1


async def test_a_batch_tells_what_it_did_not_find(world):
    body = {
        "inputs": [{"id": DANA}, {"id": "nobody@nowhere.example"}],
        "idProperty": "email",
        "properties": ["company"],
    }
    said = await world.crm("/crm/v3/objects/contacts/batch/read", body)
    assert said.status == 207
    assert [each["properties"]["company"] for each in said.body["results"]] == ["Northpier Freight"]
    assert said.body["errors"][0]["context"]["ids"] == ["nobody@nowhere.example"]


async def test_pipelines_owners_and_the_account(world):
    pipeline = (await world.crm("/crm/v3/pipelines/deals")).body["results"][0]
    assert [each["id"] for each in sorted(pipeline["stages"], key=lambda each: each["displayOrder"])] == STAGES
    closed = [each["id"] for each in pipeline["stages"] if each["metadata"]["isClosed"] == "true"]
    assert closed == ["closedwon", "closedlost"]
    owners = (await world.crm("/crm/v3/owners?email=casey@pier7.example")).body["results"]
    assert [each["id"] for each in owners] == ["71"]
    assert (await world.crm("/account-info/v3/details")).body["timeZone"] == "Europe/London"


async def test_errors_have_hubspots_shape(world):
    missing = await world.crm("/crm/v3/objects/contacts/424242")
    assert (missing.status, missing.body["category"], missing.body["status"]) == (404, "OBJECT_NOT_FOUND", "error")
    async with world.http.get(f"{world.url}/hubspot/crm/v3/owners", headers={"Authorization": "Bearer x"}) as answer:
        assert (answer.status, (await answer.json())["category"]) == (401, "INVALID_AUTHENTICATION")
    await world.do("fault", service="hubspot", kind="rate_limit", seconds=3)
    limited = await world.crm("/crm/v3/owners")
    assert (limited.status, limited.body["policyName"], limited.headers["Retry-After"]) == (
        429,
        "TEN_SECONDLY_ROLLING",
        "3",
    )
    assert world.ledger("unknown_method") == []
    written = await world.crm("/crm/v3/objects/contacts/1001", {"properties": {}}, "PATCH")
    assert (written.status, len(world.ledger("unknown_method"))) == (404, 1)
