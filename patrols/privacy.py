"""What of a walk everybody but its walker and a named look is shown: the line without its ends, and no name.

Maps, lists and files that show tracks to others take their lines from `shown` and from nowhere else. Whoever stores
tracks calls `hang` for them; what was stored without it is not shown until `hang_missing` has seen to it, which the
nightly job does.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data import frames
from data.database.turns import take_turn
from data.models import WGS84, Community, Curtain, Patrol
from geo.trim import CURTAIN, NO_OWNER, hang_curtains, hidden_now, hide_ends, no_curtains
from patrols import consents

WALKS_AT_ONCE = 2000
"""So many stored tracks are looked at together when curtains are hung for all of them."""


def hang(
    session: Session,
    community: Community,
    walks: gpd.GeoSeries,
    persons: Iterable[int | None],
    *,
    random: np.random.Generator | None = None,
) -> int:
    """Hang a curtain before every end of some walks that has none, once and for good; return how many were hung.

    Two who store walks at once take turns, so that no door gets two curtains.

    Parameters
    ----------
    walks : GeoSeries
        Lines in the community's metres, the earliest first; None where there is no line.
    persons : iterable of int or None
        The id of the person who walked each.
    random : numpy.random.Generator, optional
        For tests. Without it the system's own randomness is taken, which nobody can repeat.
    """
    take_turn(session, Curtain)
    random = np.random.default_rng() if random is None else random
    new = hang_curtains(walks, _owners(persons), _curtains(session, community), random)
    if new.empty:
        return 0
    spots = gpd.GeoSeries(gpd.points_from_xy(new["x"], new["y"]), crs=frames.crs_of(session, community.id))
    lon, lat = shapely.get_coordinates(spots.to_crs(WGS84).to_numpy()).T
    table = pd.DataFrame(
        {"community_id": community.id, "person_id": new["owner"].astype(object), "lon": lon, "lat": lat}
    )
    table["person_id"] = table["person_id"].where(new["owner"] != NO_OWNER, None)
    rows = table.join(new[["bearing_deg", "ahead_m"]]).to_dict("records")
    session.execute(insert(Curtain), [{str(name): one for name, one in row.items()} for row in rows])
    return len(rows)


def hang_missing(session: Session, community: Community) -> int:
    """Hang a curtain before every end of the stored tracks that has none; return how many were hung.

    For tracks that were stored before there were curtains, and for those whose writer did not call `hang`.
    """
    hung, last = 0, 0
    crs = frames.crs_of(session, community.id)
    while True:
        wanted = (
            select(Patrol.id, Patrol.person_id, frames.as_wkb(Patrol.track))
            .where(
                Patrol.community_id == community.id,
                Patrol.track.is_not(None),
                Patrol.ends_cut_at.is_(None),
                Patrol.id > last,
            )
            .order_by(Patrol.id)
            .limit(WALKS_AT_ONCE)
        )
        rows = session.execute(wanted).all()
        if not rows:
            return hung
        lines = gpd.GeoSeries(shapely.from_wkb([row[2] for row in rows]), crs=WGS84).to_crs(crs)
        hung += hang(session, community, lines, [row[1] for row in rows])
        last = rows[-1][0]


def shown(
    session: Session,
    community: Community,
    walks: gpd.GeoSeries,
    persons: Sequence[int | None],
    cut: Sequence[datetime | None],
) -> gpd.GeoSeries:
    """What others may see of some walks: without their ends, and nothing of those who withdrew their consent.

    The same walk is shown the same way each time, whoever asks, on the map and in files (`geo.trim` says how and why).

    Parameters
    ----------
    walks : GeoSeries
        Lines in the community's metres; None where there is no line.
    persons : sequence of int or None
        The id of the person who walked each.
    cut : sequence of datetime or None
        ``Patrol.ends_cut_at`` of each: what was cut for good is not cut again.

    Returns
    -------
    GeoSeries
        MultiLineString; None where nothing may be seen. Index and CRS of `walks`.
    """
    lines = hide_ends(walks, _owners(persons), _curtains(session, community))
    lines = lines.where([moment is None for moment in cut], walks)
    gone = consents.withdrawn(session, community)
    return lines.where([person not in gone for person in persons], None) if gone else lines


def near_doors(
    session: Session,
    community: Community,
    places: tuple[Any, Any],
    starts: tuple[Any, Any],
    persons: Sequence[int | None],
) -> NDArray[np.bool_]:
    """Whether people who are out stand where nobody may see them (`geo.trim.hidden_now`).

    Parameters
    ----------
    places, starts : tuple of array
        Longitude and latitude (WGS 84) of where each stands, and of a point beside where the walk began.
    persons : sequence of int or None
        The id of the person who walks.
    """
    crs = frames.crs_of(session, community.id)
    here, began = (np.column_stack(frames.points_in_metres(*each, crs)) for each in (places, starts))
    return hidden_now(here, began, _owners(persons), _curtains(session, community))


def forget_doors(session: Session, person_id: int) -> int:
    """Take down the curtains of a person whose tracks are gone; return how many hung."""
    mine = session.scalars(select(Curtain).where(Curtain.person_id == person_id)).all()
    for curtain in mine:
        session.delete(curtain)
    session.flush()
    return len(mine)


def _owners(persons: Iterable[int | None]) -> Any:
    return np.array([NO_OWNER if person is None else person for person in persons], np.int64)


def _curtains(session: Session, community: Community) -> pd.DataFrame:
    wanted = (
        select(Curtain.person_id, Curtain.lon, Curtain.lat, Curtain.bearing_deg, Curtain.ahead_m)
        .where(Curtain.community_id == community.id)
        .order_by(Curtain.id)
    )
    rows = session.execute(wanted).all()
    if not rows:
        return no_curtains()
    person, lon, lat, bearing, ahead = zip(*rows, strict=True)
    x, y = frames.points_in_metres(lon, lat, frames.crs_of(session, community.id))
    return pd.DataFrame(dict(zip(CURTAIN, (_owners(person), x, y, bearing, ahead), strict=True)))
