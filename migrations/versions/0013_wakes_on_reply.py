"""A move may be put off until its person replies."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OWNER = "caseyos_owner"


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    run("ALTER TABLE moves ADD COLUMN wakes_on_reply BOOLEAN DEFAULT false NOT NULL")
    run("RESET ROLE")


def downgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(f"SET LOCAL ROLE {OWNER}")
    run("ALTER TABLE moves DROP COLUMN wakes_on_reply")
    run("RESET ROLE")
