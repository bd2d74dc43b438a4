"""What counts of incidents have to be held against: households, streets and hours of patrol of each grid, in a time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from data import frames
from data.models import WGS84, CheckIn, Community, Patrol
from data.nearby import meets_box
from patrols import credits, redraw
from patrols.compared_grids import Compared, compared_grids
from patrols.days import local_day, start_of_day
from patrols.incident_view import IncidentView
from patrols.rules import Rules
from patrols.scope import Scope


class Per(StrEnum):
    """What a count is divided by."""

    HOUSEHOLDS = "households"
    STREETS = "streets"
    PATROLS = "patrols"
    GRIDS = "grids"


class Looked(StrEnum):
    """Whether anybody was in a grid in a time: inside, only past it within sight, or not at all."""

    WALKED = "walked"
    PASSED = "passed"
    NOBODY = "nobody"


COLUMN = {Per.HOUSEHOLDS: "households", Per.STREETS: "street_km", Per.PATROLS: "patrol_hours", Per.GRIDS: "grids"}
"""Which column of the exposures each is."""

MOST_BOXES = 20
"""With more grids than that which nobody entered, one box around them all is asked for."""


@dataclass(frozen=True)
class Span:
    """The time of a view, as moments: `until` exclusive, and never in the future; `last` is its last moment."""

    since: datetime
    until: datetime

    @property
    def last(self) -> datetime:
        """The moment whose grids are asked."""
        return max(self.until - timedelta(microseconds=1), self.since)


def span_of(community: Community, view: IncidentView, at: datetime) -> Span:
    """The time that a view covers of what has been, on the community's own calendar."""
    end = start_of_day(community, view.until + timedelta(days=1))
    return Span(start_of_day(community, view.since), min(end, at + timedelta(microseconds=1)))


def grids_of(session: Session, scope: Scope, community: Community, span: Span) -> gpd.GeoDataFrame:
    """The grids in force at the end of a time, as far as they may be seen: those of `compared_of`."""
    return compared_of(session, scope, community, span).grids


def compared_of(session: Session, scope: Scope, community: Community, span: Span) -> Compared:
    """The grids in force at the end of a time, as far as they may be seen, and who borders on whom.

    ``grids.attrs["edition"]`` is their edition's number, and ``attrs["redrawn"]`` says whether it came into force
    within the time.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    NoEditionInForce
        If there were no grids.
    """
    scope.require_entry(community.id)
    edition = redraw.require_edition(session, community, span.last)
    found = compared_grids(session, scope, community, edition)
    begun = edition.valid_from
    redrawn = begun is not None and start_of_day(community, begun) > span.since
    found.grids.attrs.update(edition=edition.number, redrawn=redrawn)
    return found


def exposures(session: Session, community: Community, compared: Compared, span: Span) -> pd.DataFrame:
    """What each grid had of everything that incidents are held against.

    Parameters
    ----------
    compared : Compared
        Of `compared_of`.

    Returns
    -------
    DataFrame
        Index as the grids'; `households`, `street_km` (a street along a border counts for both sides), `patrol_hours`
        and `patrols` (visits of at least `Rules.least_visit_s`; what was walked under a code that a redraw gave up is
        in none), `grids` (1 each), `looked` (`Looked`).
    """
    grids = compared.grids
    codes = grids.index
    walked = _walked(session, community, span).reindex(codes)
    table = pd.DataFrame(
        {
            "households": grids["households"].astype(float),
            "street_km": compared.street_km,
            "patrol_hours": walked["minutes"].fillna(0.0).astype(float) / 60.0,
            "patrols": walked["visits"].fillna(0).astype(int),
            "grids": 1.0,
        },
        index=codes,
    )
    inside = (table["patrols"] > 0) | codes.isin(_checked_in(session, community, span))
    return table.assign(looked=_looked(session, community, grids, span, inside.to_numpy(bool)))


def patrols_since(session: Session, community: Community, span: Span) -> date | None:
    """The first day of a time from which on patrols are on record: before, nobody knows who walked.

    None where there is none until its end.
    """
    first = session.scalar(select(func.min(Patrol.started_at)).where(Patrol.community_id == community.id))
    if first is None or first >= span.until:
        return None
    return local_day(community, max(first, span.since))


def _walked(session: Session, community: Community, span: Span) -> pd.DataFrame:
    earned = credits.by_grid(
        Patrol.community_id == community.id, Patrol.started_at >= span.since, Patrol.started_at < span.until
    ).c
    least_min = Rules.for_community(community.rules).least_visit_s / 60.0
    visits = func.sum(case((earned.minutes >= least_min, 1), else_=0))
    wanted = select(earned.grid_code, func.sum(earned.minutes), visits).group_by(earned.grid_code)
    columns = ["grid_code", "minutes", "visits"]
    return pd.DataFrame(session.execute(wanted).all(), columns=columns).set_index("grid_code")


def _checked_in(session: Session, community: Community, span: Span) -> list[str]:
    wanted = select(CheckIn.grid_code).where(
        CheckIn.community_id == community.id,
        CheckIn.counts,
        CheckIn.grid_code.is_not(None),
        CheckIn.at >= span.since,
        CheckIn.at < span.until,
    )
    return [code for code in session.scalars(wanted.distinct()) if code]


def _looked(
    session: Session, community: Community, grids: gpd.GeoDataFrame, span: Span, inside: Any
) -> "pd.Series[Any]":
    """Whether anybody was inside, or at least walked past for `Rules.run_m` within sight of it."""
    found = pd.Series(Looked.WALKED.value, index=grids.index, dtype=object)
    if inside.all():
        return found
    found[~inside] = Looked.NOBODY.value
    rules = Rules.for_community(community.rules)
    reach = shapely.buffer(grids.geometry.to_numpy()[~inside], rules.sight_m)
    walks = _walks_near(session, community, span, gpd.GeoSeries(reach, crs=grids.crs))
    place, walk = shapely.STRtree(walks).query(reach, predicate="intersects")
    along_m = shapely.length(shapely.intersection(walks[walk], reach[place]))
    longest = np.zeros(len(reach))
    np.maximum.at(longest, place, along_m)
    found[~inside] = np.where(longest >= rules.run_m, Looked.PASSED.value, Looked.NOBODY.value)
    return found


def _walks_near(session: Session, community: Community, span: Span, ground: gpd.GeoSeries) -> Any:
    """The lines of walks that may have come near some ground, in its metres: a year of all takes seconds to read."""
    boxes = frames.to_degrees(ground).bounds.to_numpy()
    if len(boxes) > MOST_BOXES:
        boxes = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])[None]
    wanted = select(frames.as_wkb(Patrol.track)).where(
        Patrol.community_id == community.id,
        Patrol.started_at >= span.since,
        Patrol.started_at < span.until,
        Patrol.track.is_not(None),
        or_(*(meets_box(Patrol.track, box) for box in boxes)),
    )
    lines = gpd.GeoSeries(shapely.from_wkb(session.scalars(wanted).all()), crs=WGS84)
    return frames.to_metres(lines, ground.crs).to_numpy()
