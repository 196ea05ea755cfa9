"""The kill switch of all workspaces: who says it, who hears it, and how they go on."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.worker import Worker
from core.tables import audit_entries
from tests.conftest import NewProduct
from tests.support.product import HOLD, OWNER, Product

ORLA = "U0ORLA"


@pytest.fixture
async def two(new_product: NewProduct) -> AsyncIterator[tuple[Product, Any]]:
    """(here, there): two workspaces of one database. There, one mail is approved and its hold has passed; its form too.

    The sandbox sends what is pressed to whichever came last, so all that is to be pressed there has been.
    """
    async with new_product(workspace="there", operators=OWNER) as there:
        form = await ready_to_leave(there)
        async with new_product(workspace="here", operators=OWNER) as here:
            yield here, (there, form["email"])


async def ready_to_leave(product: Product) -> dict[str, Any]:
    form = await product.fill_form(message="What does a booth cost?")
    await product.settle()
    await product.approve(await product.card("Reply"))
    await product.settle()
    product.clock.advance(HOLD)
    return form


async def ready(product: Product) -> dict[str, Any]:
    async with httpx.AsyncClient() as http:
        said: dict[str, Any] = (await http.get(f"{product.url}/ready")).json()
    return said


async def restarted(product: Product) -> Product:
    """As if the worker's process had been killed and another had begun."""
    product.worker = Worker(product.services)
    return product


async def test_a_pause_of_all_stops_every_workspace_across_restarts_until_it_is_lifted(two: Any) -> None:
    here, (there, email) = two
    assert "Paused in all workspaces" in await here.say("pause all the fair is over")
    for product in (here, there):
        said = await ready(product)
        assert (said["paused"], said["paused_by"], said["all_paused"]) == (True, "U0CASEY (here)", True)

    for _ in range(2):
        await (await restarted(there)).settle()
        assert await there.mails_to(email) == []
    card = str((await there.card("Reply"))["blocks"])
    assert "all workspaces are paused by U0CASEY (here); `/moves resume all` lets them go on" in card
    shown = await here.say("")
    assert "All workspaces are paused by U0CASEY (here) (the fair is over); `/moves resume all` goes on." in shown
    assert "all workspaces are paused by" in await here.say("guardrails")

    assert "nothing leaves yet. All workspaces are paused" in await here.say("resume")
    await there.settle()
    assert await there.mails_to(email) == []

    assert "Resumed in all workspaces" in await here.say("resume all")
    await there.settle()
    assert len(await there.mails_to(email)) == 1
    assert (await ready(there))["paused"] is False


async def test_what_was_lifted_while_no_worker_ran_goes_on_with_the_next(two: Any) -> None:
    here, (there, email) = two
    await here.say("pause all")
    await there.settle()
    await here.say("resume all")
    await (await restarted(there)).settle()
    assert len(await there.mails_to(email)) == 1


async def test_a_workspace_that_paused_itself_stays_paused_and_says_so(two: Any) -> None:
    here, (there, email) = two
    await here.say("pause")
    form = await ready_to_leave(here)
    await here.say("pause all")
    await here.settle()
    await there.settle()
    assert "This one has: Paused by <@U0CASEY>" in await here.say("resume all")
    for product in (here, there):
        await product.settle()
    assert await here.mails_to(form["email"]) == []
    assert "everything is paused by U0CASEY; `/moves resume` lets it go on" in str((await here.card("Reply"))["blocks"])
    assert len(await there.mails_to(email)) == 1


async def test_who_is_no_operator_stops_this_workspace_alone_and_lifts_nothing(two: Any) -> None:
    here, (there, email) = two
    said = await here.say("pause all of it", user=ORLA)
    assert "This workspace alone is paused" in said
    assert "CASEYOS_OPERATORS" in said
    assert (await ready(here))["paused"] is True
    assert (await ready(there))["paused"] is False
    await there.settle()
    assert len(await there.mails_to(email)) == 1

    await here.say("pause all")
    assert "Nothing was changed" in await here.say("resume all", user=ORLA)
    assert (await ready(there))["all_paused"] is True


async def test_the_audit_has_who_turned_the_switch_of_all(two: Any) -> None:
    here, _ = two
    await here.say("pause all")
    await here.say("resume all")
    async with here.services.database.begin() as db:
        rows = await db.execute(select(audit_entries).where(audit_entries.c.grounds == "all workspaces"))
        assert [(row.what, row.who) for row in rows] == [("paused", OWNER), ("resumed", OWNER)]
