"""What the next period may bring to each place, told from earlier counts; and how well that was told so far.

Only rankings are judged: of all that came, how much lay on the tenth of the ground that was named before (the hit rate;
divided by that share of the ground it is called PAI). A plain count of the past ranks places, too, and mostly well.
"""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.contiguity import Contiguity

Floats = NDArray[np.float64]

AREA_SHARE = 0.1
"""Of the ground so much is named: what a patrol can look at with care."""

LEAST_HELD_OUT, MOST_HELD_OUT = 13, 52
"""Periods at the end that no choice has seen, a third of all: from a quarter of a year of weeks to a year."""

YEAR = 52
ABOUT = 2
"""What was the same time last year: so many weeks before and after."""

LEAST_PERIODS = 3 * LEAST_HELD_OUT
"""The first third is there to learn from, the second to choose by, the last to be tried on."""

LUCK = 1.645
"""So many standard errors are exceeded by luck once in twenty times."""

JUST_NOW = 2.0
"""Half-life, in periods, of what just happened: the same again, and next door."""


class Way(NamedTuple):
    """How counts of the past are weighed.

    `half_life` in periods (inf: all alike), `beside` is the share that comes from the neighbourhood, `year` the share
    that comes from the same time last year, `recent` the share of what just happened.
    """

    half_life: float
    beside: float = 0.0
    year: float = 0.0
    recent: float = 0.0


WAYS = tuple(
    Way(*one)
    for one in product((1.0, 3.0, 6.0, 13.0, 26.0, 52.0, 104.0, np.inf), (0.0, 0.25, 0.5), (0.0, 0.2), (0.0, 0.1))
)
"""What is tried."""

ALL_ALIKE = Way(np.inf)


@dataclass(frozen=True)
class Score:
    """How many of so many incidents lay on the ground that was named.

    Examples
    --------
    >>> score = Score(25.0, 100, 0.1)
    >>> score.hit_rate, score.pai
    (0.25, 2.5)
    """

    hits: float
    total: int
    area_share: float = AREA_SHARE

    @property
    def hit_rate(self) -> float:
        """The share of them; NaN of nothing."""
        return self.hits / self.total if self.total else float("nan")

    @property
    def pai(self) -> float:
        """How many times what ground picked blindly would have had."""
        return self.hit_rate / self.area_share


@dataclass(frozen=True)
class Trial:
    """A way of telling the next counts, tried on periods that it was not chosen by.

    Parameters
    ----------
    way : Way
    periods : int
        How many periods it was tried on.
    score : Score
    plain : dict
        Scores of the plain counts on the same periods: of the last period ("last"), of the last year ("year"), of all
        that is recorded ("all").
    gain, gain_error : float
        How many more hits a period than the best of the plain counts, and the standard error of that.
    expected : float array
        Of the next period, by place.
    """

    way: Way
    periods: int
    score: Score
    plain: dict[str, Score]
    gain: float
    gain_error: float
    expected: Floats

    @property
    def better(self) -> bool:
        """Whether it told more than the best plain count, and more than the luck of some weeks would have it."""
        return self.gain > 0 and self.gain > LUCK * self.gain_error


