"""The sample town: real ground, drawn, peopled and lived in for a simulated year, by the ways a user would go."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import geopandas as gpd
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.dictionaries import EXAMPLES, read_example
from data.exchange.reading import Reading
from data.models import (
    ChainLink,
    Community,
    Duty,
    LevelName,
    Organisation,
    PlaceKind,
)
from data.sample import simulate
from data.sample.trim import quarter_of
from geo.errors import N_
from patrols import adoption, categories, category_files, communities, drafting, sample_plan, sample_points
from patrols.days import zone
from patrols.intake.cameras import import_cameras
from patrols.intake.incidents import import_incidents
from patrols.intake.people import import_people
from patrols.intake.places import import_buildings, import_compounds, import_outline, import_streets
from patrols.intake.steps import import_steps
from patrols.intake.tracks import import_patrols
from patrols.sample_summary import Sentence, Summary, sum_up

CODE = "110108999001"
"""The county's code is Haidian's; no subdistrict has the number 999, so that nobody's real grid is meant."""

NAME, SUBDISTRICT, COUNTY = "清华园社区（模拟）", "清华园街道（模拟）", "海淀区（模拟）"
ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
BAND = (150, 500)
DAYS = 365


LEVELS = [
    ("county", "区县", "County"),
    ("subdistrict", "街道", "Subdistrict"),
    ("community", "社区", "Community"),
    ("grid", "网格", "Grid"),
    ("compound", "小区", "Compound"),
    ("building", "楼栋", "Building"),
    ("entrance", "单元", "Entrance"),
]
"""What the levels of the tree are called here; a community writes its own."""

FEW_RESIDENTS = 300
"""A quarter with fewer residents than this in a grid does not lend it its name."""

CHAIN = [
    (Duty.ENTRANCE_HEAD, PlaceKind.HOUSEHOLDS, "单元长（包住户）", "Entrance head, for households"),
    (Duty.BUILDING_HEAD, PlaceKind.ENTRANCE, "楼栋长（包单元）", "Building head, for an entrance"),
    (Duty.GROUP_HEAD, PlaceKind.BUILDING, "居民小组长（包楼栋）", "Group head, for a building"),
    (Duty.GRID_WORKER, PlaceKind.COMPOUND, "网格员（包小区）", "Grid worker, for a compound"),
    (Duty.GRID_WORKER, PlaceKind.GRID, "网格员（驻网格）", "Grid worker, for the grid"),
    (
        Duty.GRID_MANAGER,
        PlaceKind.GRID,
        "网格长（社区“两委”成员，包网格）",
        "Grid manager, of the committee, for the grid",
    ),
    (Duty.FIRST_SECRETARY, PlaceKind.COMMUNITY, "社区第一书记", "First secretary of the community"),
]
"""The 五包 chain, nearest first; the grid worker stands in it twice: for yards and for the streets between."""


def build(session: Session, *, at: datetime, say: Callable[[Sentence], None], seed: int = simulate.SEED) -> Summary:
    """Build the sample town into an empty database: ground, grids, people, patrols and a year's incidents.

    Everything goes the way a user's files go, through `patrols.intake`. The grids are in force from the first day of
    the simulated year on, so that every incident finds some. The same moment and seed give the same town.

    Parameters
    ----------
    at : datetime
        Now, aware; the simulated year ends here.
    say : callable
        Told each step when it is done, as an English sentence that can be translated.
    """
    began = time.perf_counter()
    today = at.astimezone(zone("Asia/Shanghai")).date()
    first_day = today - timedelta(days=DAYS + 1)
    community = _enter(session, first_day)
    places = simulate.read_places()
    _take_ground(session, community, places, at, say)
    grids = _draw(session, community, first_day, at, seed, say)
    life = _simulate(session, community, places, grids, at, seed)
    _take_life(session, community, life, at, say)
    earned = sample_points.begin(session, community, first_day=first_day, at=at)
    say(Sentence(N_("Points: %(entries)s patrols earned %(points)s."), entries=earned.entries, points=earned.points))
    planned = sample_plan.begin(session, community, at=at)
    facts = {"windows": planned.windows, "points": planned.points, "check_ins": planned.check_ins}
    say(Sentence(N_("Plan: %(windows)s windows, %(points)s check-points, %(check_ins)s check-ins."), **facts))
    return sum_up(session, community, grids, BAND, seconds=time.perf_counter() - began)


