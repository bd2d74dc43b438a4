"""Add families of categories, their mappings, and what categories say besides their names."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "category_family",
        sa.Column("family", sa.String(32), primary_key=True),
        sa.Column("zh", sa.String(64), nullable=False),
        sa.Column("en", sa.String(64), nullable=False),
        sa.Column("example", sa.Boolean, nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
    )
    op.create_table(
        "category_mapping",
        sa.Column("category_id", sa.Integer, sa.ForeignKey("category.id"), primary_key=True, autoincrement=False),
        sa.Column("other_id", sa.Integer, sa.ForeignKey("category.id"), primary_key=True, autoincrement=False),
    )
    op.create_index("ix_category_mapping_other_id", "category_mapping", ["other_id"])
    for column in _added():
        op.add_column("category", column)
        if op.get_bind().dialect.name != "sqlite":
            # Rows that are there already need a value; later ones bring their own.
            op.alter_column("category", column.name, server_default=None)


def _added() -> list[sa.Column[object]]:
    empty, none = sa.text("''"), sa.text("0")
    return [
        sa.Column("group_zh", sa.String(64), nullable=False, server_default=empty),
        sa.Column("group_en", sa.String(64), nullable=False, server_default=empty),
        sa.Column("icon", sa.String(32), nullable=False, server_default=empty),
        sa.Column("position", sa.Integer, nullable=False, server_default=none),
        sa.Column("retired", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("fields", sa.JSON, nullable=False, server_default=sa.text("'{}'")),
    ]


def downgrade() -> None:
    for column in _added():
        op.drop_column("category", column.name)
    for name in ("category_mapping", "category_family"):
        op.drop_table(name)
