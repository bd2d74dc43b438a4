"""Add patrols: their fixes and what each earned each grid."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

from data.migrations.spatial import drop_tables

revision = "0004"
down_revision = "0003"

BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "patrol",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), index=True),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("team.id"), index=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("source_key", sa.String(128), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metres", sa.Double, nullable=False),
        sa.Column("minutes", sa.Double, nullable=False),
        sa.Column("fixes_kept", sa.Integer, nullable=False),
        sa.Column("fixes_dropped", sa.Integer, nullable=False),
        sa.Column("track", Geometry("MULTILINESTRING", srid=4326)),
        sa.UniqueConstraint("community_id", "source_key"),
        sa.Index("ix_patrol_community_started", "community_id", "started_at"),
    )
    op.create_table(
        "fix",
        sa.Column("id", BIG_KEY, primary_key=True),
        sa.Column("patrol_id", sa.Integer, sa.ForeignKey("patrol.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lon", sa.Double, nullable=False),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("accuracy_m", sa.Double),
        sa.Column("dropped_by", sa.String(32)),
        sa.Index("ix_fix_patrol_at", "patrol_id", "at"),
    )
    op.create_table(
        "patrol_credit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("patrol_id", sa.Integer, sa.ForeignKey("patrol.id"), nullable=False),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("grid_edition.id")),
        sa.Column("grid_code", sa.String(20), index=True),
        sa.Column("metres", sa.Double, nullable=False),
        sa.Column("minutes", sa.Double, nullable=False),
        sa.UniqueConstraint("patrol_id", "grid_code"),
    )


def downgrade() -> None:
    drop_tables(["patrol_credit", "fix", "patrol"])
