"""Guardrails: accounts, zones and legal basis of people, removed suppressions with their story, bounces."""

from collections.abc import Callable
from typing import Any

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OWNER = "caseyos_owner"
BASES = "'request', 'contract', 'consent', 'legitimate_interest'"

UP = (
    """
    ALTER TABLE people
        ADD COLUMN account TEXT DEFAULT '' NOT NULL,
        ADD COLUMN zone TEXT,
        ADD COLUMN inquired_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN legal_basis TEXT,
        ADD COLUMN legal_basis_evidence TEXT DEFAULT '' NOT NULL,
        ADD COLUMN opted_in_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN opt_in_evidence TEXT DEFAULT '' NOT NULL,
        ADD CONSTRAINT ck_people_legal_basis CHECK (legal_basis in ("""
    + BASES
    + """)),
        ADD CONSTRAINT ck_people_opt_in_evidence CHECK (opted_in_at is null or opt_in_evidence <> '')
    """,
    """
    CREATE INDEX ix_people_account ON people (workspace_id, account) WHERE account != ''
    """,
    """
    ALTER TABLE suppressions
        ADD COLUMN removed_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN story JSONB DEFAULT '[]' NOT NULL,
        DROP CONSTRAINT ck_suppressions_kind,
        ADD CONSTRAINT ck_suppressions_kind CHECK (kind in ('address', 'domain', 'account'))
    """,
    """
    ALTER TABLE reservations
        ADD COLUMN purpose TEXT DEFAULT '' NOT NULL,
        ADD COLUMN legal_basis TEXT,
        ADD COLUMN bounced_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN bounce TEXT,
        DROP CONSTRAINT pk_reservations,
        ADD CONSTRAINT pk_reservations PRIMARY KEY (workspace_id, effect_id, scope, subject),
        ADD CONSTRAINT ck_reservations_bounce CHECK ((bounced_at is null) = (bounce is null))
    """,
    """
    CREATE INDEX ix_reservations_bounced ON reservations (workspace_id, bounced_at) WHERE bounced_at IS NOT NULL
    """,
)

DOWN = (
    "DELETE FROM suppressions WHERE kind = 'account' OR removed_at IS NOT NULL",
    """
    ALTER TABLE suppressions
        DROP COLUMN removed_at,
        DROP COLUMN story,
        DROP CONSTRAINT ck_suppressions_kind,
        ADD CONSTRAINT ck_suppressions_kind CHECK (kind in ('address', 'domain'))
    """,
    "DROP INDEX ix_reservations_bounced",
    "DELETE FROM reservations WHERE scope NOT IN ('mailbox_day', 'person')",
    # As the release before names the people of one effect: one scope each.
    """
    UPDATE reservations SET scope = 'person:' || numbered.n
    FROM (
        SELECT workspace_id, effect_id, subject,
            row_number() OVER (PARTITION BY workspace_id, effect_id ORDER BY subject) - 1 AS n
        FROM reservations WHERE scope = 'person'
    ) AS numbered
    WHERE reservations.scope = 'person' AND reservations.workspace_id = numbered.workspace_id
        AND reservations.effect_id = numbered.effect_id AND reservations.subject = numbered.subject
    """,
    """
    ALTER TABLE reservations
        DROP COLUMN purpose,
        DROP COLUMN legal_basis,
        DROP COLUMN bounced_at,
        DROP COLUMN bounce,
        DROP CONSTRAINT pk_reservations,
        ADD CONSTRAINT pk_reservations PRIMARY KEY (workspace_id, effect_id, scope)
    """,
    "DROP INDEX ix_people_account",
    """
    ALTER TABLE people
        DROP COLUMN account,
        DROP COLUMN zone,
        DROP COLUMN inquired_at,
        DROP COLUMN legal_basis,
        DROP COLUMN legal_basis_evidence,
        DROP COLUMN opted_in_at,
        DROP COLUMN opt_in_evidence
    """,
)

TABLES = ("people", "suppressions", "reservations")


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    _without_the_wall(run, _up)
    run("RESET ROLE")


def downgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    _without_the_wall(run, _down)
    run("RESET ROLE")


def _without_the_wall(run: Callable[..., Any], change: Callable[[Callable[..., Any]], None]) -> None:
    """Rows of all workspaces are changed: the owner sees them while row level security is not forced on it."""
    for table in TABLES:
        run(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    change(run)
    for table in TABLES:
        run(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _up(run: Callable[..., Any]) -> None:
    for statement in UP:
        run(statement)
    # The release before numbers the people of one effect in the scope; it reads both forms.
    run("UPDATE reservations SET scope = 'person' WHERE starts_with(scope, 'person:')")
    # In Python, as the server's lower() knows only ASCII in the C locale; each name once, however many work there.
    for (company,) in run("SELECT DISTINCT company FROM people WHERE company <> ''").all():
        account = " ".join(company.split()).casefold()
        run("UPDATE people SET account = $1 WHERE company = $2", (account, company))


def _down(run: Callable[..., Any]) -> None:
    for statement in DOWN:
        run(statement)
