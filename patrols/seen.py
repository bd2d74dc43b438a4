"""Which pieces of street were seen on which day, kept so that nobody has to lay the walks over the streets again.

What is kept can always be made again from the patrols' lines, and is: for a new edition of grids, streets brought in
again, other rules, another method of laying walks over streets, or patrols of a day that came in late. Nobody has to
say that it is out of date; see `data.models.SeenDay` and `patrols.made_by`.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from data import frames
from data.database.turns import take_turn
from data.models import Community, Patrol, SeenDay
from geo.streets import cut_streets
from patrols import figures, redraw
from patrols.coverage import coverage
from patrols.days import local_day, start_of_day
from patrols.intake.rows import write_rows
from patrols.made_by import made_by
from patrols.rules import Rules
from patrols.scope import EVERYTHING, Scope
from patrols.shown_seen import beside_by_day, told_days

LOOK_BACK_DAYS = 60
"""So many days, today included, are looked at: what nobody saw in two months was not seen at all."""

SEEN_SHARE = 0.5
"""A piece of street counts as seen on a day from this share of its metres on."""

_KEPT = 4


class Ground(NamedTuple):
    """The streets of a community as they are cut now, its grids in force, and the mark of both."""

    mark: str
    pieces: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame


class Made(NamedTuple):
    """Days that were made anew, as rows of `SeenDay`, to be kept."""

    community_id: int
    rows: list[dict[str, Any]]


_grounds: "OrderedDict[str, Ground]" = OrderedDict()
_lock = threading.Lock()


def ground_of(session: Session, community: Community, *, at: datetime) -> Ground | None:
    """The pieces of street of the edition in force, in the community's metres; None without an edition or streets.

    Cutting takes a second for a town, so the last few grounds are remembered by what they are made of.
    """
    edition = redraw.edition_in_force(session, community.id, at)
    if edition is None:
        return None
    streets = frames.streets(session, community.id)
    if streets.empty:
        return None
    rules = Rules.for_community(community.rules)
    # With another method of laying walks over streets all days are made anew.
    method = made_by("patrols.coverage")
    mark = _mark(
        method, edition.id, sorted(rules.as_dict().items()), *streets.index, b"".join(streets.geometry.to_wkb())
    )
    with _lock:
        found = _grounds.get(mark)
    if found is None:
        grids = frames.grids(session, edition.id)
        found = Ground(mark, cut_streets(streets, grids, border_m=rules.border_street_m), grids)
        with _lock:
            _grounds[mark] = found
            while len(_grounds) > _KEPT:
                _grounds.popitem(last=False)
    return found


def last_seen(
    session: Session,
    community: Community,
    ground: Ground,
    *,
    at: datetime,
    keep: Callable[[Made], None] | None = None,
    progress: Callable[[int, int], None] = lambda done, days: None,
    scope: Scope = EVERYTHING,
) -> NDArray[np.datetime64]:
    """The day on which each piece of street was last seen; NaT: not in the last two months.

    Days that are not kept yet, or are out of date, are made from the patrols. A patrol belongs to the local day on
    which it began. What two walks of different days saw half of each is not added up.

    Parameters
    ----------
    keep : callable, optional
        Told the days that were made, if there are any: `put` them in a session that may write, or they are made again
        next time. Not this one, unless it was opened for writing: making them takes seconds, and SQLite refuses a
        write after a read when others have written meanwhile. Without it they are put into this session.
    progress : callable
        Told how many of the days that are missing are done, and how many there are.
    scope : Scope
        Who is not shown whole walks is told what `patrols.shown_seen` allows.

    Returns
    -------
    array of datetime64[D]
        In the order of ``ground.pieces``.
    """
    since = local_day(community, at) - timedelta(days=LOOK_BACK_DAYS - 1)
    walks = _walks(session, community, since, at)
    kept = select(SeenDay).where(SeenDay.community_id == community.id, SeenDay.day >= since)
    known = {row.day: row for row in session.scalars(kept)}
    fresh = {
        day: row.bits
        for day, row in known.items()
        if row.ground == ground.mark and row.walks == walks.get(day) and len(row.bits) == -(-len(ground.pieces) // 8)
    }
    missing = sorted(set(walks) - set(fresh))
    made: dict[date, bytes] = {}
    for number, day in enumerate(missing, start=1):
        made[day] = _lay(session, community, ground, day, at)
        progress(number, len(missing))
    if made:
        same = {"community_id": community.id, "ground": ground.mark}
        rows = [same | {"day": day, "walks": walks[day], "bits": bits} for day, bits in made.items()]
        (keep or partial(put, session))(Made(community.id, rows))
    bits_of = {
        day: np.unpackbits(np.frombuffer(bits, np.uint8), count=len(ground.pieces)).astype(bool)
        for day, bits in sorted((fresh | made).items())
    }
    last = _last(ground, bits_of)
    if scope.streets:
        return last
    begin, end = start_of_day(community, since), at + timedelta(microseconds=1)
    all_of, shown = (
        figures.tracks(session, community, since=begin, until=end, seen_by=one, persons=True) for one in (None, scope)
    )
    beside = beside_by_day(ground.pieces, shown, _days(community, shown))
    by_shown = _last(ground, {day: seen & beside[day] for day, seen in bits_of.items() if day in beside})
    persons = Rules.for_community(community.rules).told_persons
    return told_days(ground.pieces, last, by_shown, all_of, _days(community, all_of), persons)


def _last(ground: Ground, seen: dict[date, NDArray[np.bool_]]) -> NDArray[np.datetime64]:
    """The last of the days, in their order, on which each piece was seen."""
    found = np.full(len(ground.pieces), np.datetime64("NaT", "D"))
    for day, pieces in seen.items():
        found[pieces] = np.datetime64(day)
    return found


def _days(community: Community, walks: gpd.GeoDataFrame) -> "pd.Series[Any]":
    """The local day of each walk."""
    return pd.Series([local_day(community, moment) for moment in walks["started_at"]], walks.index, dtype=object)


def _walks(session: Session, community: Community, since: date, at: datetime) -> dict[date, str]:
    """The mark of the patrols of each day that has any."""
    wanted = select(Patrol.started_at, Patrol.id, Patrol.metres, Patrol.minutes).where(
        Patrol.community_id == community.id,
        Patrol.started_at >= start_of_day(community, since),
        Patrol.started_at <= at,
        Patrol.track.is_not(None),
    )
    days: dict[date, list[Any]] = {}
    for started_at, *walk in session.execute(wanted.order_by(Patrol.id)):
        days.setdefault(local_day(community, started_at), []).append(tuple(walk))
    return {day: _mark(*found) for day, found in days.items()}


def _lay(session: Session, community: Community, ground: Ground, day: date, at: datetime) -> bytes:
    """Lay the walks of one day over the streets."""
    begin, end = start_of_day(community, day), start_of_day(community, day + timedelta(days=1))
    walks = figures.tracks(session, community, since=begin, until=min(end, at + timedelta(microseconds=1)))
    _, per_piece = coverage(walks, ground.pieces, ground.grids, Rules.for_community(community.rules))
    seen = per_piece["metres_seen"].to_numpy() >= SEEN_SHARE * per_piece["metres"].to_numpy()
    return np.packbits(seen).tobytes()


def put(session: Session, made: Made) -> None:
    """Put days in the place of those that are out of date; what somebody else has kept meanwhile goes, too."""
    take_turn(session, SeenDay)
    days = [row["day"] for row in made.rows]
    session.execute(delete(SeenDay).where(SeenDay.community_id == made.community_id, SeenDay.day.in_(days)))
    write_rows(session, SeenDay, made.rows)


def _mark(*facts: object) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for fact in facts:
        digest.update(fact if isinstance(fact, bytes) else repr(fact).encode())
        digest.update(b"\0")
    return digest.hexdigest()
