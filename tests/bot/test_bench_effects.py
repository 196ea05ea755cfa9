"""`caseyos bench effects`: the report's shape from a tiny run, that both sides make the same requests, and the counting."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from aiohttp import web
from asyncpg.protocol import Protocol
from sqlalchemy import text

from bot.bench import effects, round_trips
from bot.embedded.servers import Servers
from core.database import Database
from tests.conftest import Urls
from tests.support.sandbox import Sandbox

TINY = effects.Size(mails=2, rounds=1)


def test_a_tiny_run_reports_ratios_and_round_trips_as_its_last_line(capfd: pytest.CaptureFixture[str]) -> None:
    code = effects.run(size=TINY, quiet=True)

    said = capfd.readouterr()
    assert said.err == ""
    report = json.loads(said.out.splitlines()[-1])
    assert set(report["ratios"]) == {"executions_fsync_on", "executions_fsync_off"}
    for mode in ("fsync_on", "fsync_off"):
        assert all(figure > 0 for figure in report[mode].values())
        of_rates = report[mode]["product_per_s"] / report[mode]["bare_per_s"]
        assert report["ratios"][f"executions_{mode}"] == pytest.approx(of_rates, rel=0.1)
    assert report["round_trips_per_step"] == max(
        report[mode]["round_trips_per_step"] for mode in ("fsync_on", "fsync_off")
    )
    assert report["ok"] is (code == 0) is all(ratio >= effects.BAR for ratio in report["ratios"].values())


@asynccontextmanager
async def front(sandbox: Sandbox, seen: list[Any]) -> AsyncIterator[str]:
    """Stands before the sandbox and notes what Gmail is asked; its address."""
    async with httpx.AsyncClient(trust_env=False) as http:

        async def passed_on(request: web.Request) -> web.Response:
            body = await request.read()
            if "/gmail/" in request.path:
                place = re.sub(r"drafts/(?!send)[^/]+", "drafts/ID", request.path)
                query = {name: re.sub('"[^"]*"', '"ADDRESS"', value) for name, value in request.query.items()}
                seen.append((request.method, place, query, _shape(body)))
            headers = {
                name: request.headers[name] for name in ("authorization", "content-type") if name in request.headers
            }
            answer = await http.request(
                request.method, f"{sandbox.url}{request.path_qs}", content=body, headers=headers
            )
            return web.Response(status=answer.status_code, body=answer.content, content_type="application/json")

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", passed_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def _shape(body: bytes) -> Any:
    def of(value: Any) -> Any:
        return {name: of(inner) for name, inner in value.items()} if isinstance(value, dict) else type(value).__name__

    return of(json.loads(body)) if body else None


async def test_the_bare_side_makes_the_products_very_requests(urls: Urls, redis_url: str, sandbox: Sandbox) -> None:
    given = Servers(urls.owner, urls.app, redis_url)
    asked: dict[str, list[Any]] = {"product": [], "bare": []}
    owner = await asyncpg.connect(urls.owner)
    try:
        async with (
            front(sandbox, asked["product"]) as url,
            effects.working(effects.settings(given, sandbox_url=url)) as services,
        ):
            await effects.carried_out(services, owner, 1, first=0)
        async with front(sandbox, asked["bare"]) as url, effects.bare_side(given, owner, sandbox_url=url) as bare:
            await effects.made_bare(bare, 1)
        steps = await owner.fetch("select state, external_id from bench_steps order by id")
    finally:
        await owner.close()

    product = [one for one in asked["product"] if not one[1].endswith(("/profile", "/history"))]  # asked once a process
    assert len(product) == 4
    assert asked["bare"] == product
    assert [step["state"] for step in steps] == ["applied", "applied"]
    assert all(step["external_id"] for step in steps)


async def test_nothing_of_the_callers_own_settings_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEYOS_PAUSED", "true")
    chosen = effects.settings(Servers("postgresql://o", "postgresql://a", "redis://r"), sandbox_url="http://x")
    assert not chosen.paused


async def test_every_time_the_database_is_asked_is_counted_by_task(database: Database) -> None:
    async def once() -> None:
        async with database.engine.begin() as db:
            await db.execute(text("select 1"))

    real = Protocol.query
    with round_trips.counted() as trips:
        await asyncio.create_task(once(), name="warm up")
        trips.clear()
        await asyncio.create_task(once(), name="effect 1")
        await asyncio.create_task(once(), name="effect 2")
        await asyncio.create_task(once(), name="sweep")
    assert trips == {"effect": 2 * len(("begin", "select", "commit")), "sweep": 3}
    assert Protocol.query is real
