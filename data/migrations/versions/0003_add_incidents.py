"""Add incidents: their categories and the steps of their history."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

from data.migrations.spatial import drop_tables

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "category",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("family", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("zh", sa.String(64), nullable=False),
        sa.Column("en", sa.String(64), nullable=False),
        sa.Column("sensitive", sa.Boolean, nullable=False),
        sa.UniqueConstraint("family", "kind", "code"),
    )
    _add_incident()
    _add_step()


def downgrade() -> None:
    drop_tables(["incident_step", "incident", "category"])


def _add_incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("category_id", sa.Integer, sa.ForeignKey("category.id"), index=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accuracy_m", sa.Double),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("grid_edition.id")),
        sa.Column("grid_code", sa.String(20)),
        sa.Column("grid_rule", sa.String(32), nullable=False),
        sa.Column("border_m", sa.Double),
        sa.Column("sure", sa.Boolean, nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("on_the_spot", sa.Boolean, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("rating", sa.Integer),
        sa.Column("organisation_id", sa.Integer, sa.ForeignKey("organisation.id"), index=True),
        sa.Column("handler_id", sa.Integer, sa.ForeignKey("person.id"), index=True),
        sa.Column("reporter_name", sa.String(64), nullable=False),
        sa.Column("reporter_phone", sa.String(32), nullable=False),
        sa.Column("extra", sa.JSON, nullable=False),
        sa.Column("geom", Geometry("POINT", srid=4326)),
        sa.UniqueConstraint("community_id", "number"),
        sa.Index("ix_incident_community_found", "community_id", "found_at"),
        sa.Index("ix_incident_community_stage", "community_id", "stage"),
        sa.Index("ix_incident_grid_found", "grid_code", "found_at"),
    )


def _add_step() -> None:
    op.create_table(
        "incident_step",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("incident_id", sa.Integer, sa.ForeignKey("incident.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_user_id", sa.Integer, sa.ForeignKey("user.id")),
        sa.Column("to_person_id", sa.Integer, sa.ForeignKey("person.id")),
        sa.Column("to_organisation_id", sa.Integer, sa.ForeignKey("organisation.id")),
        sa.Column("note", sa.Text, nullable=False),
        sa.UniqueConstraint("incident_id", "number"),
    )
