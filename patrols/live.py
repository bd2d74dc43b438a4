"""Who is out now: of each walk that is going on, whose it is, since when, the last position, battery and silence.

A walk that somebody began by pressing start goes on until they press stop, and for ``longest_walk_s`` at most, however
silent their phone: who lies somewhere with a flat battery must not vanish. One of a phone that only sends goes on from
its first fix until it was silent for ``outing_gap_s``. Then everything about it is gone from here at once. Two things
are decided here and nowhere else:

* A position near a door is told to nobody, with whatever reason: who looks wants to know which lane somebody is in, not
  where they live. Within about two hundred metres of where a walk set out, and of the other places where the walker's
  walks begin and end (`geo.trim.hidden_now`), there is no position and no grid. That is less than what `patrols.looks`
  shows of a walk that is over, because nobody needs a door at the moment at which somebody stands before it.
* Who is out, in which grid, with how much battery, is told to whoever answers for the walk. Where exactly takes a
  reason, like a track with its name, and is kept in the audit that the walker reads (`look`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import audit, frames, last_fixes
from data.models import Community, MemberRole, Team, TeamMember
from geo.datum import convert
from geo.errors import N_
from geo.locate import GridLocator
from geo.trim import ASIDE_M
from patrols import privacy, redraw
from patrols.days import zone
from patrols.errors import NoReason
from patrols.looks import LOOKED, Looker
from patrols.phone_outings import cut
from patrols.rules import Rules
from patrols.scope import Scope

LOOK_BACK = timedelta(hours=12)
"""How long ago a phone was heard at most, and a walk began: nobody patrols for longer."""


class Start(NamedTuple):
    """When a phone's walk began, its last fix that was seen, and a point beside its beginning; as the phone says them.

    The point is drawn once for a walk, `geo.trim.ASIDE_M` beside: the middle of where somebody vanishes is no door.
    """

    began_ms: int
    last_ms: int
    lat_e6: int
    lon_e6: int


@dataclass
class Memory:
    """What need not be asked again the next time: starts of walks by phone, grids by edition. Kept by the caller."""

    starts: dict[int, Start] = field(default_factory=dict)
    grids: dict[int, tuple[GridLocator, list[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Walker:
    """Somebody who is out.

    Parameters
    ----------
    device_id, community_id : int
    person_id, team_id : int or None
    person, team, label : str
        Names; empty where unknown. The label is the phone's.
    began_at, heard_at : datetime
        When the walk began, and when its phone was last heard, by our clock.
    battery_percent : float or None
    near_door : bool
        The position is hidden: see above.
    grid_code : str or None
        Of the last position; None where it is hidden or outside all grids.
    place : tuple of float, or None
        Longitude and latitude (WGS 84) of the last position; None where it is hidden or not asked for.
    placed_at : datetime or None
        When the phone was there.
    accuracy_m : float or None
    """

    device_id: int
    community_id: int
    person_id: int | None
    team_id: int | None
    person: str
    team: str
    label: str
    began_at: datetime
    heard_at: datetime
    battery_percent: float | None
    near_door: bool
    grid_code: str | None
    place: tuple[float, float] | None
    placed_at: datetime | None
    accuracy_m: float | None

    def placeless(self) -> "Walker":
        """The same without where exactly."""
        return replace(self, place=None, placed_at=None, accuracy_m=None)


def out_now(session: Session, *, at: datetime, memory: Memory) -> list[Walker]:
    """Everybody who is out, with positions, in the order of their walks' beginnings; for no one's eyes as it is.

    `seen_by` says what of it somebody may see. A handful of queries, however many are out.
    """
    heard = last_fixes.last_fixes(session, heard_since_ms=_ms(at - LOOK_BACK))
    communities = {one.id: one for one in _communities(session, heard["community_id"])}
    editions = redraw.editions_in_force(session, communities.values(), at)
    memory.starts = {device: memory.starts[device] for device in heard["device_id"] if device in memory.starts}
    memory.grids = {one.id: memory.grids[one.id] for one in editions.values() if one.id in memory.grids}
    found: list[Walker] = []
    for community in communities.values():
        rows = heard[heard["community_id"] == community.id]
        edition = editions.get(community.id)
        walks = _going_on(session, community, rows, at, memory)
        found += _walkers(session, community, edition.id if edition else None, walks, memory)
    return sorted(found, key=lambda one: (one.began_at, one.device_id))


def _communities(session: Session, ids: Iterable[Any]) -> Sequence[Community]:
    return session.scalars(select(Community).where(Community.id.in_({int(one) for one in ids}))).all()


def _going_on(
    session: Session, community: Community, heard: pd.DataFrame, at: datetime, memory: Memory
) -> pd.DataFrame:
    """The rows of phones whose walk is going on, with `start_ms`, `start_lat_e6`, `start_lon_e6`."""
    rules = Rules.for_community(community.rules)
    off_ms = 1000 * heard["clock_off_s"].fillna(0.0)
    silent_ms = _ms(at) - (heard["at_ms"] + off_ms).clip(upper=heard["heard_ms"])
    pressed = heard["walk_ended_ms"].isna() & (heard["at_ms"] >= heard["walk_ms"])
    pressed &= _ms(at) - heard["walk_ms"] <= rules.longest_walk_s * 1000
    rows = heard[pressed.where(heard["by_button"], silent_ms <= rules.outing_gap_s * 1000)]
    starts = [_start(session, community, row, rules, memory) for row in rows.itertuples()]
    return rows.assign(
        start_ms=np.array([one.began_ms for one in starts], np.int64),
        start_lat_e6=np.array([one.lat_e6 for one in starts], np.int64),
        start_lon_e6=np.array([one.lon_e6 for one in starts], np.int64),
    )


def _start(session: Session, community: Community, row: Any, rules: Rules, memory: Memory) -> Start:
    """Where a phone's walk began: as remembered while it goes on, else read from its fixes."""
    known = memory.starts.get(row.device_id)
    other = known is not None and row.by_button and known.began_ms != int(row.walk_ms)
    if known is None or other or row.at_ms - known.last_ms > _longest_gap_ms(row, rules):
        since_ms = int(row.walk_ms) if row.by_button else row.at_ms - _LOOK_BACK_MS
        fixes = last_fixes.times_since(session, row.device_id, since_ms)
        at_ms = fixes["at_ms"].to_numpy(np.int64)
        outing = np.zeros(len(fixes)) if row.by_button else cut(at_ms, rules, zone(community.timezone))
        first = fixes.iloc[int(np.flatnonzero(outing == outing[np.flatnonzero(at_ms == row.at_ms)[0]])[0])]
        began_ms = int(row.walk_ms) if row.by_button else int(first["at_ms"])
        known = Start(began_ms, row.at_ms, *_beside(int(first["lat_e6"]), int(first["lon_e6"])))
    memory.starts[row.device_id] = known._replace(last_ms=row.at_ms)
    return memory.starts[row.device_id]


