"""The workspace, its settings and its members."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import Row, bindparam, cast, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from core import audit, quiet
from core.audit import Entry, What
from core.database import Db
from core.digest_settings import DigestSettings
from core.draft import Voice
from core.guardrails import GuardrailSettings
from core.schedule import Schedule
from core.switch import SENDING
from core.switched import Switch
from core.tables import members, moves, switches, workspaces


class Preferences(BaseModel, frozen=True):
    """What a member has chosen for themselves; what is None is as the workspace has it."""

    digest: DigestSettings | None = None


class WorkspaceSettings(BaseModel, frozen=True):
    default_owner: str | None = None
    mailbox: str = "me"
    voice: Voice = Voice()
    daily_mail_cap: int = Field(default=40, ge=0)
    guardrails: GuardrailSettings = GuardrailSettings()
    public_url: str = ""
    digest: DigestSettings = DigestSettings()


@dataclass(frozen=True)
class Member:
    slack_user_id: str
    name: str
    zone: str
    known: bool = True
    """Whether Slack has told us of them."""


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


class NotSetUp(Exception):
    """No bot or worker has ever run for this workspace."""


async def settings(db: Db) -> WorkspaceSettings:
    """Raises NotSetUp."""
    stored = (await db.execute(select(workspaces.c.settings))).scalar_one_or_none()
    if stored is None:
        raise NotSetUp
    return WorkspaceSettings.model_validate(stored)


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
    return Member(user, user, "UTC", known=False) if row is None else Member(user, row.name, row.zone)


@dataclass(frozen=True)
class Owner:
    """Somebody whose day it is: when their list comes, if it does, and since when they are here."""

    user: str
    zone: str
    schedule: Schedule | None
    since: datetime

    def today(self, now: datetime) -> date:
        """The date on their own calendar."""
        return now.astimezone(ZoneInfo(self.zone)).date()

    def due(self, now: datetime) -> tuple[date, ...]:
        """The dates whose list should be out by now."""
        return self.schedule.due(now, since=self.since) if self.schedule is not None else ()


async def owners(db: Db) -> list[Owner]:
    """Who gets moves, as far as their time zone is known: who gets what no form gives to others, and who has had one."""
    here = await settings(db)
    has_had_one = (
        select(moves.c.id)
        .where(moves.c.workspace_id == members.c.workspace_id, moves.c.owner == members.c.slack_user_id)
        .exists()
    )
    theirs = or_(members.c.slack_user_id == here.default_owner, has_had_one)
    rows = (await db.execute(select(members).where(theirs).order_by(members.c.slack_user_id))).all()
    return [_owner(row, here) for row in rows]


def _owner(row: Row[Any], here: WorkspaceSettings) -> Owner:
    """Whatever Slack or an older release has left: a zone that is none counts as UTC."""
    zone = row.zone if quiet.known_zone(row.zone) else "UTC"
    return Owner(row.slack_user_id, zone, digest_settings(here, row.preferences).schedule(zone), row.created_at)


async def strangers(db: Db) -> list[str]:
    """Owners of live moves of whom Slack has not told us yet."""
    known = (
        select(members.c.slack_user_id)
        .where(members.c.workspace_id == moves.c.workspace_id, members.c.slack_user_id == moves.c.owner)
        .exists()
    )
    live = moves.c.state.in_(["open", "snoozed", "approved"])
    return list((await db.execute(select(moves.c.owner).distinct().where(live, ~known))).scalars())


def digest_settings(here: WorkspaceSettings, preferences: dict[str, Any]) -> DigestSettings:
    """What the member has chosen, or else what the workspace has; that also where their choice cannot be read any more."""
    try:
        return Preferences.model_validate(preferences).digest or here.digest
    except ValidationError:
        return here.digest


async def digest_of(db: Db, user: str) -> tuple[DigestSettings, bool]:
    """When a member's list comes, and whether that is their own choice."""
    here = await settings(db)
    stored = (
        await db.execute(select(members.c.preferences).where(members.c.slack_user_id == user))
    ).scalar_one_or_none()
    chosen = digest_settings(here, stored or {})
    return chosen, chosen is not here.digest


async def choose_digest(db: Db, user: str, chosen: DigestSettings, *, now: datetime) -> None:
    """From now on the member's list comes so. Raises NotAMember."""
    stored = {"digest": chosen.model_dump(mode="json")}
    changed = update(members).where(members.c.slack_user_id == user)
    changed = changed.values(preferences=members.c.preferences.op("||")(cast(stored, JSONB)))
    if (await db.execute(changed)).rowcount == 0:
        raise NotAMember(user)
    audit.note(db, Entry(what=What.SETTING_CHANGED, who=user, said=f"digest {stored['digest']}"), now=now)


class NotAMember(Exception):
    """Nothing is known of this member yet, their time zone neither."""


async def paused_by(db: Db, found: Switch) -> str:
    """By whom everything is paused, as people read it; empty when it is not."""
    if not found.paused:
        return ""
    return found.counts.by if found.all_workspaces.paused else (await member(db, found.counts.by)).name
