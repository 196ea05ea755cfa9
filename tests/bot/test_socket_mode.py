"""Socket Mode's frames, sent to a real handler: each envelope is acknowledged by its id, and a disconnect is followed."""

from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot import app, messenger
from tests.conftest import SIGNING_SECRET
from tests.support.log_lines import product_log
from tests.support.slack_requests import samples
from tests.support.slack_socket import socket_slack

MOVES = {"command": "/moves", "text": "help", "user_id": "U0CASEY", "channel_id": "D0CASEY"}


def envelope(id, kind, payload):
    return {"envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": True}


@asynccontextmanager
async def connected(product, *frames):
    """A handler of the product's own app, its socket open at a Slack that sends these frames, connection by connection."""
    [hello] = samples("socket_hello.json").values()
    async with socket_slack(*frames, hello=hello) as slack:
        web = messenger.client(token="xoxb-sandbox", api_url=f"{slack.url}/api/", timeout_s=5)
        bolt = app.build(product.services, web, signing_secret=SIGNING_SECRET)
        handler = AsyncSocketModeHandler(bolt, "xapp-sandbox", ping_interval=1)
        await handler.connect_async()
        try:
            yield slack
        finally:
            await handler.close_async()


async def test_every_sample_envelope_is_acknowledged_once(product):
    envelopes = [one for one in samples("socket_*.json").values() if "envelope_id" in one]
    assert len(envelopes) == 8
    with product_log() as log:
        async with connected(product, envelopes) as slack:
            await slack.until(acks=len(envelopes))
        lines = [line for line in log.take() if line["logger"] == "bot.app"]
    assert sorted(ack["envelope_id"] for ack in slack.acks) == sorted(one["envelope_id"] for one in envelopes)
    unknown = [one for one in envelopes if one["payload"].get("event", {}).get("type") != "message"]
    assert len(lines) == len(unknown)


async def test_a_disconnect_is_followed_by_a_new_connection(product):
    async with connected(
        product, list(samples("socket_disconnect.json").values()), [envelope("e-1", "slash_commands", MOVES)]
    ) as slack:
        await slack.until(acks=1)
    assert slack.calls.count("apps.connections.open") == slack.connections == 2
    assert [ack["envelope_id"] for ack in slack.acks] == ["e-1"]


async def test_what_follows_an_odd_frame_is_still_answered(product):
    odd = [
        {},
        {"type": "hello"},
        {"type": "a_type_of_next_year"},
        envelope("e-none", "interactive", None),
        envelope("e-list", "interactive", []),
        envelope("e-shape", "events_api", {"user": 5, "authorizations": [7]}),
        envelope("e-moves", "slash_commands", MOVES),
    ]
    async with connected(product, odd) as slack, slack_answers(slack, "e-moves") as answer:
        assert "/moves why 1" in answer["payload"]["text"]


@asynccontextmanager
async def slack_answers(slack, id):
    """The answer to one envelope, whenever it comes."""
    for count in range(1, 10):
        await slack.until(acks=count)
        found = [ack for ack in slack.acks if ack["envelope_id"] == id]
        if found:
            yield found[0]
            return
    raise AssertionError(f"no answer to {id}: {slack.acks}")
