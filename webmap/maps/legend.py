"""The figures by which grids are coloured: classes, colours, and a legend that says what each means."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from flask_babel import gettext, ngettext

from webmap import words
from webmap.maps.style import COVERAGE_COLOURS, HOUSEHOLD_COLOURS, NO_FIGURE, Scale, count_scale

COVERAGE_BOUNDS = (0.0, 0.25, 0.5, 0.75, 0.9)
UNPATROLLED_BOUNDS = (0, 1, 3, 7, 14)
UNPATROLLED_COLOURS = ("#237b8a", "#9cc7bd", "#f0e3cb", "#eaa86f", "#cf6a35")
NEVER_COLOUR = "#8a3212"
POSTED_COLOUR, VACANT_COLOUR = "#cfe1dc", "#efb78d"


@dataclass(frozen=True)
class Figure:
    """A figure of each grid.

    Parameters
    ----------
    key : str
        Its name in the map's address.
    title, note : str
        What it is called; what it counts and over what.
    values : Series
        One a grid, in the grids' order; NaN where it is unknown.
    scale : Scale
        Its classes.
    say : callable
        A value as people read it.
    missing, missing_colour : str
        What it means that there is no figure, and how such grids look.
    labels, texts : sequence of str, optional
        What the classes are called, and what is written on each grid, where that is not the value.
    """

    key: str
    title: str
    note: str
    values: pd.Series
    scale: Scale
    say: Callable[[float], str]
    missing: str
    missing_colour: str = NO_FIGURE
    labels: Sequence[str] | None = None
    texts: Sequence[str] | None = None

    def named(self) -> dict[str, object]:
        """Return what it is called and counts, without its values."""
        return {"key": self.key, "title": self.title, "note": self.note}

    def packed(self, count: Callable[[int], str] | None = None) -> dict[str, object]:
        """Return it as the map's scripts read it; a class for unknown figures only where there are some.

        Parameters
        ----------
        count : callable, optional
            Says a number of the areas that it is a figure of; by default they are grids.
        """
        says = count or _grids
        of = self.scale.classes(self.values)
        counts = np.bincount(of, minlength=len(self.scale.bounds) + 1)
        labels = [*(self.labels or class_labels(self.scale.bounds, self.say)), self.missing]
        colours = [*self.scale.colours, self.missing_colour]
        rows = list(zip(labels, colours, counts.tolist(), strict=True))
        return {
            **self.named(),
            "of": of.tolist(),
            "text": list(self.texts or ["" if v != v else self.say(v) for v in self.values.astype(float)]),
            "classes": [
                {
                    "label": label,
                    "short": label,
                    "colour": colour,
                    "grids": number,
                    "said": says(number),
                }
                for label, colour, number in (rows if counts[-1] else rows[:-1])
            ],
        }


def _grids(number: int) -> str:
    return str(ngettext("%(num)s grid", "%(num)s grids", number))


def class_labels(bounds: tuple[float, ...], say: Callable[[float], str]) -> list[str]:
    """Return what each class holds, whole numbers without overlap.

    Examples
    --------
    >>> class_labels((0, 1, 3, 6), lambda value: f"{value:.0f}")
    ['0', '1–2', '3–5', '≥ 6']
    >>> class_labels((0, 1), lambda value: f"{value:.0f}")
    ['0', '≥ 1']
    """
    labels = []
    for begin, end in pairwise(bounds):
        whole = float(begin).is_integer() and float(end).is_integer() and bounds[-1] >= 1
        last = end - 1 if whole else end
        labels.append(say(begin) if last == begin else f"{say(begin)}–{say(last)}")
    return [*labels, f"≥ {say(bounds[-1])}"]


def figures(grids: pd.DataFrame, people: pd.DataFrame, *, days: int, when: str) -> list[Figure]:
    """Return the figures of a map of grids: open incidents, streets walked, days since a patrol, people.

    Parameters
    ----------
    grids : DataFrame
        Columns ``open_incidents, street_metres, street_metres_seen, days_since_patrol, households``.
    people : DataFrame
        Columns ``name, grid_code``: the chain of each grid, nearest first, ``name`` "" where nobody is posted.
    days : int
        Over how many days streets walked were counted.
    when : str
        The moment of the figures, in words.
    """
    unseen = gettext("not yours to see")
    return [
        Figure(
            "open",
            gettext("Open incidents"),
            gettext("Incidents reported and neither closed nor voided. State of %(when)s.", when=when),
            grids["open_incidents"],
            count_scale(grids["open_incidents"]),
            words.number,
            unseen,
        ),
        walked(grids, days),
        Figure(
            "days_since_patrol",
            gettext("Days since patrol"),
            gettext("Days since somebody last patrolled in the grid; 0 is today."),
            grids["days_since_patrol"],
            Scale(UNPATROLLED_BOUNDS, UNPATROLLED_COLOURS),
            words.number,
            gettext("never"),
            NEVER_COLOUR,
        ),
        Figure(
            "households",
            gettext("Households"),
            gettext("Households in the grid, summed over its buildings."),
            grids["households"],
            spread_scale(grids["households"]),
            words.number,
            unseen,
        ),
        answering(grids, people),
    ]


def walked(grids: pd.DataFrame, days: int) -> Figure:
    """Return the share of each grid's streets that patrols saw.

    Parameters
    ----------
    grids : DataFrame
        Columns ``street_metres, street_metres_seen``.
    days : int
        Over how many days they were counted.
    """
    return Figure(
        "walked",
        gettext("Streets walked"),
        gettext(
            "Metres of street seen on patrols of the last %(days)s days ÷ metres of street in the grid. Courtyards "
            "count apart, by their inner paths or their open ground: see a grid's card.",
            days=days,
        ),
        grids["street_metres_seen"] / grids["street_metres"].where(grids["street_metres"] > 0),
        Scale(COVERAGE_BOUNDS, COVERAGE_COLOURS),
        words.percent,
        gettext("no streets"),
    )


def found(counts: pd.Series, households: pd.Series, *, days: str) -> Figure:
    """Return how many incidents were found in each grid for a thousand households, so that grids of any size compare.

    Parameters
    ----------
    counts, households : Series
        One a grid, in the grids' order; NaN where it may not be seen.
    days : str
        The days in which they were found, in words.
    """
    homes = households.where(households > 0)
    return Figure(
        "found",
        gettext("Newly found"),
        gettext("Incidents found in %(days)s ÷ households × 1000; on the grid their number.", days=days),
        1000 * counts / homes,
        count_scale((1000 * counts / homes).fillna(0)),
        words.number,
        gettext("not yours to see"),
        texts=["" if value != value else words.number(value) for value in counts],
    )


def answering(grids: pd.DataFrame, people: pd.DataFrame) -> Figure:
    """Return who answers for each grid: the nearest who is posted is named on it, vacancies in its chain colour it."""
    vacant = people["name"].eq("").groupby(people["grid_code"]).sum()
    nearest = people[people["name"] != ""].groupby("grid_code")["name"].first().to_dict()
    return Figure(
        "answering",
        gettext("Who answers"),
        gettext("The nearest person posted to the grid. Vacant: at least one duty of its chain is done by nobody."),
        grids["grid_code"].map(vacant).astype(float),
        Scale((0, 1), (POSTED_COLOUR, VACANT_COLOUR)),
        words.number,
        gettext("nobody known"),
        labels=[gettext("every duty posted"), gettext("a duty vacant")],
        texts=[nearest.get(code, "") for code in grids["grid_code"]],
    )


def spread_scale(values: pd.Series) -> Scale:
    """Return classes of equal width, in round hundreds or fifties, from the least to the most."""
    known = values.dropna().astype(float)
    least, most = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    step = next((step for step in (10, 20, 50, 100, 200, 500, 1000) if (most - least) / step <= 4), 2000)
    begin = int(least // step) * step
    bounds = tuple(float(begin + i * step) for i in range(5) if not i or begin + i * step <= most)
    picked = np.round(np.linspace(0, 4, len(bounds))).astype(int) if len(bounds) > 1 else np.array([2])
    return Scale(bounds, tuple(HOUSEHOLD_COLOURS[i] for i in picked))
