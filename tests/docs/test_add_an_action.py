"""The action and the play that the how-to prints work as printed: proposed, changed in the form, done once, taken back."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from core import playbook
from core.actions.registry import ACTIONS
from core.inquiry import FORM_SUBMITTED
from core.playbook import Play
from tests.support.product import Product

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/how-to/add-an-action.md"
TOMAS = "tomas.reyes@harlowlane.example"
"""Has one open deal in the sandbox's HubSpot."""


def _printed() -> dict[str, str]:
    """The files that the page shows, by path."""
    files = re.compile(r"^`(core/[a-z_/]+\.py)`:\n\n```python\n(.*?)```", re.DOTALL | re.MULTILINE)
    return dict(files.findall(PAGE.read_text()))


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page tells to do: the two files, and their lines in the registry and in the playbook."""
    printed = _printed()
    assert list(printed) == ["core/actions/set_next_step.py", "core/plays/next_step.py"]
    for path, code in printed.items():
        module = ModuleType(path.removesuffix(".py").replace("/", "."))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(code, path, "exec"), module.__dict__)  # the example, as printed in our own document
    action = sys.modules["core.actions.set_next_step"].SET_NEXT_STEP
    play = sys.modules["core.plays.next_step"]
    monkeypatch.setitem(ACTIONS, action.kind, action)
    line = Play(FORM_SUBMITTED, play.NEXT_STEP, play.next_step)
    monkeypatch.setattr(playbook, "PLAYS", (*playbook.PLAYS, line))


async def _next_step(product: Product) -> str:
    deals = (await product.sandbox.control("GET", "/control/hubspot"))["deals"]
    [deal] = [deal["properties"] for deal in deals if "spring" in deal["properties"]["dealname"]]
    return str(deal.get("hs_next_step") or "")


async def _proposed(product: Product) -> dict[str, Any]:
    await product.fill_form(name="Tomas Reyes", email=TOMAS, message="Hello again.")
    await product.settle()
    return await product.card("Next step")


async def _changes(product: Product) -> int:
    return len(await product.ledger(service="hubspot", kind="effect", method="deal_updated"))


async def test_the_printed_action_is_done_as_approved_and_taken_back(product: Product) -> None:
    before = await _next_step(product)
    card = await _proposed(product)
    refused = await product.approve(card, next_step="  ")
    assert refused["response"]["errors"] == {"next_step": "Say what comes next"}
    assert (await product.submit(next_step="Send the plan"))["error"] is None
    await product.settle()
    assert await _next_step(product) == "Send the plan"
    assert "done: noted" in (await product.card("Next step"))["text"]

    await product.press("move_undo", on=await product.card("Next step"))
    await product.settle()
    assert await _next_step(product) == before
    assert "open again" in str((await product.card("Next step"))["blocks"])
    assert await _changes(product) == 2


async def test_the_printed_action_is_done_once_when_its_answer_is_lost(product: Product) -> None:
    card = await _proposed(product)
    fault = {"service": "hubspot", "kind": "lose_answer", "method": "objects.update"}
    await product.sandbox.control("POST", "/control/fault", fault)
    await product.approve(card)
    for _ in range(20):
        await product.settle()
        product.clock.advance(timedelta(seconds=10))
    assert await _changes(product) == 1
    card = await product.card("Next step")
    assert "read back" in card["text"]
    await product.press("move_undo", on=card)
    await product.settle()
    assert await _changes(product) == 2
