"""Classes beside each other are told apart by eyes that do not tell red from green."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import webmap
from data.models.incidents import Stage
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

READABLE = 4.5
"""Contrast of small text with what it stands on (WCAG 2.2, 1.4.3)."""

STYLES = Path(webmap.__file__).parent / "static" / "css"


def light(colour: str) -> np.ndarray:
    """How much red, green and blue light a colour is, of 1."""
    written = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(written <= 0.04045, written / 12.92, ((written + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """How much brighter the brighter of two colours is, as WCAG counts it."""
    dark, bright = sorted(float(light(colour) @ (0.2126, 0.7152, 0.0722)) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def chips() -> dict[str, tuple[str, str]]:
    """The ink and the ground of each kind of chip on the pages, ``""`` for the one without a kind."""
    tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", (STYLES / "tokens.css").read_text("utf-8")))
    sheet = (STYLES / "pages.css").read_text("utf-8")
    rule = (
        r"^\.(?:chip\.(\w+)|stage-(\w+)|chip) \{[^}]*?(?<![\w-])color: var\(--([\w-]+)\); background: var\(--([\w-]+)\)"
    )
    found = re.findall(rule, sheet, re.MULTILINE)
    return {kind or stage: (tokens[ink], tokens[ground]) for kind, stage, ink, ground in found}


def lab(colour: str) -> np.ndarray:
    """How somebody without green cones sees a colour, in CIE Lab."""
    shares = TO_XYZ @ np.clip(WITHOUT_GREEN @ light(colour), 0, 1)
    x, y, z = np.where(shares > 0.008856, np.cbrt(shares), 7.787 * shares + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scale", SCALES)
def test_classes_beside_each_other_look_different_without_green(scale: str) -> None:
    seen = [lab(colour) for colour in SCALES[scale]]

    assert min(np.linalg.norm(one - next_) for one, next_ in pairwise(seen)) >= LEAST


def apart(one: tuple[str, str], other: tuple[str, str]) -> float:
    """How far two chips are apart without green: by their ink or by their ground, whichever tells more."""
    return max(float(np.linalg.norm(lab(mine) - lab(theirs))) for mine, theirs in zip(one, other, strict=True))


def test_each_stage_of_an_incident_looks_different_from_the_one_before_it_without_green() -> None:
    found = chips()

    near = {(one, next_): apart(found[one], found[next_]) for one, next_ in pairwise(Stage)}

    assert {pair: distance for pair, distance in near.items() if distance < LEAST} == {}


def test_red_and_brown_ink_look_different_without_green() -> None:
    found = chips()

    for red, brown in (("reported", "parked"), ("bad", "soon")):
        assert np.linalg.norm(lab(found[red][0]) - lab(found[brown][0])) >= LEAST


def test_the_text_of_every_chip_can_be_read() -> None:
    found = chips()

    assert {"", "bad", "soon", *Stage} <= set(found)
    assert {kind: seen for kind, seen in found.items() if contrast(*seen) < READABLE} == {}


def test_white_is_white_and_a_red_and_a_green_that_look_alike_are_found() -> None:
    assert lab("#ffffff") == pytest.approx([100, 0, 0], abs=0.5)
    assert np.linalg.norm(lab("#b5463c") - lab("#8a6a3b")) < LEAST
