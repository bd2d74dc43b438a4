"""Add what happened to a draft at each revision, and the colours that tell neighbouring grids apart."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "draft_change",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("grid_edition.id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("codes", sa.JSON, nullable=False),
        sa.Column("corners", sa.JSON, nullable=False),
        sa.Column("stamp", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_user_id", sa.Integer, sa.ForeignKey("user.id")),
        sa.UniqueConstraint("edition_id", "revision"),
    )
    # Rows that are there already need a value; later ones bring their own.
    op.add_column("grid", sa.Column("colour", sa.Integer, nullable=False, server_default=sa.text("0")))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("grid", "colour", server_default=None)


def downgrade() -> None:
    op.drop_column("grid", "colour")
    op.drop_table("draft_change")
