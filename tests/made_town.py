"""A made-up town for tests of maps: four square grids with two streets, whose answers can be seen."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import make
import numpy as np
import pandas as pd
import shapely

from geo.borders import split_borders
from webmap.maps import shades
from webmap.maps.density import Density
from webmap.maps.town import Links, Town

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>`${alert(1)}`'\"{{7*7}}{% raw %}\u2028</textarea>"
"""What must do nothing wherever it is shown."""


def small_town(text: str = "", **changes: Any) -> Town:
    """Return a town in which every text that people write begins with `text`."""
    cells = [make.degrees_square(column, row) for row in (1, 0) for column in (0, 1)]
    codes = [f"110108001001{i:03}" for i in range(1, 5)]
    names = [f"{text}第一网格", f"{text}", f"{text}第三网格", f"{text}"]
    outline = shapely.union_all(cells)
    west, south, east, north = outline.bounds
    middle = (south + north) / 2
    streets = degrees(
        [shapely.LineString([(west, middle), (east, middle)]), shapely.LineString([(west, south), (east, north)])],
        name=[f"{text}清华路", ""],
        street_class=["secondary", "path"],
    )
    grids = degrees(
        cells,
        grid_code=codes,
        name=names,
        households=[180, 240, 320, 410],
        open_incidents=[0, 1, 3, 8],
        late_incidents=[0, 0, 1, 2],
        last_patrol=[pd.NaT, pd.Timestamp(NOW), pd.Timestamp(NOW), pd.Timestamp(NOW)],
        days_since_patrol=[float("nan"), 0.0, 3.0, 9.0],
        street_metres=[300.0, 300.0, 200.0, 0.0],
        street_metres_seen=[0.0, 150.0, 200.0, 0.0],
        yard_m2=[8000.0, 0.0, 500.0, 0.0],
        yard_m2_seen=[2000.0, 0.0, 500.0, 0.0],
        explanation=[f"{text}", "", "", ""],
    )
    metres = make.METRES
    borders = split_borders(grids.to_crs(metres), streets.iloc[:1].to_crs(metres)).to_crs(4326)
    town = Town(
        name=f"{text}民悦社区",
        at=NOW,
        outline=outline,
        grids=grids,
        borders=borders,
        streets=streets,
        buildings=degrees([make.degrees_square(0, 0, 0.0004)], name=[f"{text}3号楼"]),
        compounds=degrees([make.degrees_square(1, 1, 0.0006)], name=[f"{text}西院"]),
        incidents=incidents(text, codes, cells),
        dense=density(text, outline.bounds),
        tracks=degrees([shapely.MultiLineString([[(west, middle), (east, middle)]])]),
        walked=degrees([streets.geometry[0], streets.geometry[1]], seen=[True, False]),
        people=pd.DataFrame(
            [(f"{text}王秀英", f"{text}网格员", codes[0]), ("", f"{text}网格长", codes[0])],
            columns=["name", "title", "grid_code"],
        ),
        dense_since=date(2025, 11, 22),
        attribution=text,
        simulated=True,
        links=Links("/grids/", "/incidents/"),
    )
    return replace(town, **changes)


def density(text: str, bounds: tuple[float, float, float, float]) -> Density:
    """Return a density that rises to the east, in two classes."""
    values = np.tile(np.arange(8, dtype=np.float32), (8, 1))
    rows = [("#ffd56a", f"{text}from 2"), ("#fa8e4e", "from 5")]
    return Density(
        shades.png(values, shades.shades(7.0)), bounds, rows, ("2", "5"), f"{text}a hectare", f"{text}drawn."
    )


def incidents(text: str, codes: list[str], cells: list[shapely.Polygon]) -> gpd.GeoDataFrame:
    """Return three incidents: an open one, a late one, and a closed one."""
    return degrees(
        [cells[1].centroid, cells[3].centroid, cells[3].centroid],
        number=[f"{text}2026-1", "2026-2", "2026-3"],
        category=[f"{text}垃圾堆放", "路灯损坏", ""],
        stage=["已派遣", "已上报", "已办结"],
        is_open=[True, True, False],
        is_late=[False, True, False],
        found_at=[NOW, NOW, NOW],
        due_at=[pd.NaT, NOW, pd.NaT],
        grid_code=[codes[1], codes[3], None],
        address=[f"{text}清华路18号", None, ""],
        description=[f"{text}楼道口堆放杂物", "", None],
    )


def degrees(shapes: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    """Return a frame in degrees."""
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")
