"""The grids on the page of heat: counted, as rates, against chance and against an earlier time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from flask_babel import format_decimal, gettext, ngettext

from geo.errors import N_
from patrols.exposures import Looked, Per
from patrols.forecast import Forecast
from patrols.hotspots import SAID, Verdict
from webmap import words
from webmap.maps.content import grid_titles
from webmap.maps.legend import Figure
from webmap.maps.style import OPEN_COLOURS, Scale, count_scale

MORE_COLOURS = ("#3b6ea5", "#a9c3dc", "#f1efe9", "#f0b48a", "#b3471d")
"""Blue to orange: told apart with any eyes, and by lightness at both ends."""

FORECAST_COLOURS = ("#f2f0ea", "#d3c6e0", "#ab96c6", "#7d63a3", "#4e3577")
CHANCE_COLOURS = ("#ece9e2", "#8f1d45", "#c9d6e2")

PER = {
    Per.HOUSEHOLDS: N_("how many households live there"),
    Per.STREETS: N_("how long the streets are"),
    Per.PATROLS: N_("how many hours were patrolled"),
    Per.GRIDS: N_("nothing: every grid alike"),
}
"""What a count is held against, in words."""

NOTHING: Mapping[str, Any] = {
    **{name: [] for name in ("code", "title", "hatched", "seen", "figures", "columns")},
    "unvisited": "",
}
"""What is told where there were no grids."""

FAR, FARTHER = 2.0, 3.0
"""Differences smaller than two standard deviations of two Poisson counts are what luck makes from one time to the next;
beyond three, luck makes one in four hundred."""


def rate_scale(values: pd.Series, colours: Sequence[str] = OPEN_COLOURS) -> Scale:
    """Return classes for rates: none has its own, the rest is cut at short numbers that hold about equal shares.

    Examples
    --------
    >>> rate_scale(pd.Series([0.0, 0.52, 1.18, 2.61, 7.04, 9.9])).bounds
    (0.0, 0.01, 1.0, 3.0, 7.0)
    """
    some = values[np.isfinite(values) & (values > 0)].to_numpy(float)
    if not len(some):
        return Scale((0.0,), (colours[0],))
    cuts = [short(cut) for cut in np.quantile(some, np.linspace(0, 1, len(colours))[1:-1])]
    least = min(0.01, short(float(some.min())))
    bounds = [0.0, least, *(cut for cut in dict.fromkeys(cuts) if least < cut <= some.max())]
    picked = np.round(np.linspace(0, len(colours) - 1, len(bounds))).astype(int)
    return Scale(tuple(bounds), tuple(colours[i] for i in picked))


def short(value: float) -> float:
    """Return a number with one digit that is not nought: what legends have room for."""
    return float(f"{value:.1g}")


def say_rate(value: float) -> str:
    """Return a rate as people read it: two digits that count."""
    return str(format_decimal(float(f"{value:.2g}") if abs(value) < 10 else round(value)))


def rate_labels(scale: Scale) -> list[str]:
    """Return what each class of a rate holds; the first is exactly none.

    Examples
    --------
    >>> rate_labels(Scale((0.0, 0.01, 1.0, 2.0), ("", "", "", "")))
    ['0', '< 1', '1–2', '≥ 2']
    """
    said = [f"{bound:g}" for bound in scale.bounds]
    if len(said) < 3:
        return ["0", "> 0"][: len(said)]
    between = [f"{low}–{high}" for low, high in pairwise(said[2:])]
    return ["0", f"< {said[2]}", *between, f"≥ {said[-1]}"]


def told_grids(
    table: pd.DataFrame,
    *,
    earlier: pd.Series | None = None,
    share: float = 1.0,
    walks: bool = True,
    since: date | None = None,
) -> dict[str, Any]:
    """Return everything about the grids that the page's script paints, lists and says on cards.

    Parameters
    ----------
    table : DataFrame
        Of `patrols.hotspots.hot_grids`.
    earlier : Series, optional
        Counts of the same grids in an earlier time, and `share`, the length of the time shown by that of the earlier.
    walks : bool
        Whether the reader may be told where somebody walked.
    since : date, optional
        When the time shown begins.

    Returns
    -------
    dict
        ``code, title``; ``hatched`` and ``seen``: whether nobody looked, and what is said of it; ``figures``, packed;
        ``columns`` of the table and the cards.
    """
    unseen = gettext("not told")
    found = [counted(table["count"], unknown=unseen), *_rates(table, walks=walks, since=since)]
    chances = chance(table)
    changes = [] if earlier is None else [change(table["count"], earlier.reindex(table.index), share=share)]
    nobody = (table["looked"] == Looked.NOBODY.value) & walks
    # Packed once, as to say a number in words takes longer than to count it.
    figures = {one.key: packed(one) for one in (*found, chances, *changes)}
    return {
        "code": list(table.index),
        "title": grid_titles(table.reset_index()),
        "hatched": nobody.tolist(),
        "unvisited": said_grids(int(nobody.sum())),
        "seen": _seen(table) if walks else [""] * len(table),
        "figures": list(figures.values()),
        "columns": [column(one, figures[one.key]) for one in (*found, *changes)] + _judged(table),
    }


def _rates(table: pd.DataFrame, *, walks: bool, since: date | None) -> list[Figure]:
    begin = table.attrs.get("patrols_since")
    late = since is not None and begin is not None and begin > since
    nothing = gettext("nothing to divide by")
    households = rate(
        "per_households",
        gettext("Per 100 households"),
        gettext("Incidents ÷ households of the grid × 100."),
        table["per_100_households"],
        unknown=nothing,
    )
    streets = rate(
        "per_km",
        gettext("Per km of street"),
        gettext("Incidents ÷ kilometres of street in the grid; a street along a border counts for both sides."),
        table["per_street_km"],
        unknown=nothing,
    )
    patrols = rate(
        "per_hour",
        gettext("Per hour of patrol"),
        gettext("Incidents ÷ hours patrolled in the grid in the same time. Few hours make high and shaky rates.")
        + (" " + gettext("Patrols are on record from %(day)s on.", day=begin) if late else ""),
        table["per_patrol_hour"],
        unknown=gettext("nobody patrolled"),
    )
    return [households, streets, patrols] if walks else [households, streets]


def chance(table: pd.DataFrame) -> Figure:
    """Return whether each grid stands out, with the plain count and z of Gi* written on it."""
    places = {Verdict.CHANCE.value: 0.0, Verdict.HOT.value: 1.0, Verdict.ISLAND.value: 2.0}
    values = pd.Series([places.get(word, np.nan) for word in table["verdict"]], index=table.index)
    hot = (values == 1.0).to_numpy()
    why_not = table.attrs.get("why_not", "")
    texts = [f"{words.number(count)}{' ▲' if mark else ''}" for count, mark in zip(table["count"], hot, strict=True)]
    return Figure(
        "chance",
        gettext("More than chance?"),
        gettext(why_not) % table.attrs["facts"] if why_not else _judged_how(table),
        values,
        Scale((0.0, 1.0, 2.0), CHANCE_COLOURS),
        words.number,
        gettext("not judged"),
        labels=[gettext("no more than chance"), gettext("more than chance ▲"), gettext("no neighbours: not judged")],
        texts=texts,
    )


def _judged_how(table: pd.DataFrame) -> str:
    """What stands out is said of grids that were judged, and how."""
    said: str = gettext(
        "Each grid with its neighbours (Getis-Ord Gi*), held against %(per)s. Of the grids that stand out, at most "
        "1 in 20 does by chance (false discovery rate). On each grid: its count.",
        per=gettext(PER[Per(table.attrs.get("per", Per.HOUSEHOLDS.value))]),
    )
    return said


def _judged(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The columns of the test: what was counted and expected with the neighbours, z, q, and the verdict in words."""
    verdict = [gettext(SAID[Verdict(word)]) for word in table["verdict"]]
    return [
        _numbers(gettext("With neighbours"), table["window_count"], words.number),
        _numbers(gettext("Expected there"), table["window_expected"], say_rate),
        _numbers("z", table["z"], lambda value: f"{round(value, 1) + 0.0:.1f}"),
        _numbers(gettext("Share of false finds"), table["q"], lambda value: f"{value:.3f}"),
        {"title": gettext("More than chance?"), "value": verdict, "text": verdict, "number": False},
    ]


