"""Graphs cut into connected parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.faces import connected_parts
from geo.graph import cut_graph


def tree(count):
    """A vertex before each vertex but the first."""
    return np.arange(1, count), np.arange(1, count) // 2


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 8])
def test_no_part_is_empty_even_in_a_small_graph(parts):
    one, two = tree(8)
    labels = cut_graph(np.ones(8, dtype=np.int64), one, two, np.ones(7), parts)
    assert np.unique(labels).tolist() == list(range(parts))


def test_more_parts_than_vertices_give_each_its_own():
    assert cut_graph(np.ones(2, dtype=np.int64), np.array([0]), np.array([1]), np.ones(1), 5).tolist() == [0, 1]


def test_one_vertex_heavier_than_all_others_is_no_obstacle():
    one, two = tree(30)
    labels = cut_graph(np.array([100_000] + [1] * 29), one, two, np.ones(29), 4)
    assert np.unique(labels).tolist() == [0, 1, 2, 3]


@settings(max_examples=60, deadline=None)
@given(weight=st.lists(st.integers(1, 1000), min_size=1, max_size=40), parts=st.integers(1, 12))
def test_every_part_is_connected_and_present(weight, parts):
    one, two = tree(len(weight))
    labels = cut_graph(np.array(weight), one, two, np.ones(len(one)), parts)
    same = labels[one] == labels[two]
    assert np.unique(labels).tolist() == list(range(min(parts, len(weight))))
    assert connected_parts(len(weight), one[same], two[same]).max() + 1 == min(parts, len(weight))
