"""The atlas: a map of the whole community with its list of grids, then one page a grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import geopandas as gpd
import shapely

from patrols.chains import Link
from webmap import language, words
from webmap.language import gettext, ngettext
from webmap.printing import qr
from webmap.printing.contents import Contents, GridPage
from webmap.printing.paper import HAIR, INK, MM, QUIET, RED, SIZES, Paper, width_of
from webmap.printing.plan import Plan
from webmap.printing.said import colon, comma, sides_said

EDGE = 14 * MM
MAP_SHARES = (0.4, 0.64)
"""How much of a page's height the map takes: the more, the fewer buildings are to be listed."""
PEOPLE = 9
"""Rows of people that a page has room for."""
LIST_ROW = 12.5
QR_SIZE = 25 * MM


@dataclass(frozen=True)
class Print:
    """How an atlas is printed.

    Parameters
    ----------
    address : str
        Where the website is reached, such as ``https://grid.example.org``: each page gets a QR that opens its grid. ""
        prints none.
    """

    address: str = ""


def write_atlas(contents: Contents, target: Path | BinaryIO, how: Print) -> int:
    """Write the atlas as a PDF (A4); returns how many pages it has.

    The pages carry names and numbers of those who answer: it is made for the office, not for the wall.
    """
    title = gettext("Grid atlas of %(community)s", community=contents.community.name)
    paper = Paper(target, size=SIZES["a4"], title=title, language=language.current())
    sheets = [contents.pages[i : i + _rows_a_sheet(paper)] for i in range(0, len(contents.pages), _rows_a_sheet(paper))]
    total = 1 + len(sheets) + len(contents.pages)
    _Atlas(paper, contents, how, title, total).write(sheets)
    return paper.close()