def _enter(session: Session, first_day: date) -> Community:
    """The community with its words: level names, chain, categories, offices."""
    community = communities.enter_community(session, CODE, NAME, on=first_day, subdistrict=SUBDISTRICT, county=COUNTY)
    community.simulated = True
    community.attribution = ATTRIBUTION
    tables = simulate.read_tables()
    known = set(session.scalars(select(LevelName.level)))
    session.add_all(LevelName(level=level, zh=zh, en=en) for level, zh, en in LEVELS if level not in known)
    session.add_all(
        ChainLink(community_id=community.id, position=position, duty=duty, place_kind=kind, zh=zh, en=en)
        for position, (duty, kind, zh, en) in enumerate(CHAIN, start=1)
    )
    session.add_all(
        Organisation(
            community_id=community.id, code=row["code"], name=row["name"], in_community=row["in_community"] == "yes"
        )
        for row in tables.organisations.to_dict("records")
    )
    session.flush()
    _take_dictionaries(session, community)
    return community


def _take_dictionaries(session: Session, community: Community) -> None:
    """The two example dictionaries with their limits as rules; words that somebody has changed already stay."""
    there = {one.family for one in categories.families(session)}
    for family in EXAMPLES:
        document = read_example(family)
        if family not in there:
            category_files.take(session, document, file=f"{family}.json")
        category_files.begin_rules(session, community, document)


def _take_ground(
    session: Session,
    community: Community,
    places: dict[str, gpd.GeoDataFrame],
    at: datetime,
    say: Callable[[Sentence], None],
) -> None:
    import_outline(session, _reading(places["outline"], "outline.geojson"), community, at=at)
    streets = import_streets(session, _reading(places["streets"], "streets.geojson"), community, at=at)
    compounds = import_compounds(session, _reading(places["compounds"], "compounds.geojson"), community, at=at)
    buildings = import_buildings(session, _reading(places["buildings"], "buildings.geojson"), community, at=at)
    say(
        Sentence(
            N_("Ground: %(streets)s streets, %(buildings)s buildings, %(compounds)s compounds of OpenStreetMap."),
            streets=streets.stored,
            buildings=buildings.stored,
            compounds=compounds.stored,
        )
    )


def _draw(
    session: Session, community: Community, first_day: date, at: datetime, seed: int, say: Callable[[Sentence], None]
) -> gpd.GeoDataFrame:
    """Draw the grids, name them, adopt them from the first day on, and hand them back as they are stored."""
    edition, _drawing = drafting.draw_draft(
        session, community, households=BAND, at=at, seed=seed, name="首版网格（模拟）", naming=name_grids
    )
    adoption.adopt(session, edition, valid_from=first_day, filing_number=f"模拟〔{first_day.year}〕1号", at=at)
    stored = frames.grids(session, edition.id)
    say(
        Sentence(
            N_(
                "Grids: %(grids)s drawn for %(households)s households; %(in_band)s have %(low)s to %(high)s households."
            ),
            grids=len(stored),
            households=int(stored["households"].sum()),
            in_band=int(stored["households"].between(*BAND).sum()),
            low=BAND[0],
            high=BAND[1],
        )
    )
    return stored


