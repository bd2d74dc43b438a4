"""What grids are balanced by: columns that count something."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import CannotDraw
from geo.load import sum_loads


def test_keys_are_no_load_although_they_are_numbers():
    houses = gpd.GeoDataFrame({"compound_id": [3, 4], "residents": [1, 2]}, geometry=gpd.points_from_xy([1, 2], [1, 1]))

    with pytest.raises(CannotDraw) as refused:
        sum_loads(np.array([shapely.box(0, 0, 5, 5)]), "compound_id", houses)

    assert "compound_id" not in refused.value.facts["known"]
    assert "residents" in refused.value.facts["known"]
