"""The grids of an edition as they are held against each other: who borders on whom, and how much street each has.

What was adopted is never edited in place, so this is remembered by the process; streets brought in later, which renew
the community's stamp, make it anew.
"""

import threading
from collections import OrderedDict
from typing import NamedTuple
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Engine, Pool
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridEdition
from geo.contiguity import Contiguity, border_on
from geo.streets import cut_streets
from patrols import ground_stamp
from patrols.rules import Rules
from patrols.scope import Scope

MOST_KEPT = 16
"""Editions; the one that nobody looked at for longest goes."""


class Compared(NamedTuple):
    """Grids of one edition, by their codes.

    Parameters
    ----------
    grids : GeoDataFrame
        Index `grid_code`; else as `data.frames.grids`.
    beside : Contiguity
        By their place in `grids`.
    street_km : Series of float
        Index as the grids'; a street along a border counts for both sides.
    edition : int
        Its number.
    """

    grids: gpd.GeoDataFrame
    beside: Contiguity
    street_km: "pd.Series[float]"
    edition: int


_lock = threading.Lock()
_databases: "WeakKeyDictionary[Pool, OrderedDict[tuple[object, ...], Compared]]" = WeakKeyDictionary()


def compared_grids(session: Session, scope: Scope, community: Community, edition: GridEdition) -> Compared:
    """The grids of an adopted edition that may be seen; what borders on them and may not be seen is left out."""
    whole = _of_edition(session, community, edition)
    mine = np.array([scope.allows(community.id, code) for code in whole.grids.index], bool)
    if mine.all():
        return whole._replace(grids=whole.grids.copy())
    return Compared(whole.grids[mine], whole.beside.among(mine), whole.street_km[mine], whole.edition)


def _of_edition(session: Session, community: Community, edition: GridEdition) -> Compared:
    bind, stamp = session.get_bind(), ground_stamp.stamp_of(session, community)
    if not isinstance(bind, Engine) or not stamp:
        # On a connection of its own more may have been changed than is committed.
        return _made(session, community, edition)
    key = (edition.id, stamp, Rules.for_community(community.rules).border_street_m)
    with _lock:
        kept = _databases.setdefault(bind.pool, OrderedDict())
        known = kept.get(key)
        if known is not None:
            kept.move_to_end(key)
            return known
    made = _made(session, community, edition)
    with _lock:
        kept[key] = made
        while len(kept) > MOST_KEPT:
            kept.popitem(last=False)
    return made


def _made(session: Session, community: Community, edition: GridEdition) -> Compared:
    grids = frames.grids(session, edition.id)
    streets = frames.streets(session, community.id)
    border_m = Rules.for_community(community.rules).border_street_m
    pieces = cut_streets(streets, grids, border_m=border_m)[["grid_codes", "metres"]]
    metres = pd.DataFrame(pieces).explode("grid_codes").groupby("grid_codes")["metres"].sum()
    grids = grids.set_index("grid_code")
    street_km = metres.reindex(grids.index).fillna(0.0).astype(float) / 1000.0
    return Compared(grids, border_on(grids.geometry.to_numpy()), street_km, edition.number)
