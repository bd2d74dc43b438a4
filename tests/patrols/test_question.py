"""What a question is made of: the way into metres, and columns put together from where they lie."""

import sys

import numpy as np
import pyarrow as pa
import pyproj
import pytest
import shapely

from geo.errors import WrongCrs
from geo.grounds import Grounds
from patrols.question import Question, Ready, ask, rehearse


def grounds(crs: object, codes: list[str | None]) -> Grounds:
    shapes = [shapely.box(500_000 + at, 4_000_000, 500_001 + at, 4_000_001) for at in range(len(codes))]
    kinds = np.full(len(codes), "general", object)
    return Grounds(np.array(shapes, object), np.array(codes, object), kinds, crs)


@pytest.mark.parametrize("code", [4548, 4534, 32650, 32733, 27700, 3857])
def test_the_short_way_into_metres_gives_the_same_numbers(code: int) -> None:
    crs = pyproj.CRS.from_epsg(code)
    west, south, east, north = crs.area_of_use.bounds
    random = np.random.default_rng(6)
    lon, lat = random.uniform(west, east, 100), random.uniform(south, north, 100)

    x, y = Ready(ask(grounds(crs, ["A"])))._project(lon, lat)

    wanted = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    np.testing.assert_array_equal(x, wanted[0])
    np.testing.assert_array_equal(y, wanted[1])


def test_codes_that_are_missing_are_null_and_others_keep_their_signs() -> None:
    ready = Ready(ask(grounds(pyproj.CRS(4548), ["网格1", None, ""])))

    assert ready.codes.equals(pa.array(["网格1", None, ""], pa.string()))
    assert pa.table(ready.nothing).schema.names[:2] == ["grid_code", "rule"]


def test_grids_that_differ_in_anything_that_decides_are_another_question() -> None:
    one = grounds(pyproj.CRS(4548), ["A", "B"])
    others = [
        one._replace(codes=np.array(["A", "C"], object)),
        one._replace(kinds=np.array(["general", "special"], object)),
        one._replace(geometry=one.geometry[::-1]),
        one._replace(crs=pyproj.CRS(4549)),
    ]

    keys = {ask(each).key for each in (one, *others)} | {ask(one, reach_m=1.0).key, ask(one, accuracy=1.0).key}

    assert len(keys) == 7
    assert ask(one).key == ask(one).key


def test_grids_in_degrees_are_refused_at_the_door() -> None:
    with pytest.raises(WrongCrs):
        Ready(Question(grounds(pyproj.CRS(4326), ["A"])))


def test_a_rehearsal_leaves_no_question_behind_and_the_compiled_loops_ready() -> None:
    rehearse(weighing=True)

    assert {"geo.lookup", "geo.nearlines", "geo.reach", "geo.charting"} <= sys.modules.keys()
