"""The tables: one source for the models; migrations are compared with it by a test.

Every row carries its workspace, and every key begins with it: row level security is forced on all tables, so a
transaction sees the one workspace it has set (`core/database.py`). Times are UTC. Money is minor units with a currency.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from core.effect import State

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_1_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

MOVE_STATES = ("open", "snoozed", "approved", "done", "dismissed", "expired", "retired")
SIGNAL_STATES = ("pending", "proposed", "declined", "recorded")
EFFECT_STATES = tuple(State)
LEGAL_BASES = ("request", "contract", "consent", "legitimate_interest")


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} in ({', '.join(repr(str(v)) for v in values)})", name=column)


def _workspace(primary: bool = True) -> Column:  # type: ignore[type-arg]
    return Column("workspace_id", Uuid, primary_key=primary, nullable=False)


def _id() -> Column:  # type: ignore[type-arg]
    return Column("id", Uuid, primary_key=True)


def _time(name: str, *, null: bool = False) -> Column:  # type: ignore[type-arg]
    return Column(name, DateTime(timezone=True), nullable=null)


def _within(column: str, table: str) -> ForeignKeyConstraint:
    """A reference that cannot leave the workspace."""
    return ForeignKeyConstraint(["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"])


workspaces = Table(
    "workspaces",
    metadata,
    _workspace(),
    Column("name", Text, nullable=False),
    Column("slack_team_id", Text),
    Column("settings", JSONB, nullable=False),
    _time("created_at"),
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
    _workspace(),
    Column("slack_user_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("role", Text, nullable=False),
    _time("created_at"),
    _one_of("role", ("owner", "admin", "member")),
)

switches = Table(
    "switches",
    metadata,
    _workspace(),
    Column("name", Text, primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _time("at"),
    _one_of("name", ("sending",)),
)

people = Table(
    "people",
    metadata,
    _workspace(),
    _id(),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("company", Text, nullable=False),
    _time("replied_at", null=True),
    _time("created_at"),
    # The company's name as `person.account` compares it; by this an account is suppressed.
    Column("account", Text, nullable=False, server_default=text("''")),
    Column("zone", Text),
    _time("inquired_at", null=True),
    Column("legal_basis", Text),
    Column("legal_basis_evidence", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("workspace_id", "email"),
    _one_of("legal_basis", LEGAL_BASES),
)
Index("ix_people_account", people.c.workspace_id, people.c.account, postgresql_where=people.c.account != "")

suppressions = Table(
    "suppressions",
    metadata,
    _workspace(),
    _id(),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("by", Text, nullable=False),
    _time("at"),
    _time("removed_at", null=True),
    # What stood here before, each with its reason, evidence, by, at, and how it was removed: nothing of it is lost.
    Column("story", JSONB, nullable=False, server_default=text("'[]'")),
    _one_of("kind", ("address", "domain", "account")),
    _one_of("reason", ("hard_bounce", "complaint", "opt_out", "manual", "legal")),
    UniqueConstraint("workspace_id", "kind", "value"),
)

signals = Table(
    "signals",
    metadata,
    _workspace(),
    _id(),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("dedup_key", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _time("occurred_at"),
    _time("received_at"),
    _time("due_at", null=True),
    _one_of("state", SIGNAL_STATES),
    CheckConstraint("(state = 'pending') = (due_at is not null)", name="pending_is_due"),
    UniqueConstraint("workspace_id", "source", "dedup_key"),
)
Index("ix_signals_due", signals.c.workspace_id, signals.c.due_at, postgresql_where=signals.c.due_at.is_not(None))

opt_ins = Table(
    "opt_ins",
    metadata,
    _workspace(),
    _id(),
    Column("person_id", Uuid, nullable=False),
    _time("at"),
    Column("by", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("signal_id", Uuid),
    _time("withdrawn_at", null=True),
    _within("person_id", "people"),
    _within("signal_id", "signals"),
    CheckConstraint("by <> '' and wording <> ''", name="evidence"),
)
Index(
    "ix_opt_ins_standing",
    opt_ins.c.workspace_id,
    opt_ins.c.person_id,
    postgresql_where=opt_ins.c.withdrawn_at.is_(None),
)

recommendations = Table(
    "recommendations",
    metadata,
    _workspace(),
    _id(),
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
    _time("due_at"),
    _time("created_at"),
    Column("watched", JSONB, nullable=False, server_default=text("'[]'")),
    _within("signal_id", "signals"),
    _within("person_id", "people"),
    UniqueConstraint("workspace_id", "signal_id", "rule"),
)

moves = Table(
    "moves",
    metadata,
    _workspace(),
    _id(),
    Column("recommendation_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("aps", Integer, nullable=False),
    Column("dismiss_reason", Text),
    Column("note", Text),
    Column("decided_by", Text),
    _time("decided_at", null=True),
    _time("due_at"),
    _time("snoozed_until", null=True),
    Column("revision", Integer, nullable=False),
    Column("shown_revision", Integer, nullable=False),
    Column("shown_digest", Text),
    Column("card_channel", Text),
    Column("card_ts", Text),
    _time("card_due_at", null=True),
    _time("card_lease_until", null=True),
    _time("created_at"),
    _time("updated_at"),
    _within("recommendation_id", "recommendations"),
    _within("person_id", "people"),
    UniqueConstraint("workspace_id", "recommendation_id"),
    _one_of("state", MOVE_STATES),
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
Index("ix_moves_card_due", moves.c.workspace_id, moves.c.card_due_at, postgresql_where=moves.c.card_due_at.is_not(None))
Index("ix_moves_snoozed", moves.c.workspace_id, moves.c.snoozed_until, postgresql_where=moves.c.state == "snoozed")

move_events = Table(
    "move_events",
    metadata,
    _workspace(),
    _id(),
    Column("move_id", Uuid, nullable=False),
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("detail", Text, nullable=False),
    _time("at"),
    _within("move_id", "moves"),
    Index("ix_move_events_move", "workspace_id", "move_id", "id"),
)

approvals = Table(
    "approvals",
    metadata,
    _workspace(),
    _id(),
    Column("move_id", Uuid, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    _time("approved_at"),
    _time("withdrawn_at", null=True),
    Column("seconded_by", Text),
    _time("seconded_at", null=True),
    _within("move_id", "moves"),
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
    _workspace(),
    _id(),
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
    _time("due_at", null=True),
    _time("start_by", null=True),
    _time("horizon_until", null=True),
    _time("created_at"),
    _time("updated_at"),
    Column("claims", Integer, nullable=False, server_default=text("0")),
    Column("rule", Text),
    Column("looks", Integer, nullable=False, server_default=text("0")),
    _within("move_id", "moves"),
    _within("approval_id", "approvals"),
    UniqueConstraint("workspace_id", "key"),
    UniqueConstraint("workspace_id", "approval_id", "step"),
    _one_of("state", EFFECT_STATES),
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

caps = Table(
    "caps",
    metadata,
    _workspace(),
    Column("scope", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("used", Integer, nullable=False),
    CheckConstraint("used >= 0", name="used"),
)

reservations = Table(
    "reservations",
    metadata,
    _workspace(),
    Column("effect_id", Uuid, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("window", Text, nullable=False),
    _time("at"),
    Column("purpose", Text, nullable=False, server_default=text("''")),
    Column("legal_basis", Text),
    _time("bounced_at", null=True),
    Column("bounce", Text),
    _within("effect_id", "effects"),
    Index("ix_reservations_subject", "workspace_id", "scope", "subject", "at"),
    CheckConstraint("(bounced_at is null) = (bounce is null)", name="bounce"),
)
Index(
    "ix_reservations_bounced",
    reservations.c.workspace_id,
    reservations.c.bounced_at,
    postgresql_where=reservations.c.bounced_at.is_not(None),
)

outcomes = Table(
    "outcomes",
    metadata,
    _workspace(),
    _id(),
    Column("recommendation_id", Uuid, nullable=False),
    Column("signal_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", Text),
    _time("at"),
    _within("recommendation_id", "recommendations"),
    _within("signal_id", "signals"),
    UniqueConstraint("workspace_id", "recommendation_id", "kind"),
    _one_of("kind", ("reply", "automatic_reply", "nothing_in_time")),
    CheckConstraint("(amount_minor is null) = (currency is null)", name="money"),
)

corrections = Table(
    "corrections",
    metadata,
    _workspace(),
    Column("feature", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("tried", Integer, nullable=False),
    Column("succeeded", Integer, nullable=False),
    _time("updated_at"),
    CheckConstraint("succeeded between 0 and tried", name="counts"),
)

score_receipts = Table(
    "score_receipts",
    metadata,
    _workspace(),
    _id(),
    Column("move_id", Uuid, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("aps", Integer, nullable=False),
    Column("receipt", JSONB, nullable=False),
    _time("at"),
    _within("move_id", "moves"),
    UniqueConstraint("workspace_id", "move_id", "revision"),
)

cursors = Table(
    "cursors",
    metadata,
    _workspace(),
    Column("source", Text, primary_key=True),
    Column("value", Text),
    Column("problem", Text),
    _time("due_at"),
    _time("read_at", null=True),
)

inbox = Table(
    "inbox",
    metadata,
    _workspace(),
    Column("key", Text, primary_key=True),
    _time("at"),
    Index("ix_inbox_at", "workspace_id", "at"),
)

OWNER_ROLE = "caseyos_owner"
APP_ROLE = "caseyos_app"
WORKSPACE_SETTING = "caseyos.workspace"


def security_ddl(table: str) -> tuple[str, ...]:
    """What makes a table safe to share between workspaces: forced row level security and the app's rights."""
    mine = f"workspace_id = nullif(current_setting('{WORKSPACE_SETTING}', true), '')::uuid"
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_workspace ON {table} USING ({mine}) WITH CHECK ({mine})",
        f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE, DELETE')} ON {table} TO {APP_ROLE}",
    )


