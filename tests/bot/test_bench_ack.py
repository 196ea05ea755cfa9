"""`caseyos bench ack`: the report's shape from a tiny run, and that the bare side does what the product does."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from sqlalchemy import event, select

from bot.bench import ack, bare
from bot.bench.load import BadAnswer, Target, connect, latencies
from bot.bench.press import PATH, USER, Presses, signature
from core import cards, queue
from core.card import Card
from core.database import Database, in_workspace
from core.tables import APP_ROLE, move_events, moves
from tests.conftest import SIGNING_SECRET, Urls
from tests.support.clock import HandClock
from tests.support.factories import furnished, proposed
from tests.support.product import Product

TINY = ack.Size(warm_up=5, latency_rounds=1, presses=5, load_rounds=1, load_s=0.1, moves=ack.CLIENTS)
RATIOS = {"p50_fsync_on", "p50_fsync_off", "requests_fsync_on", "requests_fsync_off"}


def squeezed(sql: str) -> str:
    return " ".join(sql.split())


@asynccontextmanager
async def bare_server(urls: Urls, database: Database) -> AsyncIterator[int]:
    """The bare side in this process; its port."""
    ours = in_workspace(database.workspace)
    async with asyncpg.create_pool(
        urls.app, min_size=1, connection_class=ours, server_settings={"role": APP_ROLE}
    ) as pool:
        app = bare.application(pool, workspace=str(database.workspace), secret=SIGNING_SECRET)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()


async def carded(database: Database, move: UUID, clock: HandClock) -> Card:
    async with database.begin() as db:
        return await cards.card(db, move, clock())


async def pressed(port: int, card: Card) -> None:
    presses = Presses(card, secret=SIGNING_SECRET, port=port)
    await latencies(Target("one", port, lambda _: presses.next()), 1)


def test_a_tiny_run_reports_ratios_and_absolute_figures_as_its_last_line(capfd: pytest.CaptureFixture[str]) -> None:
    code = ack.run(size=TINY)

    report = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert set(report["ratios"]) == set(report["bars"]) == RATIOS
    for mode in ("fsync_on", "fsync_off"):
        for side in ("product", "bare"):
            assert set(report[mode][side]) == {"p50_ms", "requests_per_s", "presses"}
            assert all(figure > 0 for figure in report[mode][side].values())
        figures = report[mode]
        of_p50 = figures["product"]["p50_ms"] / figures["bare"]["p50_ms"]
        assert report["ratios"][f"p50_{mode}"] == pytest.approx(of_p50, rel=0.05)
    assert report["ok"] is (code == 0)


@pytest.mark.parametrize(
    ("name", "ratio", "kept"),
    [
        ("p50_fsync_on", 2.5, True),
        ("p50_fsync_off", 2.51, False),
        ("requests_fsync_on", 0.3, True),
        ("requests_fsync_on", 0.29, False),
        ("requests_fsync_off", 0.25, True),
        ("requests_fsync_off", 0.24, False),
    ],
)
def test_the_bars_are_those_that_were_promised(name: str, ratio: float, kept: bool) -> None:
    assert ack.kept(name, ratio) is kept


async def test_the_bare_side_sends_the_products_very_statements(
    product: Product, database: Database, clock: HandClock
) -> None:
    await furnished(database, now=clock())
    card = await carded(database, await proposed(database, now=clock()), clock)
    seen: list[str] = []
    engine = product.services.database.engine.sync_engine

    def statement(_c: Any, _cursor: Any, sql: str, *_: Any) -> None:
        seen.append(squeezed(sql))

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "begin", lambda _: seen.append("begin"))
    event.listen(engine, "commit", lambda _: seen.append("commit"))

    port = int(product.url.rpartition(":")[2])
    await pressed(port, card)  # the first press of a connection asks for the audit's key as well
    seen.clear()
    await pressed(port, card)

    expected = [bare.TAKE, bare.MEMBER, bare.SNOOZE, bare.APPEND]
    assert seen == ["begin", *map(squeezed, expected), "commit"]


async def test_the_bare_side_leaves_the_same_rows_behind(
    product: Product, urls: Urls, database: Database, clock: HandClock
) -> None:
    await furnished(database, now=clock())
    changed = {}
    async with bare_server(urls, database) as bare_port:
        for name, port in (("product", int(product.url.rpartition(":")[2])), ("bare", bare_port)):
            move = await proposed(database, now=clock())
            await pressed(port, await carded(database, move, clock))
            async with database.begin() as db:
                row = await queue.get(db, move)
                line = (await db.execute(select(move_events).where(move_events.c.move_id == move))).all()[-1]
            assert row.snoozed_until == row.decided_at + timedelta(hours=2)
            assert row.card_due_at == row.updated_at == row.decided_at == line.at
            assert line.detail == f"{row.snoozed_until:%Y-%m-%dT%H:%MZ}"
            changed[name] = (row.state, row.decided_by, row.revision, row.note, line.what, line.by)
    assert changed["product"] == changed["bare"] == ("snoozed", USER, 2, None, "snoozed", USER)


async def test_the_bare_side_refuses_what_is_not_signed_or_stale(
    urls: Urls, database: Database, clock: HandClock
) -> None:
    body, now = b"payload=%7B%7D", int(time.time())
    wrong = {
        "unsigned": {},
        "signed with another secret": {
            "X-Slack-Request-Timestamp": str(now),
            "X-Slack-Signature": signature("other", str(now), body),
        },
        "stale": {
            "X-Slack-Request-Timestamp": str(now - 400),
            "X-Slack-Signature": signature(SIGNING_SECRET, str(now - 400), body),
        },
    }
    async with bare_server(urls, database) as port, aiohttp.ClientSession() as http:
        for what, headers in wrong.items():
            async with http.post(f"http://127.0.0.1:{port}{PATH}", data=body, headers=headers) as answer:
                assert answer.status == 401, what


async def test_every_press_changes_a_row_also_one_that_is_snoozed(
    product: Product, database: Database, clock: HandClock
) -> None:
    await furnished(database, now=clock())
    move = await proposed(database, now=clock())
    card = await carded(database, move, clock)
    for _ in range(3):
        await pressed(int(product.url.rpartition(":")[2]), card)
    async with database.begin() as db:
        revision = (await db.execute(select(moves.c.revision).where(moves.c.id == move))).scalar_one()
    assert revision == 4


async def test_an_answer_that_is_no_acknowledgement_ends_the_measuring(product: Product) -> None:
    connection = await connect(int(product.url.rpartition(":")[2]))
    with pytest.raises(BadAnswer, match="404"):
        await connection.ask(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
    connection.close()
