"""Forms reach the bot signed, as often as asked, and the ledger tells how often."""

import hashlib
import hmac
import json
import time
from pathlib import Path

import pytest
from aiohttp import web

from integrations.sandbox.people import VISITORS
from tests.sandbox.world_support import outside, served


@pytest.fixture
async def world(tmp_path: Path):
    async with outside(tmp_path) as made:
        yield made


@pytest.fixture
async def bot(world):
    """What the bot was handed: path, headers, body."""
    got = []

    async def form(request):
        got.append((request.path, request.headers.copy(), await request.read()))
        return web.json_response({"stored": len(got) == 1}, status=202)

    app = web.Application()
    app.add_routes([web.post("/webhooks/forms/{form}", form)])
    async with served(app) as url:
        world.world.bot_url = url
        yield got


async def test_the_signature_covers_timestamp_and_exact_body(world, bot):
    world.world.forms_secret = "a secret"
    fields = {"name": "Jürgen", "email": "j@kranwerk.example", "message": "Preise für 36 m²?"}
    said = await world.do("form", form="contact", fields=fields, at="2026-11-23T07:52:00Z", submission_id="s-1")

    path, headers, body = bot[0]
    assert path == "/webhooks/forms/contact"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"submission_id": "s-1", "submitted_at": "2026-11-23T07:52:00Z", "fields": fields}
    stamp = headers["X-CaseyOS-Timestamp"]
    assert abs(int(stamp) - time.time()) < 5
    signed = hmac.new(b"a secret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-CaseyOS-Signature"] == f"v1={signed}"
    assert said["submission_id"] == "s-1"
    assert [each["status"] for each in said["answers"]] == [202]
    assert json.loads(said["answers"][0]["body"]) == {"stored": True}


async def test_at_once_and_twice(world, bot):
    said = await world.do("form", fields={"email": "a@b.example"}, times=20)
    assert len(said["answers"]) == len(bot) == 20
    assert len({body for _, _, body in bot}) == 1
    await world.do("fault", service="forms", kind="deliver_twice")
    twice = await world.do("form", fields={"email": "a@b.example"})
    assert len(twice["answers"]) == 2
    deliveries = world.ledger("delivery", service="forms")
    assert [each["again"] for each in deliveries][-2:] == [False, True]
    assert len(deliveries) == 22
    assert len(world.ledger("act", "form")) == 2


async def test_people_are_invented_in_turn(world, bot):
    for _ in range(len(VISITORS) + 1):
        await world.do("form")
    sent = [json.loads(body) for _, _, body in bot]
    assert len({each["submission_id"] for each in sent}) == len(VISITORS) + 1
    assert len({each["fields"]["email"] for each in sent}) == len(VISITORS)
    assert sent[-1]["fields"] == sent[0]["fields"]
    assert {each["fields"]["topic"] for each in sent} == {
        "exhibiting",
        "sponsoring",
        "speaking",
        "attending",
        "general",
    }
    assert any("budget" in each["fields"] for each in sent)
    assert any("phone" in each["fields"] for each in sent)


async def test_a_bot_that_is_away_is_said_so(world):
    error = (await world.do("form", 409))["error"]
    assert error["code"] == "no_bot"
    world.world.bot_url = "http://127.0.0.1:9"
    said = await world.do("form")
    assert said["answers"][0]["status"] == 0
    assert world.ledger("delivery")[0]["status"] == 0


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"form": "../slack"}, "form"),
        ({"times": 0}, "times"),
        ({"times": True}, "times"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-11-23T07:52:00"}, "at"),
        ({"fields": ["x"]}, "fields"),
        ({"submission_id": 7}, "submission_id"),
        ({"feilds": {}}, "feilds"),
    ],
)
async def test_what_makes_no_sense_is_refused(world, bot, asked, field):
    assert (await world.do("form", 400, **asked))["error"]["field"] == field
    assert bot == []


async def test_faults_must_fit_their_service(world):
    for asked in (
        {"service": "gmail", "kind": "drop_socket"},
        {"service": "hubspot", "kind": "deliver_twice"},
        {"service": "forms", "kind": "late"},
        {"service": "gmail", "kind": "explode"},
    ):
        assert (await world.do("fault", 400, **asked))["error"]["field"] == "kind"
    assert await world.do("fault", service="slack", kind="drop_socket") == {"dropped": 0}
    await world.do("fault", service="gmail", kind="late", times=3, seconds=1.5)
    assert len((await world.seen("fault"))["faults"]) == 1
    async with world.http.delete(f"{world.url}/control/fault") as answer:
        assert await answer.json() == {"faults": []}
