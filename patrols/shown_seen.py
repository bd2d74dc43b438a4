"""What of the streets seen may be told to those who are not shown whole walks.

A street that was seen although no shown line runs along it was seen by the end of a walk, and leads to a door. So of a
piece of street they are told that it was seen when a shown line runs along it, when they walked there themselves, or
when ``told_persons`` different people went along it, whose ends hide each other. However maps and days are compared,
nothing can be got out of them but lines that are shown anyway and what several people have in common. Totals of a whole
grid are the same for everybody: who walks in which grid hangs on its notice board.
"""

import math
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]

BESIDE_M = 25.0
"""How near to a line a street counts as along it: a walker's sight and a phone's error."""

PLACES = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
"""Where along a piece of street it is asked; more than half of them must be beside a line."""


def tellable(pieces: gpd.GeoDataFrame, whole: gpd.GeoDataFrame, shown: gpd.GeoDataFrame, persons: float = 3) -> Flags:
    """Of which pieces of street it may be told that some walks saw them.

    Parameters
    ----------
    pieces : GeoDataFrame
        Lines in metres.
    whole, shown : GeoDataFrame
        The same walks from door to door, and what everybody may see of them, as `patrols.figures.tracks` gives them;
        those of nobody known count as one person's.
    persons : float
        ``Rules.told_persons``.

    Examples
    --------
    >>> street = gpd.GeoDataFrame(geometry=[shapely.LineString([(x, 0), (x + 100, 0)]) for x in (0, 100, 200)])
    >>> walk = [shapely.LineString([(0, 5), (300, 5)]), shapely.LineString([(0, 5), (100, 5)])]
    >>> whole = gpd.GeoDataFrame({"person_id": [1, 2]}, geometry=walk)
    >>> shown = gpd.GeoDataFrame({"person_id": [1]}, geometry=[shapely.LineString([(200, 5), (300, 5)])])
    >>> tellable(street, whole, shown).tolist()
    [False, False, True]
    >>> third = gpd.GeoDataFrame({"person_id": [1, 2, 3]}, geometry=[walk[0], walk[1], walk[1]])
    >>> tellable(street, third, shown).tolist()
    [True, False, True]
    """
    told = np.zeros(len(pieces), bool)
    told[_beside(pieces, shown)["piece"]] = True
    along = _beside(pieces, whole)
    many = along.assign(person=_persons(whole)[along["walk"]]).groupby("piece")["person"].nunique()
    told[many.index[many >= persons]] = True
    return told


def told_days(
    pieces: gpd.GeoDataFrame,
    last: Days,
    by_shown: Days,
    whole: gpd.GeoDataFrame,
    days: "pd.Series[Any]",
    persons: float = 3,
) -> Days:
    """The day on which each piece of street may be told to have been seen last.

    Parameters
    ----------
    last, by_shown : array of datetime64[D]
        When it was, and when by a walk of which a shown line runs along it; NaT: not at all.
    whole : GeoDataFrame
        The walks of that time, from door to door.
    days : Series
        The local day of each of them.
    persons : float
        ``Rules.told_persons``.

    Returns
    -------
    array of datetime64[D]
        The later of `by_shown` and the day since when so many people have been there.
    """
    along = _beside(pieces, whole)
    when = days.to_numpy("datetime64[D]")[along["walk"]]
    latest = along.assign(person=_persons(whole)[along["walk"]], day=when).groupby(["piece", "person"])["day"].max()
    ranked = latest.sort_values(ascending=False).groupby(level="piece")
    several = ranked.nth(math.ceil(persons) - 1).droplevel("person")
    found = np.full(len(pieces), np.datetime64("NaT", "D"))
    found[several.index] = several.to_numpy("datetime64[D]")
    # A line beside a street has not always seen it.
    return np.fmax(by_shown, np.where(found <= last, found, np.datetime64("NaT", "D")))


def beside_by_day(pieces: gpd.GeoDataFrame, shown: gpd.GeoDataFrame, days: "pd.Series[Any]") -> dict[date, Flags]:
    """For each day with walks: which pieces of street lie along a line of that day that everybody may see."""
    along = _beside(pieces, shown)
    when = days.to_numpy(object)[along["walk"]]
    found: dict[date, Flags] = {day: np.zeros(len(pieces), bool) for day in set(when)}
    for day, told in found.items():
        told[along["piece"].to_numpy()[when == day]] = True
    return found


def _beside(pieces: gpd.GeoDataFrame, walks: gpd.GeoDataFrame) -> pd.DataFrame:
    """Which walks run along which pieces of street: positions `walk` and `piece`."""
    if walks.empty or pieces.empty:
        return pd.DataFrame({"walk": np.empty(0, np.int64), "piece": np.empty(0, np.int64)})
    lines, walk = shapely.get_parts(shapely.simplify(walks.geometry.to_numpy(), 1.0), return_index=True)
    spots = shapely.line_interpolate_point(pieces.geometry.to_numpy()[:, None], PLACES, normalized=True)
    line, spot = shapely.STRtree(spots.ravel()).query(lines, predicate="dwithin", distance=BESIDE_M)
    pairs = pd.DataFrame({"walk": walk[line], "piece": spot // len(PLACES), "spot": spot}).drop_duplicates()
    many = pairs.groupby(["walk", "piece"]).size()
    return many[many > len(PLACES) / 2].index.to_frame(index=False)


def _persons(walks: gpd.GeoDataFrame) -> NDArray[np.float64]:
    return np.asarray(walks["person_id"].astype(float).fillna(-1.0))
