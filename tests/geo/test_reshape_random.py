"""Whatever is drawn, one valid tiling is left."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from random_edits import Scribbler, crooked_town, put_back

from geo.faces import GRAIN_DIGITS
from geo.fits import misfits


def faults_of(before, change):
    """What is wrong with an edit, by name."""
    old, new = before.geometry.to_numpy(), change.grids.geometry.to_numpy()
    old_bytes = dict(zip(before["grid_code"], shapely.to_wkb(old), strict=True))
    new_bytes = dict(zip(change.grids["grid_code"], shapely.to_wkb(new), strict=True))
    xy = shapely.get_coordinates(new)
    differ = {code for code, shape in new_bytes.items() if old_bytes.get(code) != shape}
    back = put_back(before, change)
    checks = {
        "a coverage": len(misfits(new)) == 0,
        "valid": shapely.is_valid(new).all() and not shapely.is_empty(new).any(),
        "on the lattice": (xy == np.round(xy, GRAIN_DIGITS)).all(),
        "changed": differ == set(change.changed),
        "gone": set(old_bytes) - set(new_bytes) == set(change.gone),
        "in order": change.grids["grid_code"].is_monotonic_increasing,
        "columns": change.grids.dtypes.equals(before.dtypes),
        "undone": back["grid_code"].tolist() == list(old_bytes)
        and shapely.to_wkb(back.geometry.to_numpy()).tolist() == list(old_bytes.values()),
    }
    return [name for name, holds in checks.items() if not holds]


def gained(change):
    """How much each grid gained by what the edit says moved."""
    moved = change.moved
    return moved.groupby("to_code")["area_m2"].sum().sub(moved.groupby("from_code")["area_m2"].sum(), fill_value=0)


def test_a_thousand_edits_in_a_row_leave_one_valid_tiling():
    town = crooked_town(3, np.random.default_rng(7))
    somebody = Scribbler(town, np.random.default_rng(8))
    for number in range(1000):
        before = somebody.grids
        change = somebody.edit()
        if change is not None:
            assert faults_of(before, change) == [], f"edit {number}"
    assert somebody.grids.area.sum() == pytest.approx(town.area.sum(), abs=1.0)
    assert min(somebody.done.values()) > 15, "every kind of edit was tried"
    assert sum(somebody.done.values()) > 600


@given(st.integers(0, 2**32))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_any_few_edits_leave_one_valid_tiling_and_say_what_moved(seed):
    random = np.random.default_rng(seed)
    somebody = Scribbler(crooked_town(3, random), random)
    for _ in range(8):
        before = somebody.grids
        change = somebody.edit()
        if change is not None:
            assert faults_of(before, change) == []
            areas = change.grids.set_index("grid_code").area.sub(before.set_index("grid_code").area, fill_value=0)
            told = gained(change).reindex(areas.index, fill_value=0)
            assert (areas - told).abs().max() < 0.5
