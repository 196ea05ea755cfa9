"""Effects count how often they were taken up without an answer, and say which rule blocks them."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE effects ADD COLUMN claims INTEGER DEFAULT 0 NOT NULL")
    op.execute("ALTER TABLE effects ADD COLUMN rule TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE effects DROP COLUMN rule")
    op.execute("ALTER TABLE effects DROP COLUMN claims")
