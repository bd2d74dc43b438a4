"""Cold streets and the next walk on pages: what is told, who may wish, and the file for a phone."""

from collections.abc import Callable
from datetime import timedelta

import make
import pytest
import shapely
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME, NOW, Town, send

from data.database import open_session
from data.exchange import gpx
from data.models import AuditRow, Community, FrequencyWish, Patrol, PatrolSource, Role, SeenDay, StreetClass
from geo.walk_turns import Step
from webmap.access import ROLES, May
from webmap.pages.cold import TURNS, say_turn
from webmap.words import POINTS

Signed = Callable[[Role], FlaskClient]
LANE, ROAD = 40.0005, 40.0015
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def streets(town_engine: Engine, town: Town) -> Town:
    """A lane walked yesterday, and a road and two cross streets that nobody walked."""
    lane = shapely.LineString([(116.3001, LANE), (116.3029, LANE)])
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        make.street(session, place, lane, name="磨坊巷", street_class=StreetClass.BACK_STREET)
        make.street(session, place, shapely.LineString([(116.3001, ROAD), (116.3029, ROAD)]), name=EVIL)
        for west in (116.3001, 116.3029):
            make.street(session, place, shapely.LineString([(west, LANE), (west, ROAD)]))
        begun = NOW - timedelta(days=1)
        make.add(
            session,
            Patrol(
                community_id=place.id,
                source=PatrolSource.FILE,
                source_key="the lane",
                started_at=begun,
                ended_at=begun + timedelta(minutes=9),
                metres=239.0,
                minutes=9.0,
                track=shapely.MultiLineString([lane]),
            ),
        )
        session.commit()
    return town


@pytest.mark.usefixtures("streets")
def test_the_page_lists_what_nobody_walked_and_draws_it(as_role: Signed, town_engine: Engine) -> None:
    page = as_role(Role.GRID_WORKER).get("/patrols/cold").text

    assert "60 days or more" in page
    assert 'class="red"' in page
    assert 'class="fresh"' in page
    assert "磨坊巷" not in page
    assert EVIL not in page
    with open_session(town_engine) as session:
        assert len(session.scalars(select(SeenDay)).all()) >= 1


def test_without_streets_the_page_says_what_to_do_first(as_role: Signed, town_engine: Engine) -> None:
    with open_session(town_engine, writing=True) as session:
        session.execute(make.Street.__table__.delete())
        session.commit()

    answer = as_role(Role.OFFICIAL).get("/patrols/cold")

    assert answer.status_code == 200
    assert "No grids or no streets yet" in answer.text


@pytest.mark.usefixtures("streets")
def test_the_office_wishes_how_often_streets_are_walked(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)

    answer = send(browser, "/patrols/cold/wishes", community=HOME, street_class="back_street", days="1")

    assert answer.status_code == 302, answer.text
    with open_session(town_engine) as session:
        row = session.scalars(select(FrequencyWish)).one()
        assert (row.street_class, row.grid_code, row.every_days) == ("back_street", "", 1)
        assert "frequency.wished" in session.scalars(select(AuditRow.action)).all()
    assert "every 1 day" in browser.get("/patrols/cold").text
    assert send(browser, "/patrols/cold/wishes", community=HOME, street_class="back_street").status_code == 302
    with open_session(town_engine) as session:
        assert session.scalars(select(FrequencyWish)).all() == []


@pytest.mark.usefixtures("streets")
def test_wishes_that_make_no_sense_are_refused_and_volunteers_may_not_wish(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)

    assert send(browser, "/patrols/cold/wishes", community=HOME, days="61").status_code == 422
    assert send(browser, "/patrols/cold/wishes", community=HOME, street_class="lane", days="3").status_code == 422
    assert May.IMPORT not in ROLES[Role.GRID_WORKER]


@pytest.mark.usefixtures("streets")
def test_the_next_walk_is_told_turn_by_turn_and_comes_as_a_file(as_role: Signed, tmp_path) -> None:
    browser = as_role(Role.GRID_WORKER)

    page = browser.get(f"/patrols/next-walk?lon=116.3001&lat={LANE}&km=2").text
    file = browser.get(f"/patrols/next-walk.gpx?lon=116.3001&lat={LANE}&km=2")

    assert "You are back at the start" in page
    assert "Turn " in page
    assert EVIL not in page
    assert 'class="walk"' in page
    assert file.mimetype == "application/gpx+xml"
    (tmp_path / "walk.gpx").write_bytes(file.data)
    fixes = gpx.read_tracks(tmp_path / "walk.gpx").frame
    assert (fixes["lon"].iloc[0], fixes["lat"].iloc[0]) == (fixes["lon"].iloc[-1], fixes["lat"].iloc[-1])


@pytest.mark.usefixtures("streets")
def test_a_walk_from_a_grid_and_one_from_nowhere(as_role: Signed) -> None:
    browser = as_role(Role.OFFICIAL)

    assert browser.get(f"/patrols/next-walk?grid={HOME}001").status_code == 200
    assert browser.get("/patrols/next-walk").status_code == 200
    assert browser.get("/patrols/next-walk?grid=nowhere").status_code == 404
    assert browser.get("/patrols/next-walk?lon=10&lat=50").status_code == 409
    assert browser.get("/patrols/next-walk?km=20").status_code == 422


def test_every_turn_is_said_with_and_without_a_name(app) -> None:
    with app.test_request_context():
        for turn in TURNS:
            step = Step(turn, "", "" if turn == "arrive" else "ne", 10.0, 0.0, 0.0, 0.0, 1)
            assert "%" not in say_turn(step)
            assert "None" not in say_turn(step)
        assert say_turn(Step("left", "50% 路", "n", 1.0, 0.0, 0.0, 0.0, 1)) == "Turn left into 50% 路"
        assert len(POINTS) == 8


@pytest.mark.usefixtures("streets")
def test_programs_get_cold_streets_as_geojson_and_the_walk_as_json(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)

    told = browser.get("/api/patrols/cold")
    walk = browser.get(f"/api/patrols/next-walk?lon=116.3001&lat={LANE}&metres=2000")

    assert told.mimetype == "application/geo+json"
    lane = [one["properties"] for one in told.json["features"] if one["properties"]["name"] == "磨坊巷"]
    assert {(one["last_seen"], one["days"], one["every_days"], one["warmth"]) for one in lane} == {
        ("2026-11-21", 1, 3, "fresh")
    }
    assert None in {one["properties"]["last_seen"] for one in told.json["features"]}
    assert walk.json["line"]["coordinates"][0] == walk.json["line"]["coordinates"][-1]
    assert walk.json["steps"][0]["turn"] == "go"
    assert browser.get("/api/patrols/next-walk?metres=10").status_code == 422


def test_a_street_that_one_walker_alone_has_seen_is_told_to_the_office_alone(as_role: Signed) -> None:
    told = {
        role: {one["properties"]["warmth"] for one in as_role(role).get("/api/patrols/cold").json["features"]}
        for role in (Role.GRID_MANAGER, Role.OFFICIAL)
    }
    page = as_role(Role.OFFICIAL).get("/patrols/cold").text

    assert "fresh" in told[Role.GRID_MANAGER]
    assert told[Role.OFFICIAL] == {"red"}
    assert "door is to be found by this map" in page
