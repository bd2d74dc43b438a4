"""Add what was seen of the streets on each day, and how often streets are wished to be walked."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "seen_day",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("ground", sa.String(32), nullable=False),
        sa.Column("walks", sa.String(32), nullable=False),
        sa.Column("bits", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("community_id", "day"),
    )
    op.create_table(
        "frequency_wish",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("street_class", sa.String(32), nullable=False),
        sa.Column("grid_code", sa.String(20), nullable=False),
        sa.Column("every_days", sa.Integer, nullable=False),
        sa.UniqueConstraint("community_id", "street_class", "grid_code"),
    )


def downgrade() -> None:
    op.drop_table("frequency_wish")
    op.drop_table("seen_day")
