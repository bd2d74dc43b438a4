"""What a sheet of figures is made of: sections with sentences, tables, charts and maps, as plain data.

Nothing here is in a language yet: what has to be translated is a `Said`, a `Named` or a word of an enum; whoever shows
a sheet says it in the reader's language. A plain text is somebody's own word (a name, a code) and stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from patrols.periods import Period
from patrols.rates import Rate


class Kind(StrEnum):
    """What the figures of a column are, and so how they are written."""

    TEXT = "text"
    CODE = "code"
    COUNT = "count"
    METRES = "metres"
    MINUTES = "minutes"
    HOURS = "hours"
    AMOUNT = "amount"
    AREA = "area"
    SHARE = "share"
    RATE = "rate"
    DAY = "day"
    MOMENT = "moment"
    MIXED = "mixed"
    CHANGE = "change"


class ChangeUnit(StrEnum):
    """In what a change is told."""

    PERCENT = "percent"
    POINTS = "points"
    COUNT = "count"


class ChartKind(StrEnum):
    """How a chart is drawn."""

    BARS = "bars"
    STACKED = "stacked"
    LINES = "lines"


@dataclass(frozen=True)
class Said:
    """A sentence or heading to be translated: English with ``%(name)s`` places, and the cells that fill them."""

    text: str
    facts: Mapping[str, "Cell"] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.facts if self.facts else self.text


@dataclass(frozen=True)
class Named:
    """Something with a name in both languages, such as a category."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en or self.zh


@dataclass(frozen=True)
class Amount:
    """A figure that says itself what it is, for columns of the kind `Kind.MIXED`."""

    value: float
    kind: Kind


@dataclass(frozen=True)
class Change:
    """By how much a figure differs from an earlier one: in per cent of it, in percentage points, or plainly.

    `by` is positive where there is more now; a change of a half is 50.0 per cent.
    """

    by: float
    unit: ChangeUnit


Cell = None | str | int | float | date | datetime | StrEnum | Rate | Said | Named | Amount | Change
"""What stands in a table. None: nothing can be told there (a dash)."""

Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    key : str
        By which charts, maps and tests find it.
    summed : bool
        Whether the total of the table is the sum of this column.
    """

    key: str
    name: Said
    kind: Kind
    summed: bool = False


@dataclass(frozen=True)
class Table:
    """A table with what it is of, and how its figures come about.

    Parameters
    ----------
    of : Said
        What is counted, and which of it.
    formulas : tuple of Said
        How the figures come about, printed under the table.
    total : tuple of cells, optional
        The last row, as long as the others; None in columns that cannot be added up.
    notes : tuple of Said
        What has to be known to read it, printed under the formulas.
    """

    key: str
    title: Said
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    of: Said
    formulas: tuple[Said, ...] = ()
    total: Row | None = None
    notes: tuple[Said, ...] = ()

    def column(self, key: str) -> list[Cell]:
        """The cells of a column, without the total.

        Raises
        ------
        KeyError
            If it has no such column.
        """
        places = {column.key: place for place, column in enumerate(self.columns)}
        return [row[places[key]] for row in self.rows]


@dataclass(frozen=True)
class Series:
    """One line, or the bars of one colour; `values` go with the chart's labels."""

    name: Said | Named
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Chart:
    """A picture of figures that stand in the table `table` of the same section."""

    key: str
    title: Said
    kind: ChartKind
    table: str
    labels: Row
    series: tuple[Series, ...]
    measure: Kind = Kind.COUNT


@dataclass(frozen=True)
class GridMap:
    """The grids of an edition coloured by a column of the table `table` of the same section.

    `values` has a figure for each grid's code; None where nothing can be told.
    """

    key: str
    title: Said
    table: str
    column: str
    edition_id: int
    values: Mapping[str, float | None]
    measure: Kind = Kind.COUNT


@dataclass(frozen=True)
class Section:
    """One part of a sheet, under its own heading; what is empty in it is left out by whoever shows it."""

    key: str
    title: Said
    sentences: tuple[Said, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    maps: tuple[GridMap, ...] = ()

    def table(self, key: str) -> Table:
        """One of its tables.

        Raises
        ------
        KeyError
            If it has none of that key.
        """
        return {table.key: table for table in self.tables}[key]


@dataclass(frozen=True)
class Sheet:
    """The figures of one community in one period, as they stood at its end.

    Parameters
    ----------
    title : Said
        What such a sheet is called: 日清点, 周例会, 月调度, 季分析, 年总结.
    as_of : datetime
        The moment at which everything stood as it is told: the end of the period, or `made_at` while it still runs.
    made_at : datetime
        When it was written.
    """

    period: Period
    title: Said
    community_id: int
    community: str
    community_code: str
    as_of: datetime
    made_at: datetime
    sections: tuple[Section, ...]
    notes: tuple[Said, ...] = ()

    @property
    def running(self) -> bool:
        """Whether the period had not ended yet when it was written."""
        return self.as_of.date() <= self.period.last

    def section(self, key: str) -> Section:
        """One of its sections.

        Raises
        ------
        KeyError
            If it has none of that key.
        """
        return {section.key: section for section in self.sections}[key]
