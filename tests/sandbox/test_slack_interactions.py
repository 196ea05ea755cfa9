"""Buttons, modals, commands and events of the sandbox, answered by a real Bolt app over Socket Mode."""

import asyncio
from urllib.parse import urlsplit

from slack_sdk.errors import SlackApiError

from tests.sandbox.slack_support import button, modal, sandbox, section, text_field

CARD = [
    section("A move", block_id="move:1", accessory={
        "type": "overflow",
        "action_id": "more",
        "options": [{"text": {"type": "plain_text", "text": "Why"}, "value": "why"}],
    }),
    {"type": "actions", "block_id": "b", "elements": [button("go", "m1", style="primary"), button("stop", "m1")]},
]  # fmt: skip


async def test_a_press_reaches_the_bot_whole_and_the_card_is_updated(tmp_path):
    seen = []

    def register(app):
        @app.action("go")
        async def go(ack, body, client):
            seen.append(body)
            await ack()
            place = body["container"]
            await client.chat_update(channel=place["channel_id"], ts=place["message_ts"], text="Held", blocks=[])

    async with sandbox(tmp_path) as box, box.bot(register):
        ts = (await box.client.chat_postMessage(channel="D0CASEY", text="Card", blocks=CARD))["ts"]
        answer = await box.do("press", user="U0CASEY", channel="D0CASEY", ts=ts, action_id="go")

        assert answer["acked"] is True
        assert answer["by"] == "socket"
        [body] = seen
        assert body["user"] == {"id": "U0CASEY", "username": "casey", "name": "casey", "team_id": "T0PIER7"}
        assert body["actions"][0]["value"] == "m1"
        assert body["actions"][0]["block_id"] == "b"
        assert body["message"]["blocks"][0]["block_id"] == "move:1"
        assert body["channel"] == {"id": "D0CASEY", "name": "directmessage"}
        assert urlsplit(body["response_url"]).netloc == urlsplit(box.url).netloc
        assert (await box.messages("D0CASEY"))[0]["text"] == "Held"
        gone = await box.do("press", 404, user="U0CASEY", channel="D0CASEY", ts=ts, action_id="go")
        assert gone["error"]["field"] == "action_id"
        assert [one["method"] for one in box.world.store.entries() if one["kind"] == "act"] == ["press"]


async def test_only_what_is_there_and_seen_can_be_pressed(tmp_path):
    async with sandbox(tmp_path) as box:
        ts = (await box.client.chat_postMessage(channel="D0CASEY", text="Card", blocks=CARD))["ts"]
        here = {"channel": "D0CASEY", "ts": ts}
        await box.do("press", 404, user="U0SAM", **here, action_id="go")
        await box.do("press", 404, user="U0CASEY", channel="D0CASEY", ts="1.000001", action_id="go")
        await box.do("press", 404, user="U0CASEY", **here, action_id="go", block_id="other")
        await box.do("press", 400, user="U0CASEY", **here, action_id="more", option="no such")
        nobody = await box.do("press", user="U0CASEY", **here, action_id="go")
        assert (nobody["acked"], nobody["error"]) == (False, "no bot is connected and no address of one is known")
        assert len(await box.ledger("delivery")) == 1


