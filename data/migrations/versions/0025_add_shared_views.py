"""Add views that are handed on by a link."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "shared_view",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(32), nullable=False, unique=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False, index=True),
        sa.Column("by_user_id", sa.Integer, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("query", sa.JSON, nullable=False),
        sa.Column("grids", sa.JSON),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("framed", sa.Boolean, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
    )


def downgrade() -> None:
    op.drop_table("shared_view")
