"""The density of a view as a picture on the ground, with what its colours mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import shapely
from flask_babel import format_decimal
from PIL import Image

from geo.map_plane import MapPlane
from patrols.incident_density import Heat, Window
from patrols.told_counts import FLOOR, SQUARE_M
from webmap import words
from webmap.language import gettext, ngettext
from webmap.maps import shades

MARGIN_M = 320.0
"""So much ground around the community is drawn too: the bell reaches over the border, and must not end in a line."""

FINER = 3
"""So many points each way for a cell of the density."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Density:
    """A density as a picture on the ground.

    Parameters
    ----------
    png : bytes
        A picture with opacity; the first row in the north, squares of the plane of web maps.
    bounds : tuple of float
        West, south, east, north in degrees.
    rows : sequence of (str, str)
        Colour and meaning of each class, the thinnest first.
    begins : sequence of str
        Where each class begins, for a legend without room for more.
    title, note : str
        Of what, per what; and what was left out.
    """

    png: bytes
    bounds: Box
    rows: Sequence[tuple[str, str]]
    begins: Sequence[str]
    title: str
    note: str


def window_around(ground: shapely.Geometry) -> Window:
    """The window in which a community's density is drawn."""
    west, south, east, north = cast(Box, shapely.bounds(ground).tolist())
    plane = MapPlane((west + east) / 2, (south + north) / 2)
    x, y = plane.metres([west, east], [south, north])
    wider = np.array([-MARGIN_M, MARGIN_M])
    (west, east), (south, north) = plane.degrees(x + wider, y + wider)
    return Window(float(west), float(south), float(east), float(north)).checked()


def density_of(heat: Heat, window: Window, *, singly: bool = False) -> Density:
    """Turn a density into a picture and its legend: told above the floor, or `singly`, of the incidents themselves."""
    values = _finer(heat.per_hectare)
    chosen = shades.shades(heat.peak)
    begins = [str(format_decimal(begin)) for begin in chosen.bounds]
    colours = ["#{:02x}{:02x}{:02x}".format(*colour[:3]) for colour in chosen.colours]
    rows = [(colour, gettext("from %(count)s", count=begin)) for colour, begin in zip(colours, begins, strict=True)]
    return Density(
        png=shades.png(values, chosen),
        bounds=(window.west, window.south, window.east, window.north),
        rows=rows if heat.peak else [],
        begins=begins if heat.peak else [],
        title=gettext("Incidents a hectare in this time"),
        note=_note(heat, None if singly else window),
    )


def _finer(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The density with points between its cells, so that the classes' edges have no steps on paper."""
    rows, columns = values.shape
    smooth = Image.fromarray(values).resize((columns * FINER, rows * FINER), Image.Resampling.BILINEAR)
    return np.asarray(smooth, np.float32)


def _note(heat: Heat, told_in: Window | None) -> str:
    """What was drawn and what was not, of a window in which it was told above the floor (None: singly)."""
    drawn, left = words.number(heat.counted), words.number(heat.elsewhere)
    said = [ngettext("%(count)s incident drawn.", "%(count)s incidents drawn.", heat.counted, count=drawn)]
    if told_in is not None:
        said.append(
            gettext(
                "Where %(floor)s or more of one week and category lie in a square of %(side)s m they are drawn there; "
                "fewer are drawn over the whole grid, or not told.",
                floor=FLOOR,
                side=round(SQUARE_M * told_in.plane.scale),
            )
        )
    said.append(gettext("Each is spread over a bell of %(metres)s m.", metres=round(heat.raster.reach_m)))
    if heat.elsewhere and told_in is not None:
        said.append(gettext("%(count)s more are told for the whole community only.", count=left))
    elif heat.elsewhere:
        said.append(gettext("%(count)s more have no place. Sensitive categories are left out.", count=left))
    return " ".join(said)
