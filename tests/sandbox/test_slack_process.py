"""The sandbox as a process: its one line, its page, its stream, and what is left after it was killed."""

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

ROOT = Path(__file__).parents[2]


@contextlib.asynccontextmanager
async def running(data, *more):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "integrations.sandbox", "--data", str(data), *more),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        yield process, json.loads(line)["url"]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_killed_and_started_again_it_has_lost_nothing(tmp_path):
    async with running(tmp_path) as (process, url), aiohttp.ClientSession() as http:
        client = AsyncWebClient("xoxb-sandbox", base_url=f"{url}/slack/api/", retry_handlers=[], session=http)
        await client.chat_postMessage(channel="C0WINS", text="Still here")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with running(tmp_path) as (process, url), aiohttp.ClientSession() as http:
        async with http.get(f"{url}/control/slack?user=U0ORLA") as answer:
            wins = next(one for one in (await answer.json())["channels"] if one["id"] == "C0WINS")
        assert [one["text"] for one in wins["messages"]] == ["Still here"]
        async with http.get(f"{url}/control/ledger?after=0&service=slack") as answer:
            ledger = await answer.json()
        assert [(one["kind"], one["method"]) for one in ledger["entries"]] == [
            ("request", "chat.postMessage"),
            ("effect", "message_posted"),
        ]
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_the_stream_says_when_something_changed_and_strangers_are_kept_out(tmp_path):
    async with (
        running(tmp_path) as (process, url),
        aiohttp.ClientSession() as http,
        http.get(f"{url}/control/events") as stream,
    ):
        assert stream.content_type == "text/event-stream"
        first = await asyncio.wait_for(stream.content.readline(), 5)
        said = {"user": "U0CASEY", "channel": "C0GENERAL", "text": "hello"}
        async with http.post(f"{url}/control/message", json=said) as answer:
            assert answer.status == 200
        await stream.content.readline()
        second = await asyncio.wait_for(stream.content.readline(), 5)
        assert json.loads(second.removeprefix(b"data: "))["n"] > json.loads(first.removeprefix(b"data: "))["n"]
        foreign = {"Origin": "https://elsewhere.example"}
        async with http.post(f"{url}/control/message", json=said, headers=foreign) as answer:
            assert answer.status == 403
        async with http.get(f"{url}/control/slack", headers={"Host": "elsewhere.example"}) as answer:
            assert answer.status == 403
        async with http.get(f"{url}/") as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        async with http.get(f"{url}/page/../server.py") as answer:
            assert answer.status == 404
        async with http.get(f"{url}/page/%2e%2e/server.py") as answer:
            assert answer.status == 404
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == 0
