"""Patrols made of what phones sent, and made again whenever more of it comes.

A phone's fixes come late, twice and out of order. So its patrols are never added to: the days of which new fixes came
are derived anew from everything stored of them, and the outcome is the same whatever the order was. A patrol keeps its
number as long as its outing lasts, so that what others wrote about it stays true.

Deriving is done in two steps, because the first takes long and the second holds the lock that phones wait for:
`prepare` reads and computes, `keep` writes, unless more fixes came in between.
"""

import hashlib
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import fix_store, frames
from data.models import Device, DeviceStage
from geo.errors import Fault
from patrols import walk_windows
from patrols.days import zone
from patrols.phone_outings import begin_of_day, day_of
from patrols.phone_patrols import Derived, write_outings
from patrols.rules import Rules
from patrols.tracks import to_lines
from patrols.walked import earned

log = logging.getLogger(__name__)

QUIET = timedelta(minutes=1)
"""How long a phone must be silent before its patrols are derived: while it sends its backlog, more is coming."""

PATIENCE = timedelta(minutes=5)
"""How long fixes wait at most, however busy their phone: a team leader looks at who is out now."""


@dataclass(frozen=True)
class Prepared:
    """What deriving a phone's patrols came to, not stored yet.

    Parameters
    ----------
    device_id : int
    fixes_sent : int
        What the phone had sent when its fixes were read; anything else later means that this is out of date.
    begin_ms, end_ms : int
        The days that were derived, by the phone's own clock.
    outings : DataFrame
        Those that are patrols, indexed by number: `began_ms`, `ended_ms`, `clock_off_s`, `content`, `closed`.
    clean : DataFrame
        Their fixes, as `patrols.phone_outings.make_outings` makes them.
    lines : GeoDataFrame
        As `patrols.tracks.to_lines` makes them.
    credits : DataFrame
        As `patrols.walked.earned` gives them.
    gate : Gate
        What let its fixes through; another one later means that this is out of date.
    """

    device_id: int
    fixes_sent: int
    begin_ms: int
    end_ms: int
    outings: pd.DataFrame
    clean: pd.DataFrame
    lines: gpd.GeoDataFrame
    credits: pd.DataFrame
    gate: walk_windows.Gate


def stale(session: Session, *, at: datetime, now: bool = False) -> list[int]:
    """Ids of the accepted phones whose patrols should be derived, the longest waiting first.

    Parameters
    ----------
    at : datetime
    now : bool
        Also those that are still sending.
    """
    wanted = select(Device.id).where(Device.stage == DeviceStage.ACCEPTED, Device.stale_since_ms.is_not(None))
    if not now:
        quiet, patient = (int((at - wait).timestamp() * 1000) for wait in (QUIET, PATIENCE))
        wanted = wanted.where((Device.heard_ms <= quiet) | (Device.stale_since_ms <= patient))
    return list(session.scalars(wanted.order_by(Device.stale_since_ms, Device.id)))


def derive_stale(
    opened: Callable[[bool], AbstractContextManager[Session]], *, at: datetime, now: bool = False
) -> Derived:
    """Derive the patrols of every phone of which new fixes came, a phone at a time.

    Parameters
    ----------
    opened : callable
        Gives a session, committed at its end; asked with True for one that writes.
    at : datetime
    now : bool
        As in `stale`.

    Returns
    -------
    Derived
        How many patrols were new, changed and gone, of all phones, and of how many phones they could not be derived.
    """
    with opened(False) as reading:
        wanted = stale(reading, at=at, now=now)
    done = Derived()
    for device_id in wanted:
        try:
            done += _derive(opened, device_id, at)
        except Fault:
            # One phone whose community has a bad number among its rules must not keep all others from their patrols.
            log.exception("the patrols of phone %s could not be derived", device_id)
            done.failed += 1
    return done


def _derive(opened: Callable[[bool], AbstractContextManager[Session]], device_id: int, at: datetime) -> Derived:
    with opened(False) as reading:
        prepared = prepare(reading, device_id, at=at)
    if prepared is None:
        return Derived()
    with opened(True) as writing:
        return keep(writing, prepared, at=at)


