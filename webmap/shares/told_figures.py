"""Figures of grids that may leave the office: of counts above the floor alone, so that none of them has a nought."""

import pandas as pd

from patrols.told_counts import FLOOR
from webmap import words
from webmap.language import gettext
from webmap.maps.heat_figures import rate_labels, rate_scale, say_rate
from webmap.maps.legend import Figure
from webmap.maps.style import Scale, count_scale


def came_in(counts: pd.Series) -> Figure:
    """Return how many incidents came in; a grid of which that is not told has none."""
    return Figure(
        "found", gettext("Incidents that came in"), _of(), counts, told_scale(counts), words.number, _untold()
    )


def per_households(counts: pd.Series, households: pd.Series) -> Figure:
    """Return how many came in for a hundred households."""
    title = gettext("Incidents that came in per 100 households")
    return _rate("per_households", title, 100 * counts / households.where(households > 0))


def per_km(counts: pd.Series, street_metres: pd.Series) -> Figure:
    """Return how many came in for a kilometre of street."""
    title = gettext("Incidents that came in per km of street")
    return _rate("per_km", title, 1000 * counts / street_metres.where(street_metres > 0))


def told_scale(values: pd.Series) -> Scale:
    """Return classes for counts of which the smallest are never told.

    Examples
    --------
    >>> told_scale(pd.Series([3.0, 4.0, 8.0, 15.0, float("nan")])).bounds
    (3, 5, 9)
    """
    scale = count_scale(values.to_numpy(float))
    least = FLOOR if values.isna().all() else int(values.min())
    return Scale((least, *scale.bounds[2:]), scale.colours[1:] or scale.colours)


def _rate(key: str, title: str, values: pd.Series) -> Figure:
    scale = rate_scale(values)
    labels = rate_labels(scale)
    if len(scale.bounds) > 1:
        # The first class is none at all, which is never told.
        scale, labels = Scale(scale.bounds[1:], scale.colours[1:]), labels[1:]
    return Figure(key, title, _of(), values, scale, say_rate, _untold(), labels=labels)


def _of() -> str:
    return gettext("Of whole weeks inside the time; sensitive categories are never counted.")


def _untold() -> str:
    return gettext("fewer than %(floor)s, or not told", floor=FLOOR)
