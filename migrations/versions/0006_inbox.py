"""The inbox: which deliveries of Slack were taken already."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


OWNER, APP = "caseyos_owner", "caseyos_app"
MINE = "workspace_id = nullif(current_setting('caseyos.workspace', true), '')::uuid"


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    run(
        """
        CREATE TABLE inbox (
            workspace_id UUID NOT NULL,
            key TEXT NOT NULL,
            at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_inbox PRIMARY KEY (workspace_id, key)
        )
        """
    )
    run("CREATE INDEX ix_inbox_at ON inbox (workspace_id, at)")
    run("ALTER TABLE inbox ENABLE ROW LEVEL SECURITY")
    run("ALTER TABLE inbox FORCE ROW LEVEL SECURITY")
    run(f"CREATE POLICY own_workspace ON inbox USING ({MINE}) WITH CHECK ({MINE})")
    run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON inbox TO {APP}")
    run("RESET ROLE")


def downgrade() -> None:
    op.execute("DROP TABLE inbox")
