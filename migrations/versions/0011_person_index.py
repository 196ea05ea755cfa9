"""What was proposed for a person is found by the person."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_recommendations_person ON recommendations (workspace_id, person_id)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_recommendations_person")
