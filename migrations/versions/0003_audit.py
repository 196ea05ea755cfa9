"""The audit: a chain of entries that the app can only lengthen, its head, its readable texts and its key."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OWNER, APP = "caseyos_owner", "caseyos_app"

RIGHTS = {
    "audit_entries": "SELECT, INSERT",
    "audit_texts": "SELECT, INSERT, UPDATE",
    "audit_heads": "SELECT, INSERT, UPDATE",
    "audit_keys": "SELECT, INSERT",
}

SCHEMA = (
    """
    CREATE TABLE audit_entries (
        workspace_id UUID NOT NULL,
        seq BIGINT NOT NULL,
        version INTEGER NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        who TEXT NOT NULL,
        what TEXT NOT NULL,
        move_id UUID,
        effect_id UUID,
        to_whom TEXT[] NOT NULL,
        until TIMESTAMP WITH TIME ZONE,
        grounds TEXT NOT NULL,
        content TEXT NOT NULL,
        evidence TEXT NOT NULL,
        known_by TEXT NOT NULL,
        texts TEXT NOT NULL,
        prev TEXT NOT NULL,
        hash TEXT NOT NULL,
        CONSTRAINT pk_audit_entries PRIMARY KEY (workspace_id, seq),
        CONSTRAINT ck_audit_entries_seq CHECK (seq > 0)
    )
    """,
    """
    CREATE INDEX ix_audit_entries_move ON audit_entries (workspace_id, move_id, seq) WHERE move_id IS NOT NULL
    """,
    """
    CREATE TABLE audit_texts (
        workspace_id UUID NOT NULL,
        seq BIGINT NOT NULL,
        body TEXT,
        erased_in BIGINT,
        CONSTRAINT pk_audit_texts PRIMARY KEY (workspace_id, seq),
        CONSTRAINT ck_audit_texts_erased CHECK ((body is null) = (erased_in is not null))
    )
    """,
    """
    CREATE TABLE audit_heads (
        workspace_id UUID NOT NULL,
        seq BIGINT NOT NULL,
        hash TEXT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_audit_heads PRIMARY KEY (workspace_id),
        CONSTRAINT ck_audit_heads_seq CHECK (seq >= 0)
    )
    """,
    """
    CREATE TABLE audit_keys (
        workspace_id UUID NOT NULL,
        key TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_audit_keys PRIMARY KEY (workspace_id)
    )
    """,
)

MINE = "workspace_id = nullif(current_setting('caseyos.workspace', true), '')::uuid"


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    for statement in SCHEMA:
        run(statement)
    for table, rights in RIGHTS.items():
        run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        run(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        run(f"CREATE POLICY own_workspace ON {table} USING ({MINE}) WITH CHECK ({MINE})")
        run(f"GRANT {rights} ON {table} TO {APP}")
    run("RESET ROLE")


def downgrade() -> None:
    run = op.get_bind().exec_driver_sql
    for table in reversed(RIGHTS):
        run(f"DROP TABLE {table}")
