"""Add what a notice board says to call: the community office's number, and whether the staff's own are shown."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # Rows that are there already need a value; later ones bring their own.
    op.add_column("community", sa.Column("office_phone", sa.String(32), nullable=False, server_default=sa.text("''")))
    shown = sa.Column("staff_phones", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("notice_board", shown)
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("community", "office_phone", server_default=None)
        op.alter_column("notice_board", "staff_phones", server_default=None)


def downgrade() -> None:
    op.drop_column("notice_board", "staff_phones")
    op.drop_column("community", "office_phone")