def name_grids(grids: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> list[str]:
    """A name for each grid as people would say it: after the quarter of most residents, else its largest building.

    Grids of the same name are numbered in the order of their codes: 紫荆公寓第1网格, 紫荆公寓第2网格.
    """
    spots = buildings[["name", "residents"]].assign(size=buildings.area).set_geometry(buildings.representative_point())
    inside = pd.DataFrame(spots.sjoin(grids[["grid_code", "geometry"]].rename_axis(index=None), predicate="within"))
    quarter = inside["name"].map(quarter_of)
    lived_in = inside.assign(label=quarter, weight=inside["residents"], rank=1)[quarter != ""]
    short = inside["name"].str.replace(r"[（( ].*$", "", regex=True)
    landmark = inside.assign(label=short, weight=inside["size"], rank=2)[(quarter == "") & (short != "")]
    said = pd.concat([lived_in, landmark]).groupby(["grid_code", "rank", "label"], as_index=False)["weight"].sum()
    said = said[(said["rank"] == 2) | (said["weight"] >= FEW_RESIDENTS)]
    best = said.sort_values(["rank", "weight", "label"], ascending=[True, False, True]).drop_duplicates("grid_code")
    labels = grids["grid_code"].map(best.set_index("grid_code")["label"]).fillna("")
    order = labels.groupby(labels).cumcount() + 1
    many = labels.groupby(labels).transform("size") > 1
    return [
        f"{label}第{n}网格" if again or not label else f"{label}网格"
        for label, n, again in zip(labels, order, many, strict=True)
    ]


def _simulate(
    session: Session,
    community: Community,
    places: dict[str, gpd.GeoDataFrame],
    grids: gpd.GeoDataFrame,
    at: datetime,
    seed: int,
) -> simulate.Life:
    # The files say which buildings are homes, canteens and schools, which the database does not keep.
    streets, buildings, compounds = (
        frames.to_metres(places[name], grids.crs) for name in ("streets", "buildings", "compounds")
    )
    until = at.astimezone(zone(community.timezone))
    return simulate.simulate(
        streets, buildings, compounds, grids, until, tables=simulate.read_tables(), days=DAYS, seed=seed
    )


def _take_life(
    session: Session, community: Community, life: simulate.Life, at: datetime, say: Callable[[Sentence], None]
) -> None:
    roster = import_people(session, _reading(life.roster, "roster.csv"), community, at=at)
    say(Sentence(N_("People: %(people)s on the roster, posted along the chain."), people=roster.stored))
    walks = import_patrols(session, _reading(life.fixes, "patrols.gpx"), community, at=at)
    say(Sentence(N_("Patrols: %(patrols)s of %(fixes)s fixes."), patrols=walks.stored, fixes=len(life.fixes)))
    reports = import_incidents(session, _reading(_as_reports(life.incidents), "incidents.csv"), community, at=at)
    steps = import_steps(session, _reading(_as_steps(session, community, life), "steps.csv"), community, at=at)
    say(
        Sentence(
            N_("Incidents: %(incidents)s located, with %(steps)s steps since."),
            incidents=reports.stored,
            steps=steps.stored,
        )
    )
    eyes = import_cameras(session, _reading(life.cameras, "cameras.csv"), community, at=at)
    say(Sentence(N_("Cameras: %(cameras)s at crossings."), cameras=eyes.stored))


def _as_reports(incidents: pd.DataFrame) -> pd.DataFrame:
    """The reports as a sheet of incidents, due when their category's time is up."""
    due = incidents["found_at"] + pd.to_timedelta(incidents["limit_hours"], unit="h")
    return incidents.drop(columns=["limit_hours", "organisation", "may_settle"]).assign(due_at=due)


def _as_steps(session: Session, community: Community, life: simulate.Life) -> pd.DataFrame:
    """The steps as a sheet: triaged to an office by its name, dispatched to the handler who works there."""
    offices = simulate.read_tables().organisations.set_index("key")["name"]
    handlers = life.people[life.people["duty"] == "handler"].set_index("organisation")["number"]
    steps = life.steps.rename(columns={"kind": "step"})
    office = steps["organisation"].map(offices).fillna("")
    return steps.assign(
        organisation=office.where(steps["step"] == "triage", ""),
        person=office.map(handlers).where(steps["step"] == "dispatch", "").fillna(""),
        rating=steps["rating"].where(steps["rating"] > 0),
    )


def _reading(frame: pd.DataFrame, file: str) -> Reading[pd.DataFrame]:
    """A frame as if it had been read from a file."""
    frame = frame.reset_index(drop=True)
    if "source_row" not in frame:
        frame["source_row"] = range(1, len(frame) + 1)
    frame.attrs = {"file": file, "notes": []}
    return Reading(frame, [])
