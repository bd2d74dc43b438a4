import geopandas as gpd
import make
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from webmap.maps import layers

ORIGIN = (116.3, 40.0)
PLACES = st.tuples(st.floats(116.2, 116.4), st.floats(39.9, 40.1))


def unpacked(steps: list[int]) -> np.ndarray:
    return np.asarray(ORIGIN) + np.cumsum(np.asarray(steps).reshape(-1, 2), axis=0) / layers.STEPS


@given(st.lists(st.lists(PLACES, min_size=2, max_size=6), min_size=1, max_size=5))
def test_packed_lines_run_where_the_lines_ran_to_a_tenth_of_a_metre(vertices):
    lines = [shapely.LineString(line) for line in vertices]

    packed = layers.pack_lines(lines, ORIGIN)

    for line in packed:
        way = shapely.LineString(unpacked(line))
        assert min(way.hausdorff_distance(one) for one in lines) < 2e-6


def test_multilines_give_one_line_a_part_and_points_that_repeat_are_left_out():
    both = shapely.MultiLineString([[(116.3, 40.0), (116.3, 40.0), (116.301, 40.0)], [(116.31, 40.0), (116.31, 40.01)]])

    packed = layers.pack_lines([both], ORIGIN)

    assert packed == [[0, 0, 1000, 0], [10_000, 0, 0, 10_000]]


def test_a_courtyard_stays_a_hole_of_its_own_building():
    ring = make.degrees_square(0).difference(shapely.box(116.3002, 40.0002, 116.3005, 40.0005))
    whole = make.degrees_square(3)

    packed = layers.pack_polygons([ring, shapely.MultiPolygon([whole])], ORIGIN)

    assert [len(rings) for rings in packed] == [2, 1]
    assert shapely.Polygon(unpacked(packed[1][0])).equals_exact(whole, 1e-6)


@pytest.mark.parametrize("pack", [layers.pack_lines, layers.pack_polygons, layers.pack_points])
def test_nothing_packs_to_nothing(pack):
    assert pack([], ORIGIN) == []


def test_the_name_of_a_bent_grid_lies_inside_it():
    bent = shapely.union_all([shapely.box(0, 40, 0.001, 40.01), shapely.box(0, 40, 0.01, 40.001)])

    (spot,) = layers.inner_points(gpd.GeoSeries([bent], crs=4326))

    assert bent.contains(spot)


def test_pieces_of_one_street_share_a_label_and_main_streets_come_first():
    streets = gpd.GeoDataFrame(
        {"name": ["巷子", "大街", "大街", ""], "street_class": ["back_street", "arterial", "arterial", "path"]},
        geometry=[
            shapely.LineString([(116.3, 40.0), (116.31, 40.0)]),
            shapely.LineString([(116.3, 40.01), (116.301, 40.01)]),
            shapely.LineString([(116.301, 40.01), (116.302, 40.01)]),
            shapely.LineString([(116.3, 40.02), (116.31, 40.02)]),
        ],
        crs=4326,
    )

    labels = layers.street_names(streets, ORIGIN)

    assert [label["text"] for label in labels] == ["大街", "巷子"]
    assert unpacked(labels[0]["line"])[[0, -1], 0] == pytest.approx([116.3, 116.302])
