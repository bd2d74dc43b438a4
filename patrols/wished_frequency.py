"""Every how many days streets are wished to be walked: by class, by grid, by both."""

from collections.abc import Iterable
from datetime import datetime

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import Community, EditionStage, FrequencyWish, StreetClass
from geo.errors import N_
from patrols import clocks, redraw
from patrols.errors import BadWish

EVERY_DAYS = {StreetClass.BACK_STREET: 3, StreetClass.EXPRESSWAY: 0}
"""Where a community wishes nothing of its own: back streets (背街小巷) often, and nobody walks along an expressway."""

OTHERS_DAYS = 7
"""All other streets: once a week, the rhythm of plans and figures."""

MOST_DAYS = 60
"""A wish for less than once in two months cannot be watched: no further does the program look back."""


def wishes(session: Session, community: Community) -> list[FrequencyWish]:
    """A community's own wishes, the most general first."""
    wanted = select(FrequencyWish).where(FrequencyWish.community_id == community.id)
    return sorted(session.scalars(wanted), key=lambda row: (_rank(row), row.grid_code, row.street_class))


def wish(
    session: Session, community: Community, every_days: int | None, *, street_class: str = "", grid_code: str = ""
) -> None:
    """Wish that streets of a class, in a grid, are walked every so many days.

    Parameters
    ----------
    every_days : int, optional
        0: they need not be walked at all. None: take the wish back.
    street_class : str
        A word of `StreetClass`; "" for all classes.
    grid_code : str
        "" for all grids.

    Raises
    ------
    BadWish
        For a number of days that cannot be watched, a class that does not exist, or a grid that no edition has had.
    """
    if every_days is not None and not 0 <= every_days <= MOST_DAYS:
        raise BadWish(
            N_("Streets can be wished to be walked every 1 to %(most)s days, or never (0); not every %(days)s."),
            most=MOST_DAYS,
            days=every_days,
        )
    known = [one.value for one in StreetClass]
    if street_class and street_class not in known:
        raise BadWish(
            N_("There is no class of streets %(name)s. The classes are: %(known)s."),
            name=street_class,
            known=", ".join(known),
        )
    if grid_code and grid_code not in redraw.codes_of(session, community, EditionStage):
        raise BadWish(N_("The community has no grid %(code)s."), code=grid_code)
    wanted = select(FrequencyWish).where(
        FrequencyWish.community_id == community.id,
        FrequencyWish.street_class == street_class,
        FrequencyWish.grid_code == grid_code,
    )
    row = session.scalars(wanted).one_or_none()
    if every_days is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(
            FrequencyWish(
                community_id=community.id, street_class=street_class, grid_code=grid_code, every_days=every_days
            )
        )
    else:
        row.every_days = every_days
    session.flush()


def in_force(session: Session, community: Community, pieces: gpd.GeoDataFrame, *, at: datetime) -> NDArray[np.int64]:
    """Every how many days each piece of street is wished to be walked at a moment; 0: never.

    As `every_days`; in an emergency, so much more often as was said when it began, once a day at the most.
    """
    days = every_days(pieces, wishes(session, community))
    emergency = clocks.emergency_at(session, community.id, at)
    share = 1.0 if emergency is None else emergency.frequency_share
    raised: NDArray[np.int64] = np.ceil(days * share).astype(np.int64)
    return raised


def every_days(pieces: gpd.GeoDataFrame, wished: Iterable[FrequencyWish]) -> NDArray[np.int64]:
    """Every how many days each piece of street is wished to be walked; 0: never.

    A wish for a class in a grid goes before one for a grid, that before one for a class, and that before one for all.
    A piece along a border is walked for the grids on both sides: as often as the more demanding one wishes.

    Parameters
    ----------
    pieces : GeoDataFrame
        `grid_codes`, `street_class`, as `geo.streets.cut_streets` makes them.
    wished : iterable of FrequencyWish
    """
    rows = list(wished)
    kinds = list(zip(pieces["street_class"].astype(str), pieces["grid_codes"], strict=True))
    found = {kind: _every(*kind, rows) for kind in set(kinds)}
    return np.array([found[kind] for kind in kinds], dtype=np.int64)


def _every(street_class: str, codes: tuple[str, ...], rows: list[FrequencyWish]) -> int:
    """The days between walks of one class of street in some grids."""
    wished = [_in_grid(street_class, code, rows) for code in codes or ("",)]
    return min((days for days in wished if days), default=0)


def _in_grid(street_class: str, code: str, rows: list[FrequencyWish]) -> int:
    meant = [row for row in rows if row.street_class in ("", street_class) and row.grid_code in ("", code)]
    if meant:
        return max(meant, key=_rank).every_days
    return EVERY_DAYS.get(StreetClass(street_class), OTHERS_DAYS)


def _rank(row: FrequencyWish) -> int:
    """How particular a wish is."""
    return 2 * bool(row.grid_code) + bool(row.street_class)
