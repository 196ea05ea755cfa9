"""The reference pages say of actions, plays, commands and files what the code says."""

import re
from pathlib import Path
from typing import Any

import pytest

from bot.handlers.moves import HELP
from core.actions.registry import ACTIONS
from core.plan import Action, Editable
from core.playbook import PLAYS
from core.telemetry import Event

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ACTIONS_PAGE = (ROOT / "docs/reference/actions.md").read_text()


def _section(title: str) -> str:
    return ACTIONS_PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _rows(section: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first heading this is."""
    table = section.split(f"| {heading} |")[1].split("\n\n", maxsplit=1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def _names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _labels(action: Action[Any]) -> dict[str, str]:
    """What stands beside each parameter's input; `no` where it has none."""
    found = {}
    for name, field in action.params.model_fields.items():
        editable = next((one for one in field.metadata if isinstance(one, Editable)), None)
        found[name] = editable.label if editable else "no"
    return found


def test_every_action_has_its_section_and_no_other() -> None:
    assert set(re.findall(r"^## `(\w+)`$", ACTIONS_PAGE, re.MULTILINE)) == set(ACTIONS)


@pytest.mark.parametrize("kind", ACTIONS)
def test_the_parameters_of_an_action_are_those_of_its_form(kind: str) -> None:
    shown = {name: label for cell, label, _ in _rows(_section(f"`{kind}`"), "parameter") for name in _names(cell)}
    real = _labels(ACTIONS[kind])
    assert list(shown) == list(real)
    assert {name: label for name, label in shown.items() if label != "as above"}.items() <= real.items()


@pytest.mark.parametrize("kind", ACTIONS)
def test_the_steps_of_an_action_are_sent_and_undone_as_the_page_says(kind: str) -> None:
    shown = [
        (*_names(step), service, counts == "yes", undo.startswith("yes"))
        for step, service, counts, undo in _rows(_section(f"`{kind}`"), "step")
    ]
    real = [(step.name, step.service, step.sends, step.reversible) for step in ACTIONS[kind].steps]
    assert shown == real


def test_every_play_is_listed_with_its_file_and_its_purpose() -> None:
    rows = _rows(_section("Plays"), "file")
    real = [(f"{play.propose.__module__.replace('.', '/')}.py", play.purpose) for play in PLAYS]
    assert [(file.strip("`"), purpose.strip("`")) for file, purpose, *_ in rows] == real
    for file, _, proposed, *_ in rows:
        assert set(re.findall(r'action="(\w+)"', (ROOT / file.strip("`")).read_text())) == set(_names(proposed))


def test_who_proposes_an_action_is_said_on_its_section() -> None:
    proposed: dict[str, set[str]] = {kind: set() for kind in ACTIONS}
    for _, purpose, kinds, *_ in _rows(_section("Plays"), "file"):
        for kind in _names(kinds):
            proposed[kind] |= set(_names(purpose))
    for kind, plays in proposed.items():
        said = re.findall(r"Proposed by the play `(\w+)`", _section(f"`{kind}`"))
        assert set(said) == plays, kind
        assert bool(plays) is not ("No play proposes it yet" in _section(f"`{kind}`"))


def test_every_slash_command_is_in_the_reference() -> None:
    page = (ROOT / "docs/reference/commands.md").read_text()
    assert set(re.findall(r"^\| `/moves ?(\w*)", page, re.MULTILINE)) == set(re.findall(r"\*/moves ?(\w*)", HELP))


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(document: Path) -> None:
    """But for those that it tells to write."""
    text = document.read_text()
    told = {"migrations/versions/NNNN_what.py", *re.findall(r"^`(core/[a-z_/]+\.py)`:$", text, re.MULTILINE)}
    for name in re.findall(r"`((?:bot|core|integrations|migrations|tests|docs)/[\w/.]*)`", text):
        assert name in told or (ROOT / name).exists(), name


def test_every_event_is_told_of_and_no_other() -> None:
    page = (ROOT / "docs/reference/events.md").read_text()
    assert [_names(row[0])[0] for row in _rows(page, "event")] == [str(event) for event in Event]
