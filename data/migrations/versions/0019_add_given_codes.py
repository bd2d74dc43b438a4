"""Keep which codes were given to new grids in drafts, so that no two drafts ever give the same one."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    table = op.create_table(
        "given_code",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("community_id", sa.Integer, sa.ForeignKey("community.id"), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("grid_edition.id"), nullable=False),
        sa.UniqueConstraint("community_id", "code"),
    )
    op.create_index("ix_given_code_edition_id", "given_code", ["edition_id"])
    given = _given_before()
    if given:
        op.bulk_insert(table, given)


def downgrade() -> None:
    op.drop_index("ix_given_code_edition_id", "given_code")
    op.drop_table("given_code")


def _given_before() -> list[dict[str, object]]:
    """Codes that turned up in drafts so far without any grid bearing them now: undone, merged or given up."""
    connection = op.get_bind()
    borne = {
        tuple(row)
        for row in connection.execute(
            sa.text("SELECT DISTINCT e.community_id, g.code FROM grid g JOIN grid_edition e ON e.id = g.edition_id")
        )
    }
    changes = connection.execute(
        sa.text(
            "SELECT e.community_id, e.id, c.codes FROM draft_change c JOIN grid_edition e ON e.id = c.edition_id "
            "ORDER BY c.id"
        )
    )
    found: dict[tuple[int, str], int] = {}
    for community, edition, told in changes:
        codes = json.loads(told) if isinstance(told, str) else told
        for code in codes:
            if (community, code) not in borne:
                found.setdefault((community, code), edition)
    return [
        {"community_id": community, "code": code, "edition_id": edition} for (community, code), edition in found.items()
    ]
