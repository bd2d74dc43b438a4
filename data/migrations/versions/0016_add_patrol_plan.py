"""Add the plan of patrols: weekly windows, check-points and where they hung, and check-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "patrol_window",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False, index=True),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("team.id"), index=True),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), index=True),
        sa.Column("grid_code", sa.String(20), nullable=False),
        sa.Column("streets", sa.JSON, nullable=False),
        sa.Column("weekday", sa.Integer, nullable=False),
        sa.Column("begins", sa.Time, nullable=False),
        sa.Column("ends", sa.Time, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.CheckConstraint("(team_id IS NULL) <> (person_id IS NULL)", name="one_walker"),
    )
    _add_check_points()
    op.create_table(
        "check_in",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("check_point_id", sa.Integer, sa.ForeignKey("check_point.id"), index=True),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), index=True),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("team.id"), index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by", sa.String(32), nullable=False),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.Column("grid_code", sa.String(20)),
        sa.Column("lon", sa.Double),
        sa.Column("lat", sa.Double),
        sa.Column("accuracy_m", sa.Double),
        sa.Column("distance_m", sa.Double),
        sa.Column("walk", sa.String(64), nullable=False),
    )
    op.create_index("ix_check_in_community_at", "check_in", ["community_id", "at"])


def _add_check_points() -> None:
    op.create_table(
        "check_point",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("code", sa.String(32), nullable=False, unique=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_why", sa.String(255), nullable=False),
        sa.UniqueConstraint("community_id", "number"),
    )
    op.create_table(
        "check_point_place",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("check_point_id", sa.Integer, sa.ForeignKey("check_point.id"), nullable=False, index=True),
        sa.Column("lon", sa.Double, nullable=False),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
    )


def downgrade() -> None:
    for table in ("check_in", "check_point_place", "check_point", "patrol_window"):
        op.drop_table(table)
