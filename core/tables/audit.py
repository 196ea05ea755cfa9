"""The audit's tables: entries that only grow, and beside them what can be read and erased."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from core.tables.base import metadata, time_column, workspace_column

audit_entries = Table(
    "audit_entries",
    metadata,
    workspace_column(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    time_column("at"),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("move_id", Uuid),
    Column("effect_id", Uuid),
    Column("to_whom", ARRAY(Text), nullable=False),
    time_column("until", null=True),
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
    workspace_column(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text),
    Column("erased_in", BigInteger),
    CheckConstraint("(body is null) = (erased_in is not null)", name="erased"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    workspace_column(),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    time_column("at"),
    CheckConstraint("seq >= 0", name="seq"),
)

audit_keys = Table(
    "audit_keys",
    metadata,
    workspace_column(),
    Column("key", Text, nullable=False),
    time_column("created_at"),
)
