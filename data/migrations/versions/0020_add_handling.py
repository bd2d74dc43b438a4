"""Add time limits, office hours, days off, triage rules and emergencies; what more steps of incidents say."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_ADDED = ("warn_at", "escalations", "supervised", "begun_at", "checked_at", "outcome")


def upgrade() -> None:
    _add_tables()
    # Rows that are there already need a value; later ones bring their own.
    said = sa.Column("said", sa.JSON, nullable=False, server_default=sa.text("'{}'"))
    op.add_column("incident", sa.Column("escalations", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("incident", sa.Column("supervised", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("incident_step", said)
    for name in ("warn_at", "begun_at", "checked_at"):
        op.add_column("incident", sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column("incident", sa.Column("outcome", sa.String(32)))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("incident", "escalations", server_default=None)
        op.alter_column("incident", "supervised", server_default=None)
        op.alter_column("incident_step", "said", server_default=None)


def _add_tables() -> None:
    op.create_table(
        "office_hours",
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), primary_key=True, autoincrement=False),
        sa.Column("hours", sa.String(64), nullable=False),
    )
    op.create_table(
        "calendar_day",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("working", sa.Boolean, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.UniqueConstraint("community_id", "day"),
    )
    op.create_table(
        "triage_rule",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("category_id", sa.Integer, sa.ForeignKey("category.id")),
        sa.Column("organisation_id", sa.Integer, sa.ForeignKey("organisation.id")),
        sa.Column("amount", sa.Double, nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.UniqueConstraint("community_id", "category_id"),
    )
    op.create_index("ix_triage_rule_community_id", "triage_rule", ["community_id"])
    op.create_table(
        "emergency",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("limit_share", sa.Double, nullable=False),
        sa.Column("frequency_share", sa.Double, nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("begun_by_id", sa.Integer, sa.ForeignKey("user.id")),
        sa.Column("ended_by_id", sa.Integer, sa.ForeignKey("user.id")),
    )
    op.create_table(
        "incident_merge",
        sa.Column("incident_id", sa.Integer, sa.ForeignKey("incident.id"), primary_key=True, autoincrement=False),
        sa.Column("into_id", sa.Integer, sa.ForeignKey("incident.id"), nullable=False),
    )
    op.create_index("ix_incident_merge_into_id", "incident_merge", ["into_id"])
    op.create_index("ix_emergency_community_begins", "emergency", ["community_id", "begins_at"])


def downgrade() -> None:
    for name in ("incident_merge", "emergency", "triage_rule", "calendar_day", "office_hours"):
        op.drop_table(name)
    op.drop_column("incident_step", "said")
    for name in _ADDED:
        op.drop_column("incident", name)
