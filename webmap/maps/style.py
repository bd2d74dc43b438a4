"""How maps look and how users' words get onto them: colours by class, and the one place where text is made harmless."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

SPECIAL = {ord(mark): f"&#{ord(mark)};" for mark in "&<>\"'`$\\{}"}
"""Besides markup's own five: backticks, ``${``, backslashes and braces mean something in scripts and templates."""

OPEN_COLOURS = ("#f4f1eb", "#f8e0cf", "#f1c2a5", "#e49a80", "#cd6f63")
COVERAGE_COLOURS = ("#f4e6d0", "#cbd8c6", "#9ec6ba", "#5fa3a4", "#237b8a")
HOUSEHOLD_COLOURS = ("#eeebf3", "#d5cfe4", "#b3aad0", "#8a7fb4", "#5c5190")
NO_FIGURE = "#dcdcd8"
"""The colour of a grid whose figure is unknown."""


def safe(text: object) -> Markup:
    """Return a text that means nothing but itself wherever folium or Leaflet puts it: markup, attribute or script.

    folium writes popups, tooltips, layer names and attributions into template strings of the map's own script, which a
    content policy lets run. Encoding the marks of markup alone is not enough there.

    Examples
    --------
    >>> print(safe("${alert(1)}"))
    &#36;&#123;alert(1)&#125;
    """
    return Markup(str(text).translate(SPECIAL))  # noqa: S704  every mark that could end the text is encoded


def data_block(identity: str, data: object, nonce: str = "") -> Markup:
    """Return data as an element that no browser runs, to be read with ``JSON.parse`` and shown as text alone.

    Examples
    --------
    >>> print(data_block("town", {"name": "</script>"}))
    <script type="application/json" id="town">{"name":"\\u003c/script\\u003e"}</script>
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    given = f' nonce="{safe(nonce)}"' if nonce else ""
    return Markup(f'<script type="application/json" id="{safe(identity)}"{given}>{text}</script>')  # noqa: S704


@dataclass(frozen=True)
class Scale:
    """Classes of a figure: ``bounds[i] <= value < bounds[i + 1]`` is class ``i``; the last has no upper end.

    Parameters
    ----------
    bounds : tuple of float
        Where each class begins, rising; the first is 0.
    colours : tuple of str
        One a class.
    """

    bounds: tuple[float, ...]
    colours: tuple[str, ...]

    def classes(self, values: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the class of each value; what is not a number gets the class after the last."""
        numbers = np.asarray(values, float)
        found = np.searchsorted(np.asarray(self.bounds), numbers, side="right") - 1
        return np.where(np.isnan(numbers), len(self.bounds), np.maximum(found, 0))


def count_scale(values: npt.ArrayLike, colours: Sequence[str] = OPEN_COLOURS) -> Scale:
    """Return classes for counts: none has its own, the rest is cut at round numbers that hold about equal shares.

    Examples
    --------
    >>> count_scale([0, 0, 1, 2, 3, 5, 8, 13, 21]).bounds
    (0, 1, 4, 6, 14)
    """
    counts = np.asarray(values, float)
    some = counts[counts > 0]
    if not len(some):
        return Scale((0,), (colours[0],))
    cuts = np.quantile(some, np.linspace(0, 1, len(colours))[1:-1], method="higher")
    bounds = [0, 1]
    for cut in cuts:
        if bounds[-1] < (begin := round_up(float(cut) + 1e-9)) <= some.max():
            bounds.append(begin)
    picked = np.round(np.linspace(0, len(colours) - 1, len(bounds))).astype(int)
    return Scale(tuple(bounds), tuple(colours[i] for i in picked))


def round_up(value: float) -> int:
    """Return the next whole number that people like to read: 1 to 20, then fives, then tens, fifties ..."""
    step = 1 if value <= 20 else 5 if value <= 50 else 10 if value <= 200 else 50 if value <= 1000 else 100
    return int(np.ceil(value / step) * step)
