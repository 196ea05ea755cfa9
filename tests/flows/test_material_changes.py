"""Whatever a person would want to know of asks again, and nothing else does; CASEYOS_LONG=1 does each ten thousand times."""

import os
import random
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from core import workspace
from core.effect import State
from core.workspace import WorkspaceSettings
from tests.flows.approved_plans import Approved, Plans
from tests.flows.changes_outside import IMMATERIAL, MATERIAL
from tests.support import factories
from tests.support.factories import OWNER
from tests.support.fake_mailbox import FakeMailbox

LONG = os.environ.get("CASEYOS_LONG") == "1"
CHANGES = 10_000 if LONG else 150
AT_ONCE = 100
SEED = 1
ASKED_AGAIN = frozenset({State.REFUSED, State.DROPPED})
"""Ends of the effect without anything having left."""


@pytest.fixture
async def plans(database, clock) -> Plans:
    clock.now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    await factories.furnished(database, now=clock.now)
    async with database.begin() as db:
        settings = WorkspaceSettings(default_owner=OWNER, daily_mail_cap=1_000_000)
        await workspace.ensure(db, id=database.workspace, name="test", settings=settings, now=clock.now)
    return Plans(database, clock, FakeMailbox(clock))


def drawn(dice: random.Random, changes: list[tuple[str, str]], number: int) -> list[Approved]:
    """So many plans, every change in turn, in the order of the dice."""
    turns = [changes[n % len(changes)] for n in range(number)]
    dice.shuffle(turns)
    return [Approved(action, change, slot=n % AT_ONCE) for n, (action, change) in enumerate(turns)]


async def lived_through(plans: Plans, batch: list[Approved], table, dice: random.Random):
    """Approved, prepared, changed outside, executed; how they stand then."""
    await plans.approve(batch)
    await plans.work(besides={plan.last for plan in batch})
    for plan in batch:
        found = table[plan.action][plan.change]
        await (found[0] if isinstance(found, tuple) else found)(plans, plan)
    await plans.execute(dice)
    return await plans.stand(batch)


async def test_every_material_change_asks_again_and_says_what_it_was(plans):
    fields = [(action, name) for action, table in MATERIAL.items() for name in table]
    dice, began, asked, wrong = random.Random(SEED), time.perf_counter(), Counter(), []
    everything = drawn(dice, fields, CHANGES)
    for first in range(0, CHANGES, AT_ONCE):
        batch = everything[first : first + AT_ONCE]
        stands = await lived_through(plans, batch, MATERIAL, dice)
        for plan in batch:
            state, note, last = stands[plan.move]
            words = MATERIAL[plan.action][plan.change][1]
            if state == "open" and last in ASKED_AGAIN and words in note and plans.left(plan) == 0:
                asked[plan.action, plan.change] += 1
            else:
                wrong.append((plan.action, plan.change, state, note, last, plans.left(plan)))
        plans.forget()
    took_s = time.perf_counter() - began
    print(
        f"{CHANGES} material changes of {len(fields)} kinds: {asked.total()} asked again, seed {SEED}, {took_s:.0f} s"
    )
    assert wrong == []
    assert set(asked) == set(fields)


async def test_no_immaterial_change_asks_again(plans):
    kinds = [(action, name) for action, table in IMMATERIAL.items() for name in table]
    dice, began, asked, seen = random.Random(SEED), time.perf_counter(), [], Counter()
    everything = drawn(dice, kinds, CHANGES)
    for first in range(0, CHANGES, AT_ONCE):
        batch = everything[first : first + AT_ONCE]
        stands = await lived_through(plans, batch, IMMATERIAL, dice)
        for plan in batch:
            state, note, last = stands[plan.move]
            seen[plan.action, plan.change] += 1
            if (state, last, plans.left(plan)) != ("done", State.APPLIED, 1):
                asked.append((plan.action, plan.change, state, note, last, plans.left(plan)))
        plans.forget()
    took_s = time.perf_counter() - began
    print(f"{CHANGES} immaterial changes of {len(kinds)} kinds: {len(asked)} asked again, seed {SEED}, {took_s:.0f} s")
    assert asked == []
    assert set(seen) == set(kinds)