def _longest_gap_ms(row: Any, rules: Rules) -> float:
    return 1000 * (rules.longest_walk_s if row.by_button else rules.outing_gap_s)


def _beside(lat_e6: int, lon_e6: int) -> tuple[int, int]:
    """A place some way off, in a direction that nobody can repeat."""
    random = np.random.default_rng()
    way, metres = random.uniform(0.0, 2 * np.pi), random.uniform(*ASIDE_M)
    north, east = metres * np.sin(way), metres * np.cos(way) / np.cos(np.radians(lat_e6 / 1e6))
    return lat_e6 + round(float(north) * _E6_A_METRE), lon_e6 + round(float(east) * _E6_A_METRE)


_E6_A_METRE = 1e6 / 111_320
_LOOK_BACK_MS = int(LOOK_BACK.total_seconds() * 1000)


def _walkers(
    session: Session, community: Community, edition_id: int | None, walks: pd.DataFrame, memory: Memory
) -> list[Walker]:
    if walks.empty:
        return []
    lon, lat = _degrees(walks, "lon_e6", "lat_e6")
    start = _degrees(walks, "start_lon_e6", "start_lat_e6")
    hidden = privacy.near_doors(session, community, (lon, lat), start, list(walks["person_id"]))
    codes = _codes(session, edition_id, lon, lat, memory)
    off_ms = 1000 * walks["clock_off_s"].fillna(0.0)
    placed_ms = (walks["at_ms"] + off_ms).clip(upper=walks["heard_ms"])
    moments = zip(walks["start_ms"] + off_ms, walks["heard_ms"], placed_ms, strict=True)
    return [
        _walker(row, code, bool(near), (float(x), float(y)), *(_moment(ms) for ms in times))
        for row, code, near, x, y, times in zip(walks.itertuples(), codes, hidden, lon, lat, moments, strict=True)
    ]


