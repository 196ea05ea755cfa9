"""What the page's tests stand on: a sandbox process, a bot that answers over HTTP, and blocks to post."""

import json
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Json = dict[str, Any]
CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).resolve().parents[2]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, text: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": "m1", **more}


def field(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": "v", **element},
        **more,
    }


def move() -> list[Json]:
    more = {"type": "overflow", "action_id": "more", "options": [{"text": plain("Why 86?"), "value": "why"}]}
    return [
        {"type": "header", "text": plain("Today's Moves")},
        section("*1  Reply to Dana Whitfield*   `86`\nAsked for exhibit prices.", accessory=more),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "revenue 31, urgency 24"}]},
        {
            "type": "actions",
            "elements": [
                button("execute", "Execute", style="primary"),
                button("snooze", "Snooze"),
                button(
                    "never",
                    "Never",
                    style="danger",
                    confirm={
                        "title": plain("For good?"),
                        "text": plain("No mail."),
                        "confirm": plain("Yes"),
                        "deny": plain("No"),
                    },
                ),
            ],
        },
    ]


APPROVE: Json = {
    "type": "modal",
    "title": plain("Reply to Dana"),
    "submit": plain("Approve"),
    "blocks": [
        field("subject", "Subject", {"type": "plain_text_input", "initial_value": "Your stand"}),
        field("text", "Text", {"type": "plain_text_input", "multiline": True, "initial_value": "Hello Dana,"}),
        field("copy", "Copy to", {"type": "email_text_input"}, optional=True),
        field("day", "Day", {"type": "datepicker", "initial_date": "2026-11-24"}),
        field(
            "how",
            "How",
            {"type": "radio_buttons", "options": [{"text": plain(one), "value": one} for one in ("now", "later")]},
        ),
        field(
            "also",
            "Also",
            {"type": "checkboxes", "options": [{"text": plain(one), "value": one} for one in ("task", "note")]},
            optional=True,
        ),
    ],
}

Told = Callable[[Json], Json | None]


class Bot:
    """Takes what the sandbox delivers; `on` maps an action, `submit` or a command to what is done and answered."""

    def __init__(self) -> None:
        self.got: list[Json] = []
        self.forms: list[Json] = []
        self.on: dict[str, Told] = {}
        self.answers_forms = threading.Event()
        self.answers_forms.set()
        bot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answer = bot.take(self.path, self.headers.get("Content-Type", ""), body)
                said = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: Any) -> None:
                """Tests are quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, path: str, kind: str, body: str) -> Json | None:
        if path.startswith("/webhooks/"):
            self.forms.append(json.loads(body))
            self.answers_forms.wait(timeout=5)
            return {"ok": True}
        if "json" in kind:
            self.got.append(json.loads(body))
            return None
        form = {name: values[0] for name, values in urllib.parse.parse_qs(body).items()}
        payload: Json = json.loads(form["payload"]) if "payload" in form else form
        self.got.append(payload)
        name = {"view_submission": "submit", "block_actions": ""}.get(
            payload.get("type", ""), payload.get("command", "")
        )
        told = self.on.get(name or payload["actions"][0]["action_id"])
        return told(payload) if told else None

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Sandbox:
    """A running sandbox, seen from outside."""

    def __init__(self, url: str) -> None:
        self.url = url

    def slack(self, method: str, **body: Any) -> Json:
        answer = _post(f"{self.url}/slack/api/{method}", body, token="xoxb-sandbox")
        assert answer["ok"], answer
        return answer

    def say(self, text: str, blocks: list[Json] | None = None, channel: str = "D0CASEY", **more: Any) -> str:
        """Post as the bot; the message's ts comes back."""
        return str(self.slack("chat.postMessage", channel=channel, text=text, blocks=blocks or [], **more)["ts"])

    def gmail(self, path: str, body: Json) -> Json:
        return _post(f"{self.url}/google/gmail/v1/users/me/{path}", body, token="ya29.sandbox")

    def event(self, body: Json) -> Json:
        """Put an event into the calendar as the bot would; its guests are told."""
        path = "google/calendar/v3/calendars/primary/events?sendUpdates=all"
        return _post(f"{self.url}/{path}", body, token="ya29.sandbox")

    def task(self, key: str, properties: Json) -> str:
        """Put a task into HubSpot as the bot would; its id comes back."""
        inputs = [{"idProperty": "caseyos_key", "id": key, "properties": properties}]
        path = "hubspot/crm/v3/objects/tasks/batch/upsert"
        return str(_post(f"{self.url}/{path}", {"inputs": inputs}, token="pat-sandbox")["results"][0]["id"])

    def control(self, path: str) -> Json:
        with urllib.request.urlopen(f"{self.url}/control/{path}", timeout=5) as answer:
            told: Json = json.load(answer)
        return told


def _post(url: str, body: Json, *, token: str) -> Json:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        told: Json = json.load(answer)
    return told


@contextmanager
def running(data: Path, *more: str) -> Iterator[Sandbox]:
    command = [sys.executable, "-m", "integrations.sandbox", "--data", str(data), "--port", "0", *more]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Sandbox(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
            process.wait(10)


def until(true: Callable[[], Any], within_s: float = 5.0) -> None:
    """Wait for something outside of the browser."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)
