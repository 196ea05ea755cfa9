"""Who and what lives in the sandbox's Slack team, and the names under which Slack knows the app."""

from typing import Any

TEAM_ID = "T0PIER7"
TEAM_NAME = "Pier 7 Marketing"
TEAM_DOMAIN = "pier7"
APP_ID = "A0CASEYOS"
BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
BOT_NAME = "CaseyOS"
BOT_TOKEN = "xoxb-sandbox"  # noqa: S105  a stand-in's published token
APP_TOKEN = "xapp-sandbox"  # noqa: S105  a stand-in's published token
VERIFICATION_TOKEN = "sandbox-verification"  # noqa: S105  a stand-in's published token
TIME_ZONE = "Europe/London"

PEOPLE = {
    "U0CASEY": ("casey", "Casey Morgan"),
    "U0ORLA": ("orla", "Orla Byrne"),
    "U0SAM": ("sam", "Sam Okafor"),
}
PUBLIC_CHANNELS = {"C0GENERAL": "general", "C0NORTHPIER": "client-northpier", "C0WINS": "wins"}
DIRECT = {"D0CASEY": "U0CASEY", "D0ORLA": "U0ORLA", "D0SAM": "U0SAM"}
DIRECT_OF = {user: channel for channel, user in DIRECT.items()}


def user_doc(user: str) -> dict[str, Any]:
    """The user as `users.info` answers it; KeyError for a stranger."""
    if user == BOT_USER:
        name, real_name, email = "caseyos", BOT_NAME, None
    else:
        name, real_name = PEOPLE[user]
        email = f"{name}@pier7.example"
    profile: dict[str, Any] = {"real_name": real_name, "display_name": real_name.split()[0], "team": TEAM_ID}
    if email is None:
        profile |= {"api_app_id": APP_ID, "bot_id": BOT_ID}
    else:
        profile["email"] = email
    return {
        "id": user,
        "team_id": TEAM_ID,
        "name": name,
        "deleted": False,
        "real_name": real_name,
        "tz": TIME_ZONE,
        "tz_label": "Greenwich Mean Time",
        "tz_offset": 0,
        "profile": profile,
        "is_admin": user == "U0CASEY",
        "is_owner": user == "U0CASEY",
        "is_bot": user == BOT_USER,
        "is_app_user": False,
        "updated": 1760000000,
    }


def channel_name(channel: str) -> str:
    return PUBLIC_CHANNELS.get(channel, "directmessage")


def can_see(user: str, channel: str) -> bool:
    """Everybody sees the public channels and nobody another's direct messages."""
    return channel in PUBLIC_CHANNELS or DIRECT.get(channel) == user


def users_of(user: str) -> dict[str, str]:
    """The user as interaction payloads name them."""
    name = PEOPLE[user][0]
    return {"id": user, "username": name, "name": name, "team_id": TEAM_ID}
