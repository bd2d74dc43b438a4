"""What a map of one community shows, apart from how it is drawn."""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import shapely

from webmap.maps.density import Density


@dataclass(frozen=True)
class Links:
    """Where the cards lead: the address to which a grid's code or an incident's number is added; "" for nowhere."""

    grid: str = ""
    incident: str = ""


def nothing(*flags: str) -> gpd.GeoDataFrame:
    """Return a frame without rows: a layer that was not asked for."""
    return gpd.GeoDataFrame({name: pd.Series(dtype=bool) for name in flags}, geometry=[], crs="EPSG:4326")


@dataclass(frozen=True)
class Town:
    """What a map of one community shows. Every frame is in WGS 84 degrees and already narrowed to what may be seen.

    Parameters
    ----------
    name : str
        The community's name.
    at : datetime
        The moment of the figures, aware.
    outline : shapely.Geometry
        The community's ground.
    grids : GeoDataFrame
        ``grid_code, name, households, open_incidents, late_incidents, last_patrol`` (aware, or NaT),
        ``days_since_patrol, street_metres, street_metres_seen`` (of the last `days`), ``yard_m2, yard_m2_seen`` (open
        ground of compounds, likewise), ``explanation, geometry``.
        Figures are missing where the reader may not see them.
    borders : GeoDataFrame
        ``kind, geometry``, from `geo.borders.split_borders`.
    streets, buildings, compounds : GeoDataFrame
        ``name, geometry``; streets also ``street_class``.
    incidents : GeoDataFrame
        ``number, category, stage, is_open, is_late, found_at, due_at, grid_code, address, description, geometry``
        (points). ``attrs["hidden"]``: how many open ones are not drawn, because their category is sensitive or they
        have no place.
    dense : Density or None
        Where incidents are dense, told above the floor: of a file nobody knows who will read it.
    tracks : GeoDataFrame
        ``geometry``: lines of patrols without names, ends trimmed.
    walked : GeoDataFrame
        ``geometry`` and ``seen`` (whether a patrol of the last `days` saw that piece of street); may be empty.
    people : DataFrame
        ``name, title, grid_code``: everybody posted to a grid, nearest link of the chain first; ``name`` is "" when
        nobody is.
    days : int
        Over how many days patrols are shown.
    dense_since : date
        The first day of which incidents may be in `dense`.
    """

    name: str
    at: datetime
    outline: shapely.Geometry
    grids: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    people: pd.DataFrame
    incidents: gpd.GeoDataFrame = field(default_factory=lambda: nothing("is_open", "is_late"))
    dense: Density | None = None
    tracks: gpd.GeoDataFrame = field(default_factory=lambda: nothing())
    walked: gpd.GeoDataFrame = field(default_factory=lambda: nothing("seen"))
    days: int = 7
    dense_since: date = date.min
    done_days: int = 30
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    attribution: str = ""
    simulated: bool = False
    links: Links = field(default_factory=Links)
