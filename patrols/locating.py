"""Whose ground many points are, each by the grids and the overrides of its own day."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames, nearby
from data.models import WGS84, Community, Grid, GridEdition
from geo import locate
from geo.crs import local_crs
from geo.errors import N_, BadGeometry
from patrols import overrides, redraw
from patrols.days import local_day, zone
from patrols.overrides import Exclave, Served
from patrols.rules import TIE_M, Rules


class Rule(StrEnum):
    """What decided whose ground a point is."""

    INSIDE = "inside"
    BORDER_TIE = "border_tie"
    WITHIN_REACH = "within_reach"
    OVERRIDE = "override"
    NAMED = "named"
    COMMUNITY_FALLBACK = "community_fallback"
    NONE = "none"


DOUBT_REACHES = 5.0
"""How many times its accuracy a point's true position may be away from it, for all that counts."""

METRES_PER_DEGREE = 110_500.0
"""Of latitude, where a degree is shortest (the equator)."""


class Term(NamedTuple):
    """What was in force for some of the points: an edition of each community (None: none), and the overrides."""

    editions: tuple[int | None, ...]
    overrides: tuple[Served, ...]


def locate_many(
    session: Session,
    points: pd.DataFrame,
    *,
    communities: Sequence[Community] | None = None,
    edition: GridEdition | None = None,
) -> pd.DataFrame:
    """The grid of many points at once, each by the edition and the overrides in force at its own time.

    The database is asked a fixed number of times for each set of editions in force, never for each point, and only for
    the grids near the points.

    Parameters
    ----------
    points : DataFrame
        Columns `lon`, `lat` (degrees, WGS 84), `at` (aware moments); optionally `accuracy_m` (NaN:
        `Rules.assumed_accuracy_m`).
    communities : sequence of Community, optional
        Ask only these; by default all whose outline is near any of the points.
    edition : GridEdition, optional
        Decide everything by this edition, whenever it was or will be in force, and by its community alone. Never
        implied: without it each point keeps the grids of its own day.

    Returns
    -------
    DataFrame
        Indexed as `points`: `community_id`, `edition_id`, `grid_code` (None where nothing was found), `rule`,
        `border_m`, `probability`, `next_code`, `sure`; `accuracy_m` that was reckoned with; where an override decided,
        `override_id`, the grid `from_code` that the place lies in and the `object` that it stands in, else None.

    Raises
    ------
    BadGeometry
        If a point is no position on the globe.
    """
    check_positions(points["lon"], points["lat"])
    known = _asked(session, points, communities, edition)
    found = _unanswered(points.index)
    if points.empty or not known:
        return found
    crs = local_crs(float(points["lon"].mean()), float(points["lat"].mean()))
    placed = frames.points_in_metres(points["lon"].to_numpy(), points["lat"].to_numpy(), crs)
    rules = Rules.for_community(known[0].rules)
    stated = pd.to_numeric(points["accuracy_m"]) if "accuracy_m" in points else pd.Series(np.nan, points.index)
    found["accuracy_m"] = stated.astype(float).fillna(rules.assumed_accuracy_m)
    spots = gpd.GeoDataFrame(
        {
            "lon": points["lon"].to_numpy(),
            "lat": points["lat"].to_numpy(),
            "accuracy_m": found["accuracy_m"].to_numpy(),
        },
        geometry=shapely.points(*placed),
        index=points.index,
        crs=crs,
    )
    for term, rows in _terms(session, known, points["at"], edition):
        _locate_by(session, term, known, spots[rows], found)
    return found


def _asked(
    session: Session, points: pd.DataFrame, communities: Sequence[Community] | None, edition: GridEdition | None
) -> list[Community]:
    if edition is not None:
        return [session.get_one(Community, edition.community_id)]
    return communities_near(session, points) if communities is None else list(communities)


def editions_at(session: Session, community: Community, at: "pd.Series[Any]") -> "pd.Series[Any]":
    """The id of the edition in force at each of many moments, in one query; None where none was."""
    adopted = _adopted(session, [community])
    which = _edition_in(adopted, community, _days(community, at))
    return pd.Series([None if one < 0 else adopted[one].id for one in which], index=at.index, dtype=object)


