"""What a view shows once it is handed on, drawn as a picture or taken away as a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from webmap.maps.density import Density
from webmap.maps.legend import Figure

WHOLE = 12
"""Digits of a community's code; a longer one is a grid's."""


@dataclass(frozen=True)
class Dots:
    """Single incidents, for whoever sees them one by one anyway: longitude and latitude, colour, what they are."""

    places: npt.NDArray[np.float64]
    colour: str
    said: str


@dataclass(frozen=True)
class ViewContents:
    """What a view shows, in degrees WGS 84.

    Nothing in it names a person or leads to one; only `dots`, which no shared link has, are single incidents.

    Parameters
    ----------
    title, period : str
        The heading; of which time, of which incidents.
    at : datetime
        The moment that it was made for, aware.
    timezone : ZoneInfo
    outline : geometry
    grids : GeoDataFrame
        ``grid_code, name, geometry``.
    borders : GeoDataFrame
        ``kind, geometry``; see `geo.borders.split_borders`.
    streets, buildings, compounds : GeoDataFrame
    figure : Figure
        By what grids are coloured; its values in the order of `grids`.
    density : Density, optional
    walked : GeoDataFrame
        ``seen, geometry``: pieces of streets; empty where the view does not show them.
    dots : sequence of Dots
    notes : sequence of str
        Which rule left what out.
    sources : sequence of str
        Whose data it is.
    focus : str
        The code of the grid that the view is about; "" for all.
    """

    title: str
    period: str
    at: datetime
    timezone: ZoneInfo
    outline: BaseGeometry
    grids: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    figure: Figure
    density: Density | None = None
    walked: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    dots: Sequence[Dots] = ()
    notes: Sequence[str] = ()
    sources: Sequence[str] = ()
    focus: str = ""
