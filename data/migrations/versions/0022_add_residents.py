"""Add what residents told at notice boards, and how often somebody without a sign-in knocked."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "resident_report",
        sa.Column("incident_id", sa.Integer, sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False),
        sa.Column("seal", sa.String(64), nullable=False, unique=True),
        sa.Column("board_id", sa.Integer, sa.ForeignKey("notice_board.id"), nullable=False, index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "knock_count",
        sa.Column("name", sa.String(96), primary_key=True),
        sa.Column("begins_at", sa.DateTime(timezone=True), primary_key=True, index=True),
        sa.Column("count", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("knock_count")
    op.drop_table("resident_report")
