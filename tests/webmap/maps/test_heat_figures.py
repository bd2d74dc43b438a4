import numpy as np
import pandas as pd
import pytest

from patrols.exposures import Looked
from patrols.hotspots import Verdict
from webmap.cli import speech
from webmap.maps import heat_figures

CODES = ["621102001001001", "621102001001002", "621102001001003"]


@pytest.fixture(autouse=True)
def _language():
    with speech.for_pages():
        yield


def table(**columns) -> pd.DataFrame:
    """Three grids as `patrols.hotspots.hot_grids` tells them: one full, one quiet, one where nobody was."""
    rows = {
        "name": ["", "Mill", ""],
        "count": [30, 0, 0],
        "per_100_households": [10.0, 0.0, np.nan],
        "per_street_km": [12.0, 0.0, 0.0],
        "per_patrol_hour": [3.0, 0.0, np.nan],
        "looked": [Looked.WALKED.value, Looked.WALKED.value, Looked.NOBODY.value],
        "empty": ["", "quiet", "unvisited"],
        "verdict": [Verdict.HOT.value, Verdict.CHANCE.value, Verdict.ISLAND.value],
        "window_count": [30.0, 30.0, np.nan],
        "window_expected": [10.0, 14.0, np.nan],
        "z": [4.2, 0.3, np.nan],
        "q": [0.001, 0.7, np.nan],
    }
    return pd.DataFrame(rows | columns, index=pd.Index(CODES, name="grid_code"))


def figure(told, key):
    return next(one for one in told["figures"] if one["key"] == key)


def classed(told, key):
    """The label of the class that each grid is in."""
    found = figure(told, key)
    return [found["classes"][place]["label"] for place in found["of"]]


def test_a_grid_without_anybody_is_hatched_and_a_quiet_one_is_not():
    told = heat_figures.told_grids(table())

    assert told["hatched"] == [False, False, True]
    assert len(set(told["seen"])) == 3


def test_who_may_not_see_patrols_is_told_nothing_of_walks():
    told = heat_figures.told_grids(table(), walks=False)

    assert told["hatched"] == [False, False, False]
    assert told["seen"] == ["", "", ""]
    assert "per_hour" not in [one["key"] for one in told["figures"]]


def test_hot_chance_and_island_are_three_classes_beside_the_plain_count():
    told = heat_figures.told_grids(table())

    assert len(set(classed(told, "chance"))) == 3
    assert figure(told, "chance")["text"] == ["30 ▲", "0", "0"]


def test_nothing_is_judged_and_why_is_said_instead():
    rows = table(verdict=[Verdict.UNTESTED.value] * 3)
    rows.attrs.update(why_not="Nothing was found in this time.", facts={})

    told = heat_figures.told_grids(rows)

    assert len(set(classed(told, "chance"))) == 1
    assert figure(told, "chance")["note"] != ""


def test_every_class_of_every_figure_counts_its_grids():
    told = heat_figures.told_grids(table(), earlier=pd.Series([10, 4, 0], index=CODES))

    for found in told["figures"]:
        assert sum(one["grids"] for one in found["classes"]) == 3
        assert len(found["value"]) == len(found["text"]) == 3


def test_a_rate_without_anything_to_divide_by_is_no_number():
    told = heat_figures.told_grids(table())

    assert figure(told, "per_households")["value"] == [10.0, 0.0, None]
    assert figure(told, "per_households")["text"][2] == ""


@pytest.mark.parametrize(
    ("now", "then", "place"), [(0, 20, 0), (10, 20, 2), (20, 20, 2), (33, 20, 2), (36, 20, 3), (60, 20, 4)]
)
def test_a_change_is_told_from_luck_by_two_poisson_counts(now: int, then: int, place: int):
    found = heat_figures.change(pd.Series([float(now)]), pd.Series([float(then)]), share=1.0).packed()

    assert found["of"] == [place]


def test_an_earlier_time_that_was_longer_is_brought_to_the_same_length():
    found = heat_figures.change(pd.Series([10.0]), pd.Series([40.0]), share=0.25).packed()

    assert found["text"] == ["0"]
    assert found["of"] == [2]


def test_rates_of_no_incidents_at_all_are_one_class():
    scale = heat_figures.rate_scale(pd.Series([0.0, 0.0, np.nan]))

    assert heat_figures.rate_labels(scale) == ["0"]
