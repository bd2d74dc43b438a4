"""Whose ground it is and who answers: decided here, once, for single points and for whole files alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames, nearby
from data.models import WGS84, Building, Community, Compound, Grid, GridEdition, Incident
from geo import locate
from geo.crs import local_crs
from geo.errors import N_, BadGeometry
from patrols import chains, redraw
from patrols.chains import Link
from patrols.days import local_day, zone
from patrols.rules import Rules


class Rule(StrEnum):
    """What decided whose ground a point is."""

    INSIDE = "inside"
    BORDER_TIE = "border_tie"
    WITHIN_REACH = "within_reach"
    NAMED = "named"
    COMMUNITY_FALLBACK = "community_fallback"
    NONE = "none"


TIE_M = 0.01
"""A point nearer to a shared line than a centimetre, as coordinates are written, lies on it."""

DOUBT_REACHES = 5.0
"""How many times its accuracy a point's true position may be away from it, for all that counts."""

METRES_PER_DEGREE = 110_500.0
"""Of latitude, where a degree is shortest (the equator)."""


@dataclass(frozen=True)
class Answer:
    """Who answers for a point, and why.

    `rule` is `inside` a grid, `border_tie` (on a shared border: the smallest code), `within_reach` (outside of every
    grid, but near one), `community_fallback` (the community's ground, no grid near: the community answers, 属地兜底) or
    `none`. `border_m` is the distance to the nearest border of that grid; `probability` that the true position lies in
    it, given the accuracy; `sure` when that is high enough for the community's rules. `chain` is nearest first.
    """

    community: Community | None
    edition: GridEdition | None
    grid_code: str | None
    rule: Rule
    border_m: float | None
    probability: float | None
    next_code: str | None
    sure: bool
    building_id: int | None
    compound_id: int | None
    chain: list[Link]

    @property
    def answering(self) -> Link | None:
        """The first of the chain who is really there; None when the community office has to answer."""
        return chains.answering(self.chain)


NOBODY = Answer(None, None, None, Rule.NONE, None, None, None, False, None, None, [])
"""The answer for ground of no community that is stored here."""


def find_responsible(
    session: Session,
    point: tuple[float, float],
    *,
    at: datetime,
    accuracy_m: float | None = None,
    communities: Sequence[Community] | None = None,
) -> Answer:
    """Who answers for a place at a time: the grid, the rule that decided, how sure that is, and the chain of people.

    The edition in force on that day and the postings of that day decide. Where 专属 grids lie over 综合 ones, these
    answer for the ground; a 专属 grid answers only where no other lies under it. Where two communities meet, all their
    grids are weighed together, so that exactly one of them answers. In a building or compound, its own people head the
    chain.

    Parameters
    ----------
    point : (float, float)
        Longitude, latitude, WGS 84.
    at : datetime
        When, aware.
    accuracy_m : float, optional
        Radius in which the true position lies in 68 of 100 cases, as phones say it; unknown:
        `Rules.assumed_accuracy_m`.
    communities : sequence of Community, optional
        Ask only these; by default all whose outline is near.

    Raises
    ------
    BadGeometry
        If the point is no position on the globe.
    """
    lon, lat = point
    check_positions([lon], [lat])
    asked = pd.DataFrame({"lon": [lon], "lat": [lat], "at": pd.to_datetime([at], utc=True), "accuracy_m": [accuracy_m]})
    near = _communities_near(session, asked) if communities is None else list(communities)
    found = locate_many(session, asked, communities=near).iloc[0]
    community = next((row for row in near if row.id == found["community_id"]), None)
    if community is None:
        return NOBODY
    grid_code = found["grid_code"]
    building_id = _standing_in(session, Building, community, lon, lat)
    compound_id = _compound_of(session, community, building_id, lon, lat)
    chain = chains.chain_for(session, community, grid_code, at=at, compound_id=compound_id, building_id=building_id)
    edition_id = found["edition_id"]
    return Answer(
        community=community,
        edition=None if edition_id is None else session.get(GridEdition, edition_id),
        grid_code=grid_code,
        rule=Rule(found["rule"]),
        border_m=_number(found["border_m"]),
        probability=_number(found["probability"]),
        next_code=found["next_code"],
        sure=bool(found["sure"]),
        building_id=building_id,
        compound_id=compound_id,
        chain=chain,
    )


def chain_of(session: Session, incident: Incident, *, at: datetime) -> list[Link]:
    """Who answers for an incident at a time: for the grid decided when it was found, the people of that time.

    The building or compound that its point stands in heads the chain.
    """
    community = session.get_one(Community, incident.community_id)
    shape = None if incident.geom is None else session.scalar(select(Incident.geom).where(Incident.id == incident.id))
    building_id = compound_id = None
    if shape is not None:
        lon, lat = shapely.get_coordinates(frames.decode([shape])[0])[0]
        building_id = _standing_in(session, Building, community, lon, lat)
        compound_id = _compound_of(session, community, building_id, lon, lat)
    return chains.chain_for(
        session, community, incident.grid_code, at=at, compound_id=compound_id, building_id=building_id
    )


