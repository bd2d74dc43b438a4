"""What of a community may be drawn on a map: incidents as points, patrols as lines without names."""

from datetime import datetime
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from data import frames
from data.models import Category, Community, Incident, Patrol, Stage
from patrols import figures, privacy
from patrols.coverage import cells_seen, coverage_of
from patrols.moves import CLOCKED_STAGES, OPEN_STAGES
from patrols.rules import Rules
from patrols.scope import EVERYTHING, Scope
from patrols.shown_seen import tellable
from patrols.yards import ground_seen, yards_by_grid, yards_seen

WGS84 = "EPSG:4326"

INCIDENT_COLUMNS = [
    "number",
    "category_zh",
    "category_en",
    "stage",
    "is_open",
    "is_late",
    "found_at",
    "due_at",
    "grid_code",
    "address",
    "description",
]

READ: dict[str, Any] = {
    **{name: getattr(Incident, name) for name in ("number", "stage", "found_at", "due_at")},
    **{name: getattr(Incident, name) for name in ("grid_code", "address", "description")},
    "category_zh": Category.zh,
    "category_en": Category.en,
    "sensitive": Category.sensitive,
    "geometry": frames.as_wkb(Incident.geom),
}
"""What is read of an incident to draw it."""


def incidents_on_map(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    at: datetime,
    done_since: datetime,
    meant: ColumnElement[bool] | None = None,
) -> gpd.GeoDataFrame:
    """Return incidents to draw as points: all open ones, and those closed since a moment; the newest first.

    Incidents of sensitive categories and those without a place are left out; ``attrs["hidden"]`` counts the open ones
    among them. Voided incidents are not drawn.

    Parameters
    ----------
    session : Session
    scope : Scope
        Of the person who looks.
    community : Community
    at : datetime
        The moment at which an incident that is not closed and past its due time is late.
    done_since : datetime
        From when on closed incidents are drawn.
    meant : condition, optional
        Of `patrols.viewed`: draw only these.

    Returns
    -------
    GeoDataFrame
        ``number, category_zh, category_en, stage, is_open, is_late, found_at, due_at, grid_code, address, description,
        geometry``; WGS 84.
    """
    is_open = Incident.stage.in_(OPEN_STAGES)
    lately = (Incident.stage == Stage.CLOSED) & (Incident.closed_at >= done_since)
    # Columns, not objects: a town's thousands of incidents are read in a fraction of the time.
    wanted = (
        select(*READ.values())
        .outerjoin(Category, Incident.category_id == Category.id)
        .where(Incident.community_id == community.id, or_(is_open, lately), Incident.found_at <= at)
        .where(true() if meant is None else meant)
        .order_by(Incident.found_at.desc(), Incident.id.desc())
    )
    rows = session.execute(scope.narrow(wanted, Incident)).all()
    table = pd.DataFrame(rows, columns=list(READ)).astype(object)
    table = table.where(table.notna(), None)
    shown = table[table["geometry"].notna() & ~table["sensitive"].eq(True)].reset_index(drop=True)
    shown["is_open"] = shown["stage"].isin(OPEN_STAGES)
    pairs = zip(shown["stage"], shown["due_at"], strict=True)
    shown["is_late"] = pd.Series([is_late(stage, due, at) for stage, due in pairs], dtype=bool)
    for name in ("found_at", "due_at"):
        shown[name] = pd.to_datetime(shown[name], utc=True)
    for name in ("category_zh", "category_en"):
        shown[name] = shown[name].fillna("")
    points = shapely.from_wkb(shown["geometry"].to_numpy(dtype=object))
    frame = gpd.GeoDataFrame(shown[INCIDENT_COLUMNS], geometry=points, crs=WGS84)
    frame.attrs["hidden"] = int(table["stage"].isin(OPEN_STAGES).sum()) - int(shown["is_open"].sum())
    return frame


def is_late(stage: Stage, due_at: datetime | None, at: datetime) -> bool:
    """Tell whether an incident is overdue, as `patrols.incident_lists.is_overdue` asks the database."""
    return stage in CLOCKED_STAGES and due_at is not None and due_at < at


def tracks_on_map(
    session: Session, scope: Scope, community: Community, *, since: datetime, until: datetime
) -> gpd.GeoDataFrame:
    """Return the lines of patrols that began in a time, without names and ends (`patrols.privacy`); WGS 84.

    They come in the order of their western ends, so that no list of patrols can be laid beside them.
    """
    wanted = select(Patrol.person_id, Patrol.ends_cut_at, frames.as_wkb(Patrol.track)).where(
        Patrol.community_id == community.id,
        Patrol.track.is_not(None),
        Patrol.started_at >= since,
        Patrol.started_at < until,
    )
    rows = session.execute(scope.narrow(wanted, Patrol)).all()
    lines = gpd.GeoSeries(shapely.from_wkb([row[2] for row in rows]), crs=WGS84)
    metres = frames.to_metres(lines, frames.crs_of(session, community.id))
    persons, cut = [row[0] for row in rows], [row[1] for row in rows]
    seen = privacy.shown(session, community, metres, persons, cut).dropna()
    ordered = seen.iloc[np.lexsort(seen.bounds.to_numpy().T)].reset_index(drop=True)
    return gpd.GeoDataFrame(geometry=frames.to_degrees(ordered))


class StreetsSeen(NamedTuple):
    """Which streets patrols have seen: metres by grid, and each piece of street with whether it was seen."""

    per_grid: pd.DataFrame
    pieces: gpd.GeoDataFrame


def streets_seen(
    session: Session,
    community: Community,
    grids: gpd.GeoDataFrame,
    pieces: gpd.GeoDataFrame,
    *,
    at: datetime,
    scope: Scope = EVERYTHING,
) -> StreetsSeen:
    """Return what the patrols of the week before `at` have seen of the streets inside the grids.

    Of the pieces, who is not shown whole walks is told what `patrols.shown_seen` allows.

    Parameters
    ----------
    grids, pieces : GeoDataFrame
        Of the community, in its metres; the pieces that `geo.streets.cut_streets` made of its streets.
    at : datetime
        The week is the local day of this moment and the six before.

    Returns
    -------
    StreetsSeen
        ``per_grid``: ``grid_code, street_metres, street_metres_seen``, and ``yard_m2, yard_m2_seen`` of the compounds
        (see `patrols.yards`). ``pieces``: ``seen`` (at least half of it) and
        ``geometry``, in metres; streets outside all grids are left out.
    """
    since = figures.week_begins(community, at)
    rules = Rules.for_community(community.rules)
    walks = figures.tracks(session, community, since=since, until=at, persons=True)
    cells = cells_seen(walks, pieces, rules)
    per_grid, per_piece = coverage_of(cells, pieces, grids, rules)
    yards = figures.yards_of(session, community, pieces, grids)
    ground = yards_by_grid(yards_seen(cells, ground_seen(walks, yards), yards), grids["grid_code"])
    per_grid = per_grid.join(ground, on="grid_code")
    seen = per_piece["metres_seen"].to_numpy() >= 0.5 * per_piece["metres"].to_numpy()
    inside = pieces["grid_codes"].map(len).to_numpy() > 0
    if not scope.streets:
        shown = figures.tracks(session, community, since=since, until=at, seen_by=scope)
        seen &= tellable(pieces, walks, shown, rules.told_persons)
        # Of the others nothing is told, so nothing is drawn: they are not unseen.
        inside = inside & seen
    return StreetsSeen(per_grid, pieces[["geometry"]].assign(seen=seen)[inside])
