"""Nonsense in any argument is refused in the service's words and never breaks the sandbox."""

import json

import pytest

from integrations.sandbox.slack.api import SERVED
from tests.sandbox.slack_support import button, sandbox

RUBBISH = [
    None,
    True,
    -1,
    1e300,
    "",
    "x" * 5000,
    "\ud800",
    [],
    {},
    [[]],
    {"type": ["x"]},
    {"type": "modal", "blocks": {}},
]
SOUND = {
    "channel": "C0WINS",
    "user": "U0CASEY",
    "user_id": "U0CASEY",
    "users": "U0CASEY",
    "text": "x",
    "ts": "1.000001",
    "view": {"type": "home", "blocks": []},
    "trigger_id": "x",
}


@pytest.mark.parametrize("method", sorted(SERVED))
async def test_every_argument_of_every_method(tmp_path, method):
    served, _ = SERVED[method]
    async with sandbox(tmp_path, rate_limits=False) as box:
        token = "xapp-sandbox" if served.app_token else "xoxb-sandbox"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        for name in (*served.takes, "colour", "team_id", "token"):
            for value in RUBBISH:
                asked = {key: SOUND[key] for key in served.takes if key in SOUND} | {name: value}
                body = json.dumps(asked).encode()
                async with box.http.post(f"{box.url}/slack/api/{method}", data=body, headers=headers) as answer:
                    assert answer.status in (200, 429), (asked, await answer.text())
                    assert isinstance((await answer.json())["ok"], bool)
        for body in (b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"null"):
            async with box.http.post(f"{box.url}/slack/api/{method}", data=body, headers=headers) as answer:
                assert answer.status == 200


@pytest.mark.parametrize(
    ("route", "sound"),
    [
        (
            "press",
            {"user": "U0CASEY", "channel": "C0WINS", "ts": "1.2", "action_id": "go", "block_id": "b", "option": "x"},
        ),
        ("press", {"user": "U0CASEY", "view_id": "V1", "action_id": "go", "values": {}}),
        ("press", {"user": "U0CASEY", "home": True, "action_id": "go"}),
        ("submit", {"user": "U0CASEY", "view_id": "V1", "values": {}, "times": 2}),
        ("submit_many", {"submissions": [{"user": "U0CASEY", "view_id": "V1"}]}),
        ("close", {"user": "U0CASEY", "view_id": "V1"}),
        ("command", {"user": "U0CASEY", "channel": "C0WINS", "command": "/moves", "text": "x"}),
        ("message", {"user": "U0CASEY", "channel": "C0WINS", "text": "x", "thread_ts": "1.2"}),
        ("open_home", {"user": "U0CASEY"}),
        ("read", {"user": "U0CASEY", "channel": "C0WINS"}),
        ("bot", {"url": "http://127.0.0.1:9", "mode": "socket"}),
        ("member", {"channel": "C0WINS", "member": True}),
        ("limits", {"on": False}),
        ("blocks", {"newest": False}),
        ("disconnect", {"reason": "warning"}),
    ],
)
async def test_every_field_of_every_control_route(tmp_path, route, sound):
    async with sandbox(tmp_path, event_retries_s=()) as box:
        blocks = [{"type": "actions", "block_id": "b", "elements": [button("go")]}]
        posted = await box.client.chat_postMessage(channel="C0WINS", text="x", blocks=blocks)
        sound = sound | ({"ts": posted["ts"]} if "ts" in sound else {})
        for name in sound:
            for value in RUBBISH:
                body = json.dumps(sound | {name: value}).encode()
                async with box.http.post(f"{box.url}/control/{route}", data=body) as answer:
                    assert answer.status < 500, (name, value, await answer.text())
                    if answer.status >= 400:
                        assert set((await answer.json())["error"]) == {"code", "message", "field"}
        for body in (b"{", b"[]", b"null"):
            async with box.http.post(f"{box.url}/control/{route}", data=body) as answer:
                assert answer.status == 400
