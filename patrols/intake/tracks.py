"""Taking in patrols: fixes cleaned by named rules, lines broken at signal gaps, metres and minutes of each grid."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.exchange.reading import Reading
from data.models import WGS84, Community, Fix, Patrol, PatrolCredit, PatrolSource, Person, Team
from geo.errors import N_
from patrols import consents, privacy
from patrols.errors import PatrolError
from patrols.intake.datum import warn_of_datum
from patrols.intake.keys import ids_of
from patrols.intake.rows import plain_row, write_rows
from patrols.intake.sheet import Headings, Intake, Sheet
from patrols.rules import Rules
from patrols.tracks import clean_fixes, drawable, to_lines
from patrols.walked import earned

FIXES: Headings = {
    "name": ("名称",),
    "patrol": ("巡逻", "轨迹", "track", "track_id"),
    "at": ("时间", "定位时间", "time"),
    "lon": ("经度", "lng", "longitude"),
    "lat": ("纬度", "latitude"),
    "accuracy_m": ("精度", "accuracy"),
    "person": ("人员编号", "工号", "person_number"),
    "team": ("队伍", "team_name"),
}
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a phone's clock may be ahead of ours."""


def import_patrols(
    session: Session,
    reading: Reading[Any],
    community: Community,
    *,
    at: datetime,
    skip_bad: bool = False,
    person: Person | None = None,
    team: Team | None = None,
    source: PatrolSource = PatrolSource.FILE,
) -> Intake:
    """Take patrols: every fix is kept with the rule that dropped it, if one did; the line of the others earns the
    grids.

    The same fixes again, from whatever file, are the same patrol and change nothing. A patrol without times, that ends
    in the future, never touches the community or is of somebody who withdrew their consent is refused as a whole;
    single fixes without a time are left out and counted as dropped. Metres and minutes go to the grids in force on the
    day they were walked, under the edition of that day; what lies outside all of them is credited to no grid, so that
    the credits add up to the patrol. An override moves no metre: it says who answers for a building or compound, not on
    whose ground it stands (see `patrols.overrides`).

    Parameters
    ----------
    reading : Reading
        As `data.exchange.gpx.read_tracks` makes it: `patrol`, `at`, `lon`, `lat`, `accuracy_m`, optionally `person`
        (the roster's number) and `team` (its name).
    person, team : Person, Team, optional
        Who walked, where the file does not say.
    """
    sheet = Sheet(reading, FIXES)
    fixes = _read(session, sheet, community)
    _check_patrols(sheet, fixes, at)
    walkers = fixes["person_id"].where(fixes["person_id"].notna(), person and person.id)
    _check_consents(sheet, fixes.assign(person_id=walkers), consents.withdrawn(session, community))
    rules, crs = Rules.for_community(community.rules), frames.crs_of(session, community.id)
    clean = _clean(fixes[~sheet.bad & fixes["at"].notna()], rules, crs)
    lines = to_lines(clean, rules, crs=crs)
    _check_ground(session, sheet, community, fixes, clean, lines)
    sheet.accept(skip_bad=skip_bad)
    refused = set(fixes.loc[sheet.bad, "patrol"])
    clean = clean[~clean["patrol"].isin(refused)]
    _warn_of_datum(session, sheet, community, clean)
    known = _known_keys(session, community, clean)
    keys = _keys(clean)
    new = keys[~keys.isin(known)]
    # The same walk twice in one file, under two names, is one walk.
    new = new[~new.duplicated()]
    table = _patrol_rows(community, fixes, clean, lines, new, source)
    table["person_id"] = table["person_id"].where(table["person_id"].notna(), person and person.id)
    table["team_id"] = table["team_id"].where(table["team_id"].notna(), team and team.id)
    _store(session, community, table, clean, lines)
    return Intake(stored=len(table), unchanged=len(keys) - len(new), refusals=sheet.refusals, notes=sheet.notes)


def _read(session: Session, sheet: Sheet, community: Community) -> pd.DataFrame:
    fixes = pd.DataFrame(
        {
            "patrol": sheet.text("patrol", longest=255),
            "name": sheet.text("name", longest=4000),
            "at": sheet.moment("at", community.timezone),
            "lon": sheet.number("lon", least=-180, most=180, required=True),
            "lat": sheet.number("lat", least=-90, most=90, required=True),
            "accuracy_m": sheet.number("accuracy_m", least=0),
            "person_id": ids_of(session, sheet, "person", Person.number, community),
            "team_id": ids_of(session, sheet, "team", Team.name, community),
            "source_row": sheet.frame["source_row"],
        }
    )
    # 0 m is how some phones say that they do not know.
    fixes["accuracy_m"] = fixes["accuracy_m"].where(fixes["accuracy_m"] > 0)
    return fixes


