"""Opt-ins to marketing mail, each with its evidence; and the key of each workspace that seals unsubscribe links.

The two columns of `people` that this takes the place of were read by no statement that names them, and written by none
in the product: the release before runs on without them.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OWNER, APP = "caseyos_owner", "caseyos_app"
MINE = "workspace_id = nullif(current_setting('caseyos.workspace', true), '')::uuid"

UP = (
    """
    CREATE TABLE opt_ins (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        person_id UUID NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        by TEXT NOT NULL,
        wording TEXT NOT NULL,
        signal_id UUID,
        withdrawn_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_opt_ins PRIMARY KEY (workspace_id, id),
        CONSTRAINT fk_opt_ins_person_id_people FOREIGN KEY (workspace_id, person_id)
            REFERENCES people (workspace_id, id),
        CONSTRAINT fk_opt_ins_signal_id_signals FOREIGN KEY (workspace_id, signal_id)
            REFERENCES signals (workspace_id, id),
        CONSTRAINT ck_opt_ins_evidence CHECK (by <> '' and wording <> '')
    )
    """,
    "CREATE INDEX ix_opt_ins_standing ON opt_ins (workspace_id, person_id) WHERE withdrawn_at IS NULL",
    """
    INSERT INTO opt_ins (workspace_id, id, person_id, at, by, wording)
    SELECT workspace_id, gen_random_uuid(), id, opted_in_at, 'caseyos', opt_in_evidence
    FROM people WHERE opted_in_at IS NOT NULL
    """,
    "ALTER TABLE people DROP COLUMN opted_in_at, DROP COLUMN opt_in_evidence",
    "ALTER TABLE opt_ins ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE opt_ins FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY own_workspace ON opt_ins USING ({MINE}) WITH CHECK ({MINE})",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON opt_ins TO {APP}",
    # 244 random bits, another one for each row: the server takes them from the system's secure source.
    """
    ALTER TABLE workspaces ADD COLUMN link_key TEXT
        DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '') NOT NULL
    """,
)

DOWN = (
    "ALTER TABLE workspaces DROP COLUMN link_key",
    """
    ALTER TABLE people
        ADD COLUMN opted_in_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN opt_in_evidence TEXT DEFAULT '' NOT NULL,
        ADD CONSTRAINT ck_people_opt_in_evidence CHECK (opted_in_at is null or opt_in_evidence <> '')
    """,
    "ALTER TABLE opt_ins NO FORCE ROW LEVEL SECURITY",
    """
    UPDATE people SET opted_in_at = newest.at, opt_in_evidence = newest.by || ': ' || newest.wording
    FROM (
        SELECT DISTINCT ON (workspace_id, person_id) * FROM opt_ins
        WHERE withdrawn_at IS NULL ORDER BY workspace_id, person_id, at DESC
    ) AS newest
    WHERE newest.workspace_id = people.workspace_id AND newest.person_id = people.id
    """,
    "DROP TABLE opt_ins",
)


def upgrade() -> None:
    _without_the_wall(UP)


def downgrade() -> None:
    _without_the_wall(DOWN)


def _without_the_wall(statements: tuple[str, ...]) -> None:
    """People of all workspaces are read and changed: the owner sees them while row level security is not forced."""
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    run("ALTER TABLE people NO FORCE ROW LEVEL SECURITY")
    for statement in statements:
        run(statement)
    run("ALTER TABLE people FORCE ROW LEVEL SECURITY")
    run("RESET ROLE")
