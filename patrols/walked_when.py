"""Who walked when in which grid: patrols taken apart at moments, so that each metre belongs to one span of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.models import WGS84, Community, Fix, Patrol, TeamMember
from patrols import credits
from patrols.days import local_day
from patrols.rules import Rules
from patrols.slices import at_even_pace, cut_at
from patrols.tracks import to_lines
from patrols.walked import earned

CELLS = ["patrol", "span", "grid_code", "metres", "minutes"]
SLICES = ["walk", "span", "geometry"]


@dataclass(frozen=True)
class WalkedWhen:
    """What was walked, taken apart at some moments.

    Parameters
    ----------
    patrols : DataFrame
        Index: the patrols' ids; `started_at`, `person_id`, `team_id` (None: unknown).
    cells : DataFrame
        `patrol`, `span` (between which moments, as in `patrols.slices.cut_at`), `grid_code` (None: outside all grids),
        `metres`, `minutes`; the cells of a patrol add up to it.
    slices : GeoDataFrame
        `walk` (the patrol), `span`, `geometry`; in the community's metres. A patrol without a line has none.
    """

    patrols: pd.DataFrame
    cells: pd.DataFrame
    slices: gpd.GeoDataFrame


def walked_when(session: Session, community: Community, moments: Sequence[datetime]) -> WalkedWhen:
    """Take apart the patrols that were out between the first and the last of some moments.

    A patrol within one span keeps what it earned each grid. One that a moment parts is cut there, by its single
    positions; where these are gone it is taken to have been walked evenly, and each grid's share is divided by time.

    Parameters
    ----------
    moments : sequence of datetime
        Aware, ascending, two at least.
    """
    rows = _patrols(session, community, moments)
    limits = pd.DatetimeIndex(pd.to_datetime(list(moments), utc=True))
    span = pd.Series(limits.searchsorted(rows["started_at"], side="right") - 1, index=rows.index)
    parted = span != limits.searchsorted(rows["ended_at"], side="right") - 1
    timed = _lines_of_fixes(session, community, rows.index[parted])
    evenly = parted & ~rows.index.isin(timed.index)
    stored = _stored(session, community, rows)
    whole = stored[stored["patrol"].isin(rows.index[~parted])]
    cut = cut_at(timed, moments)
    credited = earned(session, community, cut)
    cells = [
        whole.assign(span=whole["patrol"].map(span)),
        _divided(stored, rows[evenly], limits),
        credited.assign(patrol=credited["line"].map(cut["walk"]), span=credited["line"].map(cut["span"])),
    ]
    lines = [
        rows.loc[~parted, ["geometry"]].assign(walk=rows.index[~parted], span=span),
        cut,
        cut_at(at_even_pace(rows[evenly].dropna(subset="geometry")), moments),
    ]
    return WalkedWhen(
        pd.DataFrame(rows[["started_at", "person_id", "team_id"]]),
        _joined(cells, CELLS),
        gpd.GeoDataFrame(_joined(lines, SLICES), geometry="geometry", crs=rows.crs).dropna(subset="geometry"),
    )


def _joined(tables: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Tables below each other; empty ones would turn the kinds of columns."""
    filled = [pd.DataFrame(one)[columns] for one in tables if len(one)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)


def members(session: Session, community: Community, patrols: pd.DataFrame) -> list[frozenset[int]]:
    """The teams that each patrol counts for: the one it was walked for, else those of its walker on that day.

    Parameters
    ----------
    patrols : DataFrame
        `started_at`, `person_id`, `team_id`, as in `WalkedWhen`.
    """
    persons = {int(one) for one in patrols["person_id"].dropna()}
    rows = session.scalars(select(TeamMember).where(TeamMember.person_id.in_(persons))).all() if persons else []
    by_person: dict[int, list[TeamMember]] = {}
    for row in rows:
        by_person.setdefault(row.person_id, []).append(row)
    found = []
    for started_at, person, team in patrols[["started_at", "person_id", "team_id"]].itertuples(index=False):
        if not pd.isna(team):
            found.append(frozenset({int(team)}))
            continue
        day = local_day(community, started_at)
        theirs = by_person.get(-1 if pd.isna(person) else int(person), [])
        found.append(
            frozenset(
                one.team_id
                for one in theirs
                if one.valid_from <= day and (one.valid_until is None or day < one.valid_until)
            )
        )
    return found


