"""Whatever Slack may send over HTTP is acknowledged, and whatever Slack did not send is refused before it is read."""

import json
import re
import time
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from core.tables import effects, moves, signals
from tests.conftest import SIGNING_SECRET
from tests.support.log_lines import product_log
from tests.support.slack_requests import FORM, JSON, encoded, post, samples, signed

# Answered without a word in the log: the handshake, what people write to the app, another tab of its home.
QUIET = re.compile(r"url_verification|event_message.*|event_app_home_opened")
PERSONAL = ("primary-owner", "gbelson", "rainer", "search word", "Tokyo", "verification", "hooks.slack.com", "W111")
PAUSE = {"command": "/moves", "user_id": "U0CASEY", "channel_id": "D0CASEY"}


def requests():
    found = samples("*.json")
    return {name: one for name, one in found.items() if not name.startswith(("schema_", "socket_"))}


async def send(product, name, request):
    body, kind = encoded(name, request)
    return await post(product.url, body, kind, signed(body, secret=SIGNING_SECRET))


async def stored(product):
    async with product.services.database.begin() as db:
        return [(await db.execute(select(func.count()).select_from(table))).scalar_one() for table in TABLES]


TABLES = (signals, moves, effects)


async def test_every_sample_is_acknowledged_and_an_unknown_one_leaves_one_line(product):
    for name, request in requests().items():
        with product_log() as log:
            answer = await send(product, name, request)
            lines = log.take()
        assert answer.status_code == 200, (name, answer.text)
        assert len(lines) == (0 if QUIET.fullmatch(name) else 1), (name, lines)
    assert await stored(product) == [0, 0, 0]


async def test_the_line_names_type_and_id_and_nobody(product):
    for name, request in requests().items():
        with product_log() as log:
            await send(product, name, request)
            lines = log.take()
        for line in lines:
            assert line["level"] == "warning", line
            kind = "slash_command" if "command" in request else "event" if "event" in request else request["type"]
            assert line["request"] == kind
            assert line["id"] or not request.get("actions"), name
            said = json.dumps({key: value for key, value in line.items() if key not in {"event", "timestamp"}})
            assert not [word for word in PERSONAL if word in said], said


async def test_the_handshake_is_answered_with_its_challenge(product):
    [handshake] = samples("url_verification.json").values()
    answer = await send(product, "url_verification", handshake)
    assert answer.json() == {"challenge": handshake["challenge"]}


async def test_a_home_that_slack_does_not_let_us_draw_is_acknowledged(product):
    [opened] = samples("event_app_home_opened.json").values()
    opened["event"]["tab"] = "home"
    await product.sandbox.fault("slack", "refuse", method="views.publish")
    with product_log() as log:
        answer = await send(product, "event_app_home_opened", opened)
        await product.settle()
        [_, line] = log.take()  # the member of the sample is none of the sandbox's, either
    assert (answer.status_code, line["event"]) == (200, "a message cannot be updated any more")


async def test_a_press_is_committed_however_slack_answers_about_our_token(product):
    await product.fill_form(message="What are the prices?")
    await product.settle()
    await product.sandbox.fault("slack", "refuse", method="auth.test")
    assert (await product.press("move_snooze", on=await product.card(), option="tomorrow"))["error"] is None
    await product.settle()
    assert "snoozed" in (await product.card())["text"]


async def test_a_menu_that_nobody_fills_gets_an_empty_list(product):
    for name, request in samples("*_suggestion*.json").items():
        if not name.startswith("schema_"):
            assert (await send(product, name, request)).json() == {"options": []}


async def test_placeholders_in_place_of_values_are_never_an_error_of_ours(product):
    for name, request in samples("schema_*.json").items():
        answer = await send(product, name, request)
        assert answer.status_code < 500, (name, answer.text)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "no headers"),
        ({"X-Slack-Request-Timestamp": str(int(time.time()))}, "no signature"),
        ({**signed(b"x", secret=SIGNING_SECRET), "X-Slack-Request-Timestamp": "soon"}, "no time"),
        (signed(b"another body", secret=SIGNING_SECRET), "another body"),
        (signed(urlencode({**PAUSE, "text": "pause"}).encode(), secret="another"), "another secret"),
        (
            signed(urlencode({**PAUSE, "text": "pause"}).encode(), secret=SIGNING_SECRET, at=int(time.time()) - 3600),
            "old",
        ),
        (
            signed(urlencode({**PAUSE, "text": "pause"}).encode(), secret=SIGNING_SECRET, at=int(time.time()) + 3600),
            "ahead",
        ),
        ({**signed(b"x", secret=SIGNING_SECRET), "X-Slack-Signature": "v0=é".encode("latin-1")}, "no hex"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_slack_did_not_sign_is_refused_and_changes_nothing(product, headers, why):
    answer = await post(product.url, urlencode({**PAUSE, "text": "pause"}).encode(), FORM, headers)
    assert answer.status_code == 401, why
    assert answer.json()["error"]["code"] == "bad_signature"
    assert "Paused" not in await product.say("list")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", JSON),
        (b"[]", JSON),
        (b"[" * 100_000, JSON),
        (b"", JSON),
        (b"payload=%7B", FORM),
        (b"payload=%5B%5D", FORM),
        (b'{"user": 5}', JSON),
        (b'{"authorizations": [7], "type": "event_callback"}', JSON),
    ],
)
async def test_a_body_that_is_no_request_is_refused_signed_or_not(product, body, kind):
    with product_log() as log:
        unsigned = await post(product.url, body, kind, {})
        answer = await post(product.url, body, kind, signed(body, secret=SIGNING_SECRET))
        lines = log.take()
    assert unsigned.status_code == 401
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "malformed_request"
    assert lines == []


async def test_bytes_that_are_no_text_are_not_signed_by_slack(product):
    assert (
        await post(product.url, b"\xff\xfe{}", JSON, signed(b"\xff\xfe{}", secret=SIGNING_SECRET))
    ).status_code == 401


async def test_a_body_larger_than_any_request_of_slacks_is_refused(product):
    body = b"x" * (1024 * 1024 + 1)
    answer = await post(product.url, body, FORM, signed(body, secret=SIGNING_SECRET))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


async def test_a_command_with_the_word_payload_in_it_is_a_command(product):
    assert "Paused" in await product.say("pause the payload was wrong")
