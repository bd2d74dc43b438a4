"""Classes beside each other are told apart by eyes that do not tell red from green."""

from itertools import pairwise

import numpy as np
import pytest

from webmap.maps import heat_figures, legend, style

WITHOUT_GREEN = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
"""What somebody without green cones sees of a colour of light (Machado, Oliveira, Fernandes 2009)."""

TO_XYZ = np.array([[0.433953, 0.376219, 0.189828], [0.212673, 0.715152, 0.072175], [0.017758, 0.109477, 0.872766]])
"""From linear sRGB to XYZ, as shares of white."""

LEAST = 8.0
"""Differences in CIE Lab from which on two patches that touch are plainly two; 2.3 can just be seen."""

SCALES = {
    "open incidents": style.OPEN_COLOURS,
    "coverage": style.COVERAGE_COLOURS,
    "households": style.HOUSEHOLD_COLOURS,
    "days since a patrol": (*legend.UNPATROLLED_COLOURS, legend.NEVER_COLOUR),
    "posted or vacant": (legend.POSTED_COLOUR, legend.VACANT_COLOUR),
    "more or fewer": heat_figures.MORE_COLOURS,
    "forecast": heat_figures.FORECAST_COLOURS,
    "chance": heat_figures.CHANCE_COLOURS,
}


def lab(colour: str) -> np.ndarray:
    """How somebody without green cones sees a colour, in CIE Lab."""
    written = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    light = np.where(written <= 0.04045, written / 12.92, ((written + 0.055) / 1.055) ** 2.4)
    shares = TO_XYZ @ np.clip(WITHOUT_GREEN @ light, 0, 1)
    x, y, z = np.where(shares > 0.008856, np.cbrt(shares), 7.787 * shares + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scale", SCALES)
def test_classes_beside_each_other_look_different_without_green(scale: str) -> None:
    seen = [lab(colour) for colour in SCALES[scale]]

    assert min(np.linalg.norm(one - next_) for one, next_ in pairwise(seen)) >= LEAST


def test_white_is_white_and_a_red_and_a_green_that_look_alike_are_found() -> None:
    assert lab("#ffffff") == pytest.approx([100, 0, 0], abs=0.5)
    assert np.linalg.norm(lab("#b5463c") - lab("#8a6a3b")) < LEAST