def _check_patrols(sheet: Sheet, fixes: pd.DataFrame, at: datetime) -> None:
    """Refuse patrols of which no fix has a time, and those that end in the future."""
    ends = fixes.groupby("patrol")["at"].max()
    _refuse_patrols(
        sheet,
        fixes,
        set(ends.index[ends.isna()]),
        N_("No fix of %(patrol)s has a time, so its minutes are not known."),
    )
    _refuse_patrols(
        sheet,
        fixes,
        set(ends.index[ends > pd.Timestamp(at + CLOCK_TOLERANCE)]),
        N_("%(patrol)s ends in the future (%(end)s): the phone's clock was wrong."),
        end=lambda patrol: ends[patrol].isoformat(),
    )
    sheet.bad |= fixes["patrol"].isin(fixes.loc[sheet.bad, "patrol"])


def _check_consents(sheet: Sheet, fixes: pd.DataFrame, withdrawn: set[int]) -> None:
    """Refuse patrols of people who withdrew their consent: nothing of theirs is recorded, whoever brings it."""
    _refuse_patrols(
        sheet,
        fixes,
        set(fixes.loc[fixes["person_id"].isin(withdrawn), "patrol"]),
        N_("Whoever walked %(patrol)s has withdrawn their consent: it is not recorded."),
    )


def _clean(fixes: pd.DataFrame, rules: Rules, crs: Any) -> pd.DataFrame:
    """The timed fixes in metres, each with the rule that dropped it or None."""
    x, y = frames.points_in_metres(fixes["lon"], fixes["lat"], crs)
    return clean_fixes(fixes.assign(x=x, y=y), rules)


def _check_ground(
    session: Session,
    sheet: Sheet,
    community: Community,
    fixes: pd.DataFrame,
    clean: pd.DataFrame,
    lines: gpd.GeoDataFrame,
) -> None:
    """Refuse patrols without a usable fix, and those that never touch the community, by their line or a single fix."""
    kept = clean[clean["dropped_by"].isna()]
    _refuse_patrols(
        sheet,
        fixes,
        set(clean["patrol"]) - set(kept["patrol"]),
        N_("None of the fixes of %(patrol)s can be used: they were dropped as %(rules)s."),
        rules=lambda patrol: ", ".join(sorted(clean.loc[clean["patrol"] == patrol, "dropped_by"].unique())),
    )
    outline = frames.outline(session, community.id)
    if outline.empty:
        return
    ground = outline.union_all()
    shapely.prepare(ground)
    here = set(lines.index[shapely.intersects(ground, lines.geometry.array.to_numpy())])
    here |= set(kept.loc[shapely.intersects_xy(ground, kept["x"].to_numpy(), kept["y"].to_numpy()), "patrol"])
    _refuse_patrols(
        sheet,
        fixes,
        set(kept["patrol"]) - here,
        N_("%(patrol)s never touches %(community)s. Check the community and the file's datum."),
        community=lambda _: community.name,
    )


def _refuse_patrols(
    sheet: Sheet, fixes: pd.DataFrame, wrong: set[str], template: str, **facts: Callable[[str], str]
) -> None:
    """Refuse whole patrols: the first row of each says why, under the track's own name where it has one."""
    first = fixes.index[~fixes["patrol"].duplicated() & fixes["patrol"].isin(wrong)]
    for position in fixes.index.get_indexer(first):
        patrol = fixes["patrol"].iloc[position]
        told = {name: fact(patrol) for name, fact in facts.items()}
        sheet.refuse_row(int(position), PatrolError(template, patrol=fixes["name"].iloc[position] or patrol, **told))
    sheet.bad |= fixes["patrol"].isin(wrong)


def _warn_of_datum(session: Session, sheet: Sheet, community: Community, clean: pd.DataFrame) -> None:
    kept = clean[clean["dropped_by"].isna()]
    spots = gpd.GeoSeries(gpd.points_from_xy(kept["lon"], kept["lat"]), crs=WGS84)
    warn_of_datum(session, sheet, community, spots)


def _keys(clean: pd.DataFrame) -> "pd.Series[Any]":
    """A key of each patrol made from its fixes alone, so that a renamed copy is known. Index: `patrol`."""
    ordered = clean.sort_values(["patrol", "at"], kind="stable")
    cells = np.column_stack(
        [
            ordered["at"].astype("datetime64[ms, UTC]").astype("int64"),
            (ordered["lon"] * 1e7).round().astype("int64"),
            (ordered["lat"] * 1e7).round().astype("int64"),
        ]
    )
    places = ordered.groupby("patrol", sort=False).indices
    digests = {
        patrol: hashlib.blake2b(np.ascontiguousarray(cells[rows]).tobytes(), digest_size=16).hexdigest()
        for patrol, rows in places.items()
    }
    return pd.Series(digests, dtype=object)