def _rows_a_sheet(paper: Paper) -> int:
    return int((paper.height - 2 * EDGE - 80) // LIST_ROW)


class _Atlas:
    def __init__(self, paper: Paper, contents: Contents, how: Print, title: str, total: int) -> None:
        self.paper, self.contents, self.how, self.title, self.total = paper, contents, how, title, total
        self.left, self.right = EDGE, paper.width - EDGE
        self.wide = self.right - self.left

    def write(self, sheets: Sequence[Sequence[GridPage]]) -> None:
        self._overview()
        first = 2 + len(sheets)
        for i, rows in enumerate(sheets):
            self._list(rows, first + sum(len(sheet) for sheet in sheets[:i]))
        for page in self.contents.pages:
            self._grid(page)

    def _overview(self) -> None:
        paper, edition = self.paper, self.contents.edition
        paper.mark("overview", gettext("Overview"))
        y = paper.height - EDGE - 20
        paper.fitted(self.title, self.left, y, 22, self.wide, least=14, bold=True)
        paper.text(self._edition(), self.left, y - 18, 10, colour=QUIET, width=self.wide)
        y -= 30
        total = gettext(
            "%(grids)s grids, %(households)s households, %(residents)s residents",
            grids=words.number(len(self.contents.ground.grids)),
            households=words.number(int(self.contents.ground.grids["households"].sum())),
            residents=words.number(int(self.contents.ground.grids["residents"].sum())),
        )
        paper.text(total, self.left, y - 4, 10, width=self.wide)
        frame = (self.left, EDGE + 40, self.wide, y - 16 - EDGE - 40)
        grids = self.contents.ground.grids
        plan = Plan(paper, frame, self.contents.ground, shapely.union_all(grids.geometry.to_numpy()), margin=0.03)
        plan.base()
        plan.grids(None)
        plan.numbers(None, size=9)
        plan.furniture()
        self._legend(EDGE + 24)
        self._foot()
        if edition.name:
            paper.text(edition.name, self.right, y + 12, 10, colour=QUIET, align="right", width=self.wide / 2)
        paper.turn()

    def _legend(self, y: float) -> None:
        paper, x = self.paper, self.left
        paper.rule(x, y + 3, 18, colour=RED, weight=1.2)
        x += 22 + paper.text(gettext("border of a grid"), x + 22, y, 7.5) + 14
        paper.box(x, y - 1, 10, 7, fill="#dcd7cd", line="#bdb6a9")
        x += 14 + paper.text(gettext("building"), x + 14, y, 7.5) + 14
        paper.box(x, y - 1, 10, 7, fill="#edf1e6", line=HAIR)
        paper.text(gettext("compound"), x + 14, y, 7.5)

    def _list(self, rows: Sequence[GridPage], first: int) -> None:
        paper = self.paper
        paper.mark(f"list-{first}", gettext("List of grids"))
        y = paper.height - EDGE - 16
        paper.text(gettext("List of grids"), self.left, y, 15, bold=True)
        y -= 24
        widths = [self.wide * share for share in (0.09, 0.27, 0.12, 0.12, 0.12, 0.21, 0.07)]
        heads = ["Grid", "Called", "Households", "Residents", "Buildings", "Who answers", "Page"]
        numbers = frozenset({2, 3, 4, 6})
        paper.row([_heading(head) for head in heads], self.left, y, widths, 8, bold=True, right=numbers, colour=QUIET)
        paper.rule(self.left, y - 4, self.wide, colour=INK)
        for i, page in enumerate(rows):
            y -= LIST_ROW
            cells = [_short(page.code), page.name, words.number(page.households), words.number(page.residents)]
            cells += [words.number(len(page.buildings)), _first_name(page.people), str(first + i)]
            paper.row(cells, self.left, y, widths, 8.5, right=numbers)
            paper.rule(self.left, y - 3.5, self.wide)
        self._foot()
        paper.turn()

    def _grid(self, page: GridPage) -> None:
        paper = self.paper
        paper.mark(page.code, f"{_short(page.code)} {page.name}".strip())
        y = self._heading(page)
        height = self._map_height(page, y)
        self._map(page, (self.left, y - height, self.wide, height))
        y -= height + 16
        half = self.wide * 0.47
        people_end = self._people(page.people, self.left, y, half)
        place_end = self._place(page, self.left + self.wide - half, y, half)
        self._buildings(page, min(people_end, place_end) - 8)
        self._foot()
        paper.turn()

    def _map_height(self, page: GridPage, top: float) -> float:
        below = 46 + 13 * max(4, min(len(page.people), PEOPLE + 1)) + 30 + 12.4 * (-(-len(page.buildings) // 2))
        least, most = (share * self.paper.height for share in MAP_SHARES)
        return min(max(top - EDGE - 16 - below, least), most)

    def _heading(self, page: GridPage) -> float:
        paper = self.paper
        top = paper.height - EDGE
        room = self.wide - (QR_SIZE + 8 if self.how.address else 0)
        paper.text(
            f"{self.contents.community.name} · {self._edition()}", self.left, top - 8, 8.5, colour=QUIET, width=room
        )
        title = f"{gettext('Grid %(code)s', code=_short(page.code))} {page.name}".strip()
        paper.fitted(title, self.left, top - 32, 21, room, least=13, bold=True)
        kind = words.word(next((one for one in words.WORDS if one == page.kind), page.kind))
        paper.text(f"{page.code} · {kind}", self.left, top - 47, 9, colour=QUIET, width=room)
        self._figures(page, top - 66, room)
        if self.how.address:
            qr.draw(paper, f"{self.how.address}/grids/{page.code}", self.right - QR_SIZE, top - QR_SIZE, QR_SIZE)
        return top - 80

    def _figures(self, page: GridPage, y: float, room: float) -> None:
        figures = [
            (words.number(page.households), gettext("households")),
            (words.number(page.residents), gettext("residents")),
            (words.number(len(page.buildings)), gettext("buildings")),
            (words.metres(page.street_metres), gettext("of street")),
            (gettext("%(area)s ha", area=f"{page.area_m2 / 10_000:.1f}"), gettext("area")),
        ]
        wide = [width_of(value, 12, bold=True) + 3 + width_of(name, 8) for value, name in figures]
        gap = min(22.0, (room - sum(wide)) / (len(figures) - 1))
        x = self.left
        for (value, name), taken in zip(figures, wide, strict=True):
            after = self.paper.text(value, x, y, 12, bold=True)
            self.paper.text(name, x + after + 3, y, 8, colour=QUIET)
            x += taken + gap

    def _map(self, page: GridPage, frame: tuple[float, float, float, float]) -> None:
        grids = self.contents.ground.grids
        shape = shapely.union_all(grids.geometry[grids["grid_code"] == page.code].to_numpy())
        plan = Plan(self.paper, frame, self.contents.ground, shape)
        plan.base()
        plan.grids(page.code)
        plan.building_marks(page.buildings, [str(i) for i in range(1, len(page.buildings) + 1)])
        plan.street_names()
        plan.numbers(page.code)
        plan.furniture()

    def _people(self, people: Sequence[Link], x: float, y: float, wide: float) -> float:
        paper = self.paper
        paper.text(gettext("Who answers here"), x, y, 10, bold=True)
        y -= 15
        if not people:
            return paper.paragraph(gettext("Nobody is posted here: the community office answers."), x, y, 8.5, wide)
        for link in people[:PEOPLE]:
            name = gettext("vacant") if link.vacant else link.name
            said = paper.text(
                name, x, y, 9, bold=not link.vacant, colour=QUIET if link.vacant else INK, width=wide * 0.3
            )
            phone = paper.text(link.phone, x + wide, y, 8.5, align="right", width=wide * 0.3)
            paper.text(words.named(link), x + said + 6, y, 8, colour=QUIET, width=wide - said - phone - 12)
            y -= 13
        if len(people) > PEOPLE:
            paper.text(_more(len(people) - PEOPLE), x, y, 8, colour=QUIET)
            y -= 13
        return y

    def _place(self, page: GridPage, x: float, y: float, wide: float) -> float:
        paper = self.paper
        paper.text(gettext("Where it is"), x, y, 10, bold=True)
        y -= 15
        if page.sides:
            y = paper.paragraph(sides_said(page.sides), x, y, 8.5, wide, most=3)
        for name, things in ((gettext("Streets"), page.streets), (gettext("Compounds"), page.compounds)):
            if things:
                y = paper.paragraph(f"{name}{colon()}{comma().join(things)}", x, y, 8.5, wide, most=4)
        if page.explanation:
            y = paper.paragraph(page.explanation, x, y, 8, wide, most=3, colour=QUIET)
        return y

    def _buildings(self, page: GridPage, y: float) -> None:
        """Every building with its number on the map, in as many columns as it takes; what has no room is counted."""
        if page.buildings.empty:
            return
        paper = self.paper
        paper.text(gettext("Buildings (number on the map, households)"), self.left, y, 10, bold=True)
        y -= 14
        room = y - EDGE - 16
        size, columns = _fit(len(page.buildings), room)
        rows = max(1, int(room // (size * 1.45)))
        shown = page.buildings.iloc[: rows * columns - (rows * columns < len(page.buildings))]
        rows = min(rows, -(-len(page.buildings) // columns))
        step = self.wide / columns
        for i, (name, households) in enumerate(_named(shown)):
            column, row = divmod(i, rows)
            at, base = self.left + column * step, y - row * size * 1.45
            mark = paper.text(f"{i + 1}", at + 14, base, size, align="right", colour=QUIET)
            count = paper.text(words.number(households), at + step - 8, base, size, align="right")
            paper.text(name, at + 18, base, size, width=step - mark - count - 18)
        if len(shown) < len(page.buildings):
            column, row = divmod(len(shown), rows)
            more = _more(len(page.buildings) - len(shown))
            paper.text(more, self.left + column * step + 18, y - row * size * 1.45, size, colour=QUIET)

    def _edition(self) -> str:
        edition = self.contents.edition
        said = gettext("Edition %(number)s", number=edition.number)
        if edition.valid_from is None:
            return f"{said} · {words.word(edition.stage)}"
        since = gettext("in force from %(day)s", day=edition.valid_from.isoformat())
        return " · ".join(part for part in (said, since, edition.filing_number) if part)

    def _foot(self) -> None:
        paper, y = self.paper, EDGE - 4
        paper.rule(self.left, y + 10, self.wide)
        notes = [gettext("printed on %(day)s, for the office only", day=self.contents.day.isoformat())]
        if self.contents.community.simulated:
            notes.append(gettext("people, patrols and incidents are simulated"))
        notes.append(self.contents.community.attribution)
        paper.text(" · ".join(note for note in notes if note), self.left, y, 7, colour=QUIET, width=self.wide * 0.85)
        at = gettext("%(page)s of %(pages)s", page=paper.pages + 1, pages=self.total)
        paper.text(at, self.right, y, 7, colour=QUIET, align="right")


def _heading(name: str) -> str:
    return {
        "Grid": gettext("Grid"),
        "Called": gettext("What it is called"),
        "Households": gettext("Households"),
        "Residents": gettext("Residents"),
        "Buildings": gettext("Buildings"),
        "Who answers": gettext("Who answers"),
        "Page": gettext("Page"),
    }[name]


def _short(code: str) -> str:
    return words.short_code(code)


def _first_name(people: Sequence[Link]) -> str:
    return next((link.name for link in people if not link.vacant), gettext("vacant") if people else "–")


def _named(buildings: gpd.GeoDataFrame) -> list[tuple[str, int]]:
    names = buildings["name"].where(buildings["name"].fillna("") != "", buildings["address"]).fillna("")
    return [(name or "–", int(count)) for name, count in zip(names, buildings["households"], strict=True)]


def _fit(count: int, room: float) -> tuple[float, int]:
    """Size of the letters and number of columns in which so many rows fit, the largest letters first."""
    for size, columns in ((8.5, 2), (8.0, 3), (7.0, 4), (6.0, 5)):
        if columns * int(room // (size * 1.45)) >= count:
            return size, columns
    return 6.0, 5


def _more(count: int) -> str:
    return ngettext("and %(num)s more", "and %(num)s more", count)