def locate_many(
    session: Session, points: pd.DataFrame, *, communities: Sequence[Community] | None = None
) -> pd.DataFrame:
    """The grid of many points at once, each by the edition in force at its own time.

    The database is asked a fixed number of times for each set of editions in force, never for each point, and only for
    the grids near the points.

    Parameters
    ----------
    points : DataFrame
        Columns `lon`, `lat` (degrees, WGS 84), `at` (aware moments); optionally `accuracy_m` (NaN:
        `Rules.assumed_accuracy_m`).
    communities : sequence of Community, optional
        Ask only these; by default all whose outline is near any of the points.

    Returns
    -------
    DataFrame
        Indexed as `points`: `community_id`, `edition_id`, `grid_code` (None where nothing was found), `rule`,
        `border_m`, `probability`, `next_code`, `sure`.

    Raises
    ------
    BadGeometry
        If a point is no position on the globe.
    """
    check_positions(points["lon"], points["lat"])
    known = _communities_near(session, points) if communities is None else list(communities)
    found = _unanswered(points.index)
    if points.empty or not known:
        return found
    terms = _terms(session, known, points["at"])
    crs = local_crs(float(points["lon"].mean()), float(points["lat"].mean()))
    placed = frames.points_in_metres(points["lon"].to_numpy(), points["lat"].to_numpy(), crs)
    spots = gpd.GeoDataFrame(
        {
            "lon": points["lon"].to_numpy(),
            "lat": points["lat"].to_numpy(),
            "accuracy_m": pd.to_numeric(points["accuracy_m"]).to_numpy() if "accuracy_m" in points else np.nan,
        },
        geometry=shapely.points(*placed),
        index=points.index,
        crs=crs,
    )
    which, different = terms["editions"].factorize()
    for number, editions in enumerate(different):
        _locate_by(session, editions, known, spots[which == number], found)
    return found


def editions_at(session: Session, community: Community, at: "pd.Series[Any]") -> "pd.Series[Any]":
    """The id of the edition in force at each of many moments, in one query; None where none was."""
    found = [editions[0] for editions in _terms(session, [community], at)["editions"]]
    return pd.Series(found, index=at.index, dtype=object)


def _locate_by(
    session: Session,
    editions: tuple[int | None, ...],
    communities: Sequence[Community],
    spots: gpd.GeoDataFrame,
    found: pd.DataFrame,
) -> None:
    """Write into `found` what these editions, one of each community or None, say about these points."""
    rules = Rules.for_community(communities[0].rules)
    accuracy_m = spots["accuracy_m"].fillna(rules.assumed_accuracy_m)
    ground = _grids_near(session, editions, spots, max(rules.reach_m, DOUBT_REACHES * float(accuracy_m.max())))
    if len(ground):
        weighed = locate.weigh_points(
            spots,
            ground,
            accuracy_m=accuracy_m,
            reach_m=rules.reach_m,
            tie_m=TIE_M,
            sure_probability=rules.sure_probability,
        )
        for column in ("grid_code", "rule", "border_m", "probability", "next_code", "sure"):
            found.loc[spots.index, column] = weighed[column].to_numpy()
        rows = weighed.index[weighed["grid_code"].notna()]
        edition_of = ground.drop_duplicates("grid_code").set_index("grid_code")["edition_id"]
        decided = edition_of[weighed.loc[rows, "grid_code"]].astype(object)
        found.loc[rows, "edition_id"] = decided.to_numpy()
        owner = {number: community.id for community, number in zip(communities, editions, strict=True)}
        found.loc[rows, "community_id"] = decided.map(owner).astype(object).to_numpy()
    _fall_back(session, communities, editions, spots, found)


def _grids_near(
    session: Session, editions: Iterable[int | None], spots: gpd.GeoDataFrame, margin_m: float
) -> gpd.GeoDataFrame:
    """The grids of some editions whose box comes near any of the points, whole, in the points' metres; one query."""
    wanted = (
        select(Grid.code, Grid.kind, Grid.edition_id, Grid.geom)
        .where(
            Grid.edition_id.in_([number for number in editions if number is not None]),
            nearby.meets_box(Grid.geom, _bounds(spots["lon"], spots["lat"], margin_m)),
        )
        .order_by(Grid.code, Grid.id)
    )
    rows = session.execute(wanted).all()
    return gpd.GeoDataFrame(
        {
            "grid_code": [row.code for row in rows],
            "kind": pd.Series([row.kind.value for row in rows], dtype=object),
            "edition_id": [row.edition_id for row in rows],
        },
        geometry=list(frames.decode([row.geom for row in rows])),
        crs=WGS84,
    ).to_crs(spots.crs)


