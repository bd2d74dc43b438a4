"""What somebody asks of a drawing, in words and files, turned into what `geo.draw` takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.exchange.vector import read_features
from data.metres import to_metres
from geo.errors import N_, CannotDraw
from geo.load import HOUSEHOLDS, Load
from geo.wishes import Wishes
from patrols.intake.shapes import LINES, POLYGONS, take_shapes
from patrols.intake.sheet import Sheet


@dataclass(frozen=True)
class Asked:
    """How grids are asked for.

    ``together`` and ``apart`` are groups of names (or source keys) of compounds and buildings; ``whole`` is a file of
    polygons, ``borders`` one of lines; ``done`` are grids (``grid_code``, polygons) that stay.
    """

    grids: int | None = None
    load: Load = HOUSEHOLDS
    together: Sequence[Sequence[str]] = ()
    apart: Sequence[Sequence[str]] = ()
    whole: Path | None = None
    borders: Path | None = None
    done: gpd.GeoDataFrame | None = None
    datum: str = "wgs84"

    @property
    def by_more(self) -> bool:
        """Whether the load is another than households alone."""
        return self.load != HOUSEHOLDS


def find_wishes(asked: Asked, buildings: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame | None) -> Wishes:
    """Find what is asked for on the ground.

    Raises
    ------
    CannotDraw
        When a name is that of no compound and no building.
    data.errors.UnreadableFile, data.errors.RowsRefused
        When a file can't be used.
    """
    crs = buildings.crs
    named = _by_name(buildings, compounds) if asked.together or asked.apart else {}
    return Wishes(
        whole=None if asked.whole is None else _read(asked.whole, POLYGONS, asked.datum, crs),
        together=[_spots(group, named) for group in asked.together],
        apart=[_spots(group, named) for group in asked.apart],
        borders=()
        if asked.borders is None
        else shapely.get_parts(_read(asked.borders, LINES, asked.datum, crs).geometry.to_numpy()).tolist(),
        done=None if asked.done is None else asked.done.to_crs(crs),
    )


def _read(path: Path, kinds: tuple[str, ...], datum: str, crs: Any) -> gpd.GeoDataFrame:
    """The shapes of a file, in metres."""
    reading = read_features(path, datum=datum)
    sheet = Sheet(reading, {})
    shapes = take_shapes(sheet, kinds)
    sheet.accept(skip_bad=False)
    return to_metres(gpd.GeoDataFrame(geometry=shapes.array, crs=shapes.crs), crs)


def _by_name(buildings: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame | None) -> dict[str, shapely.Point]:
    """A point inside each compound and building, by name and by source key; of two with one name, the first."""
    spots: dict[str, shapely.Point] = {}
    for frame in (compounds, buildings):
        if frame is None or not len(frame):
            continue
        points = shapely.point_on_surface(frame.geometry.to_numpy())
        for column in ("name", "source_key"):
            if column in frame:
                for word, point in zip(frame[column].tolist(), points, strict=True):
                    if isinstance(word, str) and word:
                        spots.setdefault(word, point)
    return spots


def _spots(group: Sequence[str], named: dict[str, shapely.Point]) -> shapely.MultiPoint:
    """The points of a group of names, as one shape."""
    for name in group:
        if name not in named:
            raise CannotDraw(N_("No compound and no building is called %(name)s."), name=name)
    return shapely.MultiPoint([named[name] for name in group])


def read_load(written: str) -> Load:
    """Read a load as it is written on the command line: ``residents`` or ``households=1,street_metres=0.02``.

    Raises
    ------
    CannotDraw
        When a weight is no number above 0.

    Examples
    --------
    >>> read_load("residents")
    'residents'
    >>> read_load("households=1, street_metres=0.02")
    {'households': 1.0, 'street_metres': 0.02}
    """
    if "=" not in written:
        return written.strip()
    weights = {}
    for part in written.split(","):
        name, _, number = part.partition("=")
        weight = pd.to_numeric(number.strip(), errors="coerce")
        if not np.isfinite(weight) or weight <= 0:
            raise CannotDraw(
                N_("%(part)r is no weight of a load: write it like street_metres=0.02."), part=part.strip()
            )
        weights[name.strip()] = float(weight)
    return weights
