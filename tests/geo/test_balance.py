"""Blocks joined to balanced, compact, connected grids."""

import numpy as np
import pytest
import shapely
from make import frame, square

from geo.balance import balance_blocks
from geo.blocks import neighbours
from geo.faces import connected_parts

NO_STREETS = frame([], street_class=[])


def lattice(columns, rows, people=10, west=0):
    shapes = [square(west + 10 * column, 10 * row, 10) for row in range(rows) for column in range(columns)]
    return frame(shapes, households=[people] * len(shapes))


def balanced(blocks, band, streets=NO_STREETS, seed=0):
    borders = neighbours(blocks, streets)
    return balance_blocks(blocks, borders, households=band, seed=seed), borders


def people_of(labels, blocks):
    return np.bincount(labels, weights=blocks["households"]).tolist()


def test_every_grid_is_connected_and_in_the_band():
    blocks = lattice(12, 12)
    labels, borders = balanced(blocks, (100, 200))
    assert all(100 <= people <= 200 for people in people_of(labels, blocks))
    same = labels[borders["one"]] == labels[borders["two"]]
    parts = connected_parts(len(blocks), borders["one"].to_numpy()[same], borders["two"].to_numpy()[same])
    assert parts.max() == labels.max()


def test_grids_are_compact():
    blocks = lattice(12, 12)
    labels, _ = balanced(blocks, (100, 220))
    grids = blocks.dissolve(by=labels)
    assert (grids.length / np.sqrt(grids.area)).mean() < 4.6


def test_the_border_follows_the_important_street_rather_than_the_shortest_way():
    blocks = lattice(6, 4)
    street = frame([shapely.LineString([(20, 0), (20, 40)])], street_class=["arterial"])
    labels, _ = balanced(blocks, (70, 170), street)
    west = blocks.centroid.x.to_numpy() < 20
    assert len(np.unique(labels)) == 2
    assert len(np.unique(labels[west])) == len(np.unique(labels[~west])) == 1


def test_the_same_seed_gives_the_same_grids():
    blocks = lattice(10, 10)
    assert balanced(blocks, (100, 200), seed=5)[0].tolist() == balanced(blocks, (100, 200), seed=5)[0].tolist()


@pytest.mark.parametrize(
    ("blocks", "grids"),
    [
        (lattice(1, 1, 5), 1),
        (lattice(3, 1, 5), 1),
        (lattice(2, 1, 900), 2),
        (lattice(4, 1, 0), 1),
        (lattice(2, 1, 200), 1),
    ],
    ids=["one block", "too few people", "blocks above the band", "nobody", "one grid's worth"],
)
def test_odd_communities_get_the_number_of_grids_that_fits(blocks, grids):
    assert len(np.unique(balanced(blocks, (150, 500))[0])) == grids


def test_ground_in_two_pieces_is_not_joined_across_the_gap():
    blocks = frame([*lattice(4, 4).geometry, *lattice(4, 4, west=500).geometry], households=[20] * 32)
    labels, _ = balanced(blocks, (150, 500))
    assert labels[:16].max() < labels[16:].min()


def test_a_thinly_peopled_exclave_goes_with_the_nearest_grid_that_has_room():
    blocks = frame([*lattice(4, 4).geometry, square(60, 0, 10)], households=[20] * 16 + [5])
    assert len(np.unique(balanced(blocks, (150, 330))[0])) == 1
    assert len(np.unique(balanced(blocks, (150, 320))[0])) == 2


def test_an_uninhabited_exclave_never_is_a_grid():
    blocks = frame([*lattice(4, 4).geometry, square(60, 0, 10)], households=[20] * 16 + [0])
    assert len(np.unique(balanced(blocks, (150, 320))[0])) == 1
