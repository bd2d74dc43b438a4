"""Add people: organisations, the chain and its postings, teams, sign-ins and what they may see."""

import sqlalchemy as sa
from alembic import op

from data.migrations.spatial import drop_tables

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _add_people()
    _add_chain()
    _add_teams()
    _add_users()


def downgrade() -> None:
    drop_tables(["user_scope", "user", "team_member", "team", "posting", "chain_link", "person", "organisation"])


def _add_people() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False, index=True),
        sa.Column("code", sa.String(18), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.UniqueConstraint("community_id", "name"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False, index=True),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("phone", sa.String(32), nullable=False),
        sa.Column("organisation_id", sa.Integer, sa.ForeignKey("organisation.id")),
        sa.UniqueConstraint("community_id", "number"),
    )


def _add_chain() -> None:
    op.create_table(
        "chain_link",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("duty", sa.String(32), nullable=False),
        sa.Column("place_kind", sa.String(32), nullable=False),
        sa.Column("zh", sa.String(64), nullable=False),
        sa.Column("en", sa.String(64), nullable=False),
        sa.UniqueConstraint("community_id", "position"),
    )
    op.create_table(
        "posting",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), nullable=False, index=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("duty", sa.String(32), nullable=False),
        sa.Column("place_kind", sa.String(32), nullable=False),
        sa.Column("grid_code", sa.String(20), index=True),
        sa.Column("compound_id", sa.Integer, sa.ForeignKey("compound.id"), index=True),
        sa.Column("building_id", sa.Integer, sa.ForeignKey("building.id"), index=True),
        sa.Column("entrance", sa.String(16)),
        sa.Column("household_from", sa.String(16)),
        sa.Column("household_until", sa.String(16)),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Index("ix_posting_community_duty", "community_id", "duty"),
    )


def _add_teams() -> None:
    op.create_table(
        "team",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.UniqueConstraint("community_id", "name"),
    )
    op.create_table(
        "team_member",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("team.id"), nullable=False, index=True),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), nullable=False, index=True),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
    )


def _add_users() -> None:
    op.create_table(
        "user",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("login", sa.String(64), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("person.id"), index=True),
        sa.Column("organisation_id", sa.Integer, sa.ForeignKey("organisation.id")),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("failed_sign_ins", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "user_scope",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("user.id"), nullable=False, index=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("grid_code", sa.String(20)),
        sa.UniqueConstraint("user_id", "community_id", "grid_code"),
    )
