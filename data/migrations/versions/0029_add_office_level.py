"""Add whether an office is one of the community, which until now was read from the length of its code."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

DEPARTMENT_CODE = 18
"""Digits of the code that departments above a community have."""


def upgrade() -> None:
    # Rows that are there already need a value; later ones bring their own.
    op.add_column("organisation", sa.Column("in_community", sa.Boolean, nullable=False, server_default=sa.true()))
    office = sa.table("organisation", sa.column("code", sa.String), sa.column("in_community", sa.Boolean))
    op.execute(office.update().where(sa.func.length(office.c.code) == DEPARTMENT_CODE).values(in_community=sa.false()))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("organisation", "in_community", server_default=None)


def downgrade() -> None:
    op.drop_column("organisation", "in_community")
