"""Pieces of street between junctions and grid borders."""

import geopandas as gpd
import make
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, box

from geo.errors import BadGeometry, WrongCrs
from geo.streets import cut_streets

ONE = make.frame([box(-100, -100, 200, 200)], grid_code=["A"])
TWO = make.frame([box(-100, -100, 50, 200), box(50, -100, 200, 200)], grid_code=["B", "A"])


def streets(*lines: object, **columns: object) -> gpd.GeoDataFrame:
    return make.frame(list(lines), **columns)


def lengths(pieces: gpd.GeoDataFrame) -> list[tuple[object, float]]:
    return list(zip(pieces["street_id"], pieces["metres"].round(6), strict=True))


def test_streets_that_cross_are_cut_there() -> None:
    pieces = cut_streets(streets(LineString([(0, 0), (100, 0)]), LineString([(30, -10), (30, 50)])), ONE)

    assert lengths(pieces) == [(0, 30.0), (0, 70.0), (1, 10.0), (1, 50.0)]


def test_a_street_that_ends_on_another_cuts_it_even_a_few_centimetres_short() -> None:
    pieces = cut_streets(streets(LineString([(0, 0), (100, 0)]), LineString([(30, 0.03), (30, 50)])), ONE)

    assert lengths(pieces) == [(0, 30.0), (0, 70.0), (1, 49.97)]


def test_a_street_that_ends_well_before_another_does_not_cut_it() -> None:
    pieces = cut_streets(streets(LineString([(0, 0), (100, 0)]), LineString([(30, 1), (30, 50)])), ONE)

    assert lengths(pieces) == [(0, 100.0), (1, 49.0)]


def test_a_bend_is_no_junction() -> None:
    pieces = cut_streets(streets(LineString([(0, 0), (10, 0), (10, 10), (20, 10)])), ONE)

    assert lengths(pieces) == [(0, 30.0)]
    assert len(pieces.geometry.iloc[0].coords) == 4


def test_a_junction_at_a_shared_vertex_cuts_both_streets() -> None:
    pieces = cut_streets(
        streets(LineString([(0, 0), (40, 0), (100, 0)]), LineString([(40, 30), (40, 0), (40, -30)])), ONE
    )

    assert lengths(pieces) == [(0, 40.0), (0, 60.0), (1, 30.0), (1, 30.0)]


def test_a_street_that_meets_itself_is_cut_there() -> None:
    loop = LineString([(0, 0), (100, 0), (100, 50), (50, 50), (50, -20)])

    pieces = cut_streets(streets(loop), ONE)

    assert lengths(pieces) == [(0, 50.0), (0, 200.0), (0, 20.0)]


def test_a_border_cuts_a_street_that_crosses_it() -> None:
    pieces = cut_streets(streets(LineString([(0, 0), (100, 0)])), TWO)

    assert pieces["grid_codes"].tolist() == [("B",), ("A",)]
    assert lengths(pieces) == [(0, 50.0), (0, 50.0)]


def test_a_street_along_a_border_belongs_to_both_sides_once() -> None:
    pieces = cut_streets(streets(LineString([(50, 0), (50.4, 50), (50, 100)])), TWO)

    assert pieces["grid_codes"].tolist() == [("A", "B")]


def test_how_near_a_street_must_be_to_a_border_can_be_chosen() -> None:
    beside = streets(LineString([(53, 0), (53, 100)]))

    assert cut_streets(beside, TWO)["grid_codes"].tolist() == [("A",)]
    assert cut_streets(beside, TWO, border_m=5)["grid_codes"].tolist() == [("A", "B")]


def test_outside_all_grids_a_piece_has_no_codes() -> None:
    pieces = cut_streets(streets(LineString([(150, 0), (250, 0)])), TWO)

    assert pieces["grid_codes"].tolist() == [("A",), ()]


def test_a_border_through_a_junction_makes_no_sliver() -> None:
    cross = streets(LineString([(0, 0), (100, 0)]), LineString([(50.004, -30), (50.004, 30)]))

    pieces = cut_streets(cross, TWO)

    assert pieces["metres"].min() > 29
    assert pieces.loc[pieces["street_id"] == 1, "grid_codes"].tolist() == [("A", "B")] * 2


def test_names_classes_and_row_ids_are_carried_over() -> None:
    named = streets(
        LineString([(0, 0), (100, 0)]), name=["Mill Lane"], street_class=["back_street"], width=[3]
    ).set_axis([77], axis=0)

    pieces = cut_streets(named, TWO)

    assert pieces["street_id"].tolist() == [77, 77]
    assert pieces["piece_id"].tolist() == [0, 1]
    assert pieces["name"].tolist() == ["Mill Lane"] * 2
    assert pieces["street_class"].tolist() == ["back_street"] * 2
    assert "width" not in pieces
    assert pieces.crs == named.crs


def test_the_parts_of_a_street_are_pieces_of_their_own() -> None:
    pieces = cut_streets(streets(MultiLineString([[(0, 0), (10, 0)], [(20, 0), (40, 0)]])), ONE)

    assert lengths(pieces) == [(0, 10.0), (0, 20.0)]


def test_repeated_vertices_and_streets_without_length_do_no_harm() -> None:
    pieces = cut_streets(
        streets(LineString([(0, 0), (0, 0), (30, 0), (30, 0)]), LineString([(5, 5), (5, 5)]), None, LineString()), ONE
    )

    assert lengths(pieces) == [(0, 30.0)]


def test_no_streets_make_no_pieces() -> None:
    pieces = cut_streets(streets(), ONE)

    assert pieces.empty
    assert {"street_id", "piece_id", "grid_codes", "metres", "geometry"} <= set(pieces.columns)


def test_streets_in_degrees_or_of_polygons_are_refused() -> None:
    with pytest.raises(WrongCrs, match="streets are in WGS 84"):
        cut_streets(streets(LineString([(0, 0), (1, 1)])).set_crs(4326, allow_override=True), ONE)
    with pytest.raises(BadGeometry, match="Lines are wanted"):
        cut_streets(streets(box(0, 0, 1, 1)), ONE)


place = st.tuples(st.integers(-120, 220), st.integers(-120, 220))


@settings(deadline=None, max_examples=60)
@given(
    lines=st.lists(st.lists(place, min_size=2, max_size=5, unique=True), min_size=1, max_size=6),
    shift=st.sampled_from([0, 4e6]),
)
def test_the_pieces_of_a_street_are_the_street(lines: list[list[tuple[int, int]]], shift: float) -> None:
    town = streets(*[LineString(line) for line in lines])
    town, grids = town.translate(shift, shift).to_frame("geometry"), TWO.set_geometry(TWO.translate(shift, shift))

    pieces = cut_streets(town, grids)

    by_street = pieces.groupby("street_id")["metres"].sum().reindex(town.index, fill_value=0.0)
    np.testing.assert_allclose(by_street, town.length, rtol=0, atol=1e-6)
    whole = town.geometry.loc[pieces["street_id"]]
    assert shapely.hausdorff_distance(shapely.union_all(pieces.geometry), shapely.union_all(town.geometry)) < 1e-6
    assert (shapely.distance(pieces.geometry.array, whole.array) < 1e-6).all()
    assert (pieces["piece_id"] == np.arange(len(pieces))).all()
