"""What others see of walks: whatever is made of many lines from one door, it does not lead to the door."""

from functools import lru_cache
from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import WrongCrs
from geo.trim import CLEAR_M, CURTAIN, NO_OWNER, hang_curtains, hide_ends, no_curtains

METRES = "EPSG:4548"
WALKS = 50


def series(*lines: object) -> gpd.GeoSeries:
    return gpd.GeoSeries([one if one is None else shapely.MultiLineString(one) for one in lines], crs=METRES)


def facing_east(ahead_m: float = 150.0, owner: int = 1) -> pd.DataFrame:
    """A curtain that belongs to a door at 0, 0."""
    return pd.DataFrame([[owner, 0.0, 0.0, 0.0, ahead_m]], columns=CURTAIN)


def town(random: np.random.Generator, side: int = 12) -> tuple[nx.Graph, dict[tuple[int, int], np.ndarray]]:
    """A bent lattice of streets with some missing."""
    x, y = (np.cumsum(random.uniform(60, 130, side)) for _ in range(2))
    graph = nx.grid_2d_graph(side, side)
    graph.remove_edges_from([edge for edge in graph.edges if random.random() < 0.1])
    graph = graph.subgraph(max(nx.connected_components(graph), key=len)).copy()
    return graph, {node: np.array([x[node[0]], y[node[1]]]) for node in graph}


@lru_cache(maxsize=16)
def walks_from_one_home(seed: int, noise_m: float = 8.0) -> tuple[gpd.GeoSeries, np.ndarray]:
    """Fifty walks from a home through the streets to some corners and back, as a phone records them."""
    random = np.random.default_rng(seed)
    graph, spots = town(random)
    home = list(graph)[random.integers(len(graph))]
    far = [node for node in graph if 150 < np.hypot(*(spots[node] - spots[home])) < 650]
    if seed % 2:
        # Half of the people go to the same side every day.
        far = [node for node in far if spots[node][0] > spots[home][0]] or far
    lines = []
    for _ in range(WALKS):
        corners = [home, *(far[number] for number in random.choice(len(far), int(random.integers(1, 4)))), home]
        way = [home]
        for start, end in pairwise(corners):
            way += nx.shortest_path(graph, start, end, weight=lambda *_: random.uniform(0.7, 1.3))[1:]
        line = shapely.LineString([spots[node] for node in way])
        fixes = shapely.get_coordinates(shapely.line_interpolate_point(line, np.arange(0, line.length, 8.0)))
        lines.append(shapely.MultiLineString([fixes + wander(random, len(fixes), noise_m)]))
    return gpd.GeoSeries(lines, crs=METRES), spots[home]


def wander(random: np.random.Generator, count: int, noise_m: float) -> np.ndarray:
    """Errors of a phone: each like the one before."""
    steps = random.normal(0, noise_m * np.sqrt(1 - 0.85**2), (count, 2))
    off = np.empty((count, 2))
    off[0] = random.normal(0, noise_m, 2)
    for number in range(1, count):
        off[number] = 0.85 * off[number - 1] + steps[number]
    return off


def guesses(shown: gpd.GeoSeries) -> dict[str, np.ndarray]:
    """Where somebody who has all the lines would look for the door."""
    spots = [shapely.get_coordinates(line) for line in shown.dropna()]
    ends = np.array([spot for line in spots for spot in (line[0], line[-1])])
    apart = ((ends[:, None] - ends[None]) ** 2).sum(axis=2)
    many = shapely.MultiPoint(ends)
    found = {"mean": ends.mean(axis=0), "median": np.median(ends, axis=0)}
    found["middle of the smallest circle"] = shapely.get_coordinates(shapely.minimum_bounding_circle(many).centroid)[0]
    found["middle of the hull"] = shapely.get_coordinates(many.convex_hull.centroid)[0]
    found["least way to all"] = ends.mean(axis=0)
    for _ in range(50):
        weight = 1 / np.maximum(np.hypot(*(ends - found["least way to all"]).T), 0.01)
        found["least way to all"] = (ends * weight[:, None]).sum(axis=0) / weight.sum()
    for reach in (20, 50, 100):
        found[f"densest within {reach} m"] = ends[np.exp(-apart / (2 * reach**2)).sum(axis=1).argmax()]
    return found


@pytest.mark.parametrize("seed", range(8))
def test_fifty_walks_from_one_home_do_not_place_it_within_100_m(seed: int) -> None:
    walks, home = walks_from_one_home(seed)
    owners = np.full(WALKS, 7)

    curtains = hang_curtains(walks, owners, no_curtains(), np.random.default_rng(1000 + seed))
    shown = hide_ends(walks, owners, curtains)

    assert shown.notna().sum() >= 5
    away = {name: float(np.hypot(*(spot - home))) for name, spot in guesses(shown).items()}
    assert min(away.values()) > 100, away


def test_even_ends_weighed_by_an_enemy_do_not_meet_at_the_door() -> None:
    walks, home = walks_from_one_home(3)
    owners = np.full(WALKS, 7)

    shown = hide_ends(walks, owners, hang_curtains(walks, owners, no_curtains(), np.random.default_rng(5))).dropna()

    lines = [shapely.get_coordinates(line) for line in shown]
    ends = shapely.MultiPoint([spot for line in lines for spot in (line[0], line[-1])])
    assert shapely.distance(ends.convex_hull, shapely.Point(home)) > 100


def test_walks_with_their_ends_cut_at_random_would_lead_to_the_door() -> None:
    # What this replaces: 40 to 120 m off each end, drawn for each walk. The guesses above find the door of it.
    walks, home = walks_from_one_home(3)
    random = np.random.default_rng(0)
    cut = gpd.GeoSeries(
        [shapely.ops.substring(line.geoms[0], *(random.uniform(40, 120, 2) * (1, -1))) for line in walks], crs=METRES
    )

    assert np.hypot(*(guesses(cut)["mean"] - home)) < 100