async def test_submission_with_errors_then_update_then_close(tmp_path):
    states = []

    def register(app):
        @app.action("more")
        async def more(ack, body, client):
            await client.views_open(
                trigger_id=body["trigger_id"],
                view=modal(
                    text_field("subject", initial_value="Hi"),
                    text_field("body"),
                    callback_id="edit",
                    private_metadata="m1",
                ),
            )
            await ack()

        @app.view("edit")
        async def edit(ack, view):
            states.append({key: inner["text"]["value"] for key, inner in view["state"]["values"].items()})
            if len(states) == 1:
                await ack(response_action="errors", errors={"body": "Too short"})
            elif len(states) == 2:
                await ack(response_action="update", view=modal(text_field("body"), callback_id="edit"))
            else:
                await ack()

    async with sandbox(tmp_path) as box, box.bot(register):
        ts = (await box.client.chat_postMessage(channel="D0CASEY", text="Card", blocks=CARD))["ts"]
        await box.do("press", user="U0CASEY", channel="D0CASEY", ts=ts, action_id="more", option="why")
        [view] = (await box.screen())["views"]
        assert view["private_metadata"] == "m1"
        at = {"user": "U0CASEY", "view_id": view["id"]}

        empty = await box.do("submit", 400, **at, values={})
        assert (empty["error"]["code"], empty["error"]["field"]) == ("invalid_input", "body")
        assert states == []
        await box.do("submit", 404, **at, values={"nothing": {"text": "x"}})

        await box.do("submit", **at, values={"body": {"text": "x"}})
        [view] = (await box.screen())["views"]
        assert view["errors"] == {"body": "Too short"}
        await box.do("submit", **at, values={"body": {"text": "longer"}})
        [after] = (await box.screen())["views"]
        assert (after["id"], after["hash"] != view["hash"], after["errors"]) == (view["id"], True, {})
        await box.do("submit", **at, values={"body": {"text": "done"}})
        assert (await box.screen())["views"] == []
        assert states == [
            {"subject": "Hi", "body": "x"},
            {"subject": "Hi", "body": "longer"},
            {"body": "done"},
        ]


async def test_a_submission_in_a_race_is_delivered_every_time(tmp_path):
    seen, both = [], asyncio.Event()

    def register(app):
        @app.view("race")
        async def race(ack, body):
            seen.append((body["user"]["id"], body["view"]["hash"], body["trigger_id"]))
            if len(seen) == 2:
                both.set()
            await asyncio.wait_for(both.wait(), 2)
            await ack()

    async with sandbox(tmp_path) as box, box.bot(register, connections=2):
        ids = {}
        for user in ("U0CASEY", "U0ORLA"):
            trigger = box.world.slack.triggers.issue(user)
            opened = await box.client.views_open(
                trigger_id=trigger, view=modal(text_field("t", initial_value="x"), callback_id="race")
            )
            ids[user] = opened["view"]["id"]
        many = [{"user": user, "view_id": view_id, "values": {}} for user, view_id in ids.items()]
        answers = (await box.do("submit_many", submissions=many))["answers"]
        assert [one["acked"] for one in answers] == [True, True]
        assert {one[0] for one in seen} == {"U0CASEY", "U0ORLA"}

        trigger = box.world.slack.triggers.issue("U0SAM")
        opened = await box.client.views_open(
            trigger_id=trigger, view=modal(text_field("t", initial_value="x"), callback_id="race")
        )
        answers = await box.do("submit", user="U0SAM", view_id=opened["view"]["id"], times=5)
        assert [one["acked"] for one in answers["answers"]] == [True] * 5
        assert len({one[1] for one in seen[2:]}) == 1
        assert len({one[2] for one in seen[2:]}) == 5


