"""What people look at day by day: their list, one message for each owner and date, and their App Home."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from core.tables.base import id_column, metadata, one_of, time_column, within, workspace_column

digests = Table(
    "digests",
    metadata,
    workspace_column(),
    id_column(),
    Column("owner", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("kind", Text, nullable=False),
    # What its first lines say, as it was when it was composed.
    Column("facts", JSONB, nullable=False),
    Column("expanded", Boolean, nullable=False, server_default=text("false")),
    Column("channel", Text),
    Column("ts", Text),
    Column("shown_hash", Text),
    time_column("due_at", null=True),
    time_column("lease_until", null=True),
    time_column("created_at"),
    UniqueConstraint("workspace_id", "owner", "day", "kind"),
    one_of("kind", ("morning", "top_up")),
    CheckConstraint("(channel is null) = (ts is null)", name="posted"),
)

digest_moves = Table(
    "digest_moves",
    metadata,
    workspace_column(),
    Column("digest_id", Uuid, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("move_id", Uuid, nullable=False),
    # Its score when the digest was composed, and what of it the message says now.
    Column("aps", Integer, nullable=False),
    Column("shown_revision", Integer, nullable=False, server_default=text("0")),
    within("digest_id", "digests"),
    within("move_id", "moves"),
    Index("ix_digest_moves_move", "workspace_id", "move_id"),
    CheckConstraint("position > 0", name="position"),
)

HOME_TABS = ("today", "under_way", "snoozed", "done", "outcomes", "settings")

homes = Table(
    "homes",
    metadata,
    workspace_column(),
    id_column(),
    Column("slack_user_id", Text, nullable=False),
    Column("tab", Text, nullable=False),
    # The last of each page before the one that is shown: as many as there are pages before it.
    Column("path", JSONB, nullable=False, server_default=text("'[]'")),
    time_column("opened_at"),
    time_column("shown_at", null=True),
    Column("shown_hash", Text),
    time_column("due_at", null=True),
    time_column("lease_until", null=True),
    UniqueConstraint("workspace_id", "slack_user_id"),
    one_of("tab", HOME_TABS),
)
