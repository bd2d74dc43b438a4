"""Colours of densities can be told apart in grey and with any eyes, and mean the same from picture to picture."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from webmap.maps.shades import CLASSES, FEWER, MORE, RAMP, png, shades, shades_of_change

PAPER = np.array([250.0, 248.0, 243.0])
"""About the colour of the map below."""

# How colours look to people without the receptor for green (Machado, Oliveira and Fernandes 2009, severity 1).
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
# And without that for red.
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)


def on_paper(colours):
    """What a class looks like over the map, red, green, blue from 0 to 1 in linear light."""
    table = np.array(colours, float)
    opacity = table[:, 3:] / 255
    seen = (table[:, :3] * opacity + PAPER * (1 - opacity)) / 255
    return np.where(seen <= 0.04045, seen / 12.92, ((seen + 0.055) / 1.055) ** 2.4)


def lab(linear):
    """CIE Lab of linear light."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = np.clip(linear, 0, 1) @ to_xyz.T / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.column_stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])])


def nearest(colours):
    """How far apart the two most alike are (CIE76)."""
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
    return apart[np.triu_indices(len(colours), 1)].min()


def test_in_grey_each_class_is_darker_than_the_one_before():
    lightness = lab(on_paper([(*PAPER, 255), *RAMP]))[:, 0]

    assert (np.diff(lightness) < -6).all()


@pytest.mark.parametrize("eyes", [np.eye(3), DEUTERANOPIA, PROTANOPIA], ids=["all", "no green", "no red"])
@pytest.mark.parametrize("ramp", [RAMP, (*FEWER, *MORE)], ids=["density", "change"])
def test_classes_are_told_apart_with_any_eyes(eyes, ramp):
    seen = lab(on_paper([(*PAPER, 255), *ramp]) @ eyes.T)

    assert nearest(seen) > 10


def test_classes_begin_at_the_same_numbers_whatever_the_peak():
    limits = {begin for peak in np.geomspace(0.003, 4000, 300) for begin in shades(peak).bounds}

    assert all(f"{begin:.0e}"[0] in "125" for begin in limits)
    assert all(len(shades(peak).bounds) == CLASSES for peak in (0.0, 1e-6, 0.2, 1.0, 9.99, 1e5))
    assert shades(0.2).top == 0.2


def test_a_top_that_was_told_is_kept():
    first = shades(37.0)

    assert shades(3.0, first.top) == first
    assert shades_of_change(0.1, shades_of_change(37.0).top) == shades_of_change(37.0)


def test_each_value_is_in_the_class_that_begins_at_or_below_it():
    chosen = shades(5.0)
    values = np.array([[0.0, 0.0999, 0.1, 0.3, 4.999, 5.0, 80.0]], np.float32)

    assert chosen.places(values).tolist() == [[0, 0, 1, 2, 5, 6, 6]]


def test_a_change_has_classes_on_both_sides_and_none_in_the_middle():
    chosen = shades_of_change(5.0)
    values = np.array([[-80.0, -5.0, -3.0, -1.5, -0.5, 0.0, 0.5, 1.0, 3.0, 9.0]], np.float32)

    assert chosen.places(values).tolist() == [[1, 2, 2, 3, 0, 0, 0, 4, 5, 6]]


def test_a_picture_has_the_colours_of_its_classes():
    values = np.zeros((40, 60), np.float32)
    values[10:20, 30:40] = 7.0

    picture = np.asarray(Image.open(io.BytesIO(png(values, shades(7.0)))).convert("RGBA"))

    rows, columns = picture.shape[:2]
    assert rows / columns == 40 / 60
    assert 600 <= columns <= 1000
    assert picture[15 * rows // 40, 35 * columns // 60].tolist() == list(RAMP[-1])
    assert picture[0, 0, 3] == 0


def test_what_has_become_less_is_striped():
    values = np.full((40, 60), -7.0, np.float32)
    values[:, 30:] = 7.0

    picture = np.asarray(Image.open(io.BytesIO(png(values, shades_of_change(7.0)))).convert("RGBA"))

    middle = picture.shape[1] // 2
    assert len(np.unique(picture[:, : middle - 20, 3])) == 2
    assert len(np.unique(picture[:, middle + 20 :, 3])) == 1


@pytest.mark.parametrize("side", [192, 256, 300, 400])
def test_a_picture_as_rough_as_bells_allow_stays_small(side):
    # The narrowest bell is three cells wide.
    rough = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=(side, side)), 3.0)
    values = np.exp(3.0 * rough / rough.std()).astype(np.float32)

    assert len(png(values, shades(float(values.max())))) < 100_000


def test_nothing_dense_is_an_empty_picture():
    picture = np.asarray(Image.open(io.BytesIO(png(np.zeros((3, 5), np.float32), shades(0.0)))).convert("RGBA"))

    assert picture[..., 3].max() == 0
