"""Which of a phone's fixes may be made into patrols: those of a walk that was begun, of a person who agreed.

A volunteer's own phone records between start and stop and at no other time (`patrols.walks`); whether its person had
agreed was asked when the walk began. Any other app records when its owner lets it: of its fixes those count that were
taken while a consent of the phone's person held. A phone that belongs to no person records nobody.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from data import fix_store
from data.models import Community, Device, Person, Walk, WalkPhone
from patrols import consents, devices, walk_phones
from patrols.phone_outings import Whole, day_of, make_outings
from patrols.rules import Rules

ORPHANS_KEPT = timedelta(days=1)
"""How long fixes of a volunteer's phone wait for the start of their walk, which may still be on its way."""

_ENDLESS_MS = 2**53


class Gate(NamedTuple):
    """What lets a phone's fixes through; two that are equal let the same through.

    Parameters
    ----------
    walks : list of tuple, or None
        Of a volunteer's phone: (started_ms, ended_ms, clock_off_ms, pressed) of each walk, the earliest first, by the
        phone's clock, both ends included; `pressed`: somebody ended it. None: the phone has no button.
    periods : list of tuple, or None
        Of a person's phone without a button: (from, until) of each consent. None: it is nobody's.
    """

    walks: list[tuple[int, int, int, bool]] | None
    periods: list[tuple[datetime, datetime | None]] | None


class Let(NamedTuple):
    """What was let through: the fixes as `patrols.phone_outings.make_outings` makes them; the number of each outing's
    walk among the gate's (empty without walks); the outings that ended because they left the community."""

    clean: pd.DataFrame
    walk: NDArray[np.intp]
    left: frozenset[int] = frozenset()


class Within(NamedTuple):
    """Fixes of walks: their rows, the outing of each, what must be added to its clock, and each outing's walk."""

    sent: pd.DataFrame
    outing: Whole
    clock_off_ms: Whole
    walk: NDArray[np.intp]


def gate_of(session: Session, device: Device, rules: Rules, begin_ms: int, end_ms: int) -> Gate:
    """What lets the fixes of a stretch of time through."""
    if walk_phones.is_walk_phone(session, device.id):
        return Gate(_walks(session, device, rules, begin_ms, end_ms), None)
    person = session.get(Person, device.person_id) if device.person_id is not None else None
    return Gate(None, None if person is None else consents.periods(session, person))


def let_through(
    gate: Gate, sent: pd.DataFrame, rules: Rules, crs: pyproj.CRS, zone: ZoneInfo, device: Device, ground: Any
) -> Let:
    """Cut, correct and clean those of a phone's fixes that may be made into patrols.

    Parameters
    ----------
    sent : DataFrame
        As `data.fix_store.read` returns it.
    ground : shapely geometry, or None
        The community in its metres, if it has an outline.
    """
    make = partial(make_outings, rules=rules, crs=crs, zone=zone, datum=device.datum, speed_unit=device.speed_unit)
    if gate.walks is None:
        clean = make(sent)
        return Let(clean if gate.periods is None else agreed(clean, gate.periods), np.empty(0, np.intp))
    on = within(sent, gate.walks, zone)
    clean = make(on.sent, outing=on.outing, known_off_ms=on.clock_off_ms)
    stayed = until_left(clean, ground, rules)
    went = frozenset(clean.loc[~clean.index.isin(stayed.index), "patrol"].tolist())
    return Let(stayed, on.walk, went)


def over(let: Let, gate: Gate, lines: gpd.GeoDataFrame, rules: Rules, *, at: datetime) -> "pd.Series[bool]":
    """Which outings are over: their stop was pressed or came by itself, or the phone was silent for long enough.

    Parameters
    ----------
    lines : GeoDataFrame
        As `patrols.tracks.to_lines` makes it.

    Returns
    -------
    Series
        Index of `lines`.
    """
    if gate.walks is None:
        silent: pd.Series[bool] = lines["ended_at"] <= pd.Timestamp(at - timedelta(seconds=rules.outing_gap_s))
        return silent
    latest_ms = _ms(at) - int(rules.longest_walk_s * 1000)
    done = []
    for number in lines.index:
        place = int(let.walk[number])
        started_ms, _, off_ms, pressed = gate.walks[place]
        went_on = place + 1 < len(gate.walks) or started_ms + off_ms <= latest_ms
        done.append(pressed or went_on or number in let.left)
    return pd.Series(done, index=lines.index, dtype=bool)


