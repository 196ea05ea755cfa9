"""What every benchmark stands on: servers of its own in a folder that is thrown away, and moves made as the product makes them."""

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from bot.embedded import servers
from core import intake, signal, workspace
from core.database import Database, Db
from core.draft import Voice
from core.inquiry import FORM_SUBMITTED
from core.intake import Asked
from core.signal import Signal
from core.workspace import WorkspaceSettings

WORKSPACE = "bench"
MODES = (("fsync_on", True), ("fsync_off", False))


@contextmanager
def embedded(*, durable: bool) -> Iterator[tuple[servers.Servers, Path]]:
    """PostgreSQL and Valkey, started for this, and the folder in which they live. Main thread only."""
    with ExitStack() as stack:
        data = Path(tempfile.mkdtemp(prefix="caseyos-bench-"))
        stack.callback(shutil.rmtree, data, ignore_errors=True)
        data.chmod(0o711)
        yield stack.enter_context(servers.running(data, durable=durable)), data


async def furnish(database: Database, *, owner: str, daily_mail_cap: int, now: datetime) -> None:
    """The workspace and the owner of its moves."""
    voice = Voice(name="Casey Morgan", company="Pier 7 Marketing")
    chosen = WorkspaceSettings(default_owner=owner, voice=voice, daily_mail_cap=daily_mail_cap)
    async with database.begin() as db:
        await workspace.ensure(db, id=database.workspace, name=WORKSPACE, settings=chosen, now=now)
        await workspace.ensure_member(
            db, workspace=database.workspace, user=owner, name="Casey Morgan", zone="UTC", now=now
        )


async def fill_in_form(db: Db, number: int, *, email: str, here: UUID, now: datetime) -> None:
    """An open move, from a form."""
    inquiry = {
        "form": "contact",
        "name": "Dana Whitfield",
        "email": email,
        "company": "Northpier Freight",
        "message": "We would like to exhibit on 14 January. What are the prices?",
    }
    fact = Signal("forms", FORM_SUBMITTED, f"bench{number}", inquiry, now)
    stored = await signal.store(db, fact, workspace=here, now=now)
    assert stored is not None
    claimed = await signal.claim(db, stored, now)
    assert claimed is not None
    await intake.take_in(db, claimed, Asked(), workspace_id=here, now=now)


def machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
