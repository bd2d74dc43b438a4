"""Add the codes that other platforms know incidents by, and the steps that were taken over from them."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "external_key",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("incident_id", sa.Integer, sa.ForeignKey("incident.id"), nullable=False, index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("platform", "key"),
        sa.UniqueConstraint("platform", "incident_id"),
    )
    op.create_table(
        "external_step",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("key", sa.String(96), nullable=False),
        sa.Column("step_id", sa.Integer, sa.ForeignKey("incident_step.id"), nullable=False, unique=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("platform", "key"),
    )


def downgrade() -> None:
    op.drop_table("external_step")
    op.drop_table("external_key")
