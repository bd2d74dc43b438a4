"""The five periodic figures: what a day, a week, a month, a quarter and a year of a community came to."""

from patrols.periodic.cells import (
    Amount,
    Cell,
    Change,
    ChangeUnit,
    Chart,
    ChartKind,
    Column,
    GridMap,
    Kind,
    Named,
    Said,
    Section,
    Series,
    Sheet,
    Table,
)
from patrols.periodic.writing import sheet
from patrols.periods import Period, PeriodKind, period

__all__ = [
    "Amount",
    "Cell",
    "Change",
    "ChangeUnit",
    "Chart",
    "ChartKind",
    "Column",
    "GridMap",
    "Kind",
    "Named",
    "Period",
    "PeriodKind",
    "Said",
    "Section",
    "Series",
    "Sheet",
    "Table",
    "period",
    "sheet",
]
