"""Grids as plain arrays answer as the tables they were made of."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from geo.grounds import Grounds, is_there
from geo.locator import GridLocator


def test_plain_arrays_answer_as_the_table_does() -> None:
    columns = {"grid_code": ["B", "A", "S"], "kind": ["general", "general", "special"]}
    grids = gpd.GeoDataFrame(columns, geometry=[box(0, 0, 2, 2), box(2, 0, 4, 2), box(1, 0, 3, 1)], crs=4548)
    x, y = np.array([1.5, 2.0, 3.5, 9.0]), np.array([0.5, 0.5, 1.0, 1.0])

    plain, table = GridLocator(Grounds.of(grids)), GridLocator(grids)

    assert plain.locate(x, y).tolist() == table.locate(x, y).tolist() == [0, 1, 1, -1]
    assert plain.codes.tolist() == ["B", "A", "S"]
    assert plain.crs == grids.crs


def test_a_series_of_shapes_has_no_codes_and_is_all_general() -> None:
    grounds = Grounds.of(gpd.GeoSeries([box(0, 0, 1, 1), box(1, 0, 2, 1)]))

    assert grounds.codes.tolist() == [None, None]
    assert grounds.kinds.tolist() == ["general", "general"]
    assert Grounds.of(grounds) is grounds


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, np.nan])
def test_a_grid_with_a_code_is_preferred_to_one_without(missing: object) -> None:
    grids = gpd.GeoDataFrame({"grid_code": pd.Series([missing, "Z"], dtype=object)}, geometry=[box(0, 0, 1, 1)] * 2)

    assert not is_there(missing)
    assert GridLocator(grids).locate([0.5], [0.5]).tolist() == [1]
