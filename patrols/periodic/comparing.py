"""Figures beside those of the period before and of a year before."""

from geo.errors import N_
from patrols.periodic.cells import Amount, Cell, Change, ChangeUnit, Column, Kind, Said
from patrols.rates import Rate

LEAST_BASE = 20
"""Of fewer than this a change is told in plain numbers: one more than two is no rise by half."""

BEFORE = Column("before", Said(N_("The period before")), Kind.MIXED)
BEFORE_BY = Column("before_by", Said(N_("Change on the period before")), Kind.CHANGE)
YEAR_BEFORE = Column("year_before", Said(N_("A year before")), Kind.MIXED)
YEAR_BEFORE_BY = Column("year_before_by", Said(N_("Change on a year before")), Kind.CHANGE)

MEANT = Said(
    N_(
        "change = (now - then) / then; of rates in percentage points, of counts under %(least)s as a number. A week is"
        " compared with the same week 52 weeks before."
    ),
    {"least": LEAST_BASE},
)

COLUMNS = (BEFORE, BEFORE_BY, YEAR_BEFORE, YEAR_BEFORE_BY)


def compared(now: Cell, before: Cell, year_before: Cell) -> tuple[Cell, ...]:
    """A figure, and what `COLUMNS` hold of it; None where the earlier period was not recorded."""
    return (now, before, change(now, before), year_before, change(now, year_before))


def change(now: Cell, then: Cell) -> Change | None:
    """By how much a figure differs: rates in percentage points, counts in per cent, small ones in plain numbers.

    Examples
    --------
    >>> change(120, 100), change(3, 2)
    (Change(by=20.0, unit=<ChangeUnit.PERCENT: 'percent'>), Change(by=1.0, unit=<ChangeUnit.COUNT: 'count'>))
    >>> change(Rate(3, 4), Rate(1, 2)).by
    25.0
    """
    if isinstance(now, Rate) and isinstance(then, Rate):
        if now.share is None or then.share is None:
            return None
        return Change(100.0 * (now.share - then.share), ChangeUnit.POINTS)
    after, base = _value(now), _value(then)
    if after is None or base is None:
        return None
    if isinstance(then, int) and base < LEAST_BASE:
        return Change(after - base, ChangeUnit.COUNT)
    return Change(100.0 * (after - base) / base, ChangeUnit.PERCENT) if base else None


def _value(cell: Cell) -> float | None:
    if isinstance(cell, Amount):
        return cell.value
    return float(cell) if isinstance(cell, int | float) else None