def _locate_by(
    session: Session, term: Term, communities: Sequence[Community], spots: gpd.GeoDataFrame, found: pd.DataFrame
) -> None:
    """Write into `found` what one term's editions and overrides say about these points."""
    rules = Rules.for_community(communities[0].rules)
    margin_m = max(rules.reach_m, DOUBT_REACHES * float(spots["accuracy_m"].max()))
    ground, exclaves = _as_served(session, term, communities, _grids_near(session, term.editions, spots, margin_m))
    if len(ground):
        weighed = locate.weigh_points(
            spots,
            ground,
            accuracy_m=spots["accuracy_m"],
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
        owner = {number: community.id for community, number in zip(communities, term.editions, strict=True)}
        found.loc[rows, "community_id"] = decided.map(owner).astype(object).to_numpy()
        _name_overrides(exclaves, spots, found)
    _fall_back(session, communities, term.editions, spots, found)


def _as_served(
    session: Session, term: Term, communities: Sequence[Community], ground: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, list[Exclave]]:
    """The ground with the overrides in force drawn in."""
    if not term.overrides or ground.empty:
        return ground, []
    serving = select(GridEdition.community_id, Grid.edition_id, Grid.code, Grid.kind).join(
        GridEdition, GridEdition.id == Grid.edition_id
    )
    rows = session.execute(
        serving.where(
            Grid.edition_id.in_([number for number in term.editions if number is not None]),
            Grid.code.in_({one.served_by for one in term.overrides}),
        )
    ).all()
    return overrides.redrawn(ground, term.overrides, [(row[0], row[1], row[2], row[3].value) for row in rows])


def _name_overrides(exclaves: Sequence[Exclave], spots: gpd.GeoDataFrame, found: pd.DataFrame) -> None:
    """Say of the points that lie in the piece an override moved that the override decided."""
    codes = found.loc[spots.index, "grid_code"].to_numpy()
    inside = found.loc[spots.index, "rule"].isin([Rule.INSIDE.value, Rule.BORDER_TIE.value]).to_numpy()
    for one in exclaves:
        there = inside & (codes == one.served.served_by)
        there &= shapely.dwithin(one.ground, spots.geometry.array.to_numpy(), TIE_M)
        rows = spots.index[there]
        found.loc[rows, "rule"] = Rule.OVERRIDE.value
        found.loc[rows, "override_id"] = one.served.id
        found.loc[rows, "from_code"] = one.served.grid_code
        found.loc[rows, "object"] = one.served.object


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
    ground = gpd.GeoDataFrame(
        {
            "grid_code": [row.code for row in rows],
            "kind": pd.Series([row.kind.value for row in rows], dtype=object),
            "edition_id": [row.edition_id for row in rows],
        },
        geometry=list(frames.decode([row.geom for row in rows])),
        crs=WGS84,
    )
    return frames.to_metres(ground, spots.crs)


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
        outline = frames.to_metres(frames.outline(session, community.id), spots.crs)
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
            "accuracy_m": number,
            "override_id": nothing,
            "from_code": nothing,
            "object": nothing,
        }
    )


def _terms(
    session: Session, communities: Sequence[Community], at: "pd.Series[Any]", edition: GridEdition | None
) -> Iterator[tuple[Term, Any]]:
    """Each different set of editions and overrides in force at these moments, and a mask of those it holds at."""
    adopted = [edition] if edition is not None else _adopted(session, communities)
    known = overrides.of(session, communities)
    keys = []
    for community in communities:
        days = _days(community, at)
        keys.append(np.zeros(len(at), np.int64) if edition is not None else _edition_in(adopted, community, days))
        keys += [_in_term(days, one.valid_from, one.valid_until) for one in known if one.community_id == community.id]
    ours = [one for community in communities for one in known if one.community_id == community.id]
    different, which = np.unique(np.column_stack(keys).astype(np.int64), axis=0, return_inverse=True)
    for number, row in enumerate(different):
        cells = iter(row)
        editions, held = [], set()
        for community in communities:
            chosen = next(cells)
            editions.append(None if chosen < 0 else adopted[chosen].id)
            held |= {one.id for one in ours if one.community_id == community.id and next(cells)}
        yield Term(tuple(editions), tuple(one for one in known if one.id in held)), which.ravel() == number


def _adopted(session: Session, communities: Sequence[Community]) -> list[GridEdition]:
    statement = select(GridEdition).where(
        GridEdition.community_id.in_([community.id for community in communities]),
        GridEdition.stage.in_(redraw.IN_FORCE),
    )
    return sorted(session.scalars(statement), key=lambda row: (row.valid_from or date.min, row.number))


def _days(community: Community, at: "pd.Series[Any]") -> Any:
    """The local day of each moment, as numbers that compare quickly."""
    return at.dt.tz_convert(zone(community.timezone)).dt.tz_localize(None).to_numpy().astype("datetime64[D]")


def _in_term(days: Any, valid_from: date, valid_until: date | None) -> Any:
    return (days >= np.datetime64(valid_from)) & (days < np.datetime64(valid_until or date.max))


def _edition_in(adopted: Sequence[GridEdition], community: Community, days: Any) -> Any:
    """Which of the editions, by position, was in force on each day; -1: none."""
    which = np.full(len(days), -1, np.int64)
    for number, row in enumerate(adopted):
        if row.community_id == community.id and row.valid_from is not None:
            which[_in_term(days, row.valid_from, row.valid_until)] = number
    return which


def communities_near(session: Session, points: pd.DataFrame) -> list[Community]:
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
