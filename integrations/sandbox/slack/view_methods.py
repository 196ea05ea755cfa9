"""The views.* methods: open, push, update, publish."""

from typing import Any

from integrations.sandbox.slack import blocks as block_kit
from integrations.sandbox.slack.arguments import Arguments
from integrations.sandbox.slack.errors import SlackError
from integrations.sandbox.slack.people import PEOPLE
from integrations.sandbox.slack.views import HOME, VIEW
from integrations.sandbox.slack.workspace import Workspace


def open_view(slack: Workspace, given: Arguments) -> dict[str, Any]:
    view = sound(slack, given["view"], "modal")
    user = slack.triggers.exchange(_trigger(given))
    return _done(slack, "view_opened", slack.views.open(user, view))


def push(slack: Workspace, given: Arguments) -> dict[str, Any]:
    view = sound(slack, given["view"], "modal")
    user = slack.triggers.exchange(_trigger(given))
    return _done(slack, "view_pushed", slack.views.push(user, view))


def update(slack: Workspace, given: Arguments) -> dict[str, Any]:
    view_id = given.get("view_id", "")
    if "external_id" in given and not view_id:
        found = slack.views.by_external_id(given["external_id"])
        view_id = found["view"]["id"] if found else ""
    if not view_id:
        raise SlackError("not_found", "view_id or external_id of an open view is needed")
    opened = slack.store.get(VIEW, view_id)
    kind = "modal" if opened else "home" if any(v["view"]["id"] == view_id for v in slack.store.all(HOME)) else "modal"
    view = sound(slack, given["view"], kind)
    return _done(slack, "view_updated", slack.views.update(view_id, view, given.get("hash")))


def publish(slack: Workspace, given: Arguments) -> dict[str, Any]:
    if given["user_id"] not in PEOPLE:
        raise SlackError("user_not_found", f"there is no user {given['user_id']}")
    view = sound(slack, given["view"], "home")
    return _done(slack, "home_published", slack.views.publish(given["user_id"], view, given.get("hash")))


def sound(slack: Workspace, view: Any, kind: str) -> dict[str, Any]:
    """The view itself; SlackError when Slack would refuse it."""
    if wrong := block_kit.view_problems(view, kind, newest=slack.newest_blocks):
        error = "view_too_large" if any("view is too large" in one for one in wrong) else "invalid_arguments"
        raise SlackError(error, "; ".join(wrong), messages=wrong)
    checked: dict[str, Any] = view
    return checked


def _trigger(given: Arguments) -> str:
    trigger: str = given.get("trigger_id") or given.get("interactivity_pointer") or ""
    if not trigger:
        raise SlackError("invalid_arguments", "missing arguments: trigger_id")
    return trigger


def _done(slack: Workspace, method: str, opened: dict[str, Any]) -> dict[str, Any]:
    view = opened["view"]
    slack.effect(method, {"user": opened["user"], "view_id": view["id"], "view": view})
    return {"view": view}
