"""What CaseyOS asks of Slack: every Web API method that it calls, and the bot scope that the method needs."""

SCOPE_OF: dict[str, str | None] = {
    "auth_test": None,
    "chat_postMessage": "chat:write",
    "chat_postEphemeral": "chat:write",
    "chat_update": "chat:write",
    "conversations_open": "im:write",
    "conversations_history": "im:history",
    "conversations_replies": "im:history",
    "users_info": "users:read",
    "views_open": None,
    "views_publish": None,
    "apps_connections_open": None,  # the app token's scope connections:write, which no manifest can ask for
}
"""By the client's method; a test compares the keys with the calls in the code."""

COMMANDS = "commands"

BOT_SCOPES = frozenset({COMMANDS, *filter(None, SCOPE_OF.values())})
"""What `manifest.yml` asks for, no more and no less."""
