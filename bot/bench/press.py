"""A Snooze press as Slack sends it over HTTP: the payload, its signature, and the bytes on the wire."""

import hashlib
import hmac
import itertools
import json
import secrets
import time
from typing import Any
from urllib.parse import quote_plus, urlencode

from bot import ids
from bot.views import card as card_view
from core.card import Card

USER = "U0BENCH"
CHANNEL = "D0BENCH"
TEAM = "T0BENCH"
CHOICE = "two_hours"
PATH = "/slack/events"

_TRIGGER = "1000000000000.2000000000000.{}"
_NUMBER = "{:032x}"


class Presses:
    """Presses of Snooze on one card, each with a trigger id of its own and signed when it is asked for."""

    def __init__(self, card: Card, *, secret: str, port: int) -> None:
        mark = _NUMBER.format(0xFEED << 64)
        body = urlencode({"payload": json.dumps(payload(card, trigger_id=_TRIGGER.format(mark)))})
        self._before, _, self._after = (part.encode() for part in body.partition(quote_plus(mark)))
        self._secret = secret
        self._port = port
        self._numbers = itertools.count(secrets.randbits(100))  # no two cards share a trigger id

    def next(self) -> bytes:
        """The whole HTTP request, keep-alive, as of now."""
        body = self._before + _NUMBER.format(next(self._numbers)).encode() + self._after
        stamp = str(int(time.time()))
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\nAccept: */*\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: {signature(self._secret, stamp, body)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def signature(secret: str, stamp: str, body: bytes) -> str:
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()


def payload(card: Card, *, trigger_id: str) -> dict[str, Any]:
    """What Slack sends for a chosen option of a card's Snooze menu, with the message it stands in."""
    stamp = "1790000000.000100"
    return {
        "type": "block_actions",
        "user": {"id": USER, "username": "bench", "name": "bench", "team_id": TEAM},
        "api_app_id": "A0BENCH",
        "token": "not-used-any-more",
        "container": {"type": "message", "message_ts": stamp, "channel_id": CHANNEL, "is_ephemeral": False},
        "trigger_id": trigger_id,
        "team": {"id": TEAM, "domain": "bench"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": CHANNEL, "name": "directmessage"},
        "message": {
            "type": "message",
            "user": "U0BOT",
            "bot_id": "B0BENCH",
            "app_id": "A0BENCH",
            "team": TEAM,
            "ts": stamp,
            "text": card_view.text(card),
            "blocks": [block.to_dict() for block in card_view.render(card)],
        },
        "state": {"values": {}},
        "response_url": f"https://hooks.slack.example/actions/{TEAM}/1/bench",
        "actions": [
            {
                "type": "static_select",
                "action_id": ids.SNOOZE,
                "block_id": f"act:{card.move_id}",
                "selected_option": {
                    "text": {"type": "plain_text", "text": card_view.SNOOZES[CHOICE], "emoji": True},
                    "value": CHOICE,
                },
                "placeholder": {"type": "plain_text", "text": "Snooze", "emoji": True},
                "action_ts": "1790000001.000200",
            }
        ],
    }
