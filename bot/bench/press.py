"""A Snooze press as Slack sends it over HTTP: the payload, its signature, and the bytes on the wire."""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from bot import ids
from bot.views import card as card_view
from core.aps import Reason, Score
from core.card import Card, CardState

USER = "U0BENCH"
CHANNEL = "D0BENCH"
TEAM = "T0BENCH"
CHOICE = "two_hours"
PATH = "/slack/events"


def request(move: UUID, *, card: Card, secret: str, host: str) -> bytes:
    """The whole HTTP request, keep-alive, signed as of now."""
    body = urlencode({"payload": json.dumps(payload(move, card=card))}).encode()
    stamp = str(int(time.time()))
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
        "Accept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: {signature(secret, stamp, body)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def signature(secret: str, stamp: str, body: bytes) -> str:
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()


def payload(move: UUID, *, card: Card) -> dict[str, Any]:
    """What Slack sends for a chosen option of a card's Snooze menu, the message included as it does."""
    stamp = "1790000000.000100"
    return {
        "type": "block_actions",
        "user": {"id": USER, "username": "bench", "name": "bench", "team_id": TEAM},
        "api_app_id": "A0BENCH",
        "token": "not-used-any-more",
        "container": {"type": "message", "message_ts": stamp, "channel_id": CHANNEL, "is_ephemeral": False},
        "trigger_id": f"1.2.{move.hex}",
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
        "response_url": f"https://hooks.slack.example/actions/{TEAM}/1/{move.hex}",
        "actions": [
            {
                "type": "static_select",
                "action_id": ids.SNOOZE,
                "block_id": f"act:{move}",
                "selected_option": {
                    "text": {"type": "plain_text", "text": card_view.SNOOZES[CHOICE], "emoji": True},
                    "value": CHOICE,
                },
                "placeholder": {"type": "plain_text", "text": "Snooze", "emoji": True},
                "action_ts": "1790000001.000200",
            }
        ],
    }


def cards(moves: Sequence[UUID]) -> dict[UUID, Card]:
    """A card for each move, as long as real ones are."""
    reasons = (
        Reason(part="revenue", text="$9,000, priced by the form", points=20),
        Reason(part="urgency", text="waits 2 min; answers within the hour qualify far more often", points=25),
        Reason(part="effort", text="4 min, one mail to check", points=10),
        Reason(part="strategic", text="asks to exhibit", points=8),
    )
    score = Score(aps=63, reasons=reasons)
    return {
        move: Card(
            move_id=str(move),
            revision=1,
            state=CardState.OPEN,
            owner=USER,
            title="Reply to Dana Whitfield, Northpier Freight",
            why="Dana Whitfield filled in the contact form: “We would like to exhibit. What are the prices?”",
            score=score,
            due_at=None,
            effort_minutes=4,
            zone="UTC",
            context=("Northpier Freight is a customer", "no open deal"),
        )
        for move in moves
    }