def prepare(session: Session, device_id: int, *, at: datetime) -> Prepared | None:
    """Derive the patrols of the days of which a phone's new fixes are; nothing is written.

    Only fixes count that were taken on a walk, or while their person's consent held; see `patrols.walk_windows`. An
    outing is no patrol when it never touches the community (where somebody goes on holiday is nobody's business), or
    when fewer than two of its fixes can be joined to a line.

    Returns
    -------
    Prepared, or None
        None where there is nothing to do.
    """
    device = session.get(Device, device_id)
    if device is None or device.stage is not DeviceStage.ACCEPTED or device.stale_from_ms is None:
        return None
    community = device.community
    if community is None or device.stale_until_ms is None:
        return None
    here, rules, crs = (
        zone(community.timezone),
        Rules.for_community(community.rules),
        frames.crs_of(session, community.id),
    )
    first, last = day_of(np.array([device.stale_from_ms, device.stale_until_ms]), here).tolist()
    if device.expired_until_ms:
        # A day of which some fixes are gone is over for good: its totals were made of more than is left.
        first = max(first, int(day_of(np.array([device.expired_until_ms - 1]), here)[0]) + 1)
    begin_ms = begin_of_day(first, here)
    end_ms = begin_of_day(last + 1, here)
    gate = walk_windows.gate_of(session, device, rules, begin_ms, end_ms)
    sent = fix_store.read(session, device.id, begin_ms, end_ms)
    ground = _ground(session, community.id)
    found = walk_windows.let_through(gate, sent, rules, crs, here, device, ground)
    clean = found.clean
    lines = to_lines(clean, rules, crs=crs)
    patrols = _on_the_ground(ground, clean, lines)
    clean, lines = clean[clean["patrol"].isin(patrols)], lines.loc[patrols]
    credits = earned(session, community, lines)
    over = walk_windows.over(found, gate, lines, rules, at=at)
    lines = walk_windows.from_start_to_stop(found, gate, lines)
    return Prepared(
        device.id,
        device.fixes_sent,
        begin_ms,
        end_ms,
        _outings(clean, lines, over),
        clean,
        lines,
        credits,
        gate,
    )


def keep(session: Session, prepared: Prepared, *, at: datetime) -> Derived:
    """Store what was prepared, unless the phone sent more meanwhile, was set up anew, began or ended a walk, or its
    person agreed or withdrew: then nothing is done.

    A patrol that is still going on stays due, so that its end is seen to when the phone has been silent long enough.
    """
    device = session.get(Device, prepared.device_id, with_for_update=True, populate_existing=True)
    if device is None or device.community is None or device.fixes_sent != prepared.fixes_sent:
        return Derived()
    rules = Rules.for_community(device.community.rules)
    now = walk_windows.gate_of(session, device, rules, prepared.begin_ms, prepared.end_ms)
    if device.stage is not DeviceStage.ACCEPTED or now != prepared.gate:
        return Derived()
    done = write_outings(
        session,
        device,
        prepared.outings,
        prepared.clean,
        prepared.lines,
        prepared.credits,
        within=(prepared.begin_ms, prepared.end_ms),
    )
    going_on = prepared.outings[~prepared.outings["closed"]]
    if going_on.empty:
        device.stale_from_ms = device.stale_until_ms = device.stale_since_ms = None
    else:
        device.stale_from_ms, device.stale_until_ms = int(going_on["began_ms"].min()), int(going_on["ended_ms"].max())
        device.stale_since_ms = int(at.timestamp() * 1000)
    session.flush()
    return done


def _ground(session: Session, community_id: int) -> Any:
    """The community in its metres; None without an outline."""
    outline = frames.outline(session, community_id)
    return None if outline.empty else outline.union_all()


def _on_the_ground(ground: Any, clean: pd.DataFrame, lines: gpd.GeoDataFrame) -> "pd.Index[int]":
    """The outings that have a line and touch the community, by their line or a single fix."""
    walked: pd.Index[int] = lines.index[lines.geometry.notna().to_numpy()]
    if ground is None:
        return walked
    shapely.prepare(ground)
    kept = clean[clean["dropped_by"].isna()]
    inside = kept.loc[shapely.intersects_xy(ground, kept["x"].to_numpy(), kept["y"].to_numpy()), "patrol"]
    touching = lines.index[shapely.intersects(ground, lines.geometry.array.to_numpy())]
    here: pd.Index[int] = walked[walked.isin(touching) | walked.isin(inside.unique())]
    return here


def _outings(clean: pd.DataFrame, lines: gpd.GeoDataFrame, over: "pd.Series[bool]") -> pd.DataFrame:
    """One row for each outing. `content` differs whenever anything about it does."""
    each = clean.groupby("patrol")
    return pd.DataFrame(
        {
            "began_ms": each["at_ms"].min(),
            "ended_ms": each["at_ms"].max(),
            "clock_off_s": each["clock_off_s"].first(),
            "content": pd.Series({number: _content(rows, lines.loc[number]) for number, rows in each}, dtype=object),
            "closed": over,
        }
    ).reindex(lines.index)


def _content(rows: pd.DataFrame, line: "pd.Series[Any]") -> str:
    numbers: Any = np.column_stack(
        [rows["at"].astype("datetime64[ms, UTC]").astype("int64"), (rows[["lon", "lat"]] * 1e7).round().astype("int64")]
    )
    said = ",".join(rows["dropped_by"].fillna("").astype(str)) + f"|{line['metres']:.3f}"
    said += f"|{line['started_at']}|{line['ended_at']}"
    return hashlib.blake2b(np.ascontiguousarray(numbers).tobytes() + said.encode(), digest_size=16).hexdigest()


__all__ = ["Derived", "Prepared", "derive_stale", "keep", "prepare", "stale"]
