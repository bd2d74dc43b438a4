"""The mass beyond a line: a table of polynomials against the function itself."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtr, owens_t

from geo.wedges import wedge


def test_the_table_is_within_a_ten_millionth_of_owens_function() -> None:
    random = np.random.default_rng(20261122)
    size = 20_000
    height = random.uniform(0, 5, size) * random.choice([1, 0.2, 1e-3, 1e-6], size) * random.choice([-1, 1], size)
    begin = random.normal(0, 3, size) * random.choice([0.1, 1, 10, 1000], size)
    end = begin + random.exponential(2, size) * random.choice([0.1, 1, 10, 1000], size)

    found = [wedge(*each) for each in zip(height, begin, end, strict=True)]

    exact = owens_t(height, end / height) - owens_t(height, begin / height)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-7)


@pytest.mark.parametrize("height", [0.01, 0.999999, 1.0, 3.0, 5.0])
def test_beyond_a_line_without_end_lies_the_tail_of_the_normal_distribution(height: float) -> None:
    assert wedge(height, -math.inf, math.inf) == pytest.approx(ndtr(-height), abs=1e-7)
    assert wedge(-height, -math.inf, math.inf) == pytest.approx(-ndtr(-height), abs=1e-7)


def test_pieces_of_a_line_add_up_to_it() -> None:
    places = np.linspace(-7, 7, 57)

    for height in (1e-9, 0.3, 1.0, 2.4):
        pieces = sum(wedge(height, begin, end) for begin, end in pairwise(places))

        assert pieces == pytest.approx(wedge(height, -7.0, 7.0), abs=1e-8)
