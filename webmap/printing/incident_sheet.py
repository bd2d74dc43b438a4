"""The sheet of an incident: what, where on a plan, its photos, every step, and a code that leads back to its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from shapely import Point

from data.models import Community, Incident
from webmap import language, words
from webmap.language import gettext
from webmap.printing import qr
from webmap.printing.paper import HAIR, MM, QUIET, RED, SIZES, Paper
from webmap.printing.plan import Ground, Plan
from webmap.storage import LOCAL

EDGE = 16 * MM
CODE = 30 * MM
MAP_HIGH = 78 * MM
PHOTO_HIGH = 44 * MM
MOST_PHOTOS = 3
LINE = 13.0
AROUND_M = 90.0
"""So much ground shows around the place: the next corners, by which people find it."""


@dataclass(frozen=True)
class Sheet:
    """What is printed. Who reported it is not: sheets are carried about.

    ``steps`` are (when, what, to whom and why); ``photos`` are files with what they show; ``spot`` is in the metres of
    ``ground``, None for an incident without a place.
    """

    incident: Incident
    community: Community
    steps: Sequence[tuple[str, str, str]]
    photos: Sequence[tuple[Path, str]]
    ground: Ground | None
    spot: Point | None


def on_paper(at: datetime) -> str:
    """A moment as a sheet says it, which may be read next year: 2026-11-22 14:30 of the office's clock."""
    return at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M")


def write_sheet(sheet: Sheet, target: Path | BinaryIO, address: str) -> int:
    """Write it as a PDF on A4, further pages for a long history; returns how many pages."""
    paper = Paper(target, size=SIZES["a4"], title=sheet.incident.number, language=language.current())
    _Writer(paper, sheet, address).write()
    return paper.close()


class _Writer:
    def __init__(self, paper: Paper, sheet: Sheet, address: str) -> None:
        self.paper, self.sheet, self.address = paper, sheet, address
        self.wide = paper.width - 2 * EDGE
        self.y = paper.height - EDGE

    def write(self) -> None:
        self._head()
        self._facts()
        self._map()
        self._photos()
        self._steps()
        self._signatures()
        self._foot()
        self.paper.turn()

    def _head(self) -> None:
        paper, incident = self.paper, self.sheet.incident
        room = self.wide - CODE - 6 * MM
        qr.draw(paper, self.address, paper.width - EDGE - CODE, self.y - CODE, CODE)
        title = words.named(incident.category) if incident.category else gettext("Incident")
        place = f"{self.sheet.community.subdistrict.name} {self.sheet.community.name}"
        paper.text(place, EDGE, self.y - 9, 9, colour=QUIET, width=room)
        paper.fitted(title, EDGE, self.y - 34, 22, room, least=12, bold=True, colour=RED)
        paper.text(f"{incident.number} · {words.word(incident.stage)}", EDGE, self.y - 52, 11, width=room)
        below = paper.paragraph(incident.description or "–", EDGE, self.y - 72, 11.5, room, most=4)
        self.y = min(below, self.y - CODE - 4) - 4

    def _facts(self) -> None:
        incident = self.sheet.incident
        facts = [
            (gettext("Found"), on_paper(incident.found_at)),
            (gettext("Due"), on_paper(incident.due_at) if incident.due_at else "–"),
            (gettext("Place"), incident.address or "–"),
            (gettext("Grid"), incident.grid_code or self.sheet.community.name),
            (gettext("Office"), incident.organisation.name if incident.organisation else "–"),
            (gettext("Handler"), incident.handler.name if incident.handler else "–"),
        ]
        half = self.wide / 2
        for at in range(0, len(facts), 2):
            for column, (name, said) in enumerate(facts[at : at + 2]):
                x = EDGE + column * half
                self.paper.text(name, x, self.y, 9, colour=QUIET)
                self.paper.text(said, x + 46, self.y, 10, width=half - 52)
            self.y -= 16

    def _map(self) -> None:
        ground, spot = self.sheet.ground, self.sheet.spot
        if ground is None or spot is None:
            return
        self.y -= MAP_HIGH
        plan = Plan(self.paper, (EDGE, self.y, self.wide, MAP_HIGH), ground, spot.buffer(AROUND_M), margin=0.0)
        plan.base()
        plan.grids(self.sheet.incident.grid_code)
        plan.highlight([spot.buffer(3.0)])
        plan.street_names(7)
        plan.building_names(6.5)
        plan.furniture()
        self.y -= 16

    def _photos(self) -> None:
        shown = self.sheet.photos[:MOST_PHOTOS]
        if not shown:
            return
        self.y -= PHOTO_HIGH
        wide = (self.wide - (MOST_PHOTOS - 1) * 8) / MOST_PHOTOS
        for column, (path, said) in enumerate(shown):
            x = EDGE + column * (wide + 8)
            self.paper.canvas.drawImage(str(path), x, self.y, wide, PHOTO_HIGH, preserveAspectRatio=True, anchor="sw")
            self.paper.text(said, x, self.y - 10, 8, colour=QUIET, width=wide)
        self.y -= 26

    def _steps(self) -> None:
        paper = self.paper
        paper.text(gettext("History"), EDGE, self.y - 4, 12, bold=True, colour=RED)
        self.y -= 12
        for when, what, rest in self.sheet.steps:
            if self.y < EDGE + 3 * LINE:
                self._foot()
                paper.turn()
                self.y = paper.height - EDGE
            paper.rule(EDGE, self.y, self.wide, colour=HAIR)
            paper.row((when, what), EDGE, self.y - LINE + 2, (110, 90), 9.5)
            below = paper.paragraph(rest, EDGE + 200, self.y - LINE + 2, 9.5, self.wide - 200, most=3) if rest else None
            self.y = min(self.y - LINE - 4, below + LINE / 2 if below is not None else self.y)

    def _signatures(self) -> None:
        """Lines to sign on at the foot of the last page: sheets go into files."""
        paper, third = self.paper, self.wide / 3
        if self.y < EDGE + 5 * LINE:
            self._foot()
            paper.turn()
        names = (gettext("Signed by the handler"), gettext("Signed by the manager"), gettext("Date"))
        for column, name in enumerate(names):
            x = EDGE + column * third
            paper.text(name, x, EDGE + 1.5 * LINE, 9, colour=QUIET, width=third - 12)
            paper.rule(x, EDGE + 1.2 * LINE, third - 12, colour=HAIR)

    def _foot(self) -> None:
        notes = [self.sheet.incident.number]
        if self.sheet.community.simulated:
            notes.append(gettext("people, patrols and incidents are simulated"))
        notes.append(self.sheet.community.attribution)
        said = " · ".join(note for note in notes if note)
        self.paper.text(said, EDGE, EDGE * 0.55, 8, colour=QUIET, width=self.wide)
