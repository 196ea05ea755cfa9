"""The link in a marketing mail: one click, by a mail program or a person, and nothing leaves to that person any more."""

import asyncio

from sqlalchemy import text

from core import person, unsubscribing
from tests.support.campaign import ask, asked, leave, listed, one_click, path_of, sent, story
from tests.support.product import OWNER, Product


async def test_a_second_click_is_answered_alike_and_changes_nothing(campaign: Product) -> None:
    _, mail = await sent(campaign)
    answers = list(await asyncio.gather(*(one_click(campaign, path_of(mail)) for _ in range(5))))
    answers.append(await ask(campaign, "POST", path_of(mail)))
    assert {(one.status_code, one.text) for one in answers} == {(200, answers[0].text)}
    await campaign.settle()
    assert len([note for note in await campaign.notes() if "unsubscribed" in note]) == 1
    assert (await story(campaign, await campaign.card("Reply"))).count("put somebody on the list") == 1
    [entry] = await listed(campaign)
    assert entry.story == []


async def test_a_click_stops_what_is_held_and_takes_what_is_proposed_from_the_list(campaign: Product) -> None:
    email, mail = await sent(campaign)
    await asked(campaign, email=email, name="Dana Again")
    assert (await campaign.approve(await campaign.card("Dana Again")))["response"] is None
    await campaign.settle()
    drafts = (await campaign.sandbox.control("GET", "/control/gmail"))["drafts"]
    assert any(path_of(draft) != path_of(mail) for draft in drafts if email in draft["to"])

    await one_click(campaign, path_of(mail))
    await leave(campaign)
    assert len(await campaign.mails_to(email)) == 1
    assert "must not be written to" in str((await campaign.card("Dana Again"))["blocks"])


async def test_an_open_card_for_who_unsubscribed_is_over(campaign: Product) -> None:
    email, mail = await sent(campaign)
    await asked(campaign, email=email, name="Dana Again")
    await one_click(campaign, path_of(mail))
    await campaign.settle()
    assert "they unsubscribed: no more mail to them" in str((await campaign.card("Dana Again"))["blocks"])


async def test_what_was_agreed_to_before_does_not_count_again(campaign: Product) -> None:
    """Taken off the list for a written reason, they can be answered, but marketing needs a new opt-in."""
    email, mail = await sent(campaign)
    await one_click(campaign, path_of(mail))
    async with campaign.services.database.begin() as db:
        await person.unsuppress(
            db, kind="address", value=email, reason="they wrote that it was a slip", by=OWNER, now=campaign.clock.now
        )
    await asked(campaign, email=email, name="Dana Again")
    refused = await campaign.approve(await campaign.card("Dana Again"))
    assert "has not opted in to marketing mail" in str(refused["response"])


async def test_a_link_is_good_for_nothing_but_what_it_was_made_for(campaign: Product) -> None:
    _, mail = await sent(campaign)
    path = path_of(mail)
    token = path.rpartition("/")[2]
    async with campaign.services.database.begin() as db:
        key = (await db.execute(text("select link_key from workspaces"))).scalar_one()
        link = await unsubscribing.opened(db, token)
    assert link is not None
    made = {"key": key, "workspace": link.workspace, "move": link.move, "person": link.person}
    assert unsubscribing.sealed(**made) == token
    forged = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    forged += [
        token[:-1],
        token + "A",
        "A" * 64,
        "",
        "x" * 5000,
        token[:63] + "=",
        token[:63] + "%0a",
        "..%2f..%2fready",
    ]
    forged.append(unsubscribing.sealed(**{**made, "key": "another"}))
    forged.append(unsubscribing.sealed(**{**made, "workspace": link.move}))
    for bad in forged:
        for method in ("GET", "POST"):
            assert (await ask(campaign, method, f"/unsubscribe/{bad}")).status_code == 404, bad
    # A good seal of a move, or of a person, that is not there.
    for name in ("move", "person"):
        gone = unsubscribing.sealed(**{**made, name: link.workspace})
        assert (await one_click(campaign, f"/unsubscribe/{gone}")).status_code == 404
    assert (await ask(campaign, "DELETE", path)).status_code == 405
    assert await listed(campaign) == []


async def test_the_page_shows_no_address_and_runs_nothing(campaign: Product) -> None:
    email, mail = await sent(campaign)
    page = await ask(campaign, "GET", path_of(mail))
    assert email not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_the_link_is_that_of_whom_the_approver_chose(campaign: Product) -> None:
    other, email = [await asked(campaign, newsletter="on", name=name) for name in ("Ada Other", "Dana Whitfield")]
    assert (await campaign.approve(await campaign.card("Dana"), to=other))["response"] is None
    await leave(campaign)
    await one_click(campaign, path_of((await campaign.mails_to(other))[0]))
    assert [entry.value for entry in await listed(campaign)] == [other]
    assert await campaign.mails_to(email) == []


async def test_a_link_of_another_workspace_opens_nothing_here(campaign: Product) -> None:
    """Whoever has the key of one workspace has none of the others."""
    _, mail = await sent(campaign)
    async with campaign.services.database.begin() as db:
        await db.execute(text("update workspaces set link_key = 'of another'"))
    assert (await one_click(campaign, path_of(mail))).status_code == 404
    assert await listed(campaign) == []
