"""Whose workspace it is, whom it writes to, and what is left of the room for that."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from core.tables.base import id_column, metadata, one_of, time_column, within, workspace_column

LEGAL_BASES = ("request", "contract", "consent", "legitimate_interest")

workspaces = Table(
    "workspaces",
    metadata,
    workspace_column(),
    Column("name", Text, nullable=False),
    Column("slack_team_id", Text),
    Column("settings", JSONB, nullable=False),
    time_column("created_at"),
    # Seals the unsubscribe links of this workspace: who has it can take anybody off its list.
    Column(
        "link_key",
        Text,
        nullable=False,
        server_default=text("replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')"),
    ),
)

members = Table(
    "members",
    metadata,
    workspace_column(),
    Column("slack_user_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("role", Text, nullable=False),
    time_column("created_at"),
    # What a member has chosen for themselves; the rest is as the workspace has it.
    Column("preferences", JSONB, nullable=False, server_default=text("'{}'")),
    one_of("role", ("owner", "admin", "member")),
)

switches = Table(
    "switches",
    metadata,
    workspace_column(),
    Column("name", Text, primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    time_column("at"),
    # For whom a dry run is on, and who switched it on: members by their id, '' for the whole workspace.
    Column("dry_runs", JSONB, nullable=False, server_default=text("'{}'")),
    one_of("name", ("sending",)),
)

# The one table that belongs to no workspace. Its row comes with the migration; the app can neither add nor remove it.
global_switches = Table(
    "global_switches",
    metadata,
    Column("name", Text, primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    time_column("at"),
    one_of("name", ("sending",)),
)

people = Table(
    "people",
    metadata,
    workspace_column(),
    id_column(),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("company", Text, nullable=False),
    time_column("replied_at", null=True),
    time_column("created_at"),
    # The company's name as `person.account` compares it; by this an account is suppressed.
    Column("account", Text, nullable=False, server_default=text("''")),
    Column("zone", Text),
    time_column("inquired_at", null=True),
    Column("legal_basis", Text),
    Column("legal_basis_evidence", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("workspace_id", "email"),
    one_of("legal_basis", LEGAL_BASES),
)
Index("ix_people_account", people.c.workspace_id, people.c.account, postgresql_where=people.c.account != "")

opt_ins = Table(
    "opt_ins",
    metadata,
    workspace_column(),
    id_column(),
    Column("person_id", Uuid, nullable=False),
    time_column("at"),
    Column("by", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("signal_id", Uuid),
    time_column("withdrawn_at", null=True),
    within("person_id", "people"),
    within("signal_id", "signals"),
    CheckConstraint("by <> '' and wording <> ''", name="evidence"),
)
Index(
    "ix_opt_ins_standing",
    opt_ins.c.workspace_id,
    opt_ins.c.person_id,
    postgresql_where=opt_ins.c.withdrawn_at.is_(None),
)

suppressions = Table(
    "suppressions",
    metadata,
    workspace_column(),
    id_column(),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("by", Text, nullable=False),
    time_column("at"),
    time_column("removed_at", null=True),
    # What stood here before, each with its reason, evidence, by, at, and how it was removed: nothing of it is lost.
    Column("story", JSONB, nullable=False, server_default=text("'[]'")),
    one_of("kind", ("address", "domain", "account")),
    one_of("reason", ("hard_bounce", "complaint", "opt_out", "manual", "legal")),
    UniqueConstraint("workspace_id", "kind", "value"),
)

caps = Table(
    "caps",
    metadata,
    workspace_column(),
    Column("scope", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("used", Integer, nullable=False),
    CheckConstraint("used >= 0", name="used"),
)

reservations = Table(
    "reservations",
    metadata,
    workspace_column(),
    Column("effect_id", Uuid, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("window", Text, nullable=False),
    time_column("at"),
    Column("purpose", Text, nullable=False, server_default=text("''")),
    Column("legal_basis", Text),
    time_column("bounced_at", null=True),
    Column("bounce", Text),
    within("effect_id", "effects"),
    Index("ix_reservations_subject", "workspace_id", "scope", "subject", "at"),
    CheckConstraint("(bounced_at is null) = (bounce is null)", name="bounce"),
)
Index(
    "ix_reservations_bounced",
    reservations.c.workspace_id,
    reservations.c.bounced_at,
    postgresql_where=reservations.c.bounced_at.is_not(None),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    workspace_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("owner", Text, nullable=False),
    time_column("created_at"),
    time_column("revoked_at", null=True),
    UniqueConstraint("workspace_id", "hash"),
)
Index(
    "uq_api_tokens_live_name",
    api_tokens.c.workspace_id,
    api_tokens.c.name,
    unique=True,
    postgresql_where=api_tokens.c.revoked_at.is_(None),
)
