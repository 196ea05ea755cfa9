"""The state of the sandbox's Slack, put together from its parts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from integrations.sandbox.slack.limits import PostingLimit
from integrations.sandbox.slack.messages import Messages
from integrations.sandbox.slack.people import DIRECT, PEOPLE, PUBLIC_CHANNELS, can_see, channel_name, user_doc
from integrations.sandbox.slack.sockets import Sockets
from integrations.sandbox.slack.tickets import ResponseUrls, Triggers
from integrations.sandbox.slack.views import Views
from integrations.sandbox.store import Store

SERVICE = "slack"


class Workspace:
    def __init__(self, store: Store, *, rate_limits: bool = True) -> None:
        self.store = store
        self.messages = Messages(store)
        self.views = Views(store)
        self.triggers = Triggers()
        self.response_urls = ResponseUrls(store)
        self.sockets = Sockets(store)
        self.posting_limit = PostingLimit(rate_limits)
        self.newest_blocks = True
        self._held: list[tuple[str, dict[str, Any]]] | None = None

    async def drop_sockets(self) -> int:
        """Cut every Socket Mode connection at once; how many there were comes back."""
        return await self.sockets.drop_all()

    def record(self, kind: str, method: str, data: dict[str, Any]) -> int:
        return self.store.record(SERVICE, kind, method, data)

    def effect(self, method: str, data: dict[str, Any]) -> None:
        """Note that something is different now."""
        if self._held is None:
            self.record("effect", method, data)
        else:
            self._held.append((method, data))

    @contextmanager
    def effects_after(self) -> Iterator[None]:
        """Write the effects of what is done inside when it ends, so that the line of the request comes first."""
        held: list[tuple[str, dict[str, Any]]] = []
        self._held = held
        try:
            yield
        finally:
            self._held = None
            for method, data in held:
                self.record("effect", method, data)

    def seen_by(self, user: str) -> dict[str, Any]:
        """Everything on this person's screen."""
        home = self.views.home(user)
        return {
            "me": user,
            "users": [user_doc(one) for one in (*PEOPLE, "U0BOT")],
            "channels": [
                {
                    "id": channel,
                    "name": channel_name(channel) if channel in PUBLIC_CHANNELS else "CaseyOS",
                    "is_im": channel in DIRECT,
                    "unread": self.messages.unread(user, channel),
                    "messages": self.messages.in_channel(channel),
                }
                for channel in (*PUBLIC_CHANNELS, *DIRECT)
                if can_see(user, channel)
            ],
            "ephemeral": self.messages.whispers(user),
            "views": [one["view"] | {"errors": one["errors"], "typed": one["typed"]} for one in self.views.stack(user)],
            "home": None if home is None else home["view"],
            "sockets": self.sockets.count(),
        }
