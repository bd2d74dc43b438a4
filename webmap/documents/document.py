"""A sheet of figures in the reader's language: what all kinds of files and the page are made from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from data.models import Community, GridEdition
from patrols.periodic import PeriodKind, Section, Sheet, Table
from patrols.periodic.cells import Row
from webmap.documents import charts, grid_map
from webmap.documents.wording import NUMBERS, Wording, numbered, period_said
from webmap.language import gettext
from webmap.printing.plan import Ground

Figure = charts.Told | grid_map.Drawn


@dataclass(frozen=True)
class Tabled:
    """A table in words.

    Parameters
    ----------
    name : str
        What it is referred to by: Table 3.
    anchor : str
        Where a link to it leads on a page.
    right : frozenset of int
        Positions of columns that end at their right edge.
    figures : list
        Charts and maps of what stands in it, each with its own name.
    table : Table
        What it was made from, for files that hold numbers.
    """

    name: str
    anchor: str
    title: str
    headings: list[str]
    rows: list[list[str]]
    total: list[str] | None
    right: frozenset[int]
    of: str
    formulas: list[str]
    notes: list[str]
    table: Table
    figures: list[tuple[str, Figure]] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """A section: its heading with its number, sentences, tables."""

    key: str
    heading: str
    sentences: list[str]
    tables: list[Tabled]


@dataclass(frozen=True)
class Document:
    """A whole sheet.

    ``lines`` stand below the title: of when it tells, and when it was made; ``foot`` below every page. ``codes`` says
    how grids are told, where that is shorter than by their codes.
    """

    title: str
    community: str
    period: str
    lines: list[str]
    codes: str
    parts: list[Part]
    notes: list[str]
    foot: str
    sheet: Sheet
    wording: Wording

    def tables(self) -> Iterator[Tabled]:
        """All tables, in their order."""
        for part in self.parts:
            yield from part.tables


def usual_day(kind: PeriodKind, today: date) -> date:
    """The day whose period is meant where none is said: on the first day of a week or month still the one before.

    Examples
    --------
    >>> usual_day(PeriodKind.WEEK, date(2026, 11, 23)), usual_day(PeriodKind.DAY, date(2026, 11, 23))
    (datetime.date(2026, 11, 22), datetime.date(2026, 11, 23))
    """
    return today if kind is PeriodKind.DAY else today - timedelta(days=1)


def compose(session: Session, sheet: Sheet, community: Community) -> Document:
    """Say a sheet in the reader's language, and fetch the ground that its maps are drawn on.

    What is empty is left out: sections that say nothing, charts of noughts alone.
    """
    writer = _Writer(session, sheet)
    parts = [writer.part(section) for section in sheet.sections if section.sentences or section.tables]
    wording = writer.wording
    return Document(
        title=wording.said(sheet.title),
        community=community.name,
        period=period_said(sheet.period),
        lines=[_stood(sheet, wording)],
        codes=gettext("Code of the community: %(code)s. Grids are told by the digits after it.", code=wording.code),
        parts=parts,
        notes=[wording.said(note) for note in sheet.notes],
        foot=_foot(community),
        sheet=sheet,
        wording=wording,
    )


def _stood(sheet: Sheet, wording: Wording) -> str:
    """Of which moment all this is."""
    if sheet.running:
        return gettext("Not over yet: as it stood on %(moment)s.", moment=wording.cell(sheet.as_of))
    made = wording.cell(sheet.made_at)
    return gettext("As it stood at the end of the period, by the grids of that time; made on %(made)s.", made=made)


def _foot(community: Community) -> str:
    notes = [gettext("for the office only")]
    if community.simulated:
        notes.append(gettext("people, patrols and incidents are simulated"))
    return " · ".join([*notes, *([community.attribution] if community.attribution else [])])


def _total(cells: Row, said: list[str]) -> list[str]:
    """The last row: what cannot be added up is left empty, for a dash would say that nothing is known."""
    row = ["" if cell is None else text for cell, text in zip(cells, said, strict=True)]
    return [row[0] or gettext("Total"), *row[1:]]


class _Writer:
    """Words one sheet, counting its tables and figures."""

    def __init__(self, session: Session, sheet: Sheet) -> None:
        self.session, self.sheet = session, sheet
        self.wording = Wording(sheet)
        self.grounds: dict[int, Ground] = {}
        self.parts = self.tables = self.shown = 0

    def part(self, section: Section) -> Part:
        self.parts += 1
        heading = f"{numbered(self.parts)}{self.wording.said(section.title)}"
        return Part(
            key=section.key,
            heading=heading,
            sentences=[self.wording.said(one) for one in section.sentences],
            tables=[self.table(table, section) for table in section.tables],
        )

    def table(self, table: Table, section: Section) -> Tabled:
        self.tables += 1
        say, kinds = self.wording, [column.kind for column in table.columns]

        def worded(row: Row) -> list[str]:
            return [say.cell(cell, kind) for cell, kind in zip(row, kinds, strict=True)]

        return Tabled(
            name=gettext("Table %(number)s", number=self.tables),
            anchor=f"table-{self.tables}",
            title=say.said(table.title),
            headings=[say.heading(column) for column in table.columns],
            rows=[worded(row) for row in table.rows],
            total=None if table.total is None else _total(table.total, worded(table.total)),
            right=frozenset(i for i, kind in enumerate(kinds) if kind in NUMBERS),
            of=say.said(table.of),
            formulas=[say.said(one) for one in table.formulas],
            notes=[say.said(one) for one in table.notes],
            table=table,
            figures=list(self._figures(table, section)),
        )

    def _figures(self, table: Table, section: Section) -> Iterator[tuple[str, Figure]]:
        for chart in section.charts:
            if chart.table == table.key:
                told = charts.told(chart, self.wording)
                if not told.empty:
                    yield self._named(), told
        for one in section.maps:
            if one.table == table.key and one.values:
                yield self._named(), grid_map.drawn(one, self._ground(one.edition_id), self.wording)

    def _named(self) -> str:
        self.shown += 1
        return gettext("Figure %(number)s", number=self.shown)

    def _ground(self, edition_id: int) -> Ground:
        if edition_id not in self.grounds:
            self.grounds[edition_id] = grid_map.ground_of(self.session, self.session.get_one(GridEdition, edition_id))
        return self.grounds[edition_id]