def try_out(counts: ArrayLike, area: ArrayLike, beside: Contiguity) -> Trial:
    """Choose a way of telling the next counts by some periods, and try it on the ones after them.

    Parameters
    ----------
    counts : array, periods by places
        The oldest period first, without gaps; at least `LEAST_PERIODS`. A third of them is held out, at most
        `MOST_HELD_OUT`, and as many before them choose.
    area : array
        Of each place, above zero.
    """
    past, ground = np.asarray(counts, dtype=float), np.asarray(area, dtype=float)
    periods = len(past)
    held_out = min(periods // 3, MOST_HELD_OUT)
    choosing = range(periods - 2 * held_out, periods - held_out)
    tried = range(periods - held_out, periods)
    way = _chosen(past, ground, beside, choosing)
    hits = _hits(predicted(past, way, ground, beside, tried), past[tried], ground)
    total = int(past[tried].sum())
    plain = {name: _hits(_plain(past, reach, tried), past[tried], ground) for name, reach in _REACH.items()}
    best = max(plain.values(), key=lambda one: one.sum())
    gains = hits - best
    return Trial(
        way=way,
        periods=held_out,
        score=Score(float(hits.sum()), total),
        plain={name: Score(float(one.sum()), total) for name, one in plain.items()},
        gain=float(gains.mean()),
        gain_error=float(gains.std(ddof=1) / np.sqrt(held_out)),
        expected=predicted(past, way, ground, beside, range(periods, periods + 1))[0],
    )


def _chosen(past: Floats, area: Floats, beside: Contiguity, periods: range) -> Way:
    """The way that surely hit most: by what it gained on weighing all alike, less the standard error of that.

    Of a hundred ways, some hit most by luck in a quarter of a year.
    """
    hits = np.array([_hits(predicted(past, way, area, beside, periods), past[periods], area) for way in WAYS])
    gains = hits - hits[WAYS.index(ALL_ALIKE)]
    return WAYS[int(np.argmax(gains.mean(axis=1) - gains.std(axis=1, ddof=1) / np.sqrt(len(periods))))]


def predicted(past: Floats, way: Way, area: Floats, beside: Contiguity, periods: range) -> Floats:
    """The counts that a way tells of some periods, each only from those before it; periods by places.

    Examples
    --------
    Of what lay two periods back half counts, with a half-life of two; both weights add up to one.

    >>> lone = Contiguity(1, np.empty(0, np.int64), np.empty(0, np.int64))
    >>> predicted(np.array([[2.0], [0.0], [4.0]]), Way(2.0), np.ones(1), lone, range(3, 4)).round(2).tolist()
    [[2.27]]
    """
    told = _weights(periods, len(past), way) @ past
    if way.beside:
        around = beside.window_sums(told) / beside.window_sums(area) * area
        told = (1 - way.beside) * told + way.beside * around
    return np.asarray(told)


def named(expected: ArrayLike, area: ArrayLike, share: float = AREA_SHARE) -> Floats:
    """How much of each place lies in the share of the ground on which most is expected; the last one in part.

    Examples
    --------
    >>> named([5, 1, 3, 0], [1.0, 1.0, 1.0, 1.0], share=0.3).round(2).tolist()
    [1.0, 0.0, 0.2, 0.0]
    """
    ground = np.asarray(area, dtype=float)
    order, taken = _named(np.asarray(expected, dtype=float)[None], ground, share)
    found = np.empty(len(ground))
    found[order[0]] = taken[0]
    return found


_REACH = {"last": 1, "year": YEAR, "all": 1_000_000}


def _weights(periods: range, recorded: int, way: Way) -> Floats:
    """The weight of each recorded period in what is told of some; for each of these they add up to one."""
    back = np.array(periods)[:, None] - np.arange(recorded)
    weights = _fading(back, way.half_life)
    if way.recent:
        weights = (1 - way.recent) * weights + way.recent * _fading(back, JUST_NOW)
    same_time = (back > 0) & (np.abs(back - YEAR) <= ABOUT)
    there = same_time.sum(axis=1, keepdims=True)
    year = np.where(there > 0, way.year, 0.0)
    return np.asarray((1 - year) * weights + year * same_time / np.maximum(there, 1))


def _fading(back: NDArray[np.int64], half_life: float) -> Floats:
    weights = np.where(back > 0, 0.5 ** (np.maximum(back, 0) / half_life), 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _plain(past: Floats, reach: int, periods: range) -> Floats:
    """The plain counts of so many periods before each."""
    return np.array([past[max(0, period - reach) : period].sum(axis=0) for period in periods])


def _hits(told: Floats, came: Floats, area: Floats) -> Floats:
    """How many that came in each period lay on the ground that was named for it."""
    order, taken = _named(told, area, AREA_SHARE)
    return np.asarray((taken * np.take_along_axis(came, order, axis=1)).sum(axis=1))


def _named(told: Floats, area: Floats, share: float) -> tuple[NDArray[np.int64], Floats]:
    """For each row the places from the most for its ground on, and how much of each lies in the share of the ground."""
    order = np.argsort(-told / area, axis=1, kind="stable")
    ground = area[order]
    before = np.cumsum(ground, axis=1) - ground
    return order, np.clip((share * area.sum() - before) / ground, 0.0, 1.0)
