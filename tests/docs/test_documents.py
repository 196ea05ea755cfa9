"""What the documents show is true: commands run, links lead somewhere, diagrams match the code."""

import hashlib
import hmac
import re
import shlex
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from bot import api
from bot.cli import app
from bot.settings import Settings
from core import effect as machine
from core.guardrails import GuardrailSettings
from core.tables import MOVE_STATES
from integrations.forms import signals
from integrations.forms.mapping import FormMappings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MAKE_TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
COMMANDS = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
COMMANDS |= {group.typer_instance.info.name for group in app.registered_groups if group.typer_instance}


def _shown_commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
            found += [(page.name, line[2:]) for line in block.splitlines() if line.startswith("$ ")]
    return found


@pytest.mark.parametrize(("page", "line"), _shown_commands())
def test_every_shown_command_exists_with_its_options(page: str, line: str) -> None:
    words = shlex.split(line)
    if words[0] == "make":
        assert words[1] in MAKE_TARGETS
        return
    assert words[0] == ".venv/bin/caseyos", f"{page}: {line}"
    command = typer.main.get_command(app)
    context = command.make_context("caseyos", words[1:2])
    assert command.get_command(context, words[1]).make_context(words[1], words[2:])


def test_every_command_of_the_reference_exists_and_none_is_left_out() -> None:
    named = set(re.findall(r"`caseyos ([a-z-]+)", (ROOT / "docs/reference/commands.md").read_text()))
    assert named == COMMANDS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


THE_TESTS_OWN = "CASEYOS_LONG"


def test_every_setting_named_in_a_document_exists() -> None:
    known = {f"CASEYOS_{name.upper()}" for name in Settings.model_fields} | {THE_TESTS_OWN}
    for page in PAGES:
        for named in re.findall(r"CASEYOS_[A-Z_]+[A-Z]", page.read_text()):
            assert named in known or any(one.endswith(named) for one in known), f"{page.name}: {named}"


def _arrows(title: str) -> set[tuple[str, str]]:
    page = (ROOT / "docs/reference/states.md").read_text()
    diagram = page.split(f"## {title}\n")[1].split("```")[1]
    found = re.findall(r"^\s*(\w+) --> (\w+)", diagram, re.MULTILINE)
    return {(start, end) for start, end in found}


def test_the_diagram_of_effects_is_the_state_machine() -> None:
    """Every arrow that the code can take is drawn, and no other."""
    now = datetime(2026, 11, 24, tzinfo=UTC)
    timing = machine.Timing(*(3 * [timedelta(seconds=1)]))
    later = timedelta(seconds=1)
    events: list[machine.Event] = [
        machine.Arm(timing),
        machine.Block("because"),
        machine.Unblock(),
        machine.Applied(),
        machine.Refused("no"),
        machine.Unavailable("later", later),
        machine.Unclear("lost"),
        machine.Found(),
        machine.NotFound(later, asked_at=now),
        machine.WorkerLost(),
        machine.Look(later),
        machine.Park("again and again"),
        machine.CannotTell("gone"),
        machine.CannotReadNow("busy", later),
        machine.Cancel(),
        machine.Drop("no"),
        machine.SaysSent(),
        machine.SaysAgain(),
        machine.TakeBack(),
        machine.Undo(timing),
        machine.UndoDone(),
        machine.UndoImpossible("no"),
        machine.UndoUnclear("lost", later),
    ]
    taken = set()
    for state in machine.State:
        before = machine.Effect(state, due_at=now, horizon_until=now)
        for event in events:
            if machine.allowed(state, type(event)):
                after = machine.transition(before, event, now)
                if after.state is not state:
                    taken.add((str(state), str(after.state)))
    assert _arrows("An effect") == taken


def test_the_diagram_of_moves_knows_the_states_of_the_table() -> None:
    drawn = {state for arrow in _arrows("A move") for state in arrow}
    assert drawn == set(MOVE_STATES)


def test_the_form_example_signs_what_the_product_accepts() -> None:
    page = (ROOT / "docs/how-to/connect-a-form.md").read_text()
    toml = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert toml is not None
    mappings = FormMappings.from_text("\n".join(line[3:] for line in toml[1].splitlines()), name="the example")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    sent: list[tuple[bytes, dict[str, str]]] = []

    class Answer:
        status = 202

        def __enter__(self) -> "Answer":
            return self

        def __exit__(self, *_: object) -> None: ...

    class Sender:
        """Stands where the example would open a connection, and keeps what it would send."""

        @staticmethod
        def Request(url: str, body: bytes, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
            return body, headers

        @staticmethod
        def urlopen(request: tuple[bytes, dict[str, str]]) -> Answer:
            sent.append(request)
            return Answer()

    example = "\n".join(line[3:] for line in code[1].splitlines()).replace("urllib.request.", "Sender.")
    names: dict[str, object] = {"Sender": Sender}
    exec(example.replace(", urllib.request", ""), names)  # the example, as printed in our own document
    submit = names["submit"]
    assert callable(submit)
    assert submit("http://127.0.0.1", "secret", {"full_name": "Dana", "email": "dana@northpier.example"}, "1") == 202
    body, headers = sent[0]
    now = datetime.now(UTC)
    signals.check_signature(body, headers, secret="secret", now=now)
    signal = signals.parse("contact", body, headers, mappings, now)
    assert signal.payload["name"] == "Dana"
    stamp = headers["X-CaseyOS-Timestamp"].encode()
    assert (
        headers["X-CaseyOS-Signature"] == "v1=" + hmac.new(b"secret", stamp + b"." + body, hashlib.sha256).hexdigest()
    )


def test_the_examples_of_marketing_mail_are_read() -> None:
    page = (ROOT / "docs/how-to/send-marketing-mail.md").read_text()
    forms, rules = (
        "\n".join(line.strip() for line in block.splitlines())
        for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    )
    mapping = FormMappings.from_text(forms, name="the example").get("contact")
    assert mapping is not None
    assert mapping.consent is not None
    assert mapping.consent.field == "newsletter"
    legal = GuardrailSettings.model_validate(tomllib.loads(rules)).legal
    assert legal.marketing == GuardrailSettings().legal.marketing | {"answer_inquiry"}
    assert legal.postal_address
    ticked = re.search(r"A ticked box says (.*?);", page)
    assert ticked is not None
    assert set(re.findall(r"`(\w+)`", ticked[1])) == signals.TICKED


def test_the_answer_shown_for_a_program_is_one_that_is_given() -> None:
    page = (ROOT / "docs/reference/http.md").read_text()
    shown = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    said = api.Today.model_validate_json(shown[1])
    assert all(sum(reason.points for reason in move.reasons) == move.aps for move in said.moves)
