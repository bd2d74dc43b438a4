"""The sample town's files keep their promises, and its simulated life looks like a place that people live in."""

from dataclasses import fields
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import data.sample
from data import frames
from data.models import Duty, IncidentSource, PlaceKind, StepKind, StreetClass
from data.sample import simulate
from data.sample.histories import make_steps
from data.sample.simulate import Life, read_places, read_tables
from data.sample.trim import compound_name, estimate

FOLDER = Path(data.sample.__file__).parent
UNTIL = datetime(2026, 11, 22, 17, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def ground() -> dict[str, gpd.GeoDataFrame]:
    """The four files in metres."""
    places = read_places()
    crs = frames.to_metres(places["outline"]).crs
    return {name: frames.to_metres(place, crs) for name, place in places.items()}


@pytest.fixture(scope="module")
def grids(ground: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """A plain chessboard of grids on the town's ground."""
    outline = ground["outline"].geometry[0]
    west, south, east, north = outline.bounds
    x, y = np.meshgrid(np.linspace(west, east, 6), np.linspace(south, north, 7))
    cells = shapely.box(x[:-1, :-1], y[:-1, :-1], x[1:, 1:], y[1:, 1:]).ravel()
    cells = shapely.intersection(cells, outline)
    cells = cells[shapely.area(cells) > 1000]
    codes = [f"110108999001{n:03d}" for n in range(1, len(cells) + 1)]
    return gpd.GeoDataFrame({"grid_code": codes}, geometry=cells, crs=ground["outline"].crs)


@pytest.fixture(scope="module")
def life(ground: dict[str, gpd.GeoDataFrame], grids: gpd.GeoDataFrame) -> Life:
    return live(ground, grids)


def live(ground: dict[str, gpd.GeoDataFrame], grids: gpd.GeoDataFrame, seed: int = 7) -> Life:
    return simulate.simulate(
        ground["streets"],
        ground["buildings"],
        ground["compounds"],
        grids,
        UNTIL,
        tables=read_tables(),
        walk_count=60,
        incident_count=900,
        seed=seed,
    )


def in_metres(rows: pd.DataFrame, like: gpd.GeoDataFrame) -> np.ndarray:
    return shapely.points(*frames.points_in_metres(rows["lon"], rows["lat"], like.crs))


def distance_to(points: np.ndarray, shapes: gpd.GeoSeries) -> np.ndarray:
    tree = shapely.STRtree(shapes.to_numpy())
    return shapely.distance(points, shapes.to_numpy()[tree.nearest(points)])


def test_the_licence_and_its_credit_stand_beside_every_map_file() -> None:
    notice = (FOLDER / "LICENCE-ODbL.txt").read_text(encoding="utf-8")

    for path in FOLDER.glob("*.geojson"):
        assert path.name in notice
    assert "© OpenStreetMap contributors" in notice
    assert "https://opendatacommons.org/licenses/odbl/1-0/" in notice
    assert "simulated" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.geojson")) < 700_000


def test_a_block_of_flats_has_the_households_of_its_floors() -> None:
    homes = pd.DataFrame(
        {"kind": ["residential", "bungalow", "canteen"], "levels": [5, 1, 2], "footprint_m2": [900.0, 20.0, 500.0]}
    )

    counts = estimate(homes)

    # 900 m2 x 5 floors x 0.8 / 90 m2 = 40; a home has at least one household; 800 m2 of kitchens weigh as one of 600.
    assert list(counts["households"]) == [40, 1, 1]
    assert list(counts["residents"]) == [104, 2, 0]


def test_households_in_the_file_follow_from_the_file_itself(ground: dict[str, gpd.GeoDataFrame]) -> None:
    buildings = ground["buildings"]
    again = estimate(pd.DataFrame(buildings[["kind", "levels"]]).assign(footprint_m2=buildings.area))

    # Seven decimals of a degree move a wall by up to a centimetre, which may tip a rounding.
    assert (buildings["households"] - again["households"]).abs().max() <= 1
    assert buildings["households"].sum() == 10483


def test_a_yard_is_called_as_people_say_it() -> None:
    assert compound_name(pd.Series(["西14楼", "西9楼", ""])) == "西区9-14楼"
    assert compound_name(pd.Series(["紫荆学生公寓3号楼"])) == "紫荆公寓3楼"
    assert compound_name(pd.Series(["", ""])) == ""


def test_the_readme_states_the_totals_of_the_files(ground: dict[str, gpd.GeoDataFrame]) -> None:
    buildings, readme = ground["buildings"], (FOLDER / "README.md").read_text(encoding="utf-8")

    for name in ("streets", "buildings"):
        assert f"{len(ground[name])} {name}" in readme
    assert f"{buildings['households'].sum():,} households" in readme
    assert f"{buildings['residents'].sum():,} residents" in readme


def test_buildings_lie_inside_the_town_and_no_compound_cuts_one(ground: dict[str, gpd.GeoDataFrame]) -> None:
    buildings, compounds = ground["buildings"].geometry, ground["compounds"].geometry
    outline = ground["outline"].geometry[0].buffer(0.02)

    assert buildings.within(outline).all()
    assert compounds.within(outline).all()
    building, compound = shapely.STRtree(compounds.to_numpy()).query(buildings.to_numpy(), predicate="intersects")
    assert shapely.covers(compounds.to_numpy()[compound], buildings.to_numpy()[building]).all()
    assert not pd.Series(building).duplicated().any()


def test_no_wide_street_runs_through_a_compound(ground: dict[str, gpd.GeoDataFrame]) -> None:
    streets = ground["streets"]
    wide = streets[streets["street_class"] == "branch"].union_all()

    assert not ground["compounds"].intersects(wide).any()


def test_the_words_of_the_files_are_words_of_the_program(life: Life) -> None:
    places, tables = read_places(), read_tables()

    assert set(places["streets"]["street_class"]) <= set(StreetClass)
    assert set(life.incidents["source"]) == set(IncidentSource)
    assert set(life.steps["kind"]) < set(StepKind)
    assert set(life.roster["place_kind"]) - {""} == set(PlaceKind)
    assert set(life.roster["duty"]) - {""} < set(Duty)
    assert set(tables.categories["organisation"]) <= set(tables.organisations["key"])


def test_every_category_is_one_of_its_family_and_can_be_put_into_words() -> None:
    tables = read_tables()
    keys = tables.categories[["family", "kind", "code"]].apply(tuple, axis=1)
    said = tables.phrases[["family", "kind", "code"]].apply(tuple, axis=1)

    assert keys.is_unique
    assert set(keys) == set(said)
    # The same number means different things in different families: the reason for the threefold key.
    assert tables.categories["code"].duplicated().any()


def test_the_same_seed_gives_the_same_life_and_another_seed_another(
    ground: dict[str, gpd.GeoDataFrame], grids: gpd.GeoDataFrame, life: Life
) -> None:
    again, other = live(ground, grids), live(ground, grids, seed=8)

    for field in fields(Life):
        pd.testing.assert_frame_equal(getattr(life, field.name), getattr(again, field.name))
    assert not life.incidents["description"].equals(other.incidents["description"])


def test_sixty_people_have_names_of_their_own_and_numbers_that_cannot_be_rung(life: Life) -> None:
    assert len(life.people) == 60
    assert life.people["name"].is_unique
    assert life.people["phone"].str.fullmatch(r"100\d{8}").all()
    phones = life.incidents["reporter_phone"]
    assert phones[phones != ""].str.fullmatch(r"100\d{8}").all()


def test_the_chain_reaches_from_the_first_secretary_to_households(life: Life, grids: gpd.GeoDataFrame) -> None:
    roster = life.roster[life.roster["duty"] != ""]

    managed = roster.loc[roster["duty"] == "grid_manager", "grid_code"]
    assert managed.is_unique
    assert set(grids["grid_code"]) - set(managed) == {grids["grid_code"].max()}
    assert set(roster["number"]) | set(life.roster["number"]) == set(life.people["number"])
    assert (roster.loc[roster["place_kind"] == "households", "household_from"] != "").all()


def test_walks_keep_to_the_streets(ground: dict[str, gpd.GeoDataFrame], life: Life) -> None:
    far = distance_to(in_metres(life.fixes, ground["streets"]), ground["streets"].geometry)

    assert (far < 10).mean() > 0.93
    assert np.median(far) < 4


def test_phones_lose_the_signal_and_jump_now_and_then(ground: dict[str, gpd.GeoDataFrame], life: Life) -> None:
    fixes = life.fixes.sort_values(["patrol", "at"])
    same = fixes["patrol"].eq(fixes["patrol"].shift()).to_numpy()
    seconds = fixes["at"].diff().dt.total_seconds().to_numpy()
    points = in_metres(fixes, ground["streets"])
    steps = np.concatenate([[0.0], shapely.distance(points[1:], points[:-1])])

    assert (seconds[same] > 0).all()
    assert 5 < (seconds[same] > 120).sum() < 60
    assert 0.004 < (steps[same] > 100).mean() < 0.02


def test_noise_drifts_instead_of_jittering(ground: dict[str, gpd.GeoDataFrame], life: Life) -> None:
    """Neighbouring fixes are off to the same side far more often than chance would have it."""
    streets = ground["streets"].geometry.to_numpy()
    points = in_metres(life.fixes, ground["streets"])
    line = streets[shapely.STRtree(streets).nearest(points)]
    foot = shapely.line_interpolate_point(line, shapely.line_locate_point(line, points))
    east = shapely.get_x(points) - shapely.get_x(foot)
    quiet = np.abs(east) < 15
    both = quiet[1:] & quiet[:-1] & (line[1:] == line[:-1])

    assert np.corrcoef(east[1:][both], east[:-1][both])[0, 1] > 0.5


def test_some_grids_are_on_nobodys_beat(
    life: Life, ground: dict[str, gpd.GeoDataFrame], grids: gpd.GeoDataFrame
) -> None:
    points = in_metres(life.fixes, grids)
    fix, grid = shapely.STRtree(grids.geometry.to_numpy()).query(points, predicate="intersects")
    walked = pd.Series(fix).groupby(grid).size().reindex(range(len(grids)), fill_value=0)

    assert (walked < walked.mean() / 10).any()
    assert (walked > walked.mean()).any()


def test_nothing_happens_after_the_present(life: Life) -> None:
    for moments in (life.fixes["at"], life.incidents["found_at"], life.steps["at"]):
        assert moments.max() <= pd.Timestamp(UNTIL)


def test_incidents_span_the_year_and_snow_lies_in_winter(life: Life) -> None:
    found = life.incidents["found_at"]

    assert found.dt.month.nunique() == 12
    snow = life.incidents["family"].eq("chengguan") & life.incidents["category"].eq("0104")
    snow &= life.incidents["kind"].eq("incident")
    assert snow.any()
    assert found[snow].dt.month.isin([11, 12, 1, 2, 3]).mean() > 0.9


def test_incidents_happen_where_such_things_do(ground: dict[str, gpd.GeoDataFrame], life: Life) -> None:
    categories = read_tables().categories.rename(columns={"code": "category"})
    placed = life.incidents.dropna(subset="lon").merge(
        categories[["family", "kind", "category", "place"]], on=["family", "kind", "category"]
    )
    points = in_metres(placed, ground["streets"])
    buildings = ground["buildings"]

    canteens = buildings.geometry[buildings["kind"] == "canteen"]
    homes = buildings.geometry[buildings["residents"] > 0]
    assert (distance_to(points[placed["place"] == "canteen"], canteens) < 40).mean() > 0.97
    assert (distance_to(points[placed["place"].isin(["home", "flat"])], homes) < 30).mean() > 0.97
    assert (distance_to(points[placed["place"] == "street"], ground["streets"].geometry) < 20).mean() > 0.9


def test_a_few_incidents_are_seen_just_outside_and_none_farther(
    ground: dict[str, gpd.GeoDataFrame], life: Life
) -> None:
    outside = shapely.distance(
        in_metres(life.incidents.dropna(subset="lon"), ground["outline"]), ground["outline"].geometry[0]
    )

    assert 0 < (outside > 0).sum() < len(outside) / 20
    assert outside.max() < 41


def test_some_calls_come_without_a_position_and_half_of_these_with_a_grid(life: Life, grids: gpd.GeoDataFrame) -> None:
    lost = life.incidents[life.incidents["lon"].isna()]

    assert set(lost["source"]) == {"hotline", "office"}
    assert lost[["lat", "accuracy_m"]].isna().all(axis=None)
    assert 0.2 < (lost["grid_code"] != "").mean() < 0.8
    assert set(lost["grid_code"]) - {""} <= set(grids["grid_code"])
    assert (life.incidents.loc[life.incidents["lon"].notna(), "grid_code"] == "").all()


def test_a_few_places_are_hot_spots(ground: dict[str, gpd.GeoDataFrame], life: Life) -> None:
    points = in_metres(life.incidents.dropna(subset="lon"), ground["outline"])
    cells = pd.Series([f"{x:.0f}/{y:.0f}" for x, y in shapely.get_coordinates(points) // 60]).value_counts()

    # A tenth of the places that saw anything saw a quarter of everything, but none swallows the town.
    assert cells.iloc[: len(cells) // 10].sum() > len(points) / 4
    assert cells.iloc[0] < len(points) / 15


def test_every_report_is_a_sentence_about_a_place(life: Life) -> None:
    said = life.incidents["description"]

    assert not said.str.contains(r"[{}]|nan").any()
    assert said.str.contains("[。！？]$").all()
    assert said.nunique() > 0.75 * len(said)
    assert life.incidents["number"].is_unique


def test_nobody_patrols_at_night_and_cameras_see_no_stairway(life: Life) -> None:
    categories = read_tables().categories.rename(columns={"code": "category"})
    rows = life.incidents.merge(categories, on=["family", "kind", "category"], suffixes=("", "_of"))

    assert not (rows["source"].eq("patrol") & rows["hours_of_day"].eq("night")).any()
    assert not (rows["source"].eq("camera") & rows["place"].isin(["home", "flat", "dormitory"])).any()
    assert not (rows["source"].isin(["camera", "leader"]) & rows["sensitive"].eq("yes")).any()


def test_recent_incidents_are_still_on_their_way_and_old_ones_are_done(life: Life) -> None:
    last = life.steps.groupby("number")["kind"].last().reindex(life.incidents["number"]).fillna("report")
    done = last.isin(["close", "rate", "void"]).to_numpy()

    assert done[: len(done) // 2].mean() > 0.95
    assert 0.2 < 1 - done[-len(done) // 20 :].mean() < 0.95


def test_steps_of_an_incident_follow_in_time_after_its_report(life: Life) -> None:
    steps = life.steps.merge(life.incidents[["number", "found_at"]], on="number")

    assert (steps["at"] >= steps["found_at"]).all()
    assert life.steps.groupby("number")["at"].is_monotonic_increasing.all()


def test_most_disputes_are_settled_some_are_not_and_nothing_else_is_mediated(life: Life) -> None:
    categories = read_tables().categories.rename(columns={"code": "category"})
    reports = life.incidents.merge(categories, on=["family", "kind", "category"], suffixes=("", "_of"))
    disputes = set(reports.loc[reports["organisation_of"] == "justice", "number"])
    ended = life.steps[life.steps["outcome"] != ""]

    assert set(ended["number"]) <= disputes
    assert set(ended["kind"]) == {"resolve", "settle_on_the_spot"}
    assert set(ended["outcome"]) == {"settled", "not_settled", "to_court"}
    assert 0.7 < ended["outcome"].eq("settled").mean() < 0.95
    assert ended.loc[ended["kind"] == "settle_on_the_spot", "outcome"].eq("settled").all()
    assert not ended.loc[ended["outcome"] != "settled", "note"].str.contains("和好|一致，签").any()


def test_cameras_stand_at_crossings_far_from_each_other_and_know_where_they_look(
    life: Life, ground: dict[str, gpd.GeoDataFrame]
) -> None:
    cameras = frames.to_metres(life.cameras, ground["streets"].crs)
    spots = cameras.geometry.to_numpy()
    wide = ground["streets"][~ground["streets"]["street_class"].isin(["path", "back_street"])]
    apart = shapely.distance(spots[:, None], spots[None, :])[~np.eye(len(spots), dtype=bool)]

    assert len(cameras) == 27
    assert cameras["code"].is_unique
    assert distance_to(spots, wide.geometry).max() < 0.5
    assert apart.min() > 60
    assert cameras["heading_deg"].between(0, 359).all()
    assert cameras["owner"].str.endswith("（模拟）").all()


def test_offices_work_by_day_unless_it_is_urgent() -> None:
    """Found at ten in the evening: the fire station comes at once, the property firm the next day."""
    found = pd.Timestamp(UNTIL).normalize() - pd.Timedelta(days=90) + pd.Timedelta(hours=22)
    reports = pd.DataFrame(
        {
            "number": [f"{n:04d}" for n in range(400)],
            "source": "resident",
            "found_at": found,
            "limit_hours": [4, 72] * 200,
            "organisation": ["fire", "property"] * 200,
            "may_settle": 0.0,
        }
    )

    steps = make_steps(reports, UNTIL, rng=np.random.default_rng(1)).merge(
        reports[["number", "limit_hours"]], on="number"
    )

    resolved = steps[steps["kind"] == "resolve"]
    patient = resolved[resolved["limit_hours"] == 72]
    urgent = resolved[resolved["limit_hours"] == 4]
    assert patient["at"].dt.hour.between(8, 19).all()
    assert (urgent["at"].dt.hour < 8).any()
