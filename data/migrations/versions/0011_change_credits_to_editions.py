"""Change the key of a patrol's credits: who walks past the midnight of a new edition earns a code under both editions.

What is stored already stays as it is, whole walks named with the edition of their first day. On the way back the rows
of a patrol and a code become one again, so that no metre is lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

OLD, NEW = "uq_patrol_credit_patrol_id_grid_code", "uq_patrol_credit_patrol_id_grid_code_edition_id"


def upgrade() -> None:
    with op.batch_alter_table("patrol_credit") as table:
        table.drop_constraint(OLD, type_="unique")
        table.create_unique_constraint(NEW, ["patrol_id", "grid_code", "edition_id"])


def downgrade() -> None:
    _add_up()
    with op.batch_alter_table("patrol_credit") as table:
        table.drop_constraint(NEW, type_="unique")
        table.create_unique_constraint(OLD, ["patrol_id", "grid_code"])


def _add_up() -> None:
    names = ("id", "patrol_id", "edition_id", "grid_code", "metres", "minutes")
    credit = sa.table("patrol_credit", *(sa.column(name) for name in names))
    patrol, code = credit.c.patrol_id, credit.c.grid_code
    sums = sa.select(
        sa.func.min(credit.c.id), sa.func.sum(credit.c.metres), sa.func.sum(credit.c.minutes), patrol, code
    )
    connection = op.get_bind()
    for first, metres, minutes, its_patrol, its_code in connection.execute(
        sums.group_by(patrol, code).having(sa.func.count() > 1)
    ).all():
        others = sa.and_(patrol == its_patrol, code.is_not_distinct_from(its_code), credit.c.id != first)
        connection.execute(sa.delete(credit).where(others))
        connection.execute(sa.update(credit).where(credit.c.id == first).values(metres=metres, minutes=minutes))
