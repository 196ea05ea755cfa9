"""The day's list as one message, App Home, members' own settings, tokens, and when a move expires."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


OWNER, APP = "caseyos_owner", "caseyos_app"
MINE = "workspace_id = nullif(current_setting('caseyos.workspace', true), '')::uuid"


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    run("ALTER TABLE members ADD COLUMN preferences JSONB DEFAULT '{}' NOT NULL")
    run("ALTER TABLE moves ADD COLUMN expires_at TIMESTAMP WITH TIME ZONE")
    run(
        "CREATE INDEX ix_moves_expiring ON moves (workspace_id, expires_at)"
        " WHERE state IN ('open', 'snoozed') AND expires_at IS NOT NULL"
    )
    run(
        """
        CREATE TABLE digests (
            workspace_id UUID NOT NULL,
            id UUID NOT NULL,
            owner TEXT NOT NULL,
            day DATE NOT NULL,
            kind TEXT NOT NULL,
            facts JSONB NOT NULL,
            expanded BOOLEAN DEFAULT false NOT NULL,
            channel TEXT,
            ts TEXT,
            shown_hash TEXT,
            due_at TIMESTAMP WITH TIME ZONE,
            lease_until TIMESTAMP WITH TIME ZONE,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT pk_digests PRIMARY KEY (workspace_id, id),
            CONSTRAINT uq_digests_workspace_id_owner_day_kind UNIQUE (workspace_id, owner, day, kind),
            CONSTRAINT ck_digests_kind CHECK (kind in ('morning', 'top_up')),
            CONSTRAINT ck_digests_posted CHECK ((channel is null) = (ts is null))
        )
        """
    )
    run(
        """
        CREATE TABLE digest_moves (
            workspace_id UUID NOT NULL,
            digest_id UUID NOT NULL,
            position INTEGER NOT NULL,
            move_id UUID NOT NULL,
            aps INTEGER NOT NULL,
            shown_revision INTEGER DEFAULT 0 NOT NULL,
            CONSTRAINT pk_digest_moves PRIMARY KEY (workspace_id, digest_id, position),
            CONSTRAINT fk_digest_moves_digest_id_digests FOREIGN KEY (workspace_id, digest_id)
                REFERENCES digests (workspace_id, id),
            CONSTRAINT fk_digest_moves_move_id_moves FOREIGN KEY (workspace_id, move_id)
                REFERENCES moves (workspace_id, id),
            CONSTRAINT ck_digest_moves_position CHECK (position > 0)
        )
        """
    )
    run("CREATE INDEX ix_digest_moves_move ON digest_moves (workspace_id, move_id)")
    run(
        """
        CREATE TABLE homes (
            workspace_id UUID NOT NULL,
            id UUID NOT NULL,
            slack_user_id TEXT NOT NULL,
            tab TEXT NOT NULL,
            path JSONB DEFAULT '[]' NOT NULL,
            opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
            shown_at TIMESTAMP WITH TIME ZONE,
            shown_hash TEXT,
            due_at TIMESTAMP WITH TIME ZONE,
            lease_until TIMESTAMP WITH TIME ZONE,
            CONSTRAINT pk_homes PRIMARY KEY (workspace_id, id),
            CONSTRAINT uq_homes_workspace_id_slack_user_id UNIQUE (workspace_id, slack_user_id),
            CONSTRAINT ck_homes_tab CHECK (tab in ('today', 'under_way', 'snoozed', 'done', 'outcomes', 'settings'))
        )
        """
    )
    run(
        """
        CREATE TABLE api_tokens (
            workspace_id UUID NOT NULL,
            id UUID NOT NULL,
            name TEXT NOT NULL,
            hash TEXT NOT NULL,
            owner TEXT NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            revoked_at TIMESTAMP WITH TIME ZONE,
            CONSTRAINT pk_api_tokens PRIMARY KEY (workspace_id, id),
            CONSTRAINT uq_api_tokens_workspace_id_hash UNIQUE (workspace_id, hash)
        )
        """
    )
    run("CREATE UNIQUE INDEX uq_api_tokens_live_name ON api_tokens (workspace_id, name) WHERE revoked_at IS NULL")
    run("CREATE INDEX ix_moves_owner ON moves (workspace_id, owner, updated_at)")
    run("CREATE INDEX ix_moves_live ON moves (workspace_id, owner, id) WHERE state IN ('open', 'snoozed', 'approved')")
    for table in ("digests", "digest_moves", "homes", "api_tokens"):
        run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        run(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        run(f"CREATE POLICY own_workspace ON {table} USING ({MINE}) WITH CHECK ({MINE})")
        run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
    run("RESET ROLE")


def downgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    # A release that does not know them cannot end them. Of all workspaces: the owner sees them while nothing is forced.
    run("ALTER TABLE effects NO FORCE ROW LEVEL SECURITY")
    run("DELETE FROM effects WHERE action IN ('post_digest', 'replace_card') AND due_at IS NOT NULL")
    run("ALTER TABLE effects FORCE ROW LEVEL SECURITY")
    run("RESET ROLE")
    op.execute("DROP INDEX ix_moves_live")
    op.execute("DROP INDEX ix_moves_owner")
    op.execute("DROP TABLE api_tokens")
    op.execute("DROP TABLE homes")
    op.execute("DROP TABLE digest_moves")
    op.execute("DROP TABLE digests")
    op.execute("DROP INDEX ix_moves_expiring")
    op.execute("ALTER TABLE moves DROP COLUMN expires_at")
    op.execute("ALTER TABLE members DROP COLUMN preferences")
