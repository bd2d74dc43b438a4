"""Add overrides of grids, and beside each incident what was known when its grid was decided."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "grid_override",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False, index=True),
        sa.Column("building_id", sa.Integer, sa.ForeignKey("building.id"), index=True),
        sa.Column("compound_id", sa.Integer, sa.ForeignKey("compound.id"), index=True),
        sa.Column("grid_code", sa.String(20), nullable=False),
        sa.Column("served_by", sa.String(20), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(building_id IS NULL) <> (compound_id IS NULL)", name="one_object"),
    )
    # Rows that are there already need a value; later ones bring their own.
    op.add_column("incident", sa.Column("grid_facts", sa.JSON, nullable=False, server_default=sa.text("'{}'")))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("incident", "grid_facts", server_default=None)


def downgrade() -> None:
    op.drop_column("incident", "grid_facts")
    op.drop_table("grid_override")
