"""The command line as a terminal runs it."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from tests.conftest import Urls
from tests.support.command_line import Caseyos


@pytest.fixture
def caseyos(urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caseyos:
    """Runs a command as a terminal would, with only these settings."""
    monkeypatch.chdir(tmp_path)

    async def run(*words: str, **settings: str) -> Result:
        env = {
            "CASEYOS_DATABASE_URL": urls.app,
            "CASEYOS_WORKSPACE": "test",
            "COLUMNS": "200",
            **{f"CASEYOS_{name.upper()}": value for name, value in settings.items()},
        }
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=env)

    return run