def from_start_to_stop(let: Let, gate: Gate, lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lines whose outings begin and end when the buttons were pressed, not with the first and last fix.

    An outing that was cut at four in the morning, or left the community, keeps the time of its fix there.

    Parameters
    ----------
    lines : GeoDataFrame
        As `patrols.tracks.to_lines` makes it; not changed.
    """
    if gate.walks is None or lines.empty:
        return lines
    place = let.walk[lines.index.to_numpy()]
    walks = np.array([(start, end, off) for start, end, off, _ in gate.walks], np.int64)[place]
    pressed = np.array([walk[3] for walk in gate.walks])[place]
    first, last = np.diff(place, prepend=-1) != 0, np.diff(place, append=-1) != 0
    last &= pressed & ~lines.index.isin(let.left)
    begun, ended = (pd.to_datetime(walks[:, column] + walks[:, 2], unit="ms", utc=True) for column in (0, 1))
    return lines.assign(
        started_at=lines["started_at"].where(~first, pd.Series(begun, lines.index)),
        ended_at=lines["ended_at"].where(~last, pd.Series(ended, lines.index)),
    )


def _ms(at: datetime) -> int:
    return round((at - datetime.fromtimestamp(0, UTC)) / timedelta(milliseconds=1))


def _walks(
    session: Session, device: Device, rules: Rules, begin_ms: int, end_ms: int
) -> list[tuple[int, int, int, bool]]:
    longest_ms = int(rules.longest_walk_s * 1000)
    wanted = select(Walk.started_ms, Walk.ended_ms, Walk.started_at).where(
        Walk.device_id == device.id, Walk.started_ms < end_ms, Walk.started_ms >= begin_ms - longest_ms
    )
    rows = session.execute(wanted.order_by(Walk.started_ms, Walk.id)).all()
    # One phone is on one walk at a time, also where a stop was never heard of.
    next_ms = [*(row.started_ms - 1 for row in rows[1:]), _ENDLESS_MS]
    found = []
    for row, before_next in zip(rows, next_ms, strict=False):
        pressed = row.ended_ms is not None
        ended_ms = min(row.ended_ms if pressed else _ENDLESS_MS, row.started_ms + longest_ms, before_next)
        off_ms = _ms(row.started_at) - row.started_ms
        found.append((row.started_ms, ended_ms, off_ms if abs(off_ms) > rules.clock_off_s * 1000 else 0, pressed))
    return found


def within(sent: pd.DataFrame, walks: list[tuple[int, int, int, bool]], zone: ZoneInfo) -> Within:
    """The fixes that were taken on a walk. Each walk is an outing; one that went past four in the morning is two.

    Parameters
    ----------
    sent : DataFrame
        As `data.fix_store.read` returns it, in order of `at_ms`.
    walks : list of tuple
        As in `Gate`.

    Examples
    --------
    >>> sent = pd.DataFrame({"at_ms": [5, 10, 15, 20, 40, 99]})
    >>> found = within(sent, [(10, 20, 0, True), (30, 50, 0, True)], ZoneInfo("Asia/Shanghai"))
    >>> found.sent["at_ms"].tolist(), found.outing.tolist()
    ([10, 15, 20, 40], [0, 0, 0, 1])
    """
    at_ms = sent["at_ms"].to_numpy(np.int64)
    began = np.array([walk[0] for walk in walks], np.int64)
    ended = np.array([walk[1] for walk in walks], np.int64)
    off = np.array([walk[2] for walk in walks], np.int64)
    walk = np.searchsorted(began, at_ms, side="right") - 1
    on = (walk >= 0) & (at_ms <= ended[walk]) if len(walks) else np.zeros(len(at_ms), bool)
    walk, kept = walk[on], sent[on]
    day = day_of(at_ms[on], zone) if on.any() else np.empty(0, np.int64)
    new = np.concatenate([np.zeros(min(len(walk), 1), bool), (np.diff(walk) != 0) | (np.diff(day) != 0)])
    outing = np.cumsum(new).astype(np.int64)
    first = np.flatnonzero(np.diff(outing, prepend=-1))
    return Within(kept, outing, off[walk] if len(walks) else np.empty(0, np.int64), walk[first])


def agreed(clean: pd.DataFrame, periods: list[tuple[datetime, datetime | None]]) -> pd.DataFrame:
    """The fixes that were taken while the person's consent held.

    Parameters
    ----------
    clean : DataFrame
        As `patrols.phone_outings.make_outings` makes it.
    """
    at, held = clean["at"], np.zeros(len(clean), bool)
    for begin, end in periods:
        held |= ((at >= begin) & (True if end is None else at < end)).to_numpy()
    return clean[held]


def until_left(clean: pd.DataFrame, ground: Any, rules: Rules) -> pd.DataFrame:
    """The fixes of each outing until it left the community for longer than ``leave_s``.

    Parameters
    ----------
    clean : DataFrame
        As `patrols.phone_outings.make_outings` makes it: `patrol`, `at`, `x`, `y`, `dropped_by`.
    ground : shapely geometry, or None
        The community, in the metres of `clean`. None: it has no outline, and nobody can leave it.
    """
    kept = clean[clean["dropped_by"].isna()]
    if ground is None or kept.empty:
        return clean
    shapely.prepare(ground)
    far = ~shapely.dwithin(ground, shapely.points(kept["x"].to_numpy(), kept["y"].to_numpy()), rules.leave_m)
    patrol = kept["patrol"].to_numpy()
    run = np.cumsum(np.diff(patrol, prepend=patrol[:1]).astype(bool) | np.diff(far, prepend=far[:1]).astype(bool))
    out = (
        kept.assign(run=run)[far].groupby("run").agg(patrol=("patrol", "first"), left=("at", "min"), back=("at", "max"))
    )
    gone = out[out["back"] - out["left"] >= pd.Timedelta(seconds=rules.leave_s)]
    if gone.empty:
        return clean
    left = clean["patrol"].map(gone.groupby("patrol")["left"].min())
    return clean[(left.isna() | (clean["at"] < left)).to_numpy()]


def forget_unwanted(session: Session, community: Community, *, at: datetime) -> int:
    """Delete for good what phones sent, and nothing may be made of; return how many fixes that were.

    Of a volunteer's own phone what lies outside of all walks, a day after it came. Of a person's other phones what was
    taken while no consent held, after as many days as a phone waits to be accepted: a consent that was signed on paper
    may still be typed in.
    """
    longest_ms = int(Rules.for_community(community.rules).longest_walk_s * 1000)
    gone = fix_store.forget_outside_walks(
        session, community.id, longest_ms=longest_ms, received_before_ms=_ms(at - ORPHANS_KEPT)
    )
    before_ms = _ms(at - timedelta(days=devices.PENDING_DAYS))
    pages = select(WalkPhone.device_id)
    wanted = select(Device).where(
        Device.community_id == community.id, Device.person_id.is_not(None), Device.id.not_in(pages)
    )
    for device in session.scalars(wanted.options(joinedload(Device.person))):
        if device.person is not None:
            for begin_ms, end_ms in _unagreed(consents.periods(session, device.person)):
                gone += fix_store.forget_between(session, device.id, begin_ms, end_ms, received_before_ms=before_ms)
    return gone


def _unagreed(periods: list[tuple[datetime, datetime | None]]) -> list[tuple[int, int]]:
    """The stretches between consents, milliseconds since 1970.

    Examples
    --------
    >>> day = datetime(1970, 1, 2, tzinfo=UTC)
    >>> _unagreed([(day, day + timedelta(days=1))]) == [(0, 86_400_000), (172_800_000, _ENDLESS_MS)]
    True
    >>> _unagreed([(day, None)])
    [(0, 86400000)]
    """
    found, since = [], 0
    for begin, end in sorted(periods, key=lambda period: period[0]):
        if _ms(begin) > since:
            found.append((since, _ms(begin)))
        if end is None:
            return found
        since = max(since, _ms(end))
    return [*found, (since, _ENDLESS_MS)]
