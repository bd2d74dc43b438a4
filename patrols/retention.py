"""What goes by itself after a set time: single positions, and the ends of tracks. Totals stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy import Table, delete, exists, select, update
from sqlalchemy.orm import Session

from data import fix_store, frames
from data.models import WGS84, Community, Device, Fix, Patrol
from patrols import own_check_ins, own_walks, privacy, walk_windows
from patrols.days import local_day, start_of_day
from patrols.rules import Rules

PATROL: Table = Patrol.__table__  # type: ignore[assignment]
PATROLS_AT_ONCE = 500


@dataclass(frozen=True)
class Expired:
    """What was deleted: fixes of patrols, fixes as phones sent them, and of how many patrols the ends were cut."""

    fixes: int = 0
    phone_fixes: int = 0
    patrols: int = 0


def kept_since(community: Community, at: datetime) -> datetime:
    """The local midnight from which on single positions are still kept; ``Rules.fixes_kept_days`` before `at`."""
    days = Rules.for_community(community.rules).fixes_kept_days
    return start_of_day(community, local_day(community, at - timedelta(days=days)))


def expire_fixes(session: Session, community: Community, *, at: datetime) -> Expired:
    """Delete the fixes of patrols that ended before `kept_since`, and cut their tracks to what everybody may see.

    Metres, minutes, what each grid earned and the number of fixes stay. A track whose ends were never hidden is hidden
    first; nothing is left of one that stays behind its curtain. What phones sent and nothing may be made of goes too
    (`patrols.walk_windows`), and where phones were at check-ins and
    check-lists. Doing it again changes nothing.

    Returns
    -------
    Expired
    """
    until = kept_since(community, at)
    unwanted = walk_windows.forget_unwanted(session, community, at=at)
    privacy.hang_missing(session, community)
    fixes = patrols = 0
    while rows := _due(session, community, until):
        ids = [row.id for row in rows]
        _cut(session, community, rows, at)
        fixes += _count(session.execute(delete(Fix).where(Fix.patrol_id.in_(ids))))
        patrols += len(ids)
    own_check_ins.forget_places(session, community, until=until)
    own_walks.forget_places(session, community, until=until)
    session.expire_all()
    return Expired(fixes, unwanted + _expire_phones(session, community, until), patrols)


def _due(session: Session, community: Community, until: datetime) -> Sequence[Any]:
    has_fixes = exists().where(Fix.patrol_id == Patrol.id)
    wanted = (
        select(Patrol.id, Patrol.person_id, Patrol.ends_cut_at, frames.as_wkb(Patrol.track))
        .where(Patrol.community_id == community.id, Patrol.ended_at < until, Patrol.ends_cut_at.is_(None) | has_fixes)
        .order_by(Patrol.id)
        .limit(PATROLS_AT_ONCE)
    )
    return session.execute(wanted).all()


def _cut(session: Session, community: Community, rows: Sequence[Any], at: datetime) -> None:
    """Put in place of whole tracks what everybody may see of them."""
    lines = gpd.GeoSeries(shapely.from_wkb([row.geometry for row in rows]), crs=WGS84, index=[row.id for row in rows])
    metres = frames.to_metres(lines, frames.crs_of(session, community.id))
    seen = privacy.shown(session, community, metres, [row.person_id for row in rows], [row.ends_cut_at for row in rows])
    left = seen.dropna()
    stored = dict(zip(left.index, frames.store_geometry(left), strict=True)) if len(left) else {}
    for row in rows:
        track = {"track": stored.get(row.id), "ends_cut_at": row.ends_cut_at or at}
        session.execute(update(PATROL).where(PATROL.c.id == row.id).values(**track))


def _expire_phones(session: Session, community: Community, until: datetime) -> int:
    """Delete what phones sent before a moment; what is left is never taken for a whole patrol of that time again."""
    before_ms = int(until.timestamp() * 1000)
    gone = 0
    for device in session.scalars(select(Device).where(Device.community_id == community.id)):
        gone += fix_store.forget(session, device.id, before_ms=before_ms)
        device.expired_until_ms = max(device.expired_until_ms, before_ms)
    session.flush()
    return gone


def _count(done: Any) -> int:
    return int(done.rowcount)
