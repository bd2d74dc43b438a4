"""Add what drafting an edition leaves behind: its steps, edits, blocks and accepted flaws; and notice boards."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

from data.migrations.spatial import drop_tables

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "edition_step",
        *_of_an_edition(),
        sa.Column("stage", sa.String(32), nullable=False),
        *_done(),
        sa.Column("note", sa.Text, nullable=False),
        sa.UniqueConstraint("edition_id", "number"),
    )
    op.create_table(
        "draft_edit",
        *_of_an_edition(),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        *_done(),
        sa.UniqueConstraint("edition_id", "number"),
    )
    op.create_table(
        "draft_block",
        *_of_an_edition(),
        sa.Column("households", sa.Integer, nullable=False),
        sa.Column("residents", sa.Integer, nullable=False),
        sa.Column("buildings", sa.Integer, nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326), nullable=False),
        sa.UniqueConstraint("edition_id", "number"),
    )
    op.create_table(
        "flaw_acceptance",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("grid_edition.id"), nullable=False),
        sa.Column("flaw_key", sa.String(128), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        *_done(),
        sa.UniqueConstraint("edition_id", "flaw_key"),
    )
    op.create_table(
        "notice_board",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False, index=True),
        sa.Column("grid_code", sa.String(20), index=True),
        sa.Column("building_id", sa.Integer, sa.ForeignKey("building.id"), index=True),
        sa.Column("token", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(grid_code IS NULL) <> (building_id IS NULL)", name="one_place"),
    )
    # Rows that are there already need a value; later ones bring their own.
    with_default = sa.Column("revision", sa.Integer, nullable=False, server_default=sa.text("0"))
    op.add_column("grid_edition", with_default)
    op.add_column("grid_edition", sa.Column("edits", sa.Integer, nullable=False, server_default=sa.text("0")))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("grid_edition", "revision", server_default=None)
        op.alter_column("grid_edition", "edits", server_default=None)


def downgrade() -> None:
    op.drop_column("grid_edition", "edits")
    op.drop_column("grid_edition", "revision")
    drop_tables(["notice_board", "flaw_acceptance", "draft_block", "draft_edit", "edition_step"])


def _of_an_edition() -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("grid_edition.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
    ]


def _done() -> list[sa.Column]:  # type: ignore[type-arg]
    return [
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_user_id", sa.Integer, sa.ForeignKey("user.id")),
    ]
