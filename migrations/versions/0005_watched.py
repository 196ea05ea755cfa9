"""Recommendations keep which facts outside are watched until what they propose has left."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE recommendations ADD COLUMN watched JSONB DEFAULT '[]' NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE recommendations DROP COLUMN watched")
