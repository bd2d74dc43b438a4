"""Add places: subdistricts, communities, compounds, buildings, streets, editions of grids and their grids."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

from data.migrations.spatial import drop_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    _add_communities()
    _add_what_stands_there()
    _add_grids()


def downgrade() -> None:
    drop_tables(
        [
            "grid_lineage",
            "grid",
            "grid_edition",
            "street",
            "building",
            "compound",
            "community",
            "subdistrict",
            "level_name",
        ]
    )


def _add_communities() -> None:
    op.create_table(
        "level_name",
        sa.Column("level", sa.String(32), primary_key=True),
        sa.Column("zh", sa.String(64), nullable=False),
        sa.Column("en", sa.String(64), nullable=False),
    )
    op.create_table(
        "subdistrict",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(12), nullable=False, index=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("county_code", sa.String(6), nullable=False),
        sa.Column("county_name", sa.String(128), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.UniqueConstraint("code", "valid_from"),
    )
    op.create_table(
        "community",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subdistrict_id", sa.Integer, sa.ForeignKey("subdistrict.id"), nullable=False, index=True),
        sa.Column("code", sa.String(12), nullable=False, index=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("attribution", sa.String(255), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("outline", Geometry("MULTIPOLYGON", srid=4326)),
        sa.UniqueConstraint("code", "valid_from"),
    )


def _add_what_stands_there() -> None:
    op.create_table(
        "compound",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False, index=True),
        sa.Column("source_key", sa.String(128)),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, nullable=False), nullable=False),
        sa.UniqueConstraint("community_id", "source_key"),
    )
    op.create_table(
        "building",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False, index=True),
        sa.Column("compound_id", sa.Integer, sa.ForeignKey("compound.id"), index=True),
        sa.Column("source_key", sa.String(128)),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("households", sa.Integer, nullable=False),
        sa.Column("residents", sa.Integer, nullable=False),
        sa.Column("entrances", sa.Integer, nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, nullable=False), nullable=False),
        sa.UniqueConstraint("community_id", "source_key"),
    )
    op.create_table(
        "street",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False, index=True),
        sa.Column("source_key", sa.String(128)),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("street_class", sa.String(32), nullable=False),
        sa.Column("geom", Geometry("LINESTRING", srid=4326, nullable=False), nullable=False),
        sa.UniqueConstraint("community_id", "source_key"),
    )


def _add_grids() -> None:
    op.create_table(
        "grid_edition",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("filing_number", sa.String(64), nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_until", sa.Date),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_how", sa.JSON, nullable=False),
        sa.UniqueConstraint("community_id", "number"),
        sa.Index("ix_grid_edition_in_force", "community_id", "stage", "valid_from"),
    )
    op.create_table(
        "grid",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("grid_edition.id"), nullable=False),
        sa.Column("code", sa.String(20), nullable=False, index=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("households", sa.Integer, nullable=False),
        sa.Column("residents", sa.Integer, nullable=False),
        sa.Column("buildings", sa.Integer, nullable=False),
        sa.Column("compounds", sa.Integer, nullable=False),
        sa.Column("explanation", sa.Text, nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, nullable=False), nullable=False),
        sa.UniqueConstraint("edition_id", "code"),
    )
    op.create_table(
        "grid_lineage",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("grid_edition.id"), nullable=False, index=True),
        sa.Column("parent_code", sa.String(20), index=True),
        sa.Column("child_code", sa.String(20), index=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("shared_m2", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
