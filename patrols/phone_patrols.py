"""Outings of a phone written as patrols: what is there already is changed in place and keeps its number."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Table, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data import frames
from data.models import Device, DevicePatrol, Fix, Patrol, PatrolCredit, PatrolSource
from patrols import privacy
from patrols.intake.rows import plain_row, write_rows
from patrols.tracks import drawable

PATROL: Table = Patrol.__table__  # type: ignore[assignment]


@dataclass
class Derived:
    """How many patrols deriving made, changed, left as they were and did away with; and how many phones failed."""

    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0
    failed: int = 0

    def __iadd__(self, other: "Derived") -> "Derived":
        self.new += other.new
        self.changed += other.changed
        self.same += other.same
        self.gone += other.gone
        self.failed += other.failed
        return self


def write_outings(
    session: Session,
    device: Device,
    outings: pd.DataFrame,
    clean: pd.DataFrame,
    lines: gpd.GeoDataFrame,
    credits: pd.DataFrame,
    *,
    within: tuple[int, int],
) -> Derived:
    """Make the patrols of some of a phone's days those that were derived, and no others.

    An outing is the patrol with which it shares the most time, each patrol being taken once; where late fixes joined
    two, the other is done away with. A new patrol is its phone's person's and team's; one that is there keeps whose it
    is, also when the phone was handed on since.

    Parameters
    ----------
    outings, clean, lines, credits
        As in `patrols.phones.Prepared`.
    within : tuple of int
        Begin and end of the days, milliseconds since 1970 by the phone's own clock.
    """
    stored = session.scalars(
        select(DevicePatrol).where(
            DevicePatrol.device_id == device.id, DevicePatrol.began_ms >= within[0], DevicePatrol.began_ms < within[1]
        )
    ).all()
    taken = _match(outings, stored)
    gone = [one for one in stored if one.patrol_id not in set(taken.values())]
    by_id = {one.patrol_id: one for one in stored}
    same = {number for number, patrol in taken.items() if by_id[patrol].content == outings.at[number, "content"]}
    changed = {number: patrol for number, patrol in taken.items() if number not in same}
    new = [number for number in outings.index if number not in taken]
    _do_away(session, [one.patrol_id for one in gone])
    _clear(session, list(changed.values()))
    rows = _rows(device, outings, lines)
    _update(session, changed, rows)
    ids = {**changed, **_insert(session, device, new, rows)}
    _write_parts(session, ids, clean, credits)
    _write_links(session, device, ids, outings, set(changed.values()))
    _hide_ends(session, device, {**taken, **ids}, lines.loc[outings["closed"]])
    return Derived(len(new), len(changed), len(same), len(gone))


def _match(outings: pd.DataFrame, stored: Any) -> dict[int, int]:
    """Which outing is which stored patrol: pairs by shared time, the longest first, then the earliest."""
    pairs = sorted(
        (one.began_ms - ended if ended < one.ended_ms else one.began_ms - one.ended_ms, began, number, one.patrol_id)
        for number, began, ended in zip(outings.index, outings["began_ms"], outings["ended_ms"], strict=True)
        for one in stored
        if began <= one.ended_ms and one.began_ms <= ended
    )
    taken: dict[int, int] = {}
    for _, _, number, patrol in pairs:
        if number not in taken and patrol not in taken.values():
            taken[number] = patrol
    return taken


def _clear(session: Session, patrols: list[int]) -> None:
    """Take away what patrols were made of, before it is written anew."""
    if patrols:
        session.execute(delete(Fix).where(Fix.patrol_id.in_(patrols)))
        session.execute(delete(PatrolCredit).where(PatrolCredit.patrol_id.in_(patrols)))


def _do_away(session: Session, patrols: list[int]) -> None:
    """Delete patrols whose fixes belong to others now; one that something else refers to stays, with nothing in it."""
    _clear(session, patrols)
    for patrol in patrols:
        session.execute(delete(DevicePatrol).where(DevicePatrol.patrol_id == patrol))
        try:
            with session.begin_nested():
                session.execute(delete(Patrol).where(Patrol.id == patrol))
        except IntegrityError:
            nothing = {"metres": 0.0, "minutes": 0.0, "fixes_kept": 0, "fixes_dropped": 0, "track": None}
            session.execute(update(PATROL).where(PATROL.c.id == patrol).values(**nothing))


def _rows(device: Device, outings: pd.DataFrame, lines: gpd.GeoDataFrame) -> dict[int, dict[str, Any]]:
    drawn = drawable(lines).dropna()
    tracks = dict(zip(drawn.index, frames.store_geometry(drawn), strict=True)) if len(drawn) else {}
    columns = ["started_at", "ended_at", "metres", "minutes", "fixes_kept", "fixes_dropped"]
    return {
        int(number): {
            **plain_row(lines.loc[number, columns].to_dict()),
            "track": tracks.get(number),
            "source_key": f"phone-{device.id}-{int(outings.loc[number, 'began_ms'])}",
        }
        for number in lines.index
    }


def _update(session: Session, changed: dict[int, int], rows: dict[int, dict[str, Any]]) -> None:
    # Two patrols may exchange the moments at which they begin: neither may have the other's key even for a moment.
    for patrol in changed.values():
        session.execute(update(PATROL).where(PATROL.c.id == patrol).values(source_key=f"phone-moving-{patrol}"))
    for number, patrol in changed.items():
        session.execute(update(PATROL).where(PATROL.c.id == patrol).values(**rows[number]))


def _insert(session: Session, device: Device, new: list[int], rows: dict[int, dict[str, Any]]) -> dict[int, int]:
    whose = {"community_id": device.community_id, "person_id": device.person_id, "team_id": device.team_id}
    write_rows(session, Patrol, [{**rows[number], **whose, "source": PatrolSource.PHONE} for number in new])
    keys = {str(rows[number]["source_key"]): number for number in new}
    wanted = select(Patrol.source_key, Patrol.id).where(
        Patrol.community_id == device.community_id, Patrol.source_key.in_(keys)
    )
    return {keys[key]: patrol for key, patrol in session.execute(wanted)} if new else {}


def _write_parts(session: Session, ids: dict[int, int], clean: pd.DataFrame, credits: pd.DataFrame) -> None:
    mine = clean[clean["patrol"].isin(ids)]
    columns = mine[["at", "lon", "lat", "accuracy_m", "dropped_by"]].assign(patrol_id=mine["patrol"].map(ids))
    write_rows(session, Fix, [plain_row(row) for row in columns.to_dict("records")])
    parts = credits[credits["line"].isin(ids)]
    rows = parts.assign(patrol_id=parts["line"].map(ids)).drop(columns="line")
    write_rows(session, PatrolCredit, [plain_row(row) for row in rows.to_dict("records")])


def _write_links(
    session: Session, device: Device, ids: dict[int, int], outings: pd.DataFrame, changed: set[int]
) -> None:
    if changed:
        session.execute(delete(DevicePatrol).where(DevicePatrol.patrol_id.in_(changed)))
    columns = outings.loc[list(ids), ["began_ms", "ended_ms", "clock_off_s", "content"]]
    rows = columns.assign(patrol_id=[ids[number] for number in ids], device_id=device.id)
    write_rows(session, DevicePatrol, [plain_row(row) for row in rows.to_dict("records")])
    session.expire_all()


def _hide_ends(session: Session, device: Device, ids: dict[int, int], over: gpd.GeoDataFrame) -> None:
    """See to it that others will be shown the lines without their ends.

    Only of outings that are over: while somebody walks, the end of the line is no door, and nothing is shown of it.
    """
    drawn = drawable(over).dropna()
    if device.community is None or drawn.empty:
        return
    patrols = [ids[number] for number in drawn.index]
    wanted = select(Patrol.id, Patrol.person_id).where(Patrol.id.in_(patrols))
    whose = {row.id: row.person_id for row in session.execute(wanted)}
    privacy.hang(session, device.community, drawn, [whose[patrol] for patrol in patrols])
