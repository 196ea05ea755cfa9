"""Whole processes: `up` starts and ends as one, workers outlive Redis, nothing is left behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from bot.bell import QUEUE, close, redis_at
from bot.embedded import valkey

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 30.0


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> httpx.Response | None:
    try:
        return httpx.get(url, timeout=3, trust_env=False)
    except httpx.TransportError:
        return None


def children_of(pid: int) -> list[int]:
    """All processes below one, by /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            child = int(stat.parent.name)
            found += [child, *children_of(child)]
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def up(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """`caseyos up` with nothing set: its own PostgreSQL and Valkey, no Slack."""
    tmp_path.chmod(0o755)
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CASEYOS_")}
    environment |= {"CASEYOS_PORT": str(port), "PYTHONPATH": str(ROOT), "CASEYOS_FORMS_SECRET": "s"}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "up"], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    )
    yield process, f"http://127.0.0.1:{port}"
    if process.poll() is None:
        process.terminate()
        process.wait(20)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_up_runs_everything_and_ends_within_ten_seconds(up) -> None:
    process, url = up
    until(lambda: (answer := answers(f"{url}/ready")) is not None and answer.status_code == 200, "ready")
    family = children_of(process.pid)
    assert len(family) >= 4  # bot, worker, PostgreSQL, Valkey

    began = time.monotonic()
    process.send_signal(signal.SIGTERM)

    assert process.wait(20) == 0
    assert time.monotonic() - began < 10
    assert [pid for pid in family if alive(pid)] == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killing_up_leaves_nothing_behind(up) -> None:
    process, url = up
    until(lambda: answers(f"{url}/ready") is not None, "answering")
    family = children_of(process.pid)

    process.kill()
    process.wait()

    until(lambda: not any(alive(pid) for pid in family), "all children gone")


async def rung(url: str, times: int) -> None:
    """So many rings for moves that nobody knows, which a worker begins to take."""
    redis = redis_at(url)
    for _ in range(times):
        await redis.enqueue_job("look", "card", str(uuid4()), _queue_name=QUEUE)
    await close(redis)


def test_a_worker_outlives_its_redis(urls, tmp_path: Path) -> None:
    with valkey.running(None) as bell:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CASEYOS_")}
        environment |= {
            "CASEYOS_DATABASE_URL": urls.app,
            "CASEYOS_REDIS_URL": bell.url,
            "CASEYOS_LOG_LEVEL": "info",
            "PYTHONPATH": str(ROOT),
        }
        log = (tmp_path / "worker.log").open("w+b")
        worker = subprocess.Popen([sys.executable, "-m", "bot", "worker"], cwd=tmp_path, env=environment, stderr=log)
        until(lambda: b"no Google credentials" in (tmp_path / "worker.log").read_bytes(), "the worker has started")
        asyncio.run(rung(bell.url, times=400))
    try:
        until(lambda: b"the bell cannot be heard" in (tmp_path / "worker.log").read_bytes(), "Redis is missed")
        assert worker.poll() is None
    finally:
        worker.terminate()
        assert worker.wait(15) == 0
        log.close()
