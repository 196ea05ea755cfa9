"""An approval may need a second person: who that was, and when."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE approvals ADD COLUMN seconded_by TEXT")
    op.execute("ALTER TABLE approvals ADD COLUMN seconded_at TIMESTAMP WITH TIME ZONE")


def downgrade() -> None:
    op.execute("ALTER TABLE approvals DROP COLUMN seconded_at")
    op.execute("ALTER TABLE approvals DROP COLUMN seconded_by")
