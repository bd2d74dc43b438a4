"""The map of a sheet: the grids of its time, coloured by a figure in a few classes, with what each class means."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.models import GridEdition, GridKind
from patrols.periodic import GridMap, Kind
from webmap.documents.wording import Wording, in_brackets, number_said, rounded
from webmap.language import gettext, ngettext
from webmap.maps.style import COVERAGE_COLOURS, NO_FIGURE, Scale, count_scale
from webmap.printing.paper import HAIR, INK, QUIET, Paper, width_of
from webmap.printing.plan import Ground, Plan

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Where the classes of a share begin; those of a figure that is counted follow from what there is."""

LEGEND = 30.0
"""Height of the legend below a map, in points."""
SHAPE = 0.72
"""Height of a map as a share of its width."""


@dataclass(frozen=True)
class Band:
    """One class of the legend: its colour, what is in it, and how many grids are."""

    colour: str
    said: str
    grids: int

    @property
    def counted(self) -> str:
        """What it holds, and in brackets how many grids."""
        return in_brackets(self.said, ngettext("%(num)s grid", "%(num)s grids", self.grids))


@dataclass(frozen=True)
class Drawn:
    """A map in the reader's language, ready to be drawn: colour and figure by grid code, and its legend."""

    title: str
    colours: Mapping[str, str]
    figures: Mapping[str, str]
    bands: list[Band]
    ground: Ground


def drawn(told: GridMap, ground: Ground, wording: Wording) -> Drawn:
    """Class the grids of a map; those with no figure have a colour of their own."""
    codes = list(told.values)
    values = np.array([np.nan if told.values[code] is None else told.values[code] for code in codes], dtype=float)
    scale = _scale(values, told.measure)
    classes = scale.classes(values)
    colours = [*scale.colours, NO_FIGURE]
    kind = Kind.SHARE if told.measure is Kind.RATE else told.measure
    return Drawn(
        title=wording.said(told.title),
        colours={code: colours[i] for code, i in zip(codes, classes, strict=True)},
        figures={
            code: _figure(float(value), kind) if value == value else ""
            for code, value in zip(codes, values, strict=True)
        },
        bands=_bands(scale, classes, kind),
        ground=ground,
    )


def _figure(value: float, kind: Kind) -> str:
    """A figure as short as the ground it is written on asks for."""
    return f"{rounded(100 * value, 0)}%" if kind is Kind.SHARE else number_said(value, kind)


def _scale(values: npt.NDArray[np.float64], measure: Kind) -> Scale:
    if measure in (Kind.SHARE, Kind.RATE):
        return Scale(SHARES, COVERAGE_COLOURS)
    return count_scale(values[~np.isnan(values)])


def _bands(scale: Scale, classes: npt.NDArray[np.int64], kind: Kind) -> list[Band]:
    ends = [*scale.bounds[1:], None]
    bands = [
        Band(colour, _range(begin, end, kind), int((classes == i).sum()))
        for i, (begin, end, colour) in enumerate(zip(scale.bounds, ends, scale.colours, strict=True))
    ]
    unknown = int((classes == len(scale.bounds)).sum())
    return [*bands, Band(NO_FIGURE, gettext("no figure"), unknown)] if unknown else bands


def _range(begin: float, end: float | None, kind: Kind) -> str:
    """What a class holds: 0, 1–3, 14 and more; shares by their edges."""
    if kind is Kind.SHARE:
        return f"{begin:.0%}–{1 if end is None else end:.0%}"
    if end is None:
        return gettext("%(least)s and more", least=f"{begin:,.0f}") if begin else "0"
    return f"{begin:,.0f}" if end - begin <= 1 else f"{begin:,.0f}–{end - 1:,.0f}"


def height_of(width: float) -> float:
    """How high a map of this width is with its legend, in points."""
    return width * SHAPE + LEGEND


def draw(paper: Paper, told: Drawn) -> None:
    """Draw a map and its legend so that they fill a piece of paper."""
    frame = (0.0, LEGEND, paper.width, paper.height - LEGEND)
    plan = Plan(paper, frame, told.ground, shapely.union_all(told.ground.grids.geometry.to_numpy()), margin=0.02)
    plan.coloured(told.colours)
    plan.grids(None)
    plan.figures(told.figures, size=9 if len(told.figures) <= 40 else 7)
    plan.furniture()
    _legend(paper, told)


def _legend(paper: Paper, told: Drawn) -> None:
    said = [band.counted for band in told.bands]
    # All classes on one line, in smaller letters where they are many.
    size = min(7.5, 7.5 * (paper.width - 24 * len(said)) / sum(width_of(one, 7.5) for one in said))
    x = 0.0
    for band, text in zip(told.bands, said, strict=True):
        paper.box(x, LEGEND - 16, 12, 8, fill=band.colour, line=HAIR)
        x += 15 + paper.text(text, x + 15, LEGEND - 15, size, colour=INK) + 9
    note = gettext("Large: the figure; small: the number of the grid. Brackets: how many grids are of a colour.")
    paper.text(note, 0, 3, 7, colour=QUIET, width=paper.width)


def ground_of(session: Session, edition: GridEdition) -> Ground:
    """What a coloured map needs of the ground: grids and streets, without buildings and compounds."""
    grids = frames.grids(session, edition.id)
    # Special grids lie over general ones.
    grids = grids.sort_values(["kind", "grid_code"], key=lambda column: column != GridKind.GENERAL, kind="stable")
    nothing = grids.iloc[:0][["name", "geometry"]]
    streets = frames.streets(session, edition.community_id)
    return Ground(grids=grids.reset_index(drop=True), streets=streets, buildings=nothing, compounds=nothing)
