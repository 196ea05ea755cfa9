"""The settings: all listed in `.env.example` with a comment and their defaults; an empty value means not set."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import MissingSetting, Settings, needed

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
LINE = re.compile(r"CASEYOS_([A-Z_]+)=(.*)")


@pytest.fixture(autouse=True)
def _no_settings_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CASEYOS_{name.upper()}", raising=False)


def listed() -> list[tuple[str, list[str]]]:
    """The names in the order of the file, each with the comment lines right above it."""
    found, above = [], list[str]()
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if match := LINE.fullmatch(line):
            found.append((match[1].lower(), above))
        above = [*above, line] if line.startswith("#") and not line.startswith("# ---") else []
    return found


def test_the_example_lists_every_setting_once_and_no_other() -> None:
    assert [name for name, _ in listed()] == list(Settings.model_fields)


def test_every_setting_in_the_example_has_its_own_comment() -> None:
    assert [name for name, comment in listed() if not comment] == []


def test_copying_the_example_as_it_is_changes_nothing() -> None:
    assert Settings(_env_file=EXAMPLE) == Settings(_env_file=None)


def test_every_line_of_the_example_is_a_setting_a_comment_or_empty() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#") and not LINE.fullmatch(line)] == []


def test_an_empty_value_means_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        if Settings.model_fields[name].default is None:
            monkeypatch.setenv(f"CASEYOS_{name.upper()}", "")
    assert Settings() == Settings(_env_file=None)
    assert Settings().forms_file is None


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CASEYOS_WORKSPACE=from the file\nCASEYOS_PORT=1234\n")
    monkeypatch.setenv("CASEYOS_WORKSPACE", "from the environment")
    assert (Settings().workspace, Settings().port) == ("from the environment", 1234)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("HOLD_S", "-1"),
        ("GMAIL_POLL_S", "0"),
        ("LOG_LEVEL", "loud"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", "redis://:swordfish@127.0.0.1:port/0"),
        ("PUBLIC_URL", "http://casey.pier7.example"),
        ("PUBLIC_URL", "https://casey.pier7.example/"),
        ("PUBLIC_URL", "https://eve@casey.pier7.example"),
        ("PUBLIC_URL", "https://casey.pier7.example?a"),
        ("PUBLIC_URL", "https://casey.pier7.example\n"),
        ("PUBLIC_URL", "https://casey.pier7.example\r\nBcc: x"),
    ],
)
def test_a_value_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CASEYOS_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()) as refused:
        Settings()
    assert "swordfish" not in str(refused.value.errors(include_input=False))


def test_secrets_are_not_in_the_text_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEYOS_SLACK_BOT_TOKEN", "xoxb-very-secret")
    monkeypatch.setenv("CASEYOS_DATABASE_URL", "postgresql://app:very-secret@db.example/caseyos")
    assert "very-secret" not in f"{Settings()!r} {Settings()}"


def test_a_missing_setting_is_named_as_people_set_it() -> None:
    with pytest.raises(MissingSetting, match=r"^CASEYOS_REDIS_URL is not set: it wakes the workers$"):
        needed(None, "redis_url", "it wakes the workers")
