"""One call, one request: a server that counts requests and cuts the connection wherever it can be cut."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import httpx
import pytest

from core.ports import Mail, Unavailable, Unclear
from integrations.gmail.client import GmailMailbox
from integrations.gmail.token import token_source

MAIL = Mail(("dana@northpier.example",), "Your stand", "Shall we talk?")
DRAFT = {"id": "r1", "message": {"id": "m1", "threadId": "t1"}}
ANSWERS = {"create": DRAFT, "send": {"id": "m2", "threadId": "t1"}, "delete": {}}
CALLS = {
    "create": lambda mailbox: mailbox.create_draft(MAIL, key="k-0"),
    "send": lambda mailbox: mailbox.send_draft("r1"),
    "delete": lambda mailbox: mailbox.delete_draft("r1"),
}
CUTS = ("before reading", "after reading", "amid the head", "amid the body", "garbage", "silence")


class Counting:
    """Counts connections and requests, and does to each what `cut` says."""

    def __init__(self, cut, answer):
        self.cut = cut
        self.body = json.dumps(answer).encode()
        self.connections = 0
        self.requests = []
        self.finish = asyncio.Event()

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            if self.cut == "before reading":
                return
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").lower().split("\r\n")
                length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0)
                await reader.readexactly(length)
                self.requests.append(lines[0])
                if not await self.answer(writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, writer):
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(self.body)}\r\n\r\n".encode()
        written = {
            "after reading": b"",
            "amid the head": head[:20],
            "amid the body": head + self.body[:-1],
            "garbage": b"\x15\x03\x01\x00\x02\x02\x28\r\n\r\n",
            "silence": b"",
            "nowhere": head + self.body,
        }[self.cut]
        writer.write(written)
        await writer.drain()
        if self.cut == "silence":
            await self.finish.wait()
        return self.cut == "nowhere"


def mailbox_at(http, port):
    token = token_source(access_token="t", credentials=None)
    return GmailMailbox(http, api_url=f"http://127.0.0.1:{port}/", token=token, mailbox="casey@pier7.example")


@asynccontextmanager
async def counting(cut, answer):
    counter = Counting(cut, answer)
    server = await asyncio.start_server(counter.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=1) as http:
            yield counter, mailbox_at(http, port)
    finally:
        counter.finish.set()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("call", CALLS)
async def test_a_cut_connection_is_never_tried_again(call, cut):
    async with counting(cut, ANSWERS[call]) as (server, mailbox):
        if call == "delete" and cut == "amid the body":
            server.body = b"{}"  # a body whose end is missing
        with pytest.raises(Unclear):
            await CALLS[call](mailbox)
        await asyncio.sleep(0.05)
        assert server.connections == 1
        assert len(server.requests) == (0 if cut == "before reading" else 1)


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_that_works_is_one_request(call):
    async with counting("nowhere", ANSWERS[call]) as (server, mailbox):
        await CALLS[call](mailbox)
        assert len(server.requests) == 1


@pytest.mark.parametrize("call", CALLS)
async def test_a_kept_connection_that_died_is_never_tried_again(call):
    async with counting("nowhere", ANSWERS[call]) as (server, mailbox):
        await CALLS[call](mailbox)
        server.cut = "after reading"
        with pytest.raises(Unclear):
            await CALLS[call](mailbox)
        assert len(server.requests) == 2


@pytest.mark.parametrize("call", CALLS)
async def test_where_nobody_listens_nothing_left(call):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with httpx.AsyncClient(trust_env=False, timeout=1) as http:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await CALLS[call](mailbox_at(http, port))