def test_husband_and_wife_are_shown_on_the_same_side_of_their_door() -> None:
    walks, home = walks_from_one_home(4)
    owners = np.arange(WALKS) % 2

    curtains = hang_curtains(walks, owners, no_curtains(), np.random.default_rng(8))
    shown = hide_ends(walks, owners, curtains)

    assert len(curtains) == 2
    assert curtains["bearing_deg"].nunique() == 1
    assert min(np.hypot(*(spot - home)) for spot in guesses(shown).values()) > 100


def test_a_curtain_is_hung_once_whatever_comes_later_and_keeps_no_door() -> None:
    walks, home = walks_from_one_home(1)
    owners = np.full(WALKS, 7)
    random = np.random.default_rng(2)

    first = hang_curtains(walks[:1], owners[:1], no_curtains(), random)
    again = hang_curtains(walks, owners, first, random)

    assert len(first) == 1
    assert again.empty
    assert 40 < np.hypot(first["x"][0] - home[0], first["y"][0] - home[1]) < 130


def test_only_ends_are_cut_and_a_walk_past_the_door_is_shown_there() -> None:
    walks = series([[(0, 0), (400, 0), (400, 50), (-200, 50), (-200, 90), (300, 90), (0, 0)]])

    shown = hide_ends(walks, [1], facing_east())[0]

    assert shown.equals(
        shapely.MultiLineString(
            [[(150, 0), (400, 0), (400, 50), (-200, 50), (-200, 90), (300, 90), (150, 45)]],
        )
    )


def test_a_walk_that_comes_home_on_the_way_and_loses_the_signal_is_cut_there_too() -> None:
    out, on = [(0, 0), (400, 0), (400, 50), (0, 50)], [(0, 52), (300, 52), (300, 0), (0, 0)]
    far = [(500, 0), (600, 0), (600, 50)]

    shown = hide_ends(series([out, on], [[(0, 0), (400, 0)], far, [(500, 90), (0, 90)]]), [1, 1], facing_east())

    assert [shapely.get_coordinates(part).tolist() for part in shown[0].geoms] == [
        [[150, 0], [400, 0], [400, 50], [150, 50]],
        [[150, 52], [300, 52], [300, 0], [150, 0]],
    ]
    assert [shapely.get_coordinates(part).tolist() for part in shown[1].geoms] == [
        [[150, 0], [400, 0]],
        [list(spot) for spot in far],
        [[500, 90], [150, 90]],
    ]


def test_a_walk_drawn_by_hand_with_few_corners_keeps_its_middle() -> None:
    both = pd.DataFrame([[1, 0.0, 0.0, 0.0, 150.0], [1, 900.0, 0.0, 180.0, 200.0]], columns=CURTAIN)

    shown = hide_ends(series([[(0, 0), (900, 0)]]), [1], both)

    assert shapely.get_coordinates(shown[0]).tolist() == [[150, 0], [700, 0]]


def test_a_walk_without_a_curtain_and_one_that_stays_behind_it_are_not_shown() -> None:
    round_the_house = [[(0, 0), (100, 0), (100, 100), (0, 0)]]
    away = [[(0, 0), (400, 0), (900, 0)]]

    shown = hide_ends(series(round_the_house, away, None), [1, 1, 1], facing_east())
    foreign = hide_ends(series([[(0, 0), (400, 0), (0, 0)]]), [2], facing_east())

    assert [one is None for one in shown] == [True, True, True]
    assert foreign[0] is None


def test_an_end_too_near_to_its_curtain_gets_one_farther_off_that_shows_the_same_side() -> None:
    walks = series([[(60, 0), (900, 0), (60, 0)]])

    new = hang_curtains(walks, [1], facing_east(), np.random.default_rng(0))
    shown = hide_ends(walks, [1], pd.concat([facing_east(), new], ignore_index=True))[0]

    assert new["bearing_deg"].tolist() == [0.0]
    assert shapely.distance(shown, shapely.Point(60, 0)) >= CLEAR_M


def test_walks_of_nobody_known_have_curtains_too() -> None:
    walks = series([[(0, 0), (900, 0), (0, 0)]])

    curtains = hang_curtains(walks, [NO_OWNER], no_curtains(), np.random.default_rng(0))

    assert curtains["owner"].tolist() == [NO_OWNER]
    assert hide_ends(walks, [NO_OWNER], curtains)[0] is not None


def test_the_same_walks_in_another_order_are_shown_the_same() -> None:
    walks, _ = walks_from_one_home(6)
    owners = np.full(WALKS, 7)
    curtains = hang_curtains(walks, owners, no_curtains(), np.random.default_rng(3))

    whole, turned = hide_ends(walks, owners, curtains), hide_ends(walks[::-1], owners, curtains)

    assert list(turned.index) == list(range(WALKS))[::-1]
    assert [shapely.to_wkb(one) for one in whole] == [shapely.to_wkb(one) for one in turned[::-1]]


def test_nothing_comes_of_nothing_and_degrees_are_refused() -> None:
    assert hide_ends(series(), [], no_curtains()).empty
    assert hang_curtains(series(None), [1], no_curtains(), np.random.default_rng(0)).empty
    with pytest.raises(WrongCrs):
        hide_ends(series().to_crs(4326), [], no_curtains())
    with pytest.raises(WrongCrs):
        hang_curtains(series().to_crs(4326), [], no_curtains(), np.random.default_rng(0))
