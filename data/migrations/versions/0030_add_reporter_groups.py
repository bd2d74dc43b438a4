"""Add the groups of reporters that a community counts incidents by."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "reporter_group",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("zh", sa.String(64), nullable=False),
        sa.Column("en", sa.String(64), nullable=False),
        sa.Column("duties", sa.JSON, nullable=False),
        sa.Column("teams", sa.JSON, nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.UniqueConstraint("community_id", "position"),
    )


def downgrade() -> None:
    op.drop_table("reporter_group")