def _walker(
    row: Any,
    code: str | None,
    near: bool,
    place: tuple[float, float],
    began_at: datetime,
    heard_at: datetime,
    placed_at: datetime,
) -> Walker:
    battery, accuracy = (None if pd.isna(one) else float(one) for one in (row.battery_percent, row.accuracy_m))
    one = Walker(
        device_id=int(row.device_id),
        community_id=int(row.community_id),
        person_id=None if row.person_id is None else int(row.person_id),
        team_id=None if row.team_id is None else int(row.team_id),
        person=row.person or "",
        team=row.team or "",
        label=row.label,
        began_at=began_at,
        heard_at=heard_at,
        battery_percent=battery,
        near_door=near,
        grid_code=None if near else code,
        place=place,
        placed_at=placed_at,
        accuracy_m=accuracy,
    )
    return one.placeless() if near else one


def _degrees(walks: pd.DataFrame, lon: str, lat: str) -> tuple[Any, Any]:
    """Longitude and latitude in WGS 84, each phone's by its own datum."""
    places = np.column_stack([walks[lon].to_numpy(float), walks[lat].to_numpy(float)]) / 1e6
    datum = walks["datum"].to_numpy(object)
    for name in set(datum) - {"wgs84"}:
        its = datum == name
        places[its] = np.column_stack(convert(*places[its].T, source=name, target="wgs84"))
    return places[:, 0], places[:, 1]


def _codes(session: Session, edition_id: int | None, lon: Any, lat: Any, memory: Memory) -> list[str | None]:
    if edition_id is None:
        return [None] * len(lon)
    if edition_id not in memory.grids:
        grids = frames.grids(session, edition_id, degrees=True)
        memory.grids[edition_id] = GridLocator(grids), list(grids["grid_code"])
    locator, codes = memory.grids[edition_id]
    return [codes[one] if one >= 0 else None for one in locator.locate(lon, lat)]


def seen_by(
    walkers: Iterable[Walker], scope: Scope, *, teams: Iterable[int] = (), looked_at: Iterable[int] = ()
) -> list[Walker]:
    """What of those who are out somebody may see.

    Parameters
    ----------
    scope : Scope
        Whoever answers for a community sees all its walks; who answers for single grids sees those whose last position
        is known to lie in them. The own walk is seen by everybody, with its place.
    teams : iterable of int
        Ids of the teams that the person leads: their walks are seen, wherever they are.
    looked_at : iterable of int
        Ids of the phones whose positions were asked for with a reason (`look`); of others there is none.
    """
    led, named = set(teams), set(looked_at)
    return [
        one if one.device_id in named or _own(one, scope) else one.placeless()
        for one in walkers
        if _own(one, scope) or one.team_id in led or scope.allows(one.community_id, one.grid_code)
    ]


def _own(walker: Walker, scope: Scope) -> bool:
    return walker.person_id is not None and walker.person_id == scope.person_id


def led_teams(session: Session, person_id: int | None, *, at: datetime) -> frozenset[int]:
    """Ids of the teams that a person leads on a day."""
    if person_id is None:
        return frozenset()
    wanted = select(TeamMember.team_id, TeamMember.valid_from, TeamMember.valid_until, Community.timezone).join(
        Team, Team.id == TeamMember.team_id
    )
    rows = session.execute(
        wanted.join(Community, Community.id == Team.community_id).where(
            TeamMember.person_id == person_id, TeamMember.role == MemberRole.LEADER
        )
    )
    led = set()
    for team_id, since, until, timezone in rows:
        day = at.astimezone(zone(timezone)).date()
        if since <= day and (until is None or until > day):
            led.add(team_id)
    return frozenset(led)


def look(session: Session, walkers: Iterable[Walker], *, reason: str, at: datetime, by: Looker) -> list[int]:
    """Keep in the audit, for each of some walkers, that somebody looks at where they are, and why.

    Returns
    -------
    list of int
        Ids of their phones, as `seen_by` wants them. Who comes out later is not among them: that takes another look.

    Raises
    ------
    NoReason
        If nobody says why.
    """
    if not reason.strip():
        raise NoReason(
            N_("Say why you need to see where they are: the walkers can read it, and it is kept in the audit.")
        )
    phones = []
    for one in walkers:
        audit.write(
            session,
            LOOKED,
            at=at,
            user_id=by.user_id,
            address=by.address,
            object_kind="person",
            object_key="" if one.person_id is None else str(one.person_id),
            facts={"patrol": None, "live": True, "phone": one.device_id, "reason": reason.strip()},
        )
        phones.append(one.device_id)
    return phones


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _moment(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
