"""Let figures find the incidents of a period among all: those closed since it began, and those due in it."""

from alembic import op

revision = "0028"
down_revision = "0027"

TABLE, STAGE, DUE = "incident", "ix_incident_community_stage", "ix_incident_community_due"


def upgrade() -> None:
    op.drop_index(STAGE, table_name=TABLE)
    op.create_index(STAGE, TABLE, ["community_id", "stage", "closed_at", "found_at"])
    op.create_index(DUE, TABLE, ["community_id", "due_at"])


def downgrade() -> None:
    op.drop_index(DUE, table_name=TABLE)
    op.drop_index(STAGE, table_name=TABLE)
    op.create_index(STAGE, TABLE, ["community_id", "stage"])