async def test_triggers_work_once_and_expire(tmp_path):
    async def error_of(call):
        try:
            await call
        except SlackApiError as error:
            return error.response["error"]
        return None

    async with sandbox(tmp_path) as box:
        view, triggers = modal(section("x")), box.world.slack.triggers
        first = triggers.issue("U0CASEY")
        assert await error_of(box.client.views_open(trigger_id=first, view=view)) is None
        assert await error_of(box.client.views_open(trigger_id=first, view=view)) == "exchanged_trigger_id"
        assert await error_of(box.client.views_open(trigger_id="nonsense", view=view)) == "invalid_trigger_id"
        old = triggers.issue("U0CASEY")
        triggers._issued[old].until -= 3.1
        assert await error_of(box.client.views_open(trigger_id=old, view=view)) == "expired_trigger_id"
        pushes = [
            await error_of(box.client.views_push(trigger_id=triggers.issue("U0CASEY"), view=view)) for _ in range(3)
        ]
        assert pushes == [None, None, "push_limit_reached"]
        stack = (await box.screen())["views"]
        assert [one["previous_view_id"] for one in stack] == [None, stack[0]["id"], stack[1]["id"]]
        top = stack[-1]
        await box.client.views_update(view_id=top["id"], view=view, hash=top["hash"])
        assert (
            await error_of(box.client.views_update(view_id=top["id"], view=view, hash=top["hash"])) == "hash_conflict"
        )
        assert await error_of(box.client.views_update(view_id="V404", view=view)) == "not_found"
        wrong = {**view, "title": {"type": "plain_text", "text": "x" * 25}}
        trigger = triggers.issue("U0CASEY")
        assert await error_of(box.client.views_open(trigger_id=trigger, view=wrong)) == "invalid_arguments"
        await box.do("close", 409, user="U0CASEY", view_id=stack[0]["id"])
        await box.do("close", user="U0CASEY", view_id=top["id"])
        assert len((await box.screen())["views"]) == 2


async def test_commands_answer_in_the_ack_and_through_the_response_url(tmp_path):
    def register(app):
        @app.command("/moves")
        async def moves(ack, command, respond):
            await ack(text=f"Three for {command['user_id']}", blocks=[section("three")])
            for n in range(6):
                await respond(text=f"more {n}", response_type="in_channel" if n == 0 else "ephemeral")

    async with sandbox(tmp_path) as box, box.bot(register):
        answer = await box.do("command", user="U0ORLA", channel="C0WINS", command="/moves", text="today")
        assert answer["response"]["text"] == "Three for U0ORLA"
        texts = [one["text"] for one in (await box.screen("U0ORLA"))["ephemeral"]]
        # Bolt acks when the listener is done, so the ack's message comes last.
        assert texts == ["more 1", "more 2", "more 3", "more 4", "Three for U0ORLA"]
        assert [one["text"] for one in await box.messages("C0WINS")] == ["more 0"]
        assert (await box.ledger("refused", "response_url"))[0]["error"] == "used_url"


async def test_home_is_published_pressed_and_told_of_when_opened(tmp_path):
    def register(app):
        @app.event("app_home_opened")
        async def opened(event, client):
            blocks = [{"type": "actions", "elements": [button("refresh", "h")]}]
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

        @app.action("refresh")
        async def refresh(ack, body, client):
            assert body["container"] == {"type": "view", "view_id": body["view"]["id"]}
            await client.views_publish(user_id=body["user"]["id"], view={"type": "home", "blocks": [section("fresh")]})
            await ack()

    async with sandbox(tmp_path) as box, box.bot(register):
        await box.do("press", 404, user="U0SAM", home=True, action_id="refresh")
        assert (await box.do("open_home", user="U0SAM"))["acked"] is True
        assert (await box.do("press", user="U0SAM", home=True, action_id="refresh"))["acked"] is True
        assert (await box.screen("U0SAM"))["home"]["blocks"][0]["text"]["text"] == "fresh"
        assert (await box.screen("U0CASEY"))["home"] is None


async def test_direct_messages_and_unread_counts(tmp_path):
    heard = []

    def register(app):
        @app.event("message")
        async def message(event, say):
            heard.append((event["channel_type"], event["text"]))
            await say("Good morning")

    async with sandbox(tmp_path) as box, box.bot(register):
        await box.do("message", user="U0CASEY", channel="D0CASEY", text="hello")
        assert heard == [("im", "hello")]
        direct = next(one for one in (await box.screen())["channels"] if one["id"] == "D0CASEY")
        assert direct["unread"] == 1
        await box.do("read", user="U0CASEY", channel="D0CASEY")
        assert all(one["unread"] == 0 for one in (await box.screen())["channels"])
        quiet = await box.do("message", user="U0CASEY", channel="C0WINS", text="among people")
        assert quiet["acked"] is None
        await box.do("message", 404, user="U0SAM", channel="D0CASEY", text="not mine")
