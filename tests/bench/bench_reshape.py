"""Editing grids: processor milliseconds of each kind of edit on 5,000 grids, and 10,000 careless edits in a row.

Run by ``make bench``; prints tables. No peer edits a tiling as a whole: QGIS and Geoman move the border of one polygon
and leave its neighbour behind unless topological editing finds the same corners.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parents[1]))

from random_edits import Scribbler, crooked_town, put_back

from geo.change import Change
from geo.errors import CannotReshape
from geo.fits import misfits
from geo.repair import repairs
from geo.reshape import give, merge, move_blocks, move_vertex, reshape, split
from geo.rounding import on_lattice

LINE = "{:28} {:>8} {:>10} {:>10} {:>10}"
Edit = Callable[[int], Change]


def bench_kinds(columns: int = 71, rounds: int = 40) -> None:
    """Each kind of edit here and there in a large town."""
    random = np.random.default_rng(1)
    grids = crooked_town(columns, random)
    shapes, codes = grids.geometry.to_numpy(), grids["grid_code"].to_numpy(dtype=object)
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    inner = np.flatnonzero(shapely.dwithin(shapes, shapely.centroid(shapely.union_all(shapes)), 2500))
    spots = random.choice(inner, rounds)

    def wave(spot: int) -> shapely.LineString:
        corner, end = shapely.get_coordinates(shapes[spot])[:2]
        return shapely.LineString([corner, (corner + end) / 2 + (middle[spot] - corner) * 0.4, end])

    kinds: dict[str, Edit] = {
        "give a disc of 60 m": lambda spot: give(grids, shapely.Point(middle[spot]).buffer(60), codes[spot]),
        "paint a quarter of a grid": lambda spot: move_blocks(
            grids,
            [shapely.intersection(shapes[spot], shapely.box(*middle[spot], *(middle[spot] + 99)))],
            codes[spot + 1],
        ),
        "split": lambda spot: split(
            grids, codes[spot], shapely.LineString([middle[spot] - (200, 30), middle[spot] + (200, 25)]), "99999"
        ),
        "merge": lambda spot: merge(grids, [codes[spot], codes[spot + 1]], codes[spot]),
        "reshape": lambda spot: reshape(grids, wave(spot)),
        "move a corner": lambda spot: move_vertex(grids, shapely.get_coordinates(shapes[spot])[1], middle[spot]),
    }
    print(f"{len(grids):,} grids, processor milliseconds of one edit")
    print(LINE.format("", "median", "95 %", "most", "refused"))
    for name, edit in kinds.items():
        edit_all(name, edit, spots.tolist())
    begin = time.process_time()
    on_lattice(grids)
    middle_time = time.process_time()
    repairs(grids)
    print(
        f"on to the lattice {middle_time - begin:.2f} s, all repairs listed {time.process_time() - middle_time:.2f} s"
    )


def edit_all(name: str, edit: Edit, spots: list[int]) -> None:
    """One row of the table."""
    taken, refused = [], 0
    for spot in spots:
        begin = time.process_time()
        try:
            edit(spot)
        except CannotReshape:
            refused += 1
        else:
            taken.append(time.process_time() - begin)
    figures = np.quantile(taken[1:], [0.5, 0.95, 1.0]) * 1000
    print(LINE.format(name, *(f"{figure:.1f}" for figure in figures), refused))


def bench_in_a_row(edits: int = 10_000, columns: int = 6, seed: int = 3) -> None:
    """Edits in a row until so many are done, each checked: one valid tiling, undone byte for byte, no ground lost."""
    town = crooked_town(columns, np.random.default_rng(seed))
    ground = shapely.union_all(town.geometry.to_numpy())
    somebody = Scribbler(town, np.random.default_rng(seed + 1))
    invalid = kept = done = tried = 0
    drift, spent = 0.0, 0.0
    while done < edits:
        tried += 1
        before, begin = somebody.grids, time.process_time()
        change = somebody.edit()
        spent += time.process_time() - begin
        if change is not None:
            done += 1
            after = change.grids.geometry.to_numpy()
            invalid += bool(len(misfits(after)) or not shapely.is_valid(after).all())
            kept += same_bytes(put_back(before, change), before)
            drift = max(drift, abs(float(shapely.area(after).sum()) - ground.area))
    last = somebody.grids.geometry.to_numpy()
    print(f"\n{done:,} careless edits in a row on {len(town)} grids, {tried - done:,} more were refused")
    print(f"  tilings that did not fit  {invalid}")
    print(f"  undone byte for byte      {kept:,} of {done:,}")
    print(f"  ground gained or lost     {drift:.2f} m2 at most, of {ground.area:,.0f}")
    print(f"  outline moved by          {shapely.symmetric_difference(ground, shapely.union_all(last)).area:.2f} m2")
    print(f"  processor time            {1000 * spent / tried:.1f} ms an edit")
    print("  done:   ", ", ".join(f"{count} {kind}" for kind, count in sorted(somebody.done.items())))
    for refusal, count in somebody.refused.most_common():
        print(f"  refused: {count:5} {refusal}")


def same_bytes(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> bool:
    """Whether two frames hold the same codes and shapes, byte for byte."""
    return one["grid_code"].tolist() == other["grid_code"].tolist() and bool(
        (shapely.to_wkb(one.geometry.to_numpy()) == shapely.to_wkb(other.geometry.to_numpy())).all()
    )


if __name__ == "__main__":
    bench_kinds()
    bench_in_a_row(int(sys.argv[1]) if sys.argv[1:] else 10_000)
