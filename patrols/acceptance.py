"""Flaws that somebody accepted with a reason no longer stand against adopting."""

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import FlawAcceptance, GridEdition

NEAR_M = 2.0
"""A flaw is the one that was accepted when it is of the same kind, between the same grids, and lies within this of the
spot that was kept: looked for with other thresholds, its outline differs by slivers."""


def unaccepted(session: Session, edition: GridEdition, flaws: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The flaws of an edition that nobody has accepted.

    Parameters
    ----------
    flaws : GeoDataFrame
        As `geo.tiling.find_flaws` tells them, in the community's metres.
    """
    if flaws.empty:
        return flaws
    wanted = select(FlawAcceptance.flaw_key).where(FlawAcceptance.edition_id == edition.id)
    spots = [one for key in session.scalars(wanted) if (one := _spot(key)) is not None]
    told = [
        "-".join(word for word in words if word)
        for words in zip(flaws["kind"], flaws["grid_code"], flaws["other_code"], strict=True)
    ]
    shapes = flaws.geometry.to_numpy()
    known = [
        any(name == accepted and shapely.dwithin(shape, shapely.Point(x, y), NEAR_M) for accepted, x, y in spots)
        for name, shape in zip(told, shapes, strict=True)
    ]
    return flaws[~np.array(known, dtype=bool)]


def _spot(key: str) -> tuple[str, float, float] | None:
    """What an acceptance's key says: kind and codes, and the metre it lies at.

    Examples
    --------
    >>> _spot("overlap-001-002-500123-4410321")
    ('overlap-001-002', 500123.0, 4410321.0)
    """
    words = key.rsplit("-", 2)
    try:
        return words[0], float(words[1]), float(words[2])
    except (IndexError, ValueError):
        return None
