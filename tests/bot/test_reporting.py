"""Sentry gets the error and where it came from, over a real socket, and nothing that a person wrote."""

import asyncio
import subprocess
import sys

from aiohttp import web

REPORTS = """
import logging, sys
from bot.reporting import report_errors
from bot.settings import Settings
report_errors(Settings(_env_file=None, sentry_dsn=sys.argv[1]))
from core.telemetry import Event, Happened
from bot import telemetry
telemetry.emit(Happened(Event.GUARDRAIL_BLOCKED, of="quiet_hours"))
logging.getLogger("bot.web").warning("somebody wrote hello-from-outside")
def fails(mail):
    raise ValueError(f"cannot send to {mail} with xoxb-1234-secret")
try:
    fails("dana@northpier.example")
except ValueError:
    logging.getLogger("core.runner").exception("an effect met a fault", extra={"effect": "e1"})
import sentry_sdk
sentry_sdk.flush(5)
"""


async def test_an_error_is_reported_without_addresses_and_secrets(tmp_path):
    got = []

    async def envelope(request: web.Request) -> web.Response:
        got.append((await request.read()).decode())
        return web.json_response({"id": "1"})

    app = web.Application()
    app.router.add_post("/api/1/envelope/", envelope)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        dsn = f"http://key@127.0.0.1:{runner.addresses[0][1]}/1"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", REPORTS, dsn)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        await runner.cleanup()
    said = "".join(got)
    assert "an effect met a fault" in said
    assert "ValueError" in said
    assert "guardrail_blocked" in said
    assert "quiet_hours" in said
    for private in ("dana@northpier.example", "xoxb-1234-secret", "hello-from-outside"):
        assert private not in said


def test_without_a_dsn_nothing_is_imported():
    code = (
        "import sys; from bot.reporting import report_errors; from bot.settings import Settings;"
        " report_errors(Settings(_env_file=None)); sys.exit('sentry_sdk' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
