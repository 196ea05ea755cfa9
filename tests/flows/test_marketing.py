"""Marketing mail from the box that somebody ticks to the click by which they want no more: each through its front door."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import httpx
import pytest
from sqlalchemy import select

from core.tables import opt_ins, signals
from tests.support.campaign import ADDRESS, RULES, WORDING, ask, asked, leave, listed, one_click, path_of, sent, story
from tests.support.product import HOLD, OWNER, Product


async def test_from_a_ticked_box_to_one_click_and_no_more_mail(campaign: Product) -> None:
    email, mail = await sent(campaign)
    async with campaign.services.database.begin() as db:
        [opted_in] = (await db.execute(select(opt_ins))).all()
        assert opted_in.signal_id == (await db.execute(select(signals.c.id))).scalar_one()
    assert (opted_in.by, opted_in.wording, opted_in.withdrawn_at) == ("form contact", WORDING, None)
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert ADDRESS in mail["text"]
    path = path_of(mail)

    page = await ask(campaign, "GET", path)
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert await listed(campaign) == []

    assert (await one_click(campaign, path)).status_code == 200
    [entry] = await listed(campaign)
    assert (entry.value, entry.reason, entry.by, entry.at) == (email, "opt_out", "unsubscribe link", campaign.clock.now)
    assert "Reply to Dana Whitfield" in entry.evidence
    await campaign.settle()
    assert [note for note in await campaign.notes() if "unsubscribed" in note] == [
        f"*Dana Whitfield ({email}) unsubscribed*: nothing leaves to them any more."
    ]
    card = await campaign.card("Reply")
    told = await story(campaign, card)
    assert f"unsubscribe link put somebody on the list of those who get no mail for {email}" in told

    await asked(campaign, email=email, newsletter="on")
    assert "must not be written to: opt out, the unsubscribe link" in (await campaign.messages())[-1]["text"]
    assert len(await campaign.mails_to(email)) == 1


async def test_a_box_that_was_not_ticked_is_no_opt_in(campaign: Product) -> None:
    await asked(campaign, newsletter="off")
    refused = await campaign.approve(await campaign.card("Reply"))
    assert "has not opted in to marketing mail" in str(refused["response"])


@pytest.mark.parametrize(
    ("campaign", "said"),
    [
        ({"public_url": None}, "set CASEYOS_PUBLIC_URL to the https address"),
        ({"rules": RULES.replace(f'postal_address = "{ADDRESS}"', "")}, "needs a postal address: set it"),
    ],
    indirect=["campaign"],
)
async def test_what_is_not_set_stops_it_and_is_named(campaign: Product, said: str) -> None:
    email = await asked(campaign, newsletter="on")
    refused = await campaign.approve(await campaign.card("Reply"))
    assert said in str(refused["response"])
    await leave(campaign)
    assert await campaign.mails_to(email) == []


async def test_what_the_approver_takes_out_stops_it_too(campaign: Product) -> None:
    await asked(campaign, newsletter="on")
    card = await campaign.card("Reply")
    assert f"give the postal address {ADDRESS}" in str((await campaign.approve(card, body="Hello!"))["response"])
    both = [await asked(campaign, newsletter="on") for _ in range(2)]
    two = await campaign.submit(to=", ".join(both), body=f"Hello!\n\n{ADDRESS}\n")
    assert "one recipient at a time" in str(two["response"])


async def test_the_dry_run_shows_the_headers_as_they_leave(campaign: Product) -> None:
    email = await asked(campaign, newsletter="on")
    card = await campaign.card("Reply")
    shown = await campaign.preview(card)
    assert "Nothing is in its way" in shown
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in shown
    await campaign.approve(card)
    await leave(campaign)
    [mail] = await campaign.mails_to(email)
    assert path_of(mail) in shown


async def test_a_draft_that_lost_its_way_out_does_not_leave(campaign: Product) -> None:
    email = await asked(campaign, newsletter="on")
    await campaign.approve(await campaign.card("Reply"))
    await campaign.settle()
    gmail = f"{campaign.sandbox.gmail_url}gmail/v1/users/me/drafts"
    token = {"Authorization": "Bearer ya29.sandbox"}
    drafts = (await campaign.sandbox.control("GET", "/control/gmail"))["drafts"]
    [draft] = [one for one in drafts if email in one["to"]]
    kept = {name: value for name, value in draft["headers"].items() if not name.startswith("List-")}
    raw = "".join(f"{name}: {value}\r\n" for name, value in kept.items()) + "\r\n"
    async with httpx.AsyncClient(trust_env=False, headers=token) as http:
        found = (await http.get(f"{gmail}/{draft['id']}", params={"format": "raw"})).json()["message"]
        body = urlsafe_b64decode(found["raw"] + "==").partition(b"\r\n\r\n")[2]
        again = urlsafe_b64encode(raw.encode() + body).decode()
        answer = await http.put(f"{gmail}/{draft['id']}", json={"message": {"raw": again}})
        assert answer.status_code == 200, answer.text
    await leave(campaign)
    assert await campaign.mails_to(email) == []
    assert "the unsubscribe link is gone" in str((await campaign.card("Reply"))["blocks"])


async def test_a_mail_that_is_no_marketing_carries_no_link(product: Product) -> None:
    form = await product.fill_form(message="What does a booth cost?", newsletter="on")
    await product.settle()
    await product.approve(await product.card("Reply"))
    await leave(product)
    [mail] = await product.mails_to(form["email"])
    assert [name for name in mail["headers"] if name.startswith("List-")] == []


async def test_what_was_said_elsewhere_is_typed_in_and_taken_back(campaign: Product) -> None:
    email = await asked(campaign)
    card = await campaign.card("Reply")
    assert "how you know" in await campaign.say(f"opt-in {email}")
    assert "how you know" in await campaign.say("opt-in nobody they said so")
    assert "asked for marketing mail" in await campaign.say(f"opt-in {email.upper()} at our stand on 3 March")
    async with campaign.services.database.begin() as db:
        [opted_in] = (await db.execute(select(opt_ins))).all()
    assert (opted_in.by, opted_in.wording, opted_in.signal_id) == (OWNER, "at our stand on 3 March", None)
    assert (await campaign.approve(card))["response"] is None
    await campaign.settle()

    assert "nothing leaves" in await campaign.say(f"opt-out {email} they rang up <!channel>")
    await leave(campaign)
    assert await campaign.mails_to(email) == []
    assert "must not be written to: opt out, they rang up" in str((await campaign.card("Reply"))["blocks"])
    async with campaign.services.database.begin() as db:
        [opted_in] = (await db.execute(select(opt_ins))).all()
    assert opted_in.withdrawn_at == campaign.clock.now - HOLD
    answer = await campaign.say(f"opt-in {email} they changed their mind")
    assert "all the same: opt out, they rang up" in answer
    assert "<!channel>" not in answer
