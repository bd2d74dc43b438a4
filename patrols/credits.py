"""What patrols earned grids: metres and minutes, by patrol and grid."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, func, select

from data.models import Patrol, PatrolCredit


class Credit(NamedTuple):
    """What one patrol earned one grid (None: no grid), under whatever edition it walked there."""

    patrol_id: int
    grid_code: str | None
    metres: float
    minutes: float


def by_grid(*wanted: ColumnElement[bool]) -> Subquery:
    """The grids that patrols walked in, a row for each patrol and grid: `patrol_id`, `grid_code`, `metres`, `minutes`.

    Who walked in a grid before and after the midnight on which an edition was adopted has two rows in the table, and
    yet visited it once. What lies outside of every grid is left out.

    Parameters
    ----------
    wanted : conditions
        On `Patrol` or `PatrolCredit`; without any, all patrols.
    """
    return sums().where(PatrolCredit.grid_code.is_not(None), *wanted).subquery("earned")


def sums() -> "Select[int, str | None, float, float]":
    """`Credit` rows of all patrols and grids, ground outside of every grid included: to be narrowed and ordered."""
    return (
        select(
            PatrolCredit.patrol_id,
            PatrolCredit.grid_code,
            func.sum(PatrolCredit.metres).label("metres"),
            func.sum(PatrolCredit.minutes).label("minutes"),
        )
        .join(Patrol, Patrol.id == PatrolCredit.patrol_id)
        .group_by(PatrolCredit.patrol_id, PatrolCredit.grid_code)
    )
