"""Codes of grids: a number lives on with its ground, and is never given to other ground."""

from collections.abc import Iterable, Sequence

import geopandas as gpd
import numpy as np
import shapely

from data.models import Community
from geo.draw import reading_order
from geo.errors import N_, CannotDraw
from patrols.lineage import overlaps

SAME_GROUND = 0.5001
"""Share of an old grid and of a new one that must be common ground for the code to live on: more than half by a
hair, so that no two grids can claim one code, and equal halves do not quarrel over rounding."""

NUMBER_WIDTH = 3
"""Digits at least of a grid's number after the community's code."""


def carry_codes(
    community: Community,
    current: gpd.GeoDataFrame,
    new: gpd.GeoDataFrame,
    *,
    used: Iterable[str],
) -> list[str]:
    """Codes for new grids: the old one where most of the ground stays together, else a number never used before.

    New numbers count west to east, row by row from the north, as `geo.draw.reading_order` reads.

    Parameters
    ----------
    current : GeoDataFrame
        The grids now in force: `grid_code`, `geometry`, in metres.
    new : GeoDataFrame
        The grids that want codes, in any coordinate reference system.
    used : iterable of str
        As `fresh_codes` takes them.

    Raises
    ------
    CannotDraw
        If the community's numbers run out.
    """
    codes: list[str | None] = [None] * len(new)
    ground = new.to_crs(current.crs)
    left, right, shared = overlaps(current, ground)
    stays = (shared > SAME_GROUND * current.area.to_numpy()[left]) & (
        shared > SAME_GROUND * ground.area.to_numpy()[right]
    )
    for i, j in zip(left[stays], right[stays], strict=True):
        codes[j] = str(current["grid_code"].iloc[i])
    fresh = iter(fresh_codes(community, used, codes.count(None)))
    for place in in_reading_order(ground):
        codes[place] = codes[place] or next(fresh)
    return [str(code) for code in codes]


def in_reading_order(grids: gpd.GeoDataFrame) -> Sequence[int]:
    """Positions of grids as they are numbered: row by row from the north, in each row from west to east."""
    if grids.empty:
        return []
    spots = shapely.get_coordinates(shapely.point_on_surface(grids.geometry.array.to_numpy()))
    return [int(place) for place in reading_order(spots, np.asarray(grids.total_bounds))]


def fresh_codes(community: Community, used: Iterable[str], count: int) -> list[str]:
    """The next numbers that no grid of the community has ever had, in order.

    They have as many digits as the longest number so far, three at least.

    Parameters
    ----------
    used : iterable of str
        Every code that was ever given in the community, or of each length the last.

    Raises
    ------
    CannotDraw
        If the numbers run out past 999.

    Examples
    --------
    >>> fresh_codes(Community(code="110108001001"), ["110108001001007"], 2)
    ['110108001001008', '110108001001009']
    """
    tails = [code[len(community.code) :] for code in used if code.startswith(community.code)]
    numbers = [tail for tail in tails if tail.isascii() and tail.isdigit()]
    width = max([NUMBER_WIDTH, *(len(tail) for tail in numbers)])
    first = max((int(tail) for tail in numbers), default=0) + 1
    if first + count - 1 >= 10**width:
        raise CannotDraw(
            N_(
                "%(community)s has used its grid numbers up to %(last)s: no %(count)s more are left. "
                "Drafts that are discarded before they are submitted free theirs."
            ),
            community=community.name,
            last=first - 1,
            count=count,
        )
    return [f"{community.code}{number:0{width}d}" for number in range(first, first + count)]