def _bounds(lon: "pd.Series[float]", lat: "pd.Series[float]", margin_m: float) -> tuple[float, float, float, float]:
    """A box in degrees around some positions, with a margin that is rather too wide than too narrow."""
    north = margin_m / METRES_PER_DEGREE
    east = north / max(np.cos(np.radians(float(lat.abs().max()) + north)), 0.01)
    return float(lon.min()) - east, float(lat.min()) - north, float(lon.max()) + east, float(lat.max()) + north


def _fall_back(
    session: Session,
    communities: Sequence[Community],
    editions: tuple[int | None, ...],
    spots: gpd.GeoDataFrame,
    found: pd.DataFrame,
) -> None:
    """The community answers for points on its own ground that no grid reaches (属地兜底)."""
    for community, number in zip(communities, editions, strict=True):
        open_rows = spots.index[found.loc[spots.index, "rule"] == Rule.NONE]
        if not len(open_rows) or community.outline is None:
            continue
        outline = frames.outline(session, community.id).to_crs(spots.crs)
        rows = open_rows[shapely.intersects(outline.union_all(), spots.geometry.loc[open_rows].to_numpy())]
        found.loc[rows, "rule"] = Rule.COMMUNITY_FALLBACK.value
        found.loc[rows, "community_id"] = community.id
        found.loc[rows, "edition_id"] = number
        found.loc[rows, "sure"] = True


def _unanswered(index: pd.Index) -> pd.DataFrame:
    nothing = pd.Series([None] * len(index), index=index, dtype=object)
    number = pd.Series(np.nan, index=index, dtype=float)
    return pd.DataFrame(
        {
            "community_id": nothing,
            "edition_id": nothing,
            "grid_code": nothing,
            "rule": pd.Series(Rule.NONE.value, index=index, dtype=object),
            "border_m": number,
            "probability": number,
            "next_code": nothing,
            "sure": pd.Series(False, index=index),
        }
    )


def _terms(session: Session, communities: Sequence[Community], at: "pd.Series[Any]") -> pd.DataFrame:
    """For each moment, the editions in force: a tuple with one id (or None) for each community, in their order."""
    statement = select(GridEdition).where(
        GridEdition.community_id.in_([community.id for community in communities]),
        GridEdition.stage.in_(redraw.IN_FORCE),
    )
    adopted = sorted(session.scalars(statement), key=lambda row: (row.valid_from or date.min, row.number))
    columns = []
    for community in communities:
        days = at.dt.tz_convert(zone(community.timezone)).dt.date
        column = pd.Series([None] * len(at), index=at.index, dtype=object)
        for row in adopted:
            if row.community_id == community.id and row.valid_from is not None:
                column[(days >= row.valid_from) & (days < (row.valid_until or date.max))] = row.id
        columns.append(column)
    return pd.DataFrame({"editions": list(zip(*columns, strict=True))}, index=at.index)


def _communities_near(session: Session, points: pd.DataFrame) -> list[Community]:
    """Communities in force whose outline's box comes near any of the points, by code."""
    bounds = _bounds(points["lon"], points["lat"], Rules().reach_m)
    moments = points["at"]
    return sorted(
        (
            row
            for row in nearby.near(session, Community, bounds)
            if row.valid_from <= local_day(row, moments.max().to_pydatetime())
            and (row.valid_until is None or row.valid_until > local_day(row, moments.min().to_pydatetime()))
        ),
        key=lambda row: row.code,
    )


def _standing_in(session: Session, model: Any, community: Community, lon: float, lat: float) -> int | None:
    """The building or compound that a point stands in (the smallest id where several lie over each other)."""
    near = select(model.id, model.geom).where(
        model.community_id == community.id, nearby.meets_box(model.geom, (lon, lat, lon, lat))
    )
    rows = session.execute(near).all()
    inside = shapely.intersects(frames.decode([geom for _, geom in rows]), shapely.points(lon, lat))
    return min((key for (key, _), hit in zip(rows, inside, strict=True) if hit), default=None)


def _compound_of(session: Session, community: Community, building_id: int | None, lon: float, lat: float) -> int | None:
    if building_id is not None:
        known: int | None = session.scalar(select(Building.compound_id).where(Building.id == building_id))
        if known is not None:
            return known
    return _standing_in(session, Compound, community, lon, lat)


def check_positions(longitudes: Any, latitudes: Any) -> None:
    """Refuse what is no position on the globe.

    Raises
    ------
    BadGeometry
        If a longitude or latitude is missing, infinite or beyond its range.
    """
    lon, lat = np.asarray(longitudes, dtype=float), np.asarray(latitudes, dtype=float)
    # Written so that NaN counts as wrong too.
    wrong = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise BadGeometry(
            N_("%(lon)s, %(lat)s is no longitude and latitude in degrees."),
            lon=float(lon[first]),
            lat=float(lat[first]),
        )


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
