"""The Slack app manifest: its shape, and scopes that are exactly what the code's calls need."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.scopes import BOT_SCOPES, COMMANDS, SCOPES_OF

ROOT = Path(__file__).resolve().parents[2]
BY_BOLT = {"auth_test", "apps_connections_open"}
"""What Bolt calls for us: who we are, and the way in for Socket Mode."""

WEB_API = {name for name in dir(AsyncWebClient) if "_" in name and not name.startswith("_")}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))


def called(folder: Path) -> set[str]:
    """The Web API methods that the code mentions on anything, by the client's names."""
    found = set()
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in WEB_API}
        assert "api_call" not in {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}, path
    return found


def subscribed(folder: Path) -> set[str]:
    """The first argument of every `app.event(...)`."""
    calls = [n for p in folder.rglob("*.py") for n in ast.walk(ast.parse(p.read_text())) if isinstance(n, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "event" and isinstance(call.args[0], ast.Constant)
    }


def test_every_method_that_the_code_calls_has_its_scope_and_no_scope_is_for_nothing() -> None:
    assert called(ROOT / "bot") | BY_BOLT == set(SCOPES_OF)


def test_the_scopes_are_those_of_the_methods_called_and_of_the_command(manifest: dict[str, Any]) -> None:
    needed = {scope for method in called(ROOT / "bot") for scope in SCOPES_OF[method]}
    asked = manifest["oauth_config"]["scopes"]["bot"]
    assert sorted(asked) == sorted(needed | {COMMANDS})
    assert set(asked) == BOT_SCOPES
    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}


def test_the_manifest_keeps_the_limits_of_slack(manifest: dict[str, Any]) -> None:
    shown = manifest["display_information"]
    assert 1 <= len(shown["name"]) <= 35
    assert 1 <= len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4000
    assert manifest["features"]["bot_user"]["display_name"].isascii()
    assert len(manifest["features"]["bot_user"]["display_name"]) <= 80


def test_the_manifest_has_no_other_parts_than_slack_knows(manifest: dict[str, Any]) -> None:
    assert set(manifest) == {"display_information", "features", "oauth_config", "settings"}
    assert set(manifest["features"]) == {"app_home", "bot_user", "slash_commands"}
    assert set(manifest["settings"]) == {
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    }


def test_home_and_messages_are_open_and_people_may_write(manifest: dict[str, Any]) -> None:
    assert manifest["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,  # else there is no line to type a command into
    }


def test_the_command_is_the_one_that_is_handled(manifest: dict[str, Any]) -> None:
    [command] = manifest["features"]["slash_commands"]
    assert command["command"] == ids.COMMAND
    assert len(command["description"]) <= 2000
    assert 1 <= len(command["usage_hint"]) <= 1000
    assert "url" not in command, "Socket Mode needs no address"


def test_it_runs_in_socket_mode_with_interactivity_and_plain_tokens(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["org_deploy_enabled"] is False
    assert settings["token_rotation_enabled"] is False


def test_every_event_that_is_sent_is_handled_and_messages_are_not_asked_for(manifest: dict[str, Any]) -> None:
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert events == ["app_home_opened"]
    assert set(events) <= subscribed(ROOT / "bot" / "handlers")
