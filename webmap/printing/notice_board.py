"""The notice board (公示牌) of a grid or building: a page for the wall, with who answers and a QR that stays right."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import geopandas as gpd
import shapely

from geo.sides import four_sides
from patrols.boards import Shown
from patrols.chains import Link
from webmap import language, words
from webmap.language import gettext, ngettext
from webmap.printing import qr
from webmap.printing.paper import HAIR, INK, QUIET, RED, SIZES, Paper
from webmap.printing.plan import Ground, Plan, near
from webmap.printing.said import colon, sides_said

DRAWN_FOR = SIZES["a3-landscape"][0]
"""All lengths below are those of a board on A3; on A4 everything shrinks alike."""
PAPERS = ("a3-landscape", "a4-landscape")
BAND = 104
EDGE = 36
MAP_SHARE = 0.56
FOOT = 118
MOST_PEOPLE = 8


@dataclass(frozen=True)
class Print:
    """How boards are printed.

    Parameters
    ----------
    address : str
        Where the website is reached from outside, such as ``https://grid.example.org``; the QR leads there.
    paper : str
        One of `PAPERS`.
    """

    address: str
    paper: str = PAPERS[0]


def write_boards(shown: Sequence[Shown], ground: Ground, target: Path | BinaryIO, how: Print) -> int:
    """Write boards as a PDF, one a page; returns how many."""
    title = gettext("Notice boards of %(community)s", community=shown[0].community.name if shown else "")
    paper = Paper(target, size=SIZES[how.paper], title=title, language=language.current())
    for one in shown:
        _Board(paper, one, ground, how).write()
    return paper.close()


def title_of(shown: Shown) -> str:
    """What a board calls its place."""
    if shown.building is not None:
        return shown.building.name or shown.building.address or gettext("Building")
    code = shown.grid.code if shown.grid is not None else shown.board.grid_code or ""
    name = shown.grid.name if shown.grid is not None else ""
    return " ".join(part for part in (gettext("Grid %(code)s", code=words.short_code(code)), name) if part)


class _Board:
    def __init__(self, paper: Paper, shown: Shown, ground: Ground, how: Print) -> None:
        self.paper, self.shown, self.ground, self.how = paper, shown, ground, how
        self.unit = paper.width / DRAWN_FOR

    def write(self) -> None:
        self.paper.mark(self.shown.board.token, title_of(self.shown))
        self._band()
        left = EDGE * self.unit
        top = self.paper.height - (BAND + 24) * self.unit
        wide = self.paper.width * MAP_SHARE - left
        bottom = (EDGE + FOOT) * self.unit
        self._map((left, bottom, wide, top - bottom))
        self._place(left, bottom - 30 * self.unit, wide)
        x = left + wide + 30 * self.unit
        column = self.paper.width - left - x
        self._people(x, top, column)
        self._scan(x, column)
        self._foot()
        self.paper.turn()

    def _band(self) -> None:
        paper, unit = self.paper, self.unit
        height = BAND * unit
        paper.box(0, paper.height - height, paper.width, height, fill=RED)
        kind = gettext("Building notice board") if self.shown.building is not None else gettext("Grid notice board")
        x, y = EDGE * unit, paper.height - 62 * unit
        over = paper.text(kind, paper.width - x, y, 30 * unit, colour="#ffffff", align="right")
        room = paper.width - 3 * x - over
        paper.fitted(title_of(self.shown), x, y, 50 * unit, room, least=20 * unit, bold=True, colour="#ffffff")
        community = self.shown.community
        above = f"{community.subdistrict.name} {community.name}"
        paper.text(above, x, y - 26 * unit, 15 * unit, colour="#f6d9d9", width=room)

    def _map(self, frame: tuple[float, float, float, float]) -> None:
        code = self.shown.grid.code if self.shown.grid is not None else None
        grids = self.ground.grids
        about = grids.geometry[grids["grid_code"] == code] if code else grids.geometry
        own = self._own_building()
        plan = Plan(self.paper, frame, self.ground, shapely.union_all([*about, *own.geometry]), margin=0.06)
        plan.base()
        plan.grids(code)
        plan.highlight(own.geometry)
        plan.street_names(11 * self.unit)
        plan.numbers(code, 15 * self.unit)
        plan.building_names(10 * self.unit)
        plan.furniture()

    def _own_building(self) -> gpd.GeoDataFrame:
        key = -1 if self.shown.building is None else self.shown.building.id
        return self.ground.buildings[self.ground.buildings.index == key]

    def _place(self, x: float, y: float, wide: float) -> None:
        paper, unit, grid = self.paper, self.unit, self.shown.grid
        if grid is None:
            said = gettext("The community office answers here.")
            paper.paragraph(said, x, y, 16 * unit, wide, most=3)
            return
        shape = shapely.union_all(self.ground.grids.geometry[self.ground.grids["grid_code"] == grid.code].to_numpy())
        facts = [
            gettext("%(households)s households", households=words.number(grid.households)),
            gettext("%(buildings)s buildings", buildings=words.number(grid.buildings)),
            ngettext("%(num)s compound", "%(num)s compounds", grid.compounds),
        ]
        name = gettext("Grid %(code)s", code=words.short_code(grid.code))
        y = paper.paragraph(f"{name}{colon()}{' · '.join(facts)}", x, y, 17 * unit, wide, most=1, bold=True)
        sides = four_sides(shape, near(self.ground.streets, shape))
        if sides:
            paper.paragraph(sides_said(sides), x, y, 15 * unit, wide, most=2)

    def _people(self, x: float, top: float, wide: float) -> None:
        paper, unit = self.paper, self.unit
        y = top - 20 * unit
        paper.text(gettext("Who answers here"), x, y, 22 * unit, bold=True, colour=RED)
        people = self.shown.people[:MOST_PEOPLE]
        low = (EDGE + FOOT + 150) * unit
        step = min(68 * unit, (y - low) / max(len(people), 1))
        for link in people:
            y -= step
            self._person(link, x, y, wide)
        if not people:
            said = gettext("Nobody is posted here: the community office answers.")
            paper.paragraph(said, x, y - 40 * unit, 18 * unit, wide)

    def _person(self, link: Link, x: float, y: float, wide: float) -> None:
        paper, unit = self.paper, self.unit
        name, colour = (gettext("vacant"), QUIET) if link.vacant else (link.name, INK)
        duty = " · ".join(part for part in (words.named(link) or link.duty, link.place) if part)
        paper.text(duty, x, y + 29 * unit, 14 * unit, colour=QUIET, width=wide)
        said = paper.text(name, x, y, 26 * unit, bold=True, colour=colour, width=wide * 0.5)
        if link.phone:
            paper.text(link.phone, x + wide, y, 24 * unit, align="right", width=wide - said - 10 * unit)
        paper.rule(x, y - 9 * unit, wide, colour=HAIR, weight=unit)

    def _scan(self, x: float, wide: float) -> None:
        """Below the people: the office's number at the left, the code at the right."""
        paper, unit, size = self.paper, self.unit, 190 * self.unit
        y = EDGE * unit + 26 * unit
        qr.draw(paper, f"{self.how.address}/r/{self.shown.board.token}", x + wide - size, y, size)
        room = wide - size - 14 * unit
        line = y + size - 40 * unit
        if self.shown.community.office_phone:
            paper.text(gettext("Community office"), x, line, 16 * unit, colour=QUIET, width=room)
            line -= 36 * unit
            number = self.shown.community.office_phone
            paper.fitted(number, x, line, 32 * unit, room, least=14 * unit, bold=True, colour=RED)
            line -= 36 * unit
        paper.fitted(gettext("Scan to report"), x, line, 26 * unit, room, least=14 * unit, bold=True)
        said = gettext("No sign-in needed. You also see here what became of it, and who answers today.")
        paper.paragraph(said, x, line - 26 * unit, 16 * unit, room, most=4)

    def _foot(self) -> None:
        paper, unit = self.paper, self.unit
        notes = [gettext("as of %(day)s", day=self.shown.day.isoformat())]
        if self.shown.grid is not None:
            notes.append(self.shown.grid.code)
        if self.shown.community.simulated:
            notes.append(gettext("people, patrols and incidents are simulated"))
        notes.append(self.shown.community.attribution)
        said = " · ".join(note for note in notes if note)
        paper.text(said, EDGE * unit, EDGE * unit * 0.62, 11 * unit, colour=QUIET, width=paper.width - 2 * EDGE * unit)
