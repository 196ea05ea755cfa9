"""A kill switch for all workspaces at once, and dry runs that stay on."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


OWNER, APP = "caseyos_owner", "caseyos_app"


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    run("ALTER TABLE switches ADD COLUMN dry_runs JSONB DEFAULT '{}' NOT NULL")
    run(
        """
        CREATE TABLE global_switches (
            name TEXT NOT NULL,
            paused BOOLEAN NOT NULL,
            by TEXT NOT NULL,
            reason TEXT NOT NULL,
            at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_global_switches PRIMARY KEY (name),
            CONSTRAINT ck_global_switches_name CHECK (name in ('sending'))
        )
        """
    )
    # Before the wall stands: the app may neither add the row nor remove it.
    run("INSERT INTO global_switches VALUES ('sending', false, 'caseyos', 'first start', now())")
    run("ALTER TABLE global_switches ENABLE ROW LEVEL SECURITY")
    run("ALTER TABLE global_switches FORCE ROW LEVEL SECURITY")
    run("CREATE POLICY read_by_all ON global_switches FOR SELECT USING (true)")
    run(
        "CREATE POLICY turned_on_purpose ON global_switches FOR UPDATE USING (true)"
        " WITH CHECK (current_setting('caseyos.all_workspaces', true) = 'on')"
    )
    run(f"GRANT SELECT, UPDATE ON global_switches TO {APP}")
    run("RESET ROLE")


def downgrade() -> None:
    op.execute("DROP TABLE global_switches")
    op.execute("ALTER TABLE switches DROP COLUMN dry_runs")
