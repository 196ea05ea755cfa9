"""Who gets a form's card, and what is known about the person when it comes: said on the card, or as the reason for none."""

import pytest

from core import person

CUSTOMER = "dana.whitfield@northpier.example"
OPEN_DEAL = "tomas.reyes@harlowlane.example"
OPTED_OUT = "ruth.abara@tidewater.example"
FORMS = """
[forms.contact]
fields = { name = "name", email = "email", message = "message" }

[forms.speakers]
fields = { name = "your-name", email = "your-email", message = "talk" }
owner = "U0ORLA"
"""


def words(card):
    return "\n".join(str(block) for block in card["blocks"])


async def alone(product):
    """The only message so far."""
    [message] = await product.messages()
    return message["text"]


async def test_a_form_goes_to_its_owner_and_any_other_to_the_workspaces(new_product, sandbox, tmp_path):
    (tmp_path / "forms.toml").write_text(FORMS)
    async with new_product(forms_file=tmp_path / "forms.toml") as product:
        talk = {"your-name": "Priya Raman", "your-email": "priya@greywharf.example", "talk": "On port congestion"}
        await sandbox.control("POST", "/control/form", {"form": "speakers", "fields": talk})
        await product.fill_form(name="Amara Osei")
        await product.settle()
        assert ["Priya Raman" in one["text"] for one in await product.messages("U0ORLA")] == [True]
        assert ["Amara Osei" in one["text"] for one in await product.messages()] == [True]


async def test_a_suppressed_person_gets_no_move_and_the_owner_reads_why(product):
    email = "no.more@northpier.example"
    async with product.services.database.begin() as db:
        await person.suppress(
            db,
            workspace=product.services.workspace,
            email=email,
            reason="opt_out",
            evidence="wrote “stop” on 3 March",
            by="U0CASEY",
            now=product.clock(),
        )
    await product.fill_form(email=email.upper(), name="Nora More")
    await product.settle()
    said = await alone(product)
    assert "No new move: Nora More" in said
    assert "must not be written to: opt out, wrote “stop” on 3 March" in said


async def test_somebody_who_unsubscribed_in_hubspot_gets_no_move(product):
    await product.fill_form(email=OPTED_OUT, name="Ruth Abara")
    await product.settle()
    assert "must not be written to: opt out, unsubscribed in HubSpot" in await alone(product)


async def test_a_customer_and_an_open_deal_are_named_on_the_card(product):
    await product.fill_form(email=CUSTOMER, name="Dana Whitfield")
    await product.fill_form(email=OPEN_DEAL, name="Tomas Reyes")
    await product.settle()
    assert "already a customer: Northpier Freight" in words(await product.card("Dana"))
    deal = words(await product.card("Tomas"))
    assert "open deal: Harlow Lane, spring campaign" in deal
    assert "48,000" in deal


@pytest.mark.parametrize("kind", ["unavailable", "rate_limit", "lose_answer", "refuse"])
async def test_a_hubspot_that_does_not_answer_holds_no_card_up_and_is_named_on_it(product, kind):
    await product.sandbox.fault("hubspot", kind, times=20)
    await product.fill_form(email=CUSTOMER, name="Dana Whitfield")
    await product.settle()
    await product.sandbox.control("DELETE", "/control/fault")
    assert "HubSpot could not be asked" in words(await product.card("Dana"))
