"""How presses and events reach the bot: sockets that die, second deliveries, signed HTTP."""

import asyncio
import json
import time
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from tests.sandbox.slack_support import button, modal, sandbox, section, text_field

CARD = [{"type": "actions", "block_id": "b", "elements": [button("go")]}]


async def connected(box):
    """A bare Socket Mode client, after its hello."""
    opened = await box.new_client("xapp-sandbox").apps_connections_open(app_token="xapp-sandbox")
    socket = await box.http.ws_connect(opened["url"])
    return socket, await socket.receive_json(timeout=20), opened["url"]


async def card(box):
    return {
        "channel": "D0CASEY",
        "ts": (await box.client.chat_postMessage(channel="D0CASEY", blocks=CARD, text="x"))["ts"],
    }


async def until(box, condition):
    """Look again after each change in the sandbox."""
    with box.world.store.subscribe() as changes:
        while not await condition():
            await asyncio.wait_for(changes.get(), 10)


async def test_a_ticket_opens_once_and_ten_connections_are_the_most(tmp_path):
    async with sandbox(tmp_path) as box:
        sockets = []
        for n in range(10):
            socket, hello, url = await connected(box)
            assert (hello["type"], hello["num_connections"]) == ("hello", n + 1)
            sockets.append(socket)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await box.http.ws_connect(url)
        eleventh, told, _ = await connected(box)
        assert (told["type"], told["reason"]) == ("disconnect", "too_many_websockets")
        assert (await box.screen())["sockets"] == 10
        assert (await box.do("disconnect", reason="warning"))["told"] == 10
        assert (await sockets[0].receive_json(timeout=20))["reason"] == "warning"
        for socket in [*sockets, eleventh]:
            await socket.close()
        assert [one["error"] for one in await box.ledger("refused", "socket")] == [
            "invalid_ticket",
            "too_many_websockets",
        ]


async def test_connections_take_turns_and_the_ack_carries_its_payload_only_where_allowed(tmp_path):
    async with sandbox(tmp_path) as box:
        first, second = (await connected(box))[0], (await connected(box))[0]
        at = await card(box)
        for socket in (first, second):
            press = asyncio.create_task(box.do("press", user="U0CASEY", **at, action_id="go"))
            envelope = await socket.receive_json(timeout=20)
            assert (envelope["type"], envelope["accepts_response_payload"]) == ("interactive", False)
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
            assert (await press)["acked"] is True
        command = asyncio.create_task(box.do("command", user="U0CASEY", channel="C0WINS", command="/moves"))
        envelope = await first.receive_json(timeout=20)
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        await first.send_json(
            {"envelope_id": envelope["envelope_id"], "payload": {"response_type": "in_channel", "text": "A"}}
        )
        await command
        assert [one["text"] for one in await box.messages("C0WINS")] == ["A"]
        await asyncio.gather(first.close(), second.close())


async def test_a_press_without_ack_is_an_error_for_the_person(tmp_path):
    async with sandbox(tmp_path) as box:
        socket, _, _ = await connected(box)
        at = await card(box)
        press = asyncio.create_task(box.do("press", user="U0CASEY", **at, action_id="go"))
        envelope = await socket.receive_json(timeout=20)
        answer = await press
        assert (answer["acked"], answer["error"]) == (False, "no ack within 3 s")
        assert 2900 < answer["ms"] < 4000
        assert (await box.ledger("act", "press"))[0]["error"] == "no ack within 3 s"
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        await until(box, lambda: box.ledger("delivery", "late_ack"))
        await socket.close()


async def test_a_dropped_socket_loses_the_press_and_keeps_the_event(tmp_path):
    heard = []

    def register(app):
        @app.event("message")
        async def message(event, body):
            heard.append(body["event_id"])

    async with sandbox(tmp_path, event_retries_s=(0.0, 0.3, 0.3)) as box:
        socket, _, _ = await connected(box)
        at = await card(box)
        press = asyncio.create_task(box.do("press", user="U0CASEY", **at, action_id="go"))
        await socket.receive_json(timeout=20)
        assert (await box.do("fault", service="slack", kind="drop_socket"))["dropped"] == 1
        assert (await press)["error"] == "the socket closed before the ack"

        socket, _, _ = await connected(box)
        said = asyncio.create_task(box.do("message", user="U0CASEY", channel="D0CASEY", text="hello"))
        lost = await socket.receive_json(timeout=20)
        await box.do("fault", service="slack", kind="drop_socket")
        assert (await said)["acked"] is False
        async with box.bot(register):

            async def arrived():
                return heard

            await until(box, arrived)
        assert heard == [lost["payload"]["event_id"]]
        attempts = [(one["attempt"], one["acked"]) for one in await box.ledger("delivery", "events_api")]
        assert attempts == [(0, False), (1, True)]


async def test_bolt_connects_again_after_its_socket_was_dropped(tmp_path):
    def register(app):
        @app.action("go")
        async def go(ack):
            await ack()

    async with sandbox(tmp_path) as box, box.bot(register):
        at = await card(box)
        await box.do("fault", service="slack", kind="drop_socket")
        assert (await box.screen())["sockets"] == 0

        async def back():
            return (await box.screen())["sockets"]

        await until(box, back)
        assert (await box.do("press", user="U0CASEY", **at, action_id="go"))["acked"] is True


