"""A Gmail and a Calendar that others wrote: the `myworld` host as a process of its own, and one world of it for each test."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

OWNER = "alex@acme.com"
PATIENCE_S = 30.0
SERVE = "from myworld.cli import main; main()"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Its address. It is kept from the settings of whoever runs the tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    url, log = f"http://127.0.0.1:{port}", folder / "myworld.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, "serve", "--port", str(port), "--log-level", "warning"],
            cwd=folder,
            env={"HOME": str(folder)},
            stdout=output,
            stderr=output,
        )
        try:
            _wait(f"{url}/healthz", process, log)
            yield url
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            httpx.get(url, timeout=3, trust_env=False).raise_for_status()
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < deadline, log.read_text()[-2000:]
            time.sleep(0.05)
        else:
            return


class World:
    """One mailbox and one calendar, empty but for what is seeded, with the faults that are planted in them."""

    def __init__(self, host: str, described: dict[str, Any], http: httpx.AsyncClient) -> None:
        self._host = host
        self._http = http
        self._ids = {name: server["instance"] for name, server in described["servers"].items()}
        [credentials] = described["credentials"].values()
        self.token: str = credentials["google_access_token"]
        self.gmail_url = f"{host}/gw/gmail.googleapis.com/"
        self.calendar_url = f"{host}/gw/www.googleapis.com/"

    async def plant(self, operation: str, fault: str) -> None:
        """The first call of the operation from now on meets the fault."""
        server = operation.partition(".")[0]
        await self._asked(server, "PUT", "faults", [{"tool": operation, "kind": fault, "on_call": 1}])

    async def faults_met(self, operation: str) -> list[str]:
        calls = (await self._asked(operation.partition(".")[0], "GET", "calls"))["calls"]
        return [call["fault"] for call in calls if call["tool"] == operation and call["fault"]]

    async def committed(self, operation: str) -> int:
        """How many calls of the operation changed something."""
        calls = (await self._asked(operation.partition(".")[0], "GET", "calls"))["calls"]
        return sum(1 for call in calls if call["tool"] == operation and call["committed"])

    async def mails(self, label: str) -> list[dict[str, Any]]:
        """What lies in the mailbox under the label: SENT or DRAFT."""
        state = await self._asked("gmail", "GET", "state")
        messages = state["state"]["mailboxes"][OWNER]["messages"].values()
        return [message for message in messages if label in message["labelIds"]]

    async def events(self, title: str) -> list[dict[str, Any]]:
        """Those of this title that stand in the calendar; deleted ones are none."""
        state = await self._asked("calendar", "GET", "state")
        events = state["state"]["events"].values()
        return [one for one in events if one.get("summary") == title and one["status"] != "cancelled"]

    async def delete_draft(self, draft_id: str) -> None:
        """A person deletes it by hand."""
        asked = f"{self.gmail_url}gmail/v1/users/me/drafts/{draft_id}"
        (await self._http.delete(asked, headers={"authorization": f"Bearer {self.token}"})).raise_for_status()

    async def drafts(self) -> list[str]:
        state = await self._asked("gmail", "GET", "state")
        return list(state["state"]["mailboxes"][OWNER]["drafts"])

    async def _asked(self, server: str, method: str, what: str, content: Any = None) -> Any:
        url = f"{self._host}/instances/{self._ids[server]}/{what}"
        answer = await self._http.request(method, url, json=content)
        answer.raise_for_status()
        return answer.json()


async def a_world(host: str, http: httpx.AsyncClient, name: str) -> World:
    """A world of its own with nothing in it."""
    user = {"user": {"email": OWNER, "name": "Alex Rivera"}}
    servers = {
        "gmail": {"service": "gmail", "seed": {**user, "emails": []}},
        "calendar": {"service": "calendar", "seed": {**user, "events": []}},
    }
    answer = await http.post(f"{host}/envs", json={"spec": {"name": name, "servers": servers}})
    assert answer.is_success, answer.text
    return World(host, answer.json(), http)
