"""What leaves the house as a file: the rows of grids, incidents, patrols and fixes, as far as somebody may see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from data import frames
from data.models import (
    WGS84,
    Category,
    Community,
    Fix,
    GridEdition,
    Incident,
    Organisation,
    Patrol,
    Person,
    Team,
)
from geo.errors import N_
from patrols import category_fields, credits, privacy
from patrols.days import zone
from patrols.scope import Scope

MEANINGS = {
    "grid_code": N_("code of the grid, 15 digits as a rule; the first 12 are the community's"),
    "name": N_("what the grid is called"),
    "kind": N_("general: one of those that tile the community once; special: lies over them"),
    "households": N_("households"),
    "residents": N_("residents"),
    "buildings": N_("number of buildings"),
    "compounds": N_("number of compounds"),
    "explanation": N_("why the grid is larger or smaller than wished"),
    "area_m2": N_("area in square metres, in the local metres of the community"),
    "community_code": N_("code of the community, 12 digits"),
    "edition": N_("number of the edition of the community's grids"),
    "valid_from": N_("first day on which the edition answers"),
    "number": N_("number of the incident"),
    "category_family": N_("family of the category's code: the same code means other things in another"),
    "category_code": N_("code of the category"),
    "category": N_("what it is about"),
    "answers": N_("what else was asked about it, and answered"),
    "stage": N_("where it stands"),
    "source": N_("who found it first"),
    "description": N_("what was found"),
    "address": N_("where, in words"),
    "grid_rule": N_("the rule that decided whose ground it is"),
    "border_m": N_("metres to the nearest border of a grid"),
    "sure": N_("whether the position was accurate enough to be sure of the grid"),
    "organisation_code": N_("code of the office that handles it, 18 digits"),
    "organisation": N_("office that handles it"),
    "found_at": N_("when it was found, local time"),
    "due_at": N_("when it is due, local time"),
    "resolved_at": N_("when the handler said that it is resolved, local time"),
    "closed_at": N_("when the manager agreed, local time"),
    "rating": N_("what the reporter thinks of it, 1 to 5"),
    "reporter_name": N_("who reported it"),
    "reporter_phone": N_("number of who reported it"),
    "patrol": N_("number of the patrol"),
    "started_at": N_("when the patrol began, local time"),
    "ended_at": N_("when the patrol ended, local time"),
    "metres": N_("metres walked"),
    "minutes": N_("minutes walked"),
    "fixes_kept": N_("positions that the track is made of"),
    "fixes_dropped": N_("positions that were left out of it"),
    "grids": N_("grids it came through; in a named list with the metres in each"),
    "team": N_("team that walked"),
    "walker": N_("who walked"),
    "at": N_("when, local time"),
    "accuracy_m": N_("accuracy in metres, as the phone said"),
    "dropped_by": N_("the rule that left it out of the track; empty: kept"),
}
"""What each column holds, for the text beside a Shapefile."""


def grids(session: Session, scope: Scope, edition: GridEdition) -> gpd.GeoDataFrame:
    """The grids of one edition that may be seen, by their codes, in the community's metres.

    Returns
    -------
    GeoDataFrame
        Columns `grid_code`, `name`, `kind`, `households`, `residents`, `buildings`, `compounds`, `explanation`,
        `area_m2`, `community_code`, `edition`, `valid_from` (None: not adopted), `geometry`.

    Raises
    ------
    OutOfScope
        If nothing of the community may be seen.
    """
    community = edition.community
    scope.require_entry(community.id)
    frame = frames.grids(session, edition.id)
    seen = frame["grid_code"].map(lambda code: scope.allows(community.id, code)).astype(bool)
    frame = frame[seen].reset_index(drop=True)
    added = {
        "area_m2": frame.area.round(1),
        "community_code": community.code,
        "edition": edition.number,
        "valid_from": None if edition.valid_from is None else edition.valid_from.isoformat(),
    }
    frame = frame.assign(**added)
    return frame[[*(column for column in frame.columns if column != "geometry"), "geometry"]]


def incidents(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    named: bool = False,
) -> gpd.GeoDataFrame:
    """The incidents found in a time that may be seen, the oldest first, as points; those without a place have none.

    Among the columns are the six that a hand-over needs: code and name of the category, code and name of the office,
    the place, and the code of the grid.

    Parameters
    ----------
    since, until : datetime, optional
        About when it was found; `since` counts, `until` does not.
    named : bool
        With the reporter's name and number, where the scope shows them at all. Log who asked and why.

    Returns
    -------
    GeoDataFrame
        WGS 84; times in the community's own zone.
    """
    scope.require_entry(community.id)
    shown = named and scope.reporters
    columns: list[Any] = [
        Incident.number,
        Category.family.label("category_family"),
        Category.code.label("category_code"),
        Category.zh.label("category"),
        Incident.stage,
        Incident.source,
        Incident.description,
        Incident.extra.label("answers"),
        Incident.category_id,
        Incident.address,
        Incident.grid_code,
        Incident.grid_rule,
        Incident.border_m,
        Incident.sure,
        Organisation.code.label("organisation_code"),
        Organisation.name.label("organisation"),
        *(Incident.found_at, Incident.due_at, Incident.resolved_at, Incident.closed_at),
        Incident.rating,
        *((Incident.reporter_name, Incident.reporter_phone) if shown else ()),
        frames.as_wkb(Incident.geom),
    ]
    wanted = (
        select(*columns)
        .select_from(Incident)
        .outerjoin(Category, Incident.category_id == Category.id)
        .outerjoin(Organisation, Incident.organisation_id == Organisation.id)
        .where(Incident.community_id == community.id)
        .order_by(Incident.found_at, Incident.id)
    )
    wanted = scope.narrow(_within(wanted, Incident.found_at, since, until), Incident)
    table = _table(session, wanted, community, ("found_at", "due_at", "resolved_at", "closed_at"))
    table["answers"] = _answers_of(session, table.pop("category_id"), table["answers"])
    return _shaped(table, shapely.from_wkb(table["geometry"].to_numpy(dtype=object)))


def patrols(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    named: bool = False,
) -> gpd.GeoDataFrame:
    """The patrols that began in a time and may be seen, the oldest first, as lines.

    Without `named` nobody is named and both ends of every line are cut off as on the map (`patrols.privacy`), so that
    no line leads to a door; a patrol too short for that has no line. What would tell how much was cut off goes with it:
    metres and minutes are those of the line that is left, times are whole hours, positions are not counted. With
    `named` the lines are whole and the walkers named: log who asked and why.

    Returns
    -------
    GeoDataFrame
        `patrol`, `started_at`, `ended_at`, `metres`, `minutes`, `team`, `grids` (each grid's code; if named, with the
        metres in it) and, if named, `fixes_kept`, `fixes_dropped`, `walker`; WGS 84; times in the community's own
        zone. ``attrs["persons"]``: the ids of those named, for the audit.
    """
    scope.require_entry(community.id)
    columns: list[Any] = [
        *(Patrol.id.label("patrol"), Patrol.started_at, Patrol.ended_at, Patrol.metres, Patrol.minutes),
        *((Patrol.fixes_kept, Patrol.fixes_dropped) if named else ()),
        Team.name.label("team"),
        *(Patrol.person_id, Patrol.ends_cut_at),
        *((Person.name.label("walker"),) if named else ()),
        frames.as_wkb(Patrol.track),
    ]
    wanted = (
        select(*columns)
        .select_from(Patrol)
        .outerjoin(Team, Patrol.team_id == Team.id)
        .outerjoin(Person, Patrol.person_id == Person.id)
        .where(Patrol.community_id == community.id)
        .order_by(Patrol.started_at, Patrol.id)
    )
    wanted = scope.narrow(_within(wanted, Patrol.started_at, since, until), Patrol)
    table = _table(session, wanted, community, ("started_at", "ended_at"))
    table.insert(len(table.columns) - 1, "grids", _grids_of(session, community, table["patrol"], named=named))
    whole = _shaped(table, shapely.from_wkb(table["geometry"].to_numpy(dtype=object)))
    return _named(whole.drop(columns="ends_cut_at")) if named else _without_ends(session, community, whole)


def fixes(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> gpd.GeoDataFrame:
    """The fixes of the patrols that began in a time and may be seen, patrol by patrol, as points; WGS 84.

    They show where a walk began and ended, to the metre: log who asked and why, whoever it is.

    Returns
    -------
    GeoDataFrame
        `patrol`, `at` (in the community's own zone), `accuracy_m`, `dropped_by` (the rule that left it out of the
        track). ``attrs["persons"]``: the ids of those who walked, for the audit.
    """
    scope.require_entry(community.id)
    columns: list[Any] = [Fix.patrol_id.label("patrol"), Fix.at, Fix.accuracy_m, Fix.dropped_by]
    columns += [Fix.lon, Fix.lat, Patrol.person_id]
    wanted = (
        select(*columns)
        .join(Patrol, Patrol.id == Fix.patrol_id)
        .where(Patrol.community_id == community.id)
        .order_by(Fix.patrol_id, Fix.at, Fix.id)
    )
    wanted = scope.narrow(_within(wanted, Patrol.started_at, since, until), Patrol)
    table = _table(session, wanted, community, ("at",))
    points = shapely.points(table.pop("lon").to_numpy(float), table.pop("lat").to_numpy(float))
    return _named(gpd.GeoDataFrame(table, geometry=points, crs=WGS84))


def _answers_of(session: Session, category_ids: "pd.Series[Any]", extras: "pd.Series[Any]") -> list[str]:
    """Of each incident, what was answered to the questions of its category, in one line."""
    known = {one.id: one for one in session.scalars(select(Category))}
    given = (extra.get(category_fields.KEPT) if extra else None for extra in extras)
    return [
        category_fields.in_words(known.get(key), kept) if isinstance(kept, dict) else ""
        for key, kept in zip(category_ids, given, strict=True)
    ]


def _within(wanted: Select[Any], column: Any, since: datetime | None, until: datetime | None) -> Select[Any]:
    if since is not None:
        wanted = wanted.where(column >= since)
    return wanted if until is None else wanted.where(column < until)


def _table(session: Session, wanted: Select[Any], community: Community, times: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame(session.execute(wanted).all(), columns=list(wanted.selected_columns.keys()))
    for name in times:
        table[name] = pd.to_datetime(table[name], utc=True).dt.tz_convert(zone(community.timezone))
    return table


def _shaped(table: pd.DataFrame, shapes: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=np.asarray(shapes, dtype=object), crs=WGS84)


def _grids_of(session: Session, community: Community, wanted: "pd.Series[Any]", *, named: bool) -> "pd.Series[Any]":
    """For each patrol its grids, if named with the metres in each, as ``110108001001001: 520 m; ...``."""
    each = credits.by_grid(Patrol.community_id == community.id)
    statement = select(each.c.patrol_id, each.c.grid_code, each.c.metres).order_by(each.c.patrol_id, each.c.grid_code)
    earned = pd.DataFrame(session.execute(statement).all(), columns=["patrol", "code", "metres"])
    said = earned["code"].astype(str)
    if named:
        said += ": " + earned["metres"].astype(float).round().astype(int).astype(str) + " m"
    told = wanted.map(said.groupby(earned["patrol"]).agg("; ".join)).astype(object)
    return told.where(told.notna(), "")


def _named(whole: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    whole.attrs["persons"] = sorted(int(one) for one in whole.pop("person_id").dropna().unique())
    return whole


def _without_ends(session: Session, community: Community, whole: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The patrols as others may see them: see `patrols`."""
    metres = frames.to_metres(whole.geometry, frames.crs_of(session, community.id))
    persons = [None if pd.isna(one) else int(one) for one in whole.pop("person_id")]
    cut = [None if pd.isna(one) else one for one in whole.pop("ends_cut_at")]
    seen = privacy.shown(session, community, metres, persons, cut)
    left = (seen.length / metres.length).fillna(0.0).to_numpy()
    hours = {name: whole[name].dt.floor("h") for name in ("started_at", "ended_at")}
    told = whole.assign(metres=seen.length.fillna(0.0), minutes=whole["minutes"] * left, **hours)
    return told.set_geometry(seen.to_crs(WGS84))