async def test_a_second_delivery_carries_the_same_envelope(tmp_path):
    seen = []

    def register(app):
        @app.action("go")
        async def go(ack, body):
            seen.append(body["trigger_id"])
            await ack()

    async with sandbox(tmp_path) as box, box.bot(register, connections=2):
        at = await card(box)
        await box.do("fault", service="slack", kind="deliver_twice")
        await box.do("press", user="U0CASEY", **at, action_id="go")
        await box.do("press", user="U0CASEY", **at, action_id="go")
        assert len(seen) == 3
        assert len(set(seen)) == 2


async def test_http_mode_signs_what_it_sends_and_repeats_events(tmp_path):
    received = []
    verifier = SignatureVerifier("s3cret")

    async def events(request):
        body = await request.read()
        assert verifier.is_valid_request(body, dict(request.headers))
        received.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason"), body))
        if request.content_type == "application/json":
            return web.Response(status=500 if len(received) == 1 else 200)
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if "command" in form:
            return web.Response(text=f"Hello {form['user_name']}")
        payload = json.loads(form["payload"])
        if payload["type"] == "view_submission":
            return web.json_response({"response_action": "errors", "errors": {"t": "no"}})
        return web.Response()

    bot = web.Application()
    bot.add_routes([web.post("/slack/events", events)])
    runner = web.AppRunner(bot)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with sandbox(tmp_path) as box:
        box.world.signing_secret = "s3cret"
        await box.do("bot", url=f"http://127.0.0.1:{runner.addresses[0][1]}", mode="http")
        said = await box.do("message", user="U0CASEY", channel="D0CASEY", text="hi")
        assert (said["acked"], said["by"], said["error"]) == (False, "http", "the bot answered HTTP 500")

        async def twice():
            return len(received) == 2

        await until(box, twice)
        assert [one[:2] for one in received] == [(None, None), ("1", "http_error")]
        assert json.loads(received[0][2])["event_id"] == json.loads(received[1][2])["event_id"]

        at = await card(box)
        assert (await box.do("press", user="U0CASEY", **at, action_id="go"))["acked"] is True
        await box.do("command", user="U0SAM", channel="C0WINS", command="/moves")
        assert [one["text"] for one in (await box.screen("U0SAM"))["ephemeral"]] == ["Hello sam"]
        trigger = box.world.slack.triggers.issue("U0CASEY")
        view = (await box.client.views_open(trigger_id=trigger, view=modal(text_field("t", initial_value="x"))))["view"]
        await box.do("submit", user="U0CASEY", view_id=view["id"])
        assert (await box.screen())["views"][0]["errors"] == {"t": "no"}
    await runner.cleanup()


async def test_an_answer_slack_cannot_use_is_shown_and_recorded(tmp_path):
    def register(app):
        @app.view("edit")
        async def edit(ack):
            await ack(response_action="errors", errors={"nowhere": "no"})

    async with sandbox(tmp_path) as box, box.bot(register):
        trigger = box.world.slack.triggers.issue("U0CASEY")
        view = modal(text_field("t", initial_value="x"), section("y"), callback_id="edit")
        opened = (await box.client.views_open(trigger_id=trigger, view=view))["view"]
        answer = await box.do("submit", user="U0CASEY", view_id=opened["id"])
        assert "nowhere" in answer["error"]
        assert len((await box.screen())["views"]) == 1
        assert (await box.ledger("refused", "view_submission"))[0]["error"] == "invalid_errors"


async def test_closing_tells_the_bot_only_when_asked_to(tmp_path):
    closed = []

    def register(app):
        @app.view_closed("watched")
        async def gone(ack, body):
            closed.append((body["view"]["callback_id"], body["is_cleared"]))
            await ack()

    async with sandbox(tmp_path) as box, box.bot(register):
        for callback_id, told in (("quiet", False), ("watched", True)):
            trigger = box.world.slack.triggers.issue("U0CASEY")
            view = modal(section("x"), callback_id=callback_id, notify_on_close=told)
            opened = (await box.client.views_open(trigger_id=trigger, view=view))["view"]
            await box.do("close", user="U0CASEY", view_id=opened["id"])
        assert closed == [("watched", False)]


async def test_unacknowledged_events_are_taken_up_after_a_restart(tmp_path):
    heard = []

    def register(app):
        @app.event("message")
        async def message(event):
            heard.append(event["text"])

    async with sandbox(tmp_path, event_retries_s=(30.0,)) as box:
        assert (await box.do("message", user="U0SAM", channel="D0SAM", text="is anybody there"))["acked"] is False
        [waiting] = box.world.store.all("slack_event")
        box.world.store.put("slack_event", waiting["payload"]["event_id"], waiting | {"due": time.time()})
    async with sandbox(tmp_path) as box, box.bot(register):

        async def arrived():
            return heard

        await until(box, arrived)
        assert heard == ["is anybody there"]
