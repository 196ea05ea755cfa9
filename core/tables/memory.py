"""What came of moves, what was learned and shown, and how far reading has come."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from core.tables.base import id_column, metadata, one_of, time_column, within, workspace_column

outcomes = Table(
    "outcomes",
    metadata,
    workspace_column(),
    id_column(),
    Column("recommendation_id", Uuid, nullable=False),
    Column("signal_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", Text),
    time_column("at"),
    within("recommendation_id", "recommendations"),
    within("signal_id", "signals"),
    UniqueConstraint("workspace_id", "recommendation_id", "kind"),
    one_of("kind", ("reply", "automatic_reply", "nothing_in_time")),
    CheckConstraint("(amount_minor is null) = (currency is null)", name="money"),
)

corrections = Table(
    "corrections",
    metadata,
    workspace_column(),
    Column("feature", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("tried", Integer, nullable=False),
    Column("succeeded", Integer, nullable=False),
    time_column("updated_at"),
    CheckConstraint("succeeded between 0 and tried", name="counts"),
)

score_receipts = Table(
    "score_receipts",
    metadata,
    workspace_column(),
    id_column(),
    Column("move_id", Uuid, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("aps", Integer, nullable=False),
    Column("receipt", JSONB, nullable=False),
    time_column("at"),
    within("move_id", "moves"),
    UniqueConstraint("workspace_id", "move_id", "revision"),
)

cursors = Table(
    "cursors",
    metadata,
    workspace_column(),
    Column("source", Text, primary_key=True),
    Column("value", Text),
    Column("problem", Text),
    time_column("due_at"),
    time_column("read_at", null=True),
)

inbox = Table(
    "inbox",
    metadata,
    workspace_column(),
    Column("key", Text, primary_key=True),
    time_column("at"),
    Index("ix_inbox_at", "workspace_id", "at"),
)
