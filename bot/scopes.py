"""What CaseyOS asks of Slack: every Web API method that it calls, and the bot scopes that the method needs."""

from itertools import chain

SCOPES_OF: dict[str, tuple[str, ...]] = {
    "auth_test": (),
    "chat_postMessage": ("chat:write",),
    "chat_postEphemeral": ("chat:write",),
    "chat_delete": ("chat:write",),
    "chat_update": ("chat:write",),
    "conversations_open": ("im:write",),
    "conversations_history": ("im:history", "channels:history"),
    "conversations_replies": ("im:history", "channels:history"),
    "users_info": ("users:read",),
    "views_open": (),
    "views_publish": (),
    "views_update": (),
    "apps_connections_open": (),  # the app token's scope connections:write, which no manifest can ask for
}
"""By the client's method; a test compares the keys with the calls in the code."""

COMMANDS = "commands"

BOT_SCOPES = frozenset({COMMANDS, *chain.from_iterable(SCOPES_OF.values())})
"""What `manifest.yml` asks for, no more and no less."""
