"""Modals in their stacks and App Homes, as durable documents."""

import secrets
import time
from typing import Any

from integrations.sandbox.slack.blocks import completed
from integrations.sandbox.slack.errors import SlackError
from integrations.sandbox.slack.people import APP_ID, BOT_ID, TEAM_ID
from integrations.sandbox.slack.values import still_valid
from integrations.sandbox.store import Store

View = dict[str, Any]

VIEW, HOME = "slack_view", "slack_home"
MOST_IN_STACK = 3


class Views:
    """An open modal is `{"view", "user", "typed", "errors"}`: the view as Slack sends it, and what the person did."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def stack(self, user: str) -> list[View]:
        """The open modals of a person, the visible one last."""
        return [one for one in self._store.all(VIEW) if one["user"] == user]

    def get(self, view_id: str) -> View | None:
        return self._store.get(VIEW, view_id)

    def by_external_id(self, external_id: str) -> View | None:
        everything = [*self._store.all(VIEW), *self._store.all(HOME)]
        return next((one for one in everything if one["view"]["external_id"] == external_id), None)

    def open(self, user: str, asked: View) -> View:
        """A new modal; it replaces whatever stack the person had open."""
        self._refuse_taken_external_id(asked)
        for one in self.stack(user):
            self._store.delete(VIEW, one["view"]["id"])
        view_id = self._new_id()
        return self._keep_modal(user, _payload(asked, view_id, root=view_id, previous=None))

    def push(self, user: str, asked: View) -> View:
        """A modal on top of the one that is visible; SlackError when the stack is full or empty."""
        stack = self.stack(user)
        if not stack:
            raise SlackError("not_found", "there is no open view to push onto")
        if len(stack) >= MOST_IN_STACK:
            raise SlackError("push_limit_reached", f"a stack holds {MOST_IN_STACK} views")
        self._refuse_taken_external_id(asked)
        root, previous = stack[0]["view"]["id"], stack[-1]["view"]["id"]
        return self._keep_modal(user, _payload(asked, self._new_id(), root=root, previous=previous))

    def update(self, view_id: str, asked: View, expected_hash: str | None) -> View:
        """Replace the content of an open modal or a Home; what was typed into fields that stay is kept."""
        kind = VIEW if self._store.get(VIEW, view_id) is not None else HOME
        opened = self._store.get(VIEW, view_id) or self._home_by_id(view_id)
        if opened is None:
            raise SlackError("not_found", f"no view {view_id} is open")
        old = opened["view"]
        if expected_hash is not None and expected_hash != old["hash"]:
            raise SlackError("hash_conflict", f"the view has changed: its hash is {old['hash']}")
        if asked.get("external_id", "") not in ("", old["external_id"]):
            self._refuse_taken_external_id(asked)
        new = _payload(asked, view_id, root=old["root_view_id"], previous=old["previous_view_id"])
        new["external_id"] = new["external_id"] or old["external_id"]
        return self._keep(
            kind, opened | {"view": new, "errors": {}, "typed": still_valid(new["blocks"], opened["typed"])}
        )

    def publish(self, user: str, asked: View, expected_hash: str | None) -> View:
        old = self._store.get(HOME, user)
        if old is not None:
            return self.update(old["view"]["id"], asked, expected_hash)
        if expected_hash is not None:
            raise SlackError("hash_conflict", "nothing was published yet")
        view_id = self._new_id()
        return self._keep(HOME, _opened(user, _payload(asked, view_id, root=view_id, previous=None)))

    def home(self, user: str) -> View | None:
        return self._store.get(HOME, user)

    def type_into(self, opened: View, values: dict[str, Any], errors: dict[str, str]) -> View:
        """Remember what the person typed and which errors are shown beside the fields."""
        kind = HOME if opened["view"]["type"] == "home" else VIEW
        return self._keep(kind, opened | {"typed": values, "errors": errors})

    def close(self, view_id: str, *, all_of_stack: bool) -> list[View]:
        """Close a modal, or its whole stack; what was closed comes back, the visible one first."""
        opened = self.get(view_id)
        if opened is None:
            return []
        stack = self.stack(opened["user"])
        at = [one["view"]["id"] for one in stack].index(view_id)
        gone = stack if all_of_stack else stack[at:]
        for one in gone:
            self._store.delete(VIEW, one["view"]["id"])
        return gone[::-1]

    def _home_by_id(self, view_id: str) -> View | None:
        return next((one for one in self._store.all(HOME) if one["view"]["id"] == view_id), None)

    def _refuse_taken_external_id(self, asked: View) -> None:
        external_id = asked.get("external_id")
        if external_id and self.by_external_id(external_id) is not None:
            raise SlackError("duplicate_external_id", f"{external_id} is open already")

    def _new_id(self) -> str:
        return f"V0{self._store.next_id('slack_view'):08d}"

    def _keep_modal(self, user: str, view: View) -> View:
        return self._keep(VIEW, _opened(user, view))

    def _keep(self, kind: str, opened: View) -> View:
        self._store.put(kind, opened["view"]["id"] if kind == VIEW else opened["user"], opened)
        return opened


def _opened(user: str, view: View) -> View:
    return {"view": view, "user": user, "typed": {}, "errors": {}}


def _payload(asked: View, view_id: str, *, root: str, previous: str | None) -> View:
    return {
        "id": view_id,
        "team_id": TEAM_ID,
        "type": asked["type"],
        "blocks": completed(asked["blocks"]),
        "private_metadata": asked.get("private_metadata", ""),
        "callback_id": asked.get("callback_id", ""),
        "state": {"values": {}},
        "hash": f"{int(time.time())}.{secrets.token_urlsafe(6)}",
        "title": _plain(asked.get("title")) or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": asked.get("clear_on_close", False),
        "notify_on_close": asked.get("notify_on_close", False),
        "close": _plain(asked.get("close")),
        "submit": _plain(asked.get("submit")),
        "previous_view_id": previous,
        "root_view_id": root,
        "app_id": APP_ID,
        "external_id": asked.get("external_id", ""),
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def _plain(text: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if text is None else {"emoji": True, **text}
