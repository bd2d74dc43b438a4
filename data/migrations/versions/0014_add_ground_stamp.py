"""Mark the present state of a community's ground, so that what a process remembers of it is known to be out of date."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    # Rows that are there already need a value; later ones bring their own.
    op.add_column("community", sa.Column("ground_stamp", sa.String(32), nullable=False, server_default=sa.text("''")))
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("community", "ground_stamp", server_default=None)


def downgrade() -> None:
    op.drop_column("community", "ground_stamp")
