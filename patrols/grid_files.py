"""Grids out of a file, ready to be asked whose ground it is."""

from pathlib import Path

import geopandas as gpd

from data.exchange.vector import read_features
from data.metres import to_metres
from patrols.intake.grid_sheet import grid_rows


def read_grids(path: Path, *, datum: str = "wgs84") -> gpd.GeoDataFrame:
    """Read grids with their codes, in their local metres.

    Raises
    ------
    data.errors.UnreadableFile, data.errors.RowsRefused
        The file or some of its rows cannot be used.
    """
    sheet, frame = grid_rows(read_features(path, datum=datum))
    sheet.accept(skip_bad=False)
    return to_metres(frame)