def _patrols(session: Session, community: Community, moments: Sequence[datetime]) -> gpd.GeoDataFrame:
    columns = (Patrol.started_at, Patrol.ended_at, Patrol.person_id, Patrol.team_id)
    wanted = (
        select(Patrol.id, *columns, frames.as_wkb(Patrol.track))
        .where(Patrol.community_id == community.id, Patrol.started_at < moments[-1], Patrol.ended_at >= moments[0])
        .order_by(Patrol.id)
    )
    table = pd.DataFrame(session.execute(wanted).all(), columns=list(wanted.selected_columns.keys())).set_index("id")
    for name in ("started_at", "ended_at"):
        table[name] = pd.to_datetime(table[name], utc=True)
    for name in ("person_id", "team_id"):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    lines = shapely.from_wkb(table.pop("geometry").to_numpy(dtype=object))
    return frames.to_metres(gpd.GeoDataFrame(table, geometry=lines, crs=WGS84), frames.crs_of(session, community.id))


def _stored(session: Session, community: Community, rows: pd.DataFrame) -> pd.DataFrame:
    """What each patrol earned each grid, as it is kept."""
    columns = ["patrol", "grid_code", "metres", "minutes"]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    wanted = credits.sums().where(
        Patrol.community_id == community.id,
        Patrol.started_at <= rows["started_at"].max().to_pydatetime(),
        Patrol.ended_at >= rows["ended_at"].min().to_pydatetime(),
    )
    found = pd.DataFrame(session.execute(wanted).all(), columns=columns)
    return found[found["patrol"].isin(rows.index)]


def _lines_of_fixes(session: Session, community: Community, patrols: "pd.Index[Any]") -> gpd.GeoDataFrame:
    """The lines of those of some patrols whose single positions are still kept, with the time of every vertex."""
    crs = frames.crs_of(session, community.id)
    wanted = (
        select(Fix.patrol_id.label("patrol"), Fix.at, Fix.lon, Fix.lat, Fix.accuracy_m)
        .where(Fix.patrol_id.in_([int(one) for one in patrols]), Fix.dropped_by.is_(None))
        .order_by(Fix.patrol_id, Fix.at, Fix.id)
    )
    fixes = pd.DataFrame(session.execute(wanted).all(), columns=list(wanted.selected_columns.keys()))
    x, y = frames.points_in_metres(fixes.pop("lon").to_numpy(float), fixes.pop("lat").to_numpy(float), crs)
    fixes = fixes.assign(at=pd.to_datetime(fixes["at"], utc=True), x=x, y=y)
    return to_lines(fixes, Rules.for_community(community.rules), crs=crs).dropna(subset="geometry")


def _divided(kept: pd.DataFrame, patrols: pd.DataFrame, limits: pd.DatetimeIndex) -> pd.DataFrame:
    """What patrols earned, divided among the spans by the share of their time in each."""
    parts = []
    for patrol, row in patrols.iterrows():
        inner = limits[(limits > row["started_at"]) & (limits <= row["ended_at"])]
        edges = pd.DatetimeIndex([row["started_at"], *inner, row["ended_at"]])
        share = np.diff(edges.asi8) / max(edges.asi8[-1] - edges.asi8[0], 1)
        span = limits.searchsorted(edges[:-1], side="right") - 1
        parts.append(pd.DataFrame({"patrol": patrol, "span": span, "share": share}))
    if not parts:
        return pd.DataFrame(columns=CELLS)
    found = kept.merge(pd.concat(parts), on="patrol")
    return found.assign(metres=found["metres"] * found["share"], minutes=found["minutes"] * found["share"])
