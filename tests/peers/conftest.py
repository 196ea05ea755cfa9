"""The product's own adapters and runner against services that others wrote."""

import dataclasses
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from core import approval
from core.actions.book_meeting import BookMeeting
from core.ports import Ports
from core.tables import moves, recommendations
from integrations.calendar.client import GoogleCalendar
from integrations.gmail.client import GmailMailbox
from integrations.google.token import token_source
from tests.support import factories, myworld
from tests.support.factories import HOLD, OWNER, Approved
from tests.support.myworld import World
from tests.support.rig import Rig


@dataclass
class PeerRig(Rig):
    """Effects on PostgreSQL, carried out by the real clients of Gmail and Calendar in a world of others."""

    calendar: Any = None
    world: Any = None

    def ports(self) -> Ports:
        return dataclasses.replace(super().ports(), calendar=self.calendar)

    async def booked(self, meeting: BookMeeting) -> Approved:
        """An approved move that books the meeting; `draft` is its event, `sending` the prep note."""
        move = await factories.proposed(self.database, now=self.clock.now)
        mine = select(moves.c.recommendation_id).where(moves.c.id == move).scalar_subquery()
        values = {"action": "book_meeting", "params": meeting.model_dump(mode="json")}
        async with self.database.begin() as db:
            await db.execute(update(recommendations).where(recommendations.c.id == mine).values(**values))
            given = values["params"]
            event, prep = await approval.approve(db, move=move, params=given, by=OWNER, hold=HOLD, now=self.clock.now)
        return Approved(move, event, prep)


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with myworld.serving(tmp_path_factory.mktemp("myworld")) as url:
        yield url


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture
async def world(host: str, http: httpx.AsyncClient) -> World:
    return await myworld.a_world(host, http, f"test-{secrets.token_hex(6)}")


@pytest.fixture
async def rig(database, clock, world, http) -> PeerRig:
    await factories.furnished(database, now=clock.now)
    token = token_source(access_token=world.token, credentials=None)
    mailbox = GmailMailbox(http, api_url=world.gmail_url, token=token)
    calendar = GoogleCalendar(http, api_url=world.calendar_url, token=token)
    return PeerRig(database, clock, mailbox, calendar=calendar, world=world)
