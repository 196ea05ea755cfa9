"""The workspace, its settings and its members."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from core.database import Db
from core.draft import Voice
from core.guardrails import GuardrailSettings
from core.switch import SENDING, Switch
from core.tables import members, switches, workspaces


class WorkspaceSettings(BaseModel, frozen=True):
    default_owner: str | None = None
    mailbox: str = "me"
    voice: Voice = Voice()
    daily_mail_cap: int = Field(default=40, ge=0)
    guardrails: GuardrailSettings = GuardrailSettings()
    public_url: str = ""


@dataclass(frozen=True)
class Member:
    slack_user_id: str
    name: str
    zone: str


async def ensure(db: Db, *, id: UUID, name: str, settings: WorkspaceSettings, now: datetime) -> None:
    """Makes the workspace and its switch if they are not there; settings given now replace the stored ones."""
    stored = settings.model_dump(mode="json")
    await db.execute(
        insert(workspaces)
        .values(workspace_id=id, name=name, settings=stored, created_at=now)
        .on_conflict_do_update(index_elements=["workspace_id"], set_={"name": name, "settings": stored})
    )
    await db.execute(
        insert(switches)
        .values(workspace_id=id, name=SENDING, paused=False, by="caseyos", reason="first start", at=now)
        .on_conflict_do_nothing()
    )


async def settings(db: Db) -> WorkspaceSettings:
    return WorkspaceSettings.model_validate((await db.execute(select(workspaces.c.settings))).scalar_one())


async def ensure_member(db: Db, *, workspace: UUID, user: str, name: str, zone: str, now: datetime) -> None:
    await db.execute(
        insert(members)
        .values(workspace_id=workspace, slack_user_id=user, name=name, zone=zone, role="member", created_at=now)
        .on_conflict_do_update(index_elements=["workspace_id", "slack_user_id"], set_={"name": name, "zone": zone})
    )


_MEMBER = select(members.c.name, members.c.zone).where(members.c.slack_user_id == bindparam("user"))


async def member(db: Db, user: str) -> Member:
    """What is known of a member; UTC until Slack has told us more."""
    row = (await db.execute(_MEMBER, {"user": user})).one_or_none()
    return Member(user, user, "UTC") if row is None else Member(user, row.name, row.zone)


async def paused_by(db: Db, found: Switch) -> str:
    """By whom everything is paused, as people read it; empty when it is not."""
    if not found.paused:
        return ""
    return found.counts.by if found.all_workspaces.paused else (await member(db, found.counts.by)).name
