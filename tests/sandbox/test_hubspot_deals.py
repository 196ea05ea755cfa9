"""A deal is changed through the API as by hand: stages of the pipeline, numbers, dates, and what follows from them."""

import pytest

from tests.sandbox.world_support import outside

DEAL = "/crm/v3/objects/deals/3002"


@pytest.fixture
async def world(tmp_path):
    async with outside(tmp_path) as made:
        yield made


async def change(world, **properties):
    return await world.crm(DEAL, {"properties": properties}, "PATCH")


async def test_a_changed_deal_says_what_it_was(world):
    said = await change(world, amount="52000", hs_next_step="Send the contract", closedate="2026-12-04")
    assert (said.status, said.body["properties"]["closedate"]) == (200, "2026-12-04T00:00:00.000Z")
    update = world.ledger("effect", "deal_updated")[0]
    assert (update["before"]["amount"], update["after"]["amount"]) == ("48000", "52000")
    assert (update["before"]["hs_next_step"], update["after"]["hs_next_step"]) == (None, "Send the contract")
    same = await change(world, amount="52000")
    assert (same.status, same.body["updatedAt"]) == (200, said.body["updatedAt"])
    assert len(world.ledger("effect")) == 1
    cleared = await change(world, hs_next_step="")
    assert "hs_next_step" not in cleared.body["properties"]
    read = (await world.crm(f"{DEAL}?properties=hs_next_step")).body["properties"]
    assert read["hs_next_step"] is None


async def test_what_follows_from_the_stage_follows(world):
    await change(world, dealstage="contractsent")
    moved = world.ledger("effect", "deal_moved")[0]
    assert moved["before"] == {"dealstage": "presentationscheduled", "hs_deal_stage_probability": "0.6"}
    assert moved["after"] == {"dealstage": "contractsent", "hs_deal_stage_probability": "0.9"}
    await change(world, dealstage="closedwon", closedate="2026-11-30T12:00:00Z")
    won = (await world.crm(f"{DEAL}?properties=hs_is_closed,closedate&propertiesWithHistory=dealstage")).body
    assert (won["properties"]["hs_is_closed"], won["properties"]["closedate"]) == ("true", "2026-11-30T12:00:00.000Z")
    history = won["propertiesWithHistory"]["dealstage"]
    assert [(each["value"], each["sourceType"]) for each in history] == [
        ("closedwon", "INTEGRATION"),
        ("contractsent", "INTEGRATION"),
        ("presentationscheduled", "CRM_UI"),
    ]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"dealstage": "almost"}, "INVALID_OPTION"),
        ({"dealstage": ""}, "REQUIRED_FIELD"),
        ({"amount": "lots"}, "INVALID_DOUBLE"),
        ({"amount": "1,000"}, "INVALID_DOUBLE"),
        ({"closedate": "next week"}, "INVALID_LONG"),
        ({"colour": "red"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_is_closed": "true"}, "READ_ONLY_VALUE"),
        ({"amount": "52000", "pipeline": "other"}, "INVALID_OPTION"),
    ],
)
async def test_a_deal_refuses_what_is_no_value_of_its_property(world, properties, code):
    said = await change(world, **properties)
    assert (said.status, said.body["category"], said.body["errors"][0]["code"]) == (400, "VALIDATION_ERROR", code)
    assert (await world.crm(f"{DEAL}?properties=amount")).body["properties"]["amount"] == "48000"
    assert world.ledger("effect") == []


async def test_numbers_and_strangers_are_refused(world):
    assert (await change(world, amount=52000)).status == 400
    missing = await world.crm("/crm/v3/objects/deals/9", {"properties": {"amount": "1"}}, "PATCH")
    assert missing.status == 404
    assert (await world.crm(DEAL, {"values": {}}, "PATCH")).status == 400
    contact = await world.crm("/crm/v3/objects/contacts", {"properties": {}})
    deleted = await world.crm(DEAL, method="DELETE")
    assert (contact.status, deleted.status, len(world.ledger("unknown_method"))) == (404, 404, 2)
