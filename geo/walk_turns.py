"""Telling a walk: where to turn, and how far to go until then."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import shapely

from geo.walk_tour import turned

Turn = Literal["go", "left", "right", "on", "back", "arrive"]

STRAIGHT, BACK = np.radians(40.0), np.radians(150.0)
"""Up to the first angle one walks on, from the second on one turns back."""

LOOK_M = 12.0
"""A street's direction at a junction is that to so far along it: digitised corners are cut and rounded."""

POINTS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
"""The points of the compass, clockwise from north."""


class Step(NamedTuple):
    """One line of the list of turns.

    At ``x, y`` one does what ``turn`` says, heading for ``point`` of the compass, and then follows the street called
    ``name`` ("": it has no name) for so many metres; ``after_m`` were walked before. ``legs`` counts the stretches.
    """

    turn: Turn
    name: str
    point: str
    metres: float
    after_m: float
    x: float
    y: float
    legs: int


def tell_turns(lines: Sequence[Any], names: Sequence[str]) -> list[Step]:
    """Say where a walk along these stretches of street turns.

    Going straight on along a street of the same name is no step; going straight on into another is ("on"). The last
    step is the arrival.

    Parameters
    ----------
    lines : sequence of LineString
        The stretches in walking order and direction, in metres.
    names : sequence of str
        The street of each.

    Examples
    --------
    >>> mill, long = shapely.LineString([(0, 0), (0, 80)]), shapely.LineString([(0, 80), (60, 80)])
    >>> for step in tell_turns([mill, long], ["Mill Lane", "Long Street"]):
    ...     print(step.turn, step.name, step.point, step.metres)
    go Mill Lane n 80.0
    right Long Street e 60.0
    arrive   0.0
    """
    if not len(lines):
        return []
    metres = shapely.length(np.asarray(lines, dtype=object))
    steps: list[Step] = []
    walked = 0.0
    for number, line in enumerate(lines):
        turn: Turn = "go" if number == 0 else turn_at(lines[number - 1], line)
        name = names[number]
        if steps and turn == "on" and name == names[number - 1]:
            last = steps[-1]
            steps[-1] = last._replace(metres=last.metres + float(metres[number]), legs=last.legs + 1)
        else:
            steps.append(Step(turn, name, _compass(line), float(metres[number]), walked, *_point(line, 0.0), 1))
        walked += float(metres[number])
    return [*steps, Step("arrive", "", "", 0.0, walked, *_point(lines[-1], 1.0), 0)]


def turn_at(line: Any, following: Any) -> Turn:
    """Which way one turns from one stretch into the next."""
    came, goes = _heading(line, 1.0), _heading(following, 0.0)
    # Where one came from lies behind; `turned` measures from there.
    angle = turned(came + np.pi, goes)
    if angle <= STRAIGHT:
        return "on"
    if angle >= BACK:
        return "back"
    return "left" if np.sin(goes - came) > 0 else "right"


def _heading(line: Any, end: float) -> float:
    """In which direction one walks at the begin (0) or the end (1) of a stretch, in radians from the east."""
    look = min(LOOK_M, line.length)
    begin, finish = (0.0, look) if end == 0.0 else (line.length - look, line.length)
    (x, y), (to_x, to_y) = (line.interpolate(at).coords[0] for at in (begin, finish))
    return float(np.arctan2(to_y - y, to_x - x))


def compass_point(east_of_north: float) -> str:
    """The point of the compass nearest to a direction in degrees; halfway between two it is the one clockwise.

    >>> [compass_point(degrees) for degrees in (0, 22.4, 22.5, 90, 337.5, 360, -45)]
    ['n', 'n', 'ne', 'e', 'n', 'n', 'nw']
    """
    return POINTS[int((east_of_north + 22.5) // 45) % len(POINTS)]


def _compass(line: Any) -> str:
    """Whither one begins to walk, to an eighth of the compass."""
    return compass_point(float(np.degrees(np.pi / 2 - _heading(line, 0.0))))


def _point(line: Any, end: float) -> tuple[float, float]:
    x, y = line.coords[0 if end == 0.0 else -1][:2]
    return float(x), float(y)
