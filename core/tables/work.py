"""What comes in, what is proposed, what becomes of it: from signals to effects."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.effect import State
from core.tables.base import id_column, metadata, one_of, time_column, within, workspace_column

MOVE_STATES = ("open", "snoozed", "approved", "done", "dismissed", "expired", "retired")
SIGNAL_STATES = ("pending", "proposed", "declined", "recorded")
EFFECT_STATES = tuple(State)

signals = Table(
    "signals",
    metadata,
    workspace_column(),
    id_column(),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("dedup_key", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    time_column("occurred_at"),
    time_column("received_at"),
    time_column("due_at", null=True),
    one_of("state", SIGNAL_STATES),
    CheckConstraint("(state = 'pending') = (due_at is not null)", name="pending_is_due"),
    UniqueConstraint("workspace_id", "source", "dedup_key"),
)
Index("ix_signals_due", signals.c.workspace_id, signals.c.due_at, postgresql_where=signals.c.due_at.is_not(None))

recommendations = Table(
    "recommendations",
    metadata,
    workspace_column(),
    id_column(),
    Column("signal_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("rule", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("title", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("context", JSONB, nullable=False),
    Column("facts", JSONB, nullable=False),
    time_column("due_at"),
    time_column("created_at"),
    Column("watched", JSONB, nullable=False, server_default=text("'[]'")),
    within("signal_id", "signals"),
    within("person_id", "people"),
    UniqueConstraint("workspace_id", "signal_id", "rule"),
)

Index("ix_recommendations_person", recommendations.c.workspace_id, recommendations.c.person_id)

moves = Table(
    "moves",
    metadata,
    workspace_column(),
    id_column(),
    Column("recommendation_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("aps", Integer, nullable=False),
    Column("dismiss_reason", Text),
    Column("note", Text),
    Column("decided_by", Text),
    time_column("decided_at", null=True),
    time_column("due_at"),
    time_column("snoozed_until", null=True),
    Column("revision", Integer, nullable=False),
    Column("shown_revision", Integer, nullable=False),
    Column("shown_digest", Text),
    Column("card_channel", Text),
    Column("card_ts", Text),
    time_column("card_due_at", null=True),
    time_column("card_lease_until", null=True),
    time_column("created_at"),
    time_column("updated_at"),
    # From then on what it proposes makes no sense any more; most moves have no such time.
    time_column("expires_at", null=True),
    # Of a snoozed one: it comes back as soon as the person replies, at the latest when the snooze ends.
    Column("wakes_on_reply", Boolean, nullable=False, server_default=false()),
    within("recommendation_id", "recommendations"),
    within("person_id", "people"),
    UniqueConstraint("workspace_id", "recommendation_id"),
    one_of("state", MOVE_STATES),
    CheckConstraint("aps between 0 and 100", name="aps"),
    CheckConstraint("(state = 'snoozed') = (snoozed_until is not null)", name="snoozed_until"),
    CheckConstraint("(state = 'dismissed') = (dismiss_reason is not null)", name="dismiss_reason"),
)
Index(
    "uq_moves_live_purpose",
    moves.c.workspace_id,
    moves.c.person_id,
    moves.c.purpose,
    unique=True,
    postgresql_where=moves.c.state.in_(["open", "snoozed", "approved"]),
)
Index(
    "ix_moves_today",
    moves.c.workspace_id,
    moves.c.owner,
    moves.c.aps.desc(),
    moves.c.id,
    postgresql_where=moves.c.state == "open",
)
Index("ix_moves_owner", moves.c.workspace_id, moves.c.owner, moves.c.updated_at)
Index(
    "ix_moves_live",
    moves.c.workspace_id,
    moves.c.owner,
    moves.c.id,
    postgresql_where=moves.c.state.in_(["open", "snoozed", "approved"]),
)
Index("ix_moves_card_due", moves.c.workspace_id, moves.c.card_due_at, postgresql_where=moves.c.card_due_at.is_not(None))
Index("ix_moves_snoozed", moves.c.workspace_id, moves.c.snoozed_until, postgresql_where=moves.c.state == "snoozed")

Index(
    "ix_moves_expiring",
    moves.c.workspace_id,
    moves.c.expires_at,
    postgresql_where=moves.c.state.in_(["open", "snoozed"]) & moves.c.expires_at.is_not(None),
)

move_events = Table(
    "move_events",
    metadata,
    workspace_column(),
    id_column(),
    Column("move_id", Uuid, nullable=False),
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("detail", Text, nullable=False),
    time_column("at"),
    within("move_id", "moves"),
    Index("ix_move_events_move", "workspace_id", "move_id", "id"),
)

approvals = Table(
    "approvals",
    metadata,
    workspace_column(),
    id_column(),
    Column("move_id", Uuid, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    time_column("approved_at"),
    time_column("withdrawn_at", null=True),
    Column("seconded_by", Text),
    time_column("seconded_at", null=True),
    within("move_id", "moves"),
)
Index(
    "uq_approvals_live",
    approvals.c.workspace_id,
    approvals.c.move_id,
    unique=True,
    postgresql_where=approvals.c.withdrawn_at.is_(None),
)

effects = Table(
    "effects",
    metadata,
    workspace_column(),
    id_column(),
    Column("move_id", Uuid),
    Column("approval_id", Uuid),
    Column("action", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("cause", Text),
    Column("receipt", JSONB),
    Column("late_evidence", JSONB),
    time_column("due_at", null=True),
    time_column("start_by", null=True),
    time_column("horizon_until", null=True),
    time_column("created_at"),
    time_column("updated_at"),
    Column("claims", Integer, nullable=False, server_default=text("0")),
    Column("rule", Text),
    Column("looks", Integer, nullable=False, server_default=text("0")),
    within("move_id", "moves"),
    within("approval_id", "approvals"),
    UniqueConstraint("workspace_id", "key"),
    UniqueConstraint("workspace_id", "approval_id", "step"),
    one_of("state", EFFECT_STATES),
    CheckConstraint("state <> 'applied' or receipt is not null", name="applied_has_receipt"),
)
Index("ix_effects_due", effects.c.workspace_id, effects.c.due_at, postgresql_where=effects.c.due_at.is_not(None))
Index("ix_effects_move", effects.c.workspace_id, effects.c.move_id)
Index(
    "ix_effects_thread",
    effects.c.workspace_id,
    effects.c.receipt["detail"]["thread_id"].astext,
    postgresql_where=effects.c.receipt.is_not(None),
)
