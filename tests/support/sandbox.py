"""The sandbox as a process of its own, for tests: started on a free port, ended by its pid."""

import asyncio
import json
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 30.0

GMAIL_TOKEN = "ya29.sandbox"
HUBSPOT_TOKEN = "pat-sandbox"
MAILBOX = "casey@pier7.example"


class Sandbox:
    """`with` or `async with` starts it and ends it. The same folder again goes on where it stopped."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def gmail_url(self) -> str:
        return f"{self.url}/google/"

    @property
    def hubspot_url(self) -> str:
        return f"{self.url}/hubspot"

    @property
    def slack_url(self) -> str:
        return f"{self.url}/slack/api/"

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        errors = self._folder / "sandbox.err"
        command = [sys.executable, "-m", "integrations.sandbox", "--data", str(self._folder), "--port", "0"]
        with errors.open("a") as stderr:
            self._process = subprocess.Popen(
                [*command, *self._options], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
            )
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], START_TIMEOUT_S)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self.stop()
            raise RuntimeError(f"the sandbox did not start:\n{errors.read_text()[-2000:]}")
        self.url = json.loads(line)["url"]

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    async def control(self, method: str, path: str, json: Any = None) -> Any:
        """The answer of a control route: `await sandbox.control("POST", "/control/reply", {...})`."""
        async with httpx.AsyncClient(base_url=self.url, timeout=REQUEST_TIMEOUT_S, trust_env=False) as http:
            answer = await http.request(method, path, json=json)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    async def ledger(self, after: int = 0, **filters: str) -> list[dict[str, Any]]:
        """The ledger's lines after that one, oldest first; `service=`, `kind=` and `method=` choose among them."""
        answer = await self.control("GET", f"/control/ledger?after={after}")
        return [one for one in answer["entries"] if all(one[name] == value for name, value in filters.items())]

    async def fault(self, service: str, kind: str, **more: Any) -> None:
        """The next request of the service (and `method`) fails in this way."""
        await self.control("POST", "/control/fault", {"service": service, "kind": kind, **more})

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> "Sandbox":
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


def running_sandbox(
    folder: Path, *, bot: str | None = None, signing_secret: str | None = None, forms_secret: str | None = None
) -> Sandbox:
    """A sandbox with its data in `folder`; `bot` is the address at which it finds the bot."""
    options = {"--bot": bot, "--signing-secret": signing_secret, "--forms-secret": forms_secret}
    return Sandbox(folder, *(word for name, value in options.items() if value is not None for word in (name, value)))
