"""Densities as pictures of few colours: what is dense is darker, so that it reads in grey and with any eyes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Numbers = npt.NDArray[np.float32]

CLASSES = 6
"""As many shades as people tell apart in a legend."""

RAMP = (
    (255, 213, 106, 156),
    (250, 174, 78, 186),
    (232, 122, 56, 206),
    (196, 62, 66, 218),
    (134, 24, 92, 230),
    (56, 8, 66, 240),
)
"""From least to densest: red, green, blue, opacity. Lightness falls by the same step each time."""

FEWER = ((23, 74, 124, 215), (72, 133, 185, 190), (154, 196, 222, 160))
MORE = ((246, 190, 120, 160), (222, 122, 44, 190), (138, 62, 8, 215))
"""Less dense than before, most of it first; and denser. Blue and orange are told apart with any eyes; in grey by the
stripes alone that `png` draws over what has become less."""

STRIPE = 12
"""Stripes are so many pixels apart."""

PIXELS = 800
"""The longer side of a picture has about so many: edges of classes are smooth on a large screen, the file is small."""

_NICE = np.array([1.0, 2.0, 5.0])


@dataclass(frozen=True)
class Shades:
    """Classes of a density and their colours.

    Parameters
    ----------
    bounds : tuple of float
        Where each class begins, rising; what is less than the first is not drawn. Of a change, the first half are the
        lower ends of what has become less, below nought, and what lies between the halves is not drawn.
    colours : tuple of (int, int, int, int)
        One a class: red, green, blue, opacity.
    signed : bool
        Whether it is a change.
    """

    bounds: tuple[float, ...]
    colours: tuple[tuple[int, int, int, int], ...]
    signed: bool = False

    @property
    def top(self) -> float:
        """Where the last class begins: give it to the next picture, and its colours mean the same."""
        return self.bounds[-1]

    def places(self, values: Numbers) -> npt.NDArray[np.uint8]:
        """The class of each value, from 1; 0 is not drawn."""
        found = np.searchsorted(np.asarray(self.bounds, np.float32), values, side="right")
        if not self.signed:
            return found.astype(np.uint8)
        half = len(self.bounds) // 2
        return np.where(found < half, found + 1, np.where(found == half, 0, found)).astype(np.uint8)


def shades(peak: float, top: float | None = None) -> Shades:
    """Classes that begin at 1, 2 or 5 times a power of ten, the last at or below a peak.

    The same numbers always have the same limits, so two pictures differ by whole classes or not at all.

    Examples
    --------
    >>> shades(7.3).bounds
    (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
    """
    return Shades(_steps(top or peak, CLASSES), RAMP)


def shades_of_change(peak: float, top: float | None = None) -> Shades:
    """Classes of a change, as far down as up.

    Examples
    --------
    >>> shades_of_change(7.3).bounds
    (-5.0, -2.0, -1.0, 1.0, 2.0, 5.0)
    """
    steps = _steps(top or peak, len(MORE))
    return Shades((*(-one for one in reversed(steps)), *steps), (*FEWER, *MORE), signed=True)


def _steps(peak: float, count: int) -> tuple[float, ...]:
    if not peak > 0:
        peak = 1.0
    power = np.floor(np.log10(peak))
    # Rounded, as 0.2 written as a power of ten is a hair more than 0.2.
    ladder = [float(f"{nice * 10.0**exponent:.1g}") for exponent in np.arange(power - 4, power + 2) for nice in _NICE]
    below = [step for step in ladder if step <= peak * (1 + 1e-6)]
    return tuple(below[-count:])


def png(values: Numbers, chosen: Shades, *, pixels: int = PIXELS) -> bytes:
    """A picture of a density, each class in its colour; some twenty kilobytes, and a quarter of that for half the side.

    Between the cells it is interpolated straight, which makes nothing higher than it is.

    Parameters
    ----------
    pixels : int
        About how many the longer side gets; never fewer than there are cells.
    """
    times = max(1, round(pixels / max(values.shape)))
    size = times * values.shape[1], times * values.shape[0]
    finer = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))
    places = chosen.places(finer)
    colours = [(0, 0, 0, 0), *chosen.colours]
    if chosen.signed:
        places, colours = _striped(places, colours, len(FEWER))
    picture = Image.frombytes("P", size, places.tobytes())
    picture.putpalette([part for colour in colours for part in colour[:3]])
    out = io.BytesIO()
    picture.save(out, "PNG", transparency=bytes(colour[3] for colour in colours), compress_level=6)
    return out.getvalue()


def _striped(
    places: npt.NDArray[np.uint8], colours: Sequence[tuple[int, int, int, int]], striped: int
) -> tuple[npt.NDArray[np.uint8], list[tuple[int, int, int, int]]]:
    """Every other slanted stripe of the first classes in a fainter colour of its own."""
    faint = [(*colour[:3], colour[3] // 3) for colour in colours[1 : striped + 1]]
    row, column = np.indices(places.shape)
    on_stripe = ((row + column) % STRIPE < STRIPE // 2) & (places > 0) & (places <= striped)
    moved = np.where(on_stripe, places + len(colours) - 1, places).astype(np.uint8)
    return moved, [*colours, *faint]
