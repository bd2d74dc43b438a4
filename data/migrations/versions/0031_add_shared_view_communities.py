"""Add the further communities that a shared view shows."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "shared_view_community",
        sa.Column("share_id", sa.Integer, sa.ForeignKey("shared_view.id"), primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), primary_key=True),
        sa.Column("grids", sa.JSON),
    )
    op.create_index("ix_shared_view_community_community_id", "shared_view_community", ["community_id"])


def downgrade() -> None:
    op.drop_table("shared_view_community")
