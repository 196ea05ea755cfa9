"""Installed into a bot or worker by the harness alone: names each commit, request and answer, and may kill the process there.

CHAOS_POINTS names a file to which every point that is passed is appended. CHAOS_KILL is a point at which the process
ends by SIGKILL; CHAOS_DIED names the file that is written right before, so that the harness knows the point was met.
Python imports a module of this name at its start from the folders of PYTHONPATH.
"""

import asyncio
import linecache
import os
import re
import signal
import sys
from pathlib import Path

ROLE = os.environ.get("CHAOS_ROLE", "?")
PASSED = os.environ.get("CHAOS_POINTS")
KILL = os.environ.get("CHAOS_KILL")
DIED = os.environ.get("CHAOS_DIED")
NOT_NAMED_AFTER = ("core/database.py", "bot/messenger.py", "bot/wiring.py", "integrations/")

_seen: set[str] = set()


def passed(point: str) -> None:
    """A boundary on the path: recorded once, and the end of this process if it is the chosen one."""
    if PASSED and point not in _seen:
        _seen.add(point)
        with open(PASSED, "a") as file:
            file.write(point + "\n")
    if point == KILL and DIED:
        Path(DIED).write_text(point)
        os.kill(os.getpid(), signal.SIGKILL)


def _product_frame(root: str):
    """The nearest frame of the product that says what is being done, and not only how."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(root):
            path = name[len(root) :]
            ours = path.startswith(("bot/", "core/", "integrations/"))
            if ours and not path.startswith(NOT_NAMED_AFTER):
                return path, frame
        frame = frame.f_back
    return None, None


def _doing(root: str) -> str | None:
    """`core.runner:Runner._record send_email/1 Applied`; None where nothing of the product is at work."""
    path, frame = _product_frame(root)
    if frame is None:
        return None
    name = f"{path[:-3].replace('/', '.')}:{frame.f_code.co_qualname.replace('.<locals>', '')}"
    name += _which_transaction(frame)
    row = frame.f_locals.get("row")
    if path == "core/runner.py":
        if row is None:
            return None  # another worker had it: nothing was changed
        name += " telling" if row.tells else f" {row.action}/{row.step}"
        event = frame.f_locals.get("event")
        name += f" {type(event).__name__}" if event is not None else f" {row.effect.state}"
    return name


def _which_transaction(frame) -> str:
    """` #2` for the second transaction of a function that has several; the line of its `async with` says which it is."""
    lines = {line for _, _, line in frame.f_code.co_lines() if line is not None}
    begins = [line for line in sorted(lines) if "begin()" in linecache.getline(frame.f_code.co_filename, line)]
    if len(begins) < 2 or frame.f_lineno not in begins:
        return ""
    return f" #{begins.index(frame.f_lineno) + 1}"


def _around(owner: type, method: str, name) -> None:
    """Makes `owner.method` pass two points, before and after, wherever `name(self, args)` gives one."""
    real = getattr(owner, method)

    async def wrapped(self, *args, **kwargs):
        point = name(self, args)
        if point is None:
            return await real(self, *args, **kwargs)
        passed(f"{ROLE} {point} before")
        result = await real(self, *args, **kwargs)
        passed(f"{ROLE} {point} after")
        return result

    setattr(owner, method, wrapped)


def _install() -> None:
    import core

    root = str(Path(core.__file__).resolve().parent.parent) + "/"

    def commit(self, args) -> str | None:
        doing = _doing(root)
        return None if doing is None or doing.startswith("bot.web:readiness") else f"commit {doing}"

    def slack(self, args) -> str | None:
        doing = _doing(root)
        return None if doing is None else f"request slack {args[0]} {doing}"

    def http(self, args) -> str | None:
        doing = _doing(root)
        request = args[0]
        path = re.sub(
            r"/[^/]*\d[^/]*",
            "/ID",
            re.sub(r"^/(google|hubspot)", "", request.url.path).replace("/v1", "/V").replace("/v3", "/V"),
        )
        path = re.sub(r"/[^/]*(%40|@)[^/]*", "/ADDRESS", path)
        return None if doing is None else f"request {request.method} {path} {doing}"

    def answer(self, args) -> str | None:
        path = getattr(args[0], "path", "")
        return f"answer {path}" if path.startswith(("/webhooks/", "/slack/")) else None

    def acknowledge(self, args) -> str | None:
        return "answer socket"

    import asyncpg.transaction
    import httpx
    from aiohttp import web_protocol
    from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
    from slack_sdk.web.async_client import AsyncWebClient

    _around(asyncpg.transaction.Transaction, "commit", commit)
    _around(AsyncWebClient, "api_call", slack)
    _around(httpx.AsyncClient, "send", http)
    _around(web_protocol.RequestHandler, "finish_response", answer)
    _around(AsyncBaseSocketModeClient, "send_socket_mode_response", acknowledge)


if ROLE != "?":
    _run = asyncio.Runner.run

    def _run_hooked(self, coro, **kwargs):
        # By now everything that the product uses is imported.
        if type(self).__name__ == "Runner" and "core.runner" in sys.modules:
            _install()
        return _run(self, coro, **kwargs)

    asyncio.Runner.run = _run_hooked