def _known_keys(session: Session, community: Community, clean: pd.DataFrame) -> set[str]:
    """Keys of the patrols that are stored for the time this file is about."""
    if clean.empty:
        return set()
    statement = select(Patrol.source_key).where(
        Patrol.community_id == community.id,
        Patrol.started_at >= clean["at"].min().to_pydatetime(),
        Patrol.started_at <= clean["at"].max().to_pydatetime(),
    )
    return set(session.scalars(statement))


def _patrol_rows(
    community: Community,
    fixes: pd.DataFrame,
    clean: pd.DataFrame,
    lines: gpd.GeoDataFrame,
    keys: "pd.Series[Any]",
    source: PatrolSource,
) -> pd.DataFrame:
    """One row for each new patrol, indexed as in the file."""
    per_patrol = clean.groupby("patrol")
    table = pd.DataFrame(
        {
            "source_key": keys,
            "started_at": per_patrol["at"].min(),
            "ended_at": per_patrol["at"].max(),
            "fixes_kept": clean["dropped_by"].isna().groupby(clean["patrol"]).sum(),
            "person_id": fixes.groupby("patrol")["person_id"].first(),
            "team_id": fixes.groupby("patrol")["team_id"].first(),
        }
    ).loc[keys.index]
    table["fixes_dropped"] = fixes.groupby("patrol").size().reindex(table.index) - table["fixes_kept"]
    for name in ("metres", "minutes"):
        table[name] = lines[name].reindex(table.index).fillna(0.0)
    return table.assign(community_id=community.id, source=source)


def _store(
    session: Session, community: Community, table: pd.DataFrame, clean: pd.DataFrame, lines: gpd.GeoDataFrame
) -> None:
    if table.empty:
        return
    walked = lines[lines.index.isin(table.index) & lines.geometry.notna().to_numpy()]
    drawn = drawable(walked).dropna()
    tracks = dict(zip(drawn.index, frames.store_geometry(drawn), strict=True))
    _hide_ends(session, community, table, drawn)
    rows = [{**plain_row(row), "track": tracks.get(patrol)} for patrol, row in table.to_dict("index").items()]
    write_rows(session, Patrol, rows)
    # Keys are asked for in slices: SQLite takes 32,766 parameters in one statement.
    wanted = list(table["source_key"])
    ids: dict[str, int] = {}
    for start in range(0, len(wanted), 5000):
        part = select(Patrol.source_key, Patrol.id).where(
            Patrol.community_id == community.id, Patrol.source_key.in_(wanted[start : start + 5000])
        )
        ids.update(session.execute(part).all())
    patrol_ids = table["source_key"].map(ids)
    _store_fixes(session, clean, patrol_ids)
    _store_credits(session, community, walked, patrol_ids)


def _hide_ends(session: Session, community: Community, table: pd.DataFrame, drawn: gpd.GeoSeries) -> None:
    """See to it that others will be shown the lines without their ends."""
    walked = table.loc[table.index.isin(drawn.index)].sort_values("started_at", kind="stable")
    persons = [None if pd.isna(person) else int(person) for person in walked["person_id"]]
    privacy.hang(session, community, drawn.loc[walked.index], persons)


def _store_fixes(session: Session, clean: pd.DataFrame, patrol_ids: "pd.Series[int]") -> None:
    kept = clean[clean["patrol"].isin(patrol_ids.index)]
    columns = pd.DataFrame(
        {
            "patrol_id": kept["patrol"].map(patrol_ids).astype(int),
            "at": kept["at"].dt.to_pydatetime(),
            "lon": kept["lon"],
            "lat": kept["lat"],
            "accuracy_m": kept["accuracy_m"].astype(object).where(kept["accuracy_m"].notna(), None),
            "dropped_by": kept["dropped_by"].astype(object).where(kept["dropped_by"].notna(), None),
        }
    )
    write_rows(session, Fix, [{str(key): value for key, value in row.items()} for row in columns.to_dict("records")])


def _store_credits(
    session: Session, community: Community, lines: gpd.GeoDataFrame, patrol_ids: "pd.Series[int]"
) -> None:
    credits = earned(session, community, lines)
    rows = credits.assign(patrol_id=credits["line"].map(patrol_ids)).drop(columns="line").to_dict("records")
    write_rows(session, PatrolCredit, [plain_row(row) for row in rows])
