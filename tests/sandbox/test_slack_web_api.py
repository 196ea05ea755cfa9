"""The sandbox's Web API through the real SDK client."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.slack_support import button, sandbox, section


async def refusal(call, error):
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response["error"] == error
    return caught.value.response


async def test_a_message_is_posted_updated_and_read_back_with_its_metadata(tmp_path):
    async with sandbox(tmp_path) as box:
        metadata = {"event_type": "caseyos_card", "event_payload": {"move": "m1", "n": 3}}
        posted = await box.client.chat_postMessage(
            channel="C0GENERAL", text="Hello", blocks=[section("*Hello*")], metadata=metadata, unfurl_links=False
        )
        assert posted["message"]["blocks"][0]["block_id"]
        assert "metadata" not in posted["message"]
        await box.client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Bye", blocks=[section("Bye")])

        plain = await box.client.conversations_history(channel="C0GENERAL")
        whole = await box.client.conversations_history(channel="C0GENERAL", include_all_metadata=True, limit=5)

        assert [one["text"] for one in plain["messages"]] == ["Bye"]
        assert "metadata" not in plain["messages"][0]
        assert whole["messages"][0]["metadata"] == metadata
        assert whole["messages"][0]["edited"]["user"] == "U0BOT"
        await box.client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Only text")
        [message] = await box.messages("C0GENERAL")
        assert "blocks" not in message


async def test_everything_outlives_the_process(tmp_path):
    async with sandbox(tmp_path) as box:
        posted = await box.client.chat_postMessage(channel="D0CASEY", text="Kept")
    async with sandbox(tmp_path) as box:
        assert [one["text"] for one in await box.messages("D0CASEY")] == ["Kept"]
        again = await box.client.chat_postMessage(channel="U0CASEY", text="Newer")
        assert again["channel"] == "D0CASEY"
        assert again["ts"] > posted["ts"]


async def test_threads_count_their_replies_and_stay_out_of_the_history(tmp_path):
    async with sandbox(tmp_path) as box:
        parent = await box.client.chat_postMessage(channel="C0WINS", text="Parent")
        for n in range(3):
            await box.client.chat_postMessage(channel="C0WINS", text=f"Reply {n}", thread_ts=parent["ts"])
        history = await box.client.conversations_history(channel="C0WINS")
        assert [one["reply_count"] for one in history["messages"]] == [3]

        first = await box.client.conversations_replies(channel="C0WINS", ts=parent["ts"], limit=2)
        rest = await box.client.conversations_replies(
            channel="C0WINS", ts=parent["ts"], limit=2, cursor=first["response_metadata"]["next_cursor"]
        )
        assert [one["text"] for one in first["messages"]] == ["Parent", "Reply 0", "Reply 1"]
        assert [one["text"] for one in rest["messages"]] == ["Parent", "Reply 2"]
        await box.client.chat_delete(channel="C0WINS", ts=parent["ts"])
        assert (await box.messages("C0WINS"))[0]["subtype"] == "tombstone"


async def test_history_pages_by_cursor_and_by_time(tmp_path):
    async with sandbox(tmp_path, rate_limits=False) as box:
        ts = [(await box.client.chat_postMessage(channel="C0WINS", text=str(n)))["ts"] for n in range(7)]
        seen, cursor = [], None
        while True:
            page = await box.client.conversations_history(channel="C0WINS", limit=3, cursor=cursor)
            seen += [one["text"] for one in page["messages"]]
            cursor = page["response_metadata"]["next_cursor"]
            if not page["has_more"]:
                break
        assert seen == list("6543210")
        after = await box.client.conversations_history(channel="C0WINS", oldest=ts[3])
        assert [one["text"] for one in after["messages"]] == ["6", "5", "4"]
        up_to = await box.client.conversations_history(channel="C0WINS", latest=ts[1], inclusive=True)
        assert [one["text"] for one in up_to["messages"]] == ["1", "0"]


async def test_what_slack_refuses_is_refused(tmp_path):
    async with sandbox(tmp_path) as box:
        client = box.client
        await refusal(client.chat_postMessage(channel="C0NOWHERE", text="x"), "channel_not_found")
        await refusal(client.api_call("chat.postMessage", json={"channel": "C0WINS"}), "no_text")
        await refusal(client.chat_postMessage(channel="C0WINS", text="x" * 40_001), "msg_too_long")
        await refusal(client.chat_update(channel="C0WINS", ts="1.000001", text="x"), "message_not_found")
        await refusal(client.api_call("chat.postMessage", json={"channel": "C0WINS", "colour": 1}), "invalid_arguments")
        bad = {"event_type": "x", "event_payload": []}
        await refusal(client.chat_postMessage(channel="C0WINS", text="x", metadata=bad), "invalid_metadata_format")
        broken = [section("x"), {"type": "actions", "elements": [button("a" * 256)]}]
        answer = await refusal(client.chat_postMessage(channel="C0WINS", text="x", blocks=broken), "invalid_blocks")
        assert "/blocks/1/elements/0/action_id" in answer["response_metadata"]["messages"][0]
        said = await box.do("message", user="U0CASEY", channel="C0WINS", text="Mine")
        await refusal(client.chat_update(channel="C0WINS", ts=said["ts"], text="x"), "cant_update_message")
        await box.do("member", channel="C0WINS", member=False)
        await refusal(client.chat_postMessage(channel="C0WINS", text="x"), "not_in_channel")
        await refusal(box.new_client(None).auth_test(), "not_authed")
        await refusal(box.new_client("xoxb-other").auth_test(), "invalid_auth")
        await refusal(box.new_client("xapp-sandbox").auth_test(), "not_allowed_token_type")
        assert not await box.ledger("effect", "message_updated")
        assert len(await box.ledger("request", "chat.postMessage")) == 7
        assert len(await box.ledger("refused")) == 12


async def test_a_method_that_is_not_served_is_noticed(tmp_path):
    async with sandbox(tmp_path) as box:
        await refusal(box.client.reactions_add(channel="C0WINS", name="tada", timestamp="1.2"), "unknown_method")
        assert [one["arguments"]["name"] for one in await box.ledger("unknown_method", "reactions.add")] == ["tada"]


async def test_reading_methods_answer_as_slack_does(tmp_path):
    async with sandbox(tmp_path) as box:
        client = box.client
        assert (await client.auth_test())["bot_id"] == "B0BOT"
        assert (await client.conversations_open(users="U0SAM", return_im=True))["channel"]["id"] == "D0SAM"
        assert (await client.users_info(user="U0ORLA"))["user"]["profile"]["email"] == "orla@pier7.example"
        assert (await client.conversations_info(channel="C0GENERAL"))["channel"]["is_member"] is True
        ts = (await client.chat_postMessage(channel="C0GENERAL", text="x"))["ts"]
        link = (await client.chat_getPermalink(channel="C0GENERAL", message_ts=ts))["permalink"]
        assert link.endswith("/archives/C0GENERAL/p" + ts.replace(".", ""))
        await client.chat_postEphemeral(channel="C0GENERAL", user="U0SAM", text="Only you")
        assert [one["text"] for one in (await box.screen("U0SAM"))["ephemeral"]] == ["Only you"]
        assert (await box.screen("U0CASEY"))["ephemeral"] == []
        assert not await box.ledger("unknown_method")
        assert not await box.ledger("refused")


async def test_forms_with_json_in_their_fields_are_read_too(tmp_path):
    async with sandbox(tmp_path) as box:
        form = {"token": "xoxb-sandbox", "channel": "C0WINS", "text": "Hi", "blocks": '[{"type": "divider"}]'}
        async with box.http.post(f"{box.url}/slack/api/chat.postMessage", data=form) as answer:
            said = await answer.json()
        assert said["ok"] is True
        assert said["message"]["blocks"][0]["type"] == "divider"


async def test_posting_too_fast_is_429_with_retry_after(tmp_path):
    async with sandbox(tmp_path) as box:
        results = await asyncio.gather(
            *(box.client.chat_postMessage(channel="C0WINS", text=str(n)) for n in range(8)), return_exceptions=True
        )
        limited = [one for one in results if isinstance(one, SlackApiError)]
        assert len(limited) == 3
        assert {one.response.status_code for one in limited} == {429}
        assert all(int(one.response.headers["Retry-After"]) >= 1 for one in limited)
        await box.client.chat_postMessage(channel="C0GENERAL", text="another channel")
        await box.do("limits", on=False)
        await box.client.chat_postMessage(channel="C0WINS", text="free")
        assert len(await box.messages("C0WINS")) == 6


async def test_a_workspace_may_lack_the_newest_blocks(tmp_path):
    card = {"type": "card", "title": {"type": "plain_text", "text": "x"}}
    async with sandbox(tmp_path) as box:
        await box.do("blocks", newest=False)
        with pytest.raises(SlackApiError) as refused:
            await box.client.chat_postMessage(channel="C0WINS", text="x", blocks=[card])
        assert refused.value.response["error"] == "invalid_blocks"
        with pytest.raises(SlackApiError):
            await box.client.views_publish(user_id="U0CASEY", view={"type": "home", "blocks": [card]})
        await box.do("blocks", newest=True)
        await box.client.chat_postMessage(channel="C0WINS", text="x", blocks=[card])
        await box.client.views_publish(user_id="U0CASEY", view={"type": "home", "blocks": [card]})


@pytest.mark.parametrize(("kind", "posted"), [("lose_answer", 1), ("lose_request", 0)])
async def test_a_cut_connection_leaves_exactly_what_happened(tmp_path, kind, posted):
    async with sandbox(tmp_path) as box:
        box.world.faults.add("slack", kind, "chat.postMessage")
        with pytest.raises(aiohttp.ClientError):
            await box.client.chat_postMessage(channel="C0WINS", text="Once")
        assert len(await box.messages("C0WINS")) == posted
        assert [one["fault"] for one in await box.ledger("request", "chat.postMessage")] == [kind]
        assert len(await box.ledger("effect", "message_posted")) == posted


async def test_a_late_change_happens_after_the_connection_was_cut(tmp_path):
    async with sandbox(tmp_path) as box:
        box.world.faults.add("slack", "late", "chat.postMessage", seconds=0.2)
        with pytest.raises(aiohttp.ClientError):
            await box.client.chat_postMessage(channel="C0WINS", text="Late")
        assert await box.messages("C0WINS") == []
        with box.world.store.subscribe() as changes:
            await asyncio.wait_for(changes.get(), 2)
        assert [one["text"] for one in await box.messages("C0WINS")] == ["Late"]
        assert len(await box.ledger("request", "chat.postMessage")) == 1


@pytest.mark.parametrize(
    ("kind", "error", "status", "posted"),
    [
        ("error", "internal_error", 200, 1),
        ("refuse", "is_archived", 200, 0),
        ("rate_limit", "ratelimited", 429, 0),
    ],
)
async def test_faults_that_answer(tmp_path, kind, error, status, posted):
    async with sandbox(tmp_path) as box:
        box.world.faults.add("slack", kind, "chat.postMessage", seconds=2)
        answer = await refusal(box.client.chat_postMessage(channel="C0WINS", text="x"), error)
        assert answer.status_code == status
        assert len(await box.messages("C0WINS")) == posted
        assert len(await box.ledger("request", "chat.postMessage")) == 1
