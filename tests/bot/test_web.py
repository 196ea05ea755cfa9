"""How the process says that it is well, what it says when a part of it is not, and the one shape of its errors."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

import asyncpg
import httpx
import pytest

from bot import schema
from bot.embedded import postgres, servers, valkey
from tests.conftest import FORMS_SECRET, SIGNING_SECRET
from tests.support.forms import deliver, problem
from tests.support.log_lines import product_log
from tests.support.product import running_product

WITHIN_S = 2.0


async def get(product, path, method="GET", **more):
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        return await http.request(method, product.url + path, **more)


async def ready(product):
    """Status and what it says, which has to come within WITHIN_S."""
    began = time.monotonic()
    answer = await get(product, "/ready")
    assert time.monotonic() - began < WITHIN_S
    return answer.status_code, answer.json()


def below(pid):
    """The process and all its children, by /proc."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in below(int(child)))]


@contextlib.contextmanager
def frozen(pid):
    """Alive, but answers nothing: worse than dead."""
    stopped = below(pid)
    for one in stopped:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


@pytest.fixture
def machinery(tmp_path):
    """A PostgreSQL, migrated, and a Valkey, to be stopped by the test."""
    with postgres.running(tmp_path / "postgres", durable=False) as database, valkey.running(None) as redis:
        asyncio.run(migrated(database))
        yield database, redis


async def migrated(database):
    connection = await asyncpg.connect(database.url())
    try:
        password = servers.login_password(database)
        await connection.execute(f"create role {servers.LOGIN} login noinherit password '{password}'")
    finally:
        await connection.close()
    await schema.migrate(database.url(), app_url=servers.app_url(database, "postgres"))


@pytest.fixture
async def own(machinery, sandbox, clock):
    """(product, database, redis): nobody else uses these."""
    database, redis = machinery
    async with running_product(
        database_url=servers.app_url(database, "postgres"),
        redis_url=redis.url,
        sandbox=sandbox,
        clock=clock,
        signing_secret=SIGNING_SECRET,
        forms_secret=FORMS_SECRET,
    ) as product:
        yield product, database, redis


@pytest.mark.parametrize("path", ["/health", "/healthz"])
async def test_a_process_that_lives_says_so(product, path):
    answer = await get(product, path)
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_ready_names_each_dependency_and_whether_sending_is_paused(product):
    both = {"postgres": {"ok": True}, "redis": {"ok": True}}
    on = {"ready": True, "paused": False, "paused_by": None, "all_paused": False, "dependencies": both}
    assert await ready(product) == (200, on)
    await product.say("pause the fair is over")
    assert await ready(product) == (200, {**on, "paused": True, "paused_by": "U0CASEY"})


async def test_a_frozen_database_and_a_frozen_redis_are_named_in_time_and_their_return_as_well(own):
    product, database, redis = own
    assert (await ready(product))[0] == 200
    with frozen(database.pid):
        status, said = await ready(product)
        assert (status, said["ready"], said["paused"]) == (503, False, None)
        assert said["dependencies"] == {"postgres": {"ok": False, "problem": "TimeoutError"}, "redis": {"ok": True}}
        assert (await get(product, "/healthz")).status_code == 200
    with frozen(redis.pid):
        status, said = await ready(product)
        assert (status, said["ready"]) == (200, True)  # only the bell: what is committed is found by the sweep
        assert said["dependencies"]["redis"] == {"ok": False, "problem": "TimeoutError"}
    assert (await ready(product))[1]["dependencies"] == {"postgres": {"ok": True}, "redis": {"ok": True}}


async def test_a_killed_database_is_named_and_a_form_is_refused_without_being_half_kept(own):
    product, database, _ = own
    os.kill(database.pid, signal.SIGKILL)
    status, said = await ready(product)
    assert (status, said["ready"], said["dependencies"]["postgres"]["ok"]) == (503, False, False)
    with product_log() as log:
        answer = await deliver(product, {"fields": {"email": "dana@northpier.example", "name": "Dana"}})
        lines = [line for line in log.take() if line["level"] == "error"]
    assert problem(answer) == (500, "internal_error", None)
    assert [line["event"] for line in lines] == ["a request failed"]
    assert "dana" not in str(lines)


async def test_metrics_are_served_for_a_scraper(product):
    answer = await get(product, "/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "process_cpu_seconds_total" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nowhere", (404, "not_found", None)),
        ("GET", "/webhooks/forms/contact", (405, "method_not_allowed", None)),
        ("POST", "/ready", (405, "method_not_allowed", None)),
        ("GET", "/slack/events", (405, "method_not_allowed", None)),
        ("POST", "/webhooks/forms/", (404, "not_found", None)),
        ("GET", "/%00", (404, "not_found", None)),
    ],
)
async def test_what_is_not_served_is_refused_in_the_one_shape(product, method, path, expected):
    answer = await get(product, path, method)
    assert problem(answer) == expected
    assert ("Allow" in answer.headers) == (answer.status_code == 405)


async def test_a_body_that_is_too_large_is_refused_in_the_one_shape(product):
    for path in ("/webhooks/forms/contact", "/slack/events"):
        answer = await get(product, path, "POST", content=b"x" * (1024 * 1024 + 1))
        assert problem(answer) == (413, "too_large", None)
