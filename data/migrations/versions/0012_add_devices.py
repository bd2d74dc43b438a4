"""Add phones: who they are, the fixes they sent, and the patrols made of them."""

import sqlalchemy as sa
from alembic import op

from data.migrations.spatial import drop_tables

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("identity", sa.String(128), unique=True),
        sa.Column("token_hash", sa.String(64), unique=True),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), index=True),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), index=True),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("team.id"), index=True),
        sa.Column("datum", sa.String(16), nullable=False),
        sa.Column("speed_unit", sa.String(8), nullable=False),
        sa.Column("dialect", sa.String(16), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("heard_ms", sa.BigInteger),
        sa.Column("messages", sa.BigInteger, nullable=False),
        sa.Column("fixes_sent", sa.BigInteger, nullable=False),
        sa.Column("unusable", sa.BigInteger, nullable=False),
        sa.Column("stale_from_ms", sa.BigInteger),
        sa.Column("stale_until_ms", sa.BigInteger),
        sa.Column("stale_since_ms", sa.BigInteger),
        sa.Column("expired_until_ms", sa.BigInteger, nullable=False),
        sa.Index("ix_device_stage_stale", "stage", "stale_since_ms"),
    )
    op.create_table(
        "phone_fix",
        sa.Column("device_id", sa.Integer, sa.ForeignKey("device.id"), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True),
        sa.Column("lat_e6", sa.Integer, primary_key=True),
        sa.Column("lon_e6", sa.Integer, primary_key=True),
        sa.Column("accuracy_m", sa.Double),
        sa.Column("speed", sa.Double),
        sa.Column("heading_deg", sa.Double),
        sa.Column("altitude_m", sa.Double),
        sa.Column("battery_percent", sa.Double),
        sa.Column("dialect", sa.String(16), nullable=False),
        sa.Column("received_ms", sa.BigInteger, nullable=False),
        sa.Column("extra", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "device_patrol",
        sa.Column("patrol_id", sa.Integer, sa.ForeignKey("patrol.id"), primary_key=True, autoincrement=False),
        sa.Column("device_id", sa.Integer, sa.ForeignKey("device.id"), nullable=False),
        sa.Column("began_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger, nullable=False),
        sa.Column("clock_off_s", sa.Double, nullable=False),
        sa.Column("content", sa.String(32), nullable=False),
        sa.Index("ix_device_patrol_device_began", "device_id", "began_ms"),
    )


def downgrade() -> None:
    drop_tables(["device_patrol", "phone_fix", "device"])