audit_entries = Table(
    "audit_entries",
    metadata,
    _workspace(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    _time("at"),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("move_id", Uuid),
    Column("effect_id", Uuid),
    Column("to_whom", ARRAY(Text), nullable=False),
    _time("until", null=True),
    Column("grounds", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("known_by", Text, nullable=False),
    Column("texts", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
    CheckConstraint("seq > 0", name="seq"),
)
Index(
    "ix_audit_entries_move",
    audit_entries.c.workspace_id,
    audit_entries.c.move_id,
    audit_entries.c.seq,
    postgresql_where=audit_entries.c.move_id.is_not(None),
)

audit_texts = Table(
    "audit_texts",
    metadata,
    _workspace(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text),
    Column("erased_in", BigInteger),
    CheckConstraint("(body is null) = (erased_in is not null)", name="erased"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    _workspace(),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    _time("at"),
    CheckConstraint("seq >= 0", name="seq"),
)

audit_keys = Table(
    "audit_keys",
    metadata,
    _workspace(),
    Column("key", Text, nullable=False),
    _time("created_at"),
)

RIGHTS = {
    "audit_entries": "SELECT, INSERT",
    "audit_texts": "SELECT, INSERT, UPDATE",
    "audit_heads": "SELECT, INSERT, UPDATE",
    "audit_keys": "SELECT, INSERT",
}
"""Tables in which the app may do less than everything: what stands in the audit, it cannot take back."""
