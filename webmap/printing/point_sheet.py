"""The sheet of a check-point: a code to scan on patrol, the number and name that people call the place by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from data.models import Community
from patrols.check_points import Hanging
from webmap import language, words
from webmap.language import gettext
from webmap.printing import qr
from webmap.printing.paper import HAIR, INK, MM, QUIET, RED, SIZES, Paper

A6 = (105 * MM, 148 * MM)
PAPERS = ("a4", "a6", "a6-on-a4")

DRAWN_FOR = SIZES["a4"][0]
"""All lengths below are those of a sheet on A4; on A6 everything shrinks alike."""

BAND = 92
EDGE = 40
CODE_SIZE = 400
"""On A6 still 70 mm: read at arm's length, through a scratched foil."""


@dataclass(frozen=True)
class Print:
    """How sheets are printed: where the website is reached from outside, and on which of `PAPERS`."""

    address: str
    paper: str = PAPERS[0]


def write_sheets(community: Community, points: Sequence[Hanging], target: Path | BinaryIO, how: Print) -> int:
    """Write the sheets as a PDF: one a page, or four A6 on a page of A4 to be cut; returns how many pages."""
    size = A6 if how.paper == "a6" else SIZES["a4"]
    title = gettext("Check-points of %(community)s", community=community.name)
    paper = Paper(target, size=size, title=title, language=language.current())
    four = how.paper == "a6-on-a4"
    wide, high = (size[0] / 2, size[1] / 2) if four else size
    for number, one in enumerate(points):
        if four and number and number % 4 == 0:
            paper.turn()
        corner = (number % 2 * wide, (1 - number % 4 // 2) * high) if four else (0.0, 0.0)
        _Sheet(paper, corner, (wide, high), community, one, how.address).write()
        if four:
            paper.box(*corner, wide, high, line=HAIR)
        else:
            paper.turn()
    if four and points:
        paper.turn()
    return paper.close()


def address_of(point: Hanging, root: str) -> str:
    """What the QR says: the volunteer's page, with the code."""
    return f"{root}/walk?check={point.point.code}"


def spaced(code: str) -> str:
    """The code as it is typed by hand where the camera fails.

    Examples
    --------
    >>> spaced("0123456789")
    '01234 56789'
    """
    return f"{code[: len(code) // 2]} {code[len(code) // 2 :]}"


class _Sheet:
    def __init__(
        self,
        paper: Paper,
        corner: tuple[float, float],
        size: tuple[float, float],
        community: Community,
        hanging: Hanging,
        root: str,
    ) -> None:
        self.paper, self.community, self.hanging, self.root = paper, community, hanging, root
        (self.x, self.y), (self.wide, self.high) = corner, size
        self.unit = self.wide / DRAWN_FOR

    def write(self) -> None:
        point = self.hanging.point
        self.paper.mark(point.code, f"{point.number} {point.name}")
        self._band()
        middle, unit = self.x + self.wide / 2, self.unit
        room = self.wide - 2 * EDGE * unit
        top = self.y + self.high - BAND * unit
        self.paper.fitted(
            point.name, middle, top - 64 * unit, 44 * unit, room, least=18 * unit, bold=True, align="middle"
        )
        side = CODE_SIZE * unit
        base = top - 92 * unit - side
        qr.draw(self.paper, address_of(self.hanging, self.root), middle - side / 2, base, side)
        self.paper.text(spaced(point.code), middle, base - 20 * unit, 26 * unit, align="middle", colour=INK)
        said = gettext("On patrol: open the patrol page, tap “Check in”, scan this code.")
        self.paper.paragraph(said, self.x + EDGE * unit, base - 66 * unit, 22 * unit, room, most=3)
        self._foot()

    def _band(self) -> None:
        paper, unit, height = self.paper, self.unit, BAND * self.unit
        top = self.y + self.high
        paper.box(self.x, top - height, self.wide, height, fill=RED)
        left, right = self.x + EDGE * unit, self.x + self.wide - EDGE * unit
        number = str(self.hanging.point.number)
        over = paper.text(number, right, top - 66 * unit, 60 * unit, bold=True, colour="#ffffff", align="right")
        room = right - left - over - 16 * unit
        paper.text(
            gettext("Patrol check-point"), left, top - 50 * unit, 34 * unit, bold=True, colour="#ffffff", width=room
        )
        above = f"{self.community.subdistrict.name} {self.community.name}"
        paper.text(above, left, top - 76 * unit, 16 * unit, colour="#f6d9d9", width=room)

    def _foot(self) -> None:
        paper, unit = self.paper, self.unit
        notes = []
        if self.hanging.grid_code:
            notes.append(gettext("Grid %(code)s", code=words.short_code(self.hanging.grid_code)))
        if self.community.office_phone:
            notes.append(f"{gettext('Community office')} {self.community.office_phone}")
        notes.append(gettext("Please do not take this sheet down."))
        room = self.wide - 2 * EDGE * unit
        paper.rule(self.x + EDGE * unit, self.y + 56 * unit, room, colour=HAIR, weight=unit)
        paper.fitted(
            " · ".join(notes), self.x + EDGE * unit, self.y + 30 * unit, 18 * unit, room, least=9 * unit, colour=QUIET
        )
