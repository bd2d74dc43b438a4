"""Add an index of the steps of incidents by their time: figures of a past moment ask what has happened since."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index("ix_incident_step_at", "incident_step", ["at"])


def downgrade() -> None:
    op.drop_index("ix_incident_step_at", table_name="incident_step")
