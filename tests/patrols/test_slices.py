"""Walks cut at moments add up to the walks, and at an even pace where nobody knows better."""

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from patrols.slices import at_even_pace, cut_at

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def walks(*those, starts=NINE):
    """Each walk is a list of parts, each part a list of (seconds, x)."""
    shapes = [shapely.MultiLineString([[(x, 0.0) for _, x in part] for part in walk]) for walk in those]
    seconds = [np.array([float(at) for part in walk for at, _ in part]) for walk in those]
    table = {"seconds": pd.Series(seconds, dtype=object), "started_at": pd.to_datetime([starts] * len(those))}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4548)


def after(*seconds):
    return [NINE + timedelta(seconds=one) for one in seconds]


def test_a_walk_is_divided_where_it_was_at_the_moment():
    found = cut_at(walks([[(0, 0), (100, 100)]]), after(0, 25, 60))

    assert found[["walk", "span", "metres"]].to_numpy().tolist() == [[0, 0, 25.0], [0, 1, 35.0], [0, 2, 40.0]]
    assert (found["minutes"] * 60).round(6).tolist() == [25.0, 35.0, 40.0]
    assert found.geometry.iloc[1].equals(shapely.MultiLineString([[(25, 0), (60, 0)]]))


def test_before_the_first_moment_is_a_span_too():
    found = cut_at(walks([[(0, 0), (10, 10)]]), after(4))

    assert found[["span", "metres"]].to_numpy().tolist() == [[-1, 4.0], [0, 6.0]]


def test_a_walk_between_two_moments_stays_whole_with_its_gaps():
    walk = walks([[(0, 0), (10, 10)], [(200, 50), (220, 70)]])

    found = cut_at(walk, after(-60, 3600))

    assert found.geometry.iloc[0].equals(walk.geometry.iloc[0])
    assert (found["minutes"].iloc[0] * 60, len(found)) == (30.0, 1)


def test_a_moment_in_a_signal_gap_parts_the_walk_and_adds_nothing():
    found = cut_at(walks([[(0, 0), (10, 10)], [(200, 50), (220, 70)]]), after(100))

    assert found[["span", "metres"]].to_numpy().tolist() == [[-1, 10.0], [0, 20.0]]


def test_standing_still_has_minutes_and_no_metres():
    found = cut_at(walks([[(0, 5), (120, 5)]]), after(60))

    assert found["minutes"].tolist() == [1.0, 1.0]
    assert found["metres"].tolist() == [0.0, 0.0]


def test_no_walks_have_no_slices():
    nobody = walks().assign(ended_at=pd.to_datetime([]))

    assert len(cut_at(walks(), after(0))) == len(at_even_pace(nobody)) == 0


@given(
    steps=st.lists(st.tuples(st.integers(1, 90), st.integers(-40, 40)), min_size=1, max_size=12),
    moments=st.lists(st.integers(-50, 900), max_size=6, unique=True),
)
def test_the_slices_of_a_walk_add_up_to_it(steps, moments):
    way = np.cumsum([(0, 0), *steps], axis=0)
    walk = walks([[tuple(fix) for fix in way]])

    found = cut_at(walk, after(*sorted(moments)))

    assert found["metres"].sum() == pytest.approx(float(np.abs(np.diff(way[:, 1])).sum()))
    assert found["minutes"].sum() * 60 == pytest.approx(float(way[-1, 0]))
    assert found["span"].is_monotonic_increasing


def test_an_even_pace_takes_the_whole_time_for_the_whole_way():
    walk = gpd.GeoDataFrame(
        {"started_at": pd.to_datetime([NINE] * 2), "ended_at": pd.to_datetime(after(100, 60))},
        geometry=[
            shapely.MultiLineString([[(0, 0), (30, 0)], [(50, 0), (70, 0)]]),
            shapely.MultiLineString([[(0, 9), (30, 9)]]),
        ],
        crs=4548,
    )

    timed = at_even_pace(walk)

    assert [list(one) for one in timed["seconds"]] == [[0.0, 60.0, 60.0, 100.0], [0.0, 60.0]]
    assert cut_at(timed, after(30))["metres"].tolist() == [15.0, 35.0, 15.0, 15.0]
