"""What the page on connecting tells to set up is what the product needs: Google's scopes, HubSpot's property."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from core.ports import Rejected, Task
from integrations.google.token import CALENDAR_SCOPES, GMAIL_SCOPES
from integrations.hubspot.client import HubSpotCrm
from tests.support.sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/connect.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
TOKEN = "pat-sandbox"
CALL = Task("Call Jonas", "", datetime(2026, 11, 27, 10, tzinfo=UTC), kind="CALL")
SCOPES = [scope.rpartition("/")[2] for scope in (*GMAIL_SCOPES, *CALENDAR_SCOPES)]


def test_googles_scopes_are_those_that_are_asked_for() -> None:
    table = PAGE.split("| scope,")[1].split("\n\n", maxsplit=1)[0]
    assert re.findall(r"^\| `([a-z.]+)` \|", table, re.MULTILINE) == SCOPES
    assert set(re.findall(r"\b(?:gmail|calendar)\.[a-z.]*[a-z]", EXAMPLE)) - {"gmail.googleapis.com"} == set(SCOPES)


@pytest.fixture
async def without_the_property(sandbox: Sandbox) -> AsyncIterator[Sandbox]:
    await sandbox.control("POST", "/control/hubspot", {"unique_key": False})
    yield sandbox
    await sandbox.control("POST", "/control/hubspot", {"unique_key": True})


async def test_the_printed_property_is_what_tasks_were_missing(without_the_property: Sandbox) -> None:
    hubspot = without_the_property.hubspot_url
    printed = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert printed is not None
    async with httpx.AsyncClient(trust_env=False) as http:
        crm = HubSpotCrm(http, api_url=hubspot, token=TOKEN)
        with pytest.raises(Rejected, match="caseyos_key"):
            await crm.create_task(CALL, key="a1b2")
        answer = await http.post(
            f"{hubspot}/crm/v3/properties/tasks",
            json=json.loads(printed[1]),
            headers={"authorization": f"Bearer {TOKEN}"},
        )
        assert answer.status_code == 201, answer.text
        made = await crm.create_task(CALL, key="a1b2")
        assert (await crm.create_task(CALL, key="a1b2")).id == made.id
