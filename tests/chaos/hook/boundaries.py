"""Names each commit, request and answer of a bot or worker, and may end the process there by SIGKILL.

The harness alone puts this into a process (`nursery.py`); the product knows nothing of it.
"""

import linecache
import os
import re
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

SPARED_FROM = 4
"""A process that is at an effect which was taken up so often without a word is let be: a person would be asked, rightly."""
NOT_NAMED_AFTER = ("core/database.py", "bot/messenger.py", "bot/wiring.py", "integrations/")


class Boundaries:
    """What this life passes is appended to `record`, each point once; at the first that is `marked` the life ends.

    Right before, the point is written to `died`, so that the harness knows where it was.
    """

    def __init__(self, role: str, *, record: Path, died: Path, marked: Path | None = None) -> None:
        self._role = role
        self._record = record
        self._died = died
        self._marked = marked
        self._marks: dict[str, list[str]] = {}
        self._marks_of = 0
        self._seen: set[str] = set()
        self._claims: dict[Any, int] = {}
        """Of each effect that the process is at, how often it was taken up without a word, this time included."""

    def passed(self, what: str) -> None:
        point = f"{self._role} {what}"
        if point not in self._seen:
            self._seen.add(point)
            with self._record.open("a") as file:
                file.write(point + "\n")
        if self._marked is not None:
            self._die_if_marked(self._marked, point)

    def _die_if_marked(self, marked: Path, point: str) -> None:
        """Once for each mark: what has died is kept in a file beside, for all processes."""
        if (changed := marked.stat().st_mtime_ns) != self._marks_of:
            self._marks_of = changed
            self._marks = {}
            for line in marked.read_text().splitlines():
                where, _, mark = line.partition("\t")
                self._marks.setdefault(where, []).append(mark)
        if point not in self._marks or max(self._claims.values(), default=0) >= SPARED_FROM:
            return
        about, met = _about(), marked.with_suffix(".met")
        died = met.read_text() if met.exists() else ""
        for mark in self._marks[point]:
            if mark in about and f"{point}\t{mark}\n" not in died:
                with met.open("a") as file:
                    file.write(f"{point}\t{mark}\n")
                self._died.write_text(point)
                os.kill(os.getpid(), signal.SIGKILL)

    def follow_claims(self, execution: ModuleType, runner: type, claiming: tuple[type, ...]) -> None:
        """Learns which effects the process takes up, and until when it is at them."""
        advance, run = execution.advance, runner.run  # type: ignore[attr-defined]

        async def advancing(db: Any, row: Any, event: Any, *args: Any, **kwargs: Any) -> Any:
            after = await advance(db, row, event, *args, **kwargs)
            if isinstance(event, claiming) and not row.tells:
                self._claims[row.id] = max(after.effect.claims, after.effect.looks)
            return after

        async def running(self_: Any, id: Any) -> None:
            try:
                await run(self_, id)
            finally:
                self._claims.pop(id, None)

        execution.advance, runner.run = advancing, running  # type: ignore[attr-defined]

    def around(self, owner: type, method: str, name: Callable[[Any], str | None]) -> None:
        """Makes `owner.method` pass two points, before and after, wherever `name(first argument)` gives one."""
        real = getattr(owner, method)

        async def wrapped(self_: Any, *args: Any, **kwargs: Any) -> Any:
            point = name(args[0] if args else None)
            if point is None:
                return await real(self_, *args, **kwargs)
            self.passed(f"{point} before")
            result = await real(self_, *args, **kwargs)
            self.passed(f"{point} after")
            return result

        setattr(owner, method, wrapped)


def _product_frame(root: str) -> tuple[str, FrameType] | tuple[None, None]:
    """The nearest frame of the product that says what is being done, and not only how."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(root):
            path = name[len(root) :]
            ours = path.startswith(("bot/", "core/", "integrations/"))
            helps = path.startswith(("core/actions/", "core/telling")) and "." not in frame.f_code.co_qualname
            if ours and not helps and not path.startswith(NOT_NAMED_AFTER):
                return path, frame
        frame = frame.f_back
    return None, None


def _doing(root: str) -> str | None:
    """`core.runner:Runner._record send_email/1 Applied`; None where nothing of the product is at work."""
    path, frame = _product_frame(root)
    if path is None or frame is None:
        return None
    name = f"{path[:-3].replace('/', '.')}:{frame.f_code.co_qualname.replace('.<locals>', '')}"
    if name == "bot.running:run":
        return None  # a task of a library's own, such as the socket being connected anew
    name += _which_transaction(frame)
    row = frame.f_locals.get("row")
    if path == "core/runner.py":
        if row is None or (frame.f_code.co_name == "_run" and not _due(row.effect.due_at, frame.f_locals["now"])):
            return None  # another worker has it, or has done it: nothing was changed
        name += " telling" if row.tells else f" {row.action}/{row.step}"
        event = frame.f_locals.get("event")
        name += f" {type(event).__name__}" if event is not None else f" {row.effect.state}"
    return name


def _about() -> str:
    """What the process is at, in words: everything that the frames above hold of a job, its row and its parameters."""
    words = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        found = frame.f_locals
        words += [str(found[name]) for name in ("job", "row", "params", "claimed") if found.get(name) is not None]
        frame = frame.f_back
    return " ".join(words)


def _due(due_at: datetime | None, now: datetime) -> bool:
    return due_at is not None and due_at <= now


def _which_transaction(frame: FrameType) -> str:
    """` #2` for the second transaction of a function that has several; the line of its `async with` says which it is."""
    lines = {line for _, _, line in frame.f_code.co_lines() if line is not None}
    begins = [line for line in sorted(lines) if "begin()" in linecache.getline(frame.f_code.co_filename, line)]
    if len(begins) < 2 or frame.f_lineno not in begins:
        return ""
    return f" #{begins.index(frame.f_lineno) + 1}"


def _place(path: str) -> str:
    """An address without what differs from run to run."""
    path = re.sub(r"^/(google|hubspot)", "", path).replace("/v1", "/V").replace("/v3", "/V")
    return re.sub(r"/[^/]*(\d|%40|@)[^/]*", "/ID", path)


def install(boundaries: Boundaries) -> None:
    import asyncpg.transaction
    import httpx
    from aiohttp import web_protocol
    from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
    from slack_sdk.web.async_client import AsyncWebClient

    import core
    from core import execution
    from core.effect import Arm, Look, Undo
    from core.runner import Runner

    assert core.__file__ is not None
    root = str(Path(core.__file__).resolve().parent.parent) + "/"

    def commit(_: Any) -> str | None:
        doing = _doing(root)
        return None if doing is None or doing.startswith("bot.web:readiness") else f"commit {doing}"

    def slack(method: Any) -> str | None:
        doing = _doing(root)
        return None if doing is None else f"request slack {method} {doing}"

    def http(request: Any) -> str | None:
        doing = _doing(root)
        return None if doing is None else f"request {request.method} {_place(request.url.path)} {doing}"

    def answer(request: Any) -> str | None:
        path = getattr(request, "path", "")
        return f"answer {path}" if path.startswith(("/webhooks/", "/slack/")) else None

    boundaries.follow_claims(execution, Runner, (Arm, Look, Undo))
    boundaries.around(asyncpg.transaction.Transaction, "commit", commit)
    boundaries.around(AsyncWebClient, "api_call", slack)
    boundaries.around(httpx.AsyncClient, "send", http)
    boundaries.around(web_protocol.RequestHandler, "finish_response", answer)
    boundaries.around(AsyncBaseSocketModeClient, "send_socket_mode_response", lambda _: "answer socket")