def _numbers(title: str, values: pd.Series, say: Callable[[float], str]) -> dict[str, Any]:
    numbers = values.to_numpy(float)
    said = ["" if not np.isfinite(one) else say(float(one)) for one in numbers]
    return {"title": title, "value": plain(numbers), "text": said, "number": True}


def column(figure: Figure, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a figure that was packed already as a column of the table."""
    return {"title": figure.title, "note": figure.note, "value": told["value"], "text": told["text"], "number": True}


def _seen(table: pd.DataFrame) -> list[str]:
    """What is said of each grid about who was there; of an empty one, what its emptiness means."""
    said = {
        Looked.WALKED.value: gettext("somebody patrolled here"),
        Looked.PASSED.value: gettext("somebody walked past"),
        Looked.NOBODY.value: gettext("nobody was here in this time"),
    }
    quiet = gettext("quiet: somebody was here and nothing was found")
    return [
        quiet if empty == "quiet" else said[looked]
        for looked, empty in zip(table["looked"], table["empty"], strict=True)
    ]


def counted(counts: pd.Series, *, unknown: str) -> Figure:
    """Return how many incidents each grid had."""
    return Figure(
        "count",
        gettext("Incidents"),
        gettext("Incidents found in the grid, whatever became of them."),
        counts,
        count_scale(counts),
        words.number,
        unknown,
    )


def rate(key: str, title: str, note: str, values: pd.Series, *, unknown: str) -> Figure:
    """Return a rate of each grid; one without anything to divide by has none."""
    scale = rate_scale(values)
    return Figure(key, title, note, values, scale, say_rate, unknown, labels=rate_labels(scale))


def change(now: pd.Series, then: pd.Series, *, share: float) -> Figure:
    """Return how many more there were than in an earlier time; what luck makes is one class.

    Parameters
    ----------
    now, then : Series
        Counts of each grid.
    share : float
        Length of the time shown as a share of the earlier one: its counts are brought to that length.
    """
    before = then * share
    far: pd.Series = (now - before) / np.sqrt((now + then * share**2).clip(lower=1))
    more = (now - before).round()
    texts = ["" if value != value else f"{value:+.0f}".replace("+0", "0").replace("-0", "0") for value in more]
    return Figure(
        "change",
        gettext("More or fewer"),
        gettext(
            "Incidents now less those of the earlier time, brought to the same length. Within chance: less than twice "
            "the standard deviation of two Poisson counts; beyond three times it is called clear."
        ),
        far,
        Scale((-np.inf, -FARTHER, -FAR, FAR, FARTHER), MORE_COLOURS),
        words.number,
        gettext("not told"),
        labels=[
            gettext("clearly fewer"),
            gettext("fewer"),
            gettext("within chance"),
            gettext("more"),
            gettext("clearly more"),
        ],
        texts=texts,
    )


def told_forecast(found: Forecast) -> dict[str, Any]:
    """Return next week's figure for the page's script, with how well such was told before; or why there is none."""
    if not found.shown or found.trial is None:
        return {"shown": False, "why": gettext(found.why_not) % found.facts if found.why_not else ""}
    plain = max(found.trial.plain.values(), key=lambda score: score.hits)
    expected = found.grids["expected"]
    scale = rate_scale(expected, FORECAST_COLOURS)
    figure = Figure(
        "forecast",
        gettext("Expected from %(since)s to %(until)s", since=found.since, until=found.until),
        gettext(
            "Incidents expected, told from %(weeks)s weeks. On the last %(tried)s weeks such a forecast hit %(hit)s of "
            "all with a tenth of the ground (%(pai)s times a blind guess); a plain count hit %(plain)s.",
            weeks=found.weeks,
            tried=found.trial.periods,
            hit=words.percent(found.trial.score.hit_rate),
            pai=say_rate(found.trial.score.pai),
            plain=words.percent(plain.hit_rate),
        ),
        expected,
        scale,
        say_rate,
        gettext("not told"),
        labels=rate_labels(scale),
    )
    return {"shown": True, "why": "", "code": list(found.grids.index), "figure": packed(figure)}


def packed(figure: Figure) -> dict[str, Any]:
    """Return a figure as the page's script reads it, with the values that its table sorts by."""
    told = figure.packed()
    numbers = figure.values.to_numpy(float)
    if figure.key == "change":
        numbers = np.array([float(text) if text else np.nan for text in told["text"]])  # type: ignore[attr-defined]
    return {**told, "value": plain(numbers)}


def plain(numbers: npt.NDArray[np.float64]) -> list[float | None]:
    """Return numbers as JSON can carry them: what is not finite is nothing."""
    return [round(float(one), 6) if np.isfinite(one) else None for one in numbers]


def said_grids(count: int) -> str:
    """Return so many grids, in words."""
    return str(ngettext("%(num)s grid", "%(num)s grids", count))
