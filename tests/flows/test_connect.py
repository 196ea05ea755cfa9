"""`/moves connect`: what is connected, told to the asker alone, with what to do about what is not well."""

import secrets

from tests.conftest import NewProduct
from tests.support.product import Product


async def test_what_answers_is_one_line_and_what_does_not_says_how_to_mend_it(product: Product) -> None:
    well = await product.say("connect")
    assert well.startswith("✓ Everything answers: ")
    assert {"Slack", "HubSpot", "Gmail", "Calendar", "PostgreSQL", "Redis"} <= set(well[22:-1].split(", "))
    await product.sandbox.control("POST", "/control/fault", {"service": "gmail", "kind": "unavailable", "times": 9})
    said = await product.say("connect")
    first = said.split("\n")[0]
    assert first.startswith("✕ *problem*  *Gmail*: ")
    assert "_to mend it_" in said.split("\n")[1]
    assert "Gmail" not in said.split("✓ well: ")[1]


async def test_what_does_not_answer_in_time_is_named_before_slack_loses_its_patience(product: Product) -> None:
    fault = {"service": "hubspot", "kind": "slow", "times": 9, "seconds": 20}
    await product.sandbox.control("POST", "/control/fault", fault)
    said = await product.say("connect")
    assert "*HubSpot*: no answer within 1.8 s" in said


async def test_no_secret_is_shown(new_product: NewProduct) -> None:
    token = f"pat-{secrets.token_hex(8)}"
    async with new_product(hubspot_token=token) as product:
        said = await product.say("connect")
    assert "*HubSpot*" in said.split("✓")[0]
    assert token not in said
