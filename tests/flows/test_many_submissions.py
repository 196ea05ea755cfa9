"""Many people submit one approval, and Slack delivers some of it again: one effect each, and everybody is answered.

CASEYOS_LONG=1 does it for three hundred cards.
"""

import asyncio
import os
import random

import httpx
import pytest
from sqlalchemy import func, select

from core.tables import approvals, effects, move_events
from tests.support import factories
from tests.support.product import Product
from tests.support.slack_requests import encoded, signed

CARDS = 300 if os.environ.get("CASEYOS_LONG") == "1" else 12
SUBMISSIONS = 20
PEOPLE = ("U0CASEY", "U0ORLA", "U0SAM", "U0KAI", "U0LEA")


def submission(move, user: str, number: int) -> dict:
    values = {"to": "x", "subject": f"For {user}", "body": "Shall we talk?"}
    return {
        "type": "view_submission",
        "user": {"id": user},
        "view": {
            "id": f"V{move.hex[:8]}{user}",
            "hash": f"1790000000.{number:08d}",
            "type": "modal",
            "callback_id": "execute_view",
            "private_metadata": str(move),
            "state": {"values": {name: {"input": {"value": text}} for name, text in values.items()}},
        },
    }


@pytest.mark.parametrize("seed", [11])
async def test_of_many_submissions_one_binds_and_everybody_is_answered(product: Product, seed: int) -> None:
    dice = random.Random(seed)
    services = product.services
    assert services.settings.slack_signing_secret is not None
    secret = services.settings.slack_signing_secret.get_secret_value()
    now = services.clock()
    addresses = {}
    for _ in range(CARDS):
        to = factories.address()
        addresses[await factories.proposed(services.database, now=now, email=to)] = to

    deliveries = []
    for move, to in addresses.items():
        people = dice.sample(PEOPLE, dice.randint(2, 5))
        for number in range(SUBMISSIONS):
            asked = submission(move, people[number % len(people)], number)
            asked["view"]["state"]["values"]["to"]["input"]["value"] = to
            deliveries += [asked] * dice.randint(1, 4)
    dice.shuffle(deliveries)

    at_once = asyncio.Semaphore(24)
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:

        async def deliver(asked: dict) -> tuple[str, httpx.Response]:
            body, kind = encoded("view", asked)
            async with at_once:
                headers = {"Content-Type": kind, **signed(body, secret=secret)}
                answer = await http.post(f"{product.url}/slack/events", content=body, headers=headers)
            return asked["view"]["private_metadata"], answer

        answers = await asyncio.gather(*(deliver(asked) for asked in deliveries))

    assert {answer.status_code for _, answer in answers} == {200}
    taken = [move for move, answer in answers if not answer.content]
    told = [answer.json() for _, answer in answers if answer.content]
    assert sorted(taken) == sorted(str(move) for move in addresses)
    assert all("already approved by" in str(said["view"]) for said in told)
    async with services.database.begin() as db:
        assert (await db.execute(select(func.count()).select_from(approvals))).scalar_one() == CARDS
        plans = select(func.count(func.distinct(effects.c.approval_id))).where(effects.c.approval_id.is_not(None))
        assert (await db.execute(plans)).scalar_one() == CARDS
        decided = select(func.count()).select_from(move_events).where(move_events.c.what == "approved")
        assert (await db.execute(decided)).scalar_one() == CARDS
    print(f"{CARDS} cards, {len(deliveries)} deliveries: {len(taken)} bound, {len(told)} told who was first")
