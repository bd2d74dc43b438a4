"""Heat over the API: pictures for a window, numbers beside them, floors, and answers that are not sent twice."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import make
import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine, insert, select
from visit import AWAY, HOME, NOW

from data.database import open_session
from data.models import Category, Community, Incident, IncidentSource, IncidentStep, Role, Stage, StepKind
from patrols import incidents
from webmap import access
from webmap.access import May

AsRole = Callable[[Role], FlaskClient]
WINDOW = "bbox=116.299,39.999,116.304,40.003&width=800&height=600"
PICTURE = f"/api/v1/heat.png?community={HOME}&{WINDOW}"
NUMBERS = f"/api/v1/heat.json?community={HOME}"
MOST_BYTES = 100_000


@pytest.fixture
def filled(town_engine: Engine) -> Engine:
    """The small town with 3,000 incidents of half a year, most of them at two places."""
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        kind = session.scalars(select(Category)).first()
        shut = make.add(session, Category(family="home", kind="part", code="9", zh="家", en="home", sensitive=True))
        random = np.random.default_rng(4)
        rows = []
        for number in range(3000):
            spot = [(116.3005, 40.0005), (116.3025, 40.0015)][number % 2]
            lon, lat = random.normal(spot, 0.0002)
            found = NOW - timedelta(days=180 * (1 - number / 3000))
            rows.append(
                {
                    "id": 1000 + number,
                    "number": f"N{number}",
                    "community_id": place.id,
                    "category_id": shut.id if number % 10 == 0 else kind.id,
                    "source": list(IncidentSource)[number % 6],
                    "found_at": found,
                    "grid_code": f"{HOME}00{1 + number % 2}",
                    "grid_rule": "inside",
                    "stage": Stage.VOIDED if number % 50 == 1 else Stage.CLOSED,
                    "geom": make.shapely.Point(lon, lat),
                }
            )
        session.execute(insert(Incident), rows)
        step = {"number": 1, "kind": StepKind.REPORT, "stage": Stage.REPORTED, "said": {}, "note": ""}
        session.execute(
            insert(IncidentStep), [{"incident_id": row["id"], "at": row["found_at"], **step} for row in rows]
        )
        session.commit()
    return town_engine


def add_one(engine: Engine, at: datetime) -> None:
    """Somebody reports something."""
    with open_session(engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        incidents.report(session, place, at=at, source=IncidentSource.RESIDENT, description="-")
        session.commit()


def opened(answer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(answer.data)).convert("RGBA"))


def test_a_picture_fills_its_window_and_is_dark_where_incidents_are(filled: Engine, as_role: AsRole) -> None:
    answer = as_role(Role.OFFICIAL).get(PICTURE)

    seen = opened(answer)
    assert answer.mimetype == "image/png"
    assert len(answer.data) < MOST_BYTES
    rows, columns = seen.shape[:2]
    place = int((40.003 - 40.0005) / 0.004 * rows), int((116.3005 - 116.299) / 0.005 * columns)
    assert seen[place][3] > 200
    assert seen[2, 2][3] == 0
    assert float(answer.headers["X-Heat-Peak"]) >= float(answer.headers["X-Heat-Top"]) > 0


def test_numbers_are_those_of_the_database(filled: Engine, as_role: AsRole) -> None:
    told = as_role(Role.OFFICIAL).get(f"{NUMBERS}&source=hotline,patrol&{WINDOW}").json

    with open_session(filled) as session:
        rows = session.execute(
            select(Incident.source, Incident.stage, Category.sensitive)
            .join(Category)
            .where(Incident.community_id == 1, Incident.found_at > NOW - timedelta(days=364))
        ).all()
    meant = [row for row in rows if row[1] is not Stage.VOIDED and not row[2]]
    chosen = [row for row in meant if row[0] in (IncidentSource.HOTLINE, IncidentSource.PATROL)]
    assert told["total"] == len(chosen)
    assert sum(told["days"]["counts"]) == len(chosen)
    assert sum(map(sum, told["when"])) == len(chosen)
    assert sum(told["categories"].values()) == len(chosen)
    assert sum(told["grids"].values()) == len(chosen)
    assert sum(told["sources"].values()) == len(meant)
    assert told["floor"] == 0
    assert told["picture"]["counted"] + told["picture"]["elsewhere"] == len(chosen)
    assert len(told["picture"]["classes"]) == 6


def test_an_answer_that_still_holds_is_not_sent_again(filled: Engine, as_role: AsRole) -> None:
    browser = as_role(Role.OFFICIAL)
    for address in (PICTURE, NUMBERS):
        first = browser.get(address)

        again = browser.get(address, headers={"If-None-Match": first.headers["ETag"]})
        other = browser.get(f"{address}&hours=8", headers={"If-None-Match": first.headers["ETag"]})

        assert (again.status_code, again.data) == (304, b"")
        assert other.status_code == 200
        assert first.headers["Cache-Control"] == "private, no-cache"


def test_a_new_incident_changes_the_answer(filled: Engine, as_role: AsRole) -> None:
    browser = as_role(Role.GRID_MANAGER)
    before = browser.get(NUMBERS)
    report = {"community": HOME, "description": "路灯不亮", "lon": 116.3005, "lat": 40.0005, "source": "patrol"}
    token = browser.get("/account").text.split('name="csrf-token" content="')[1].split('"')[0]
    assert browser.post("/api/incidents", json=report, headers={"X-CSRFToken": token}).status_code == 201

    after = browser.get(NUMBERS, headers={"If-None-Match": before.headers["ETag"]})

    assert after.json["total"] == before.json["total"] + 1


def test_people_see_the_heat_of_their_own_ground_only(filled: Engine, as_role: AsRole) -> None:
    official, worker, handler = (
        as_role(role).get(NUMBERS).json for role in (Role.OFFICIAL, Role.GRID_WORKER, Role.HANDLER)
    )

    assert set(worker["grids"]) == {f"{HOME}001"}
    assert 0 < worker["total"] < official["total"]
    assert handler["total"] == 1
    assert as_role(Role.OFFICIAL).get(f"/api/v1/heat.json?community={AWAY}").status_code == 403
    assert as_role(Role.OFFICIAL).get("/api/v1/heat.json?area=9").status_code == 404


def test_a_county_is_the_sum_of_its_communities(filled: Engine, as_role: AsRole) -> None:
    browser = as_role(Role.ADMINISTRATOR)

    here, there = (browser.get(f"/api/v1/heat.json?community={code}").json["total"] for code in (HOME, AWAY))
    both = browser.get(f"/api/v1/heat.json?area={HOME[:6]}").json["total"]

    assert there > 0
    assert both == here + there


def test_who_may_not_see_incidents_singly_is_told_groups(
    filled: Engine, as_role: AsRole, monkeypatch: pytest.MonkeyPatch, clock: list[datetime]
) -> None:
    monkeypatch.setitem(access.ROLES, Role.OFFICIAL, access.ROLES[Role.OFFICIAL] - {May.SEE_INCIDENTS})
    # The town's own incidents are of yesterday: with them came what was brought in here, in a week that is over now.
    clock[0] = NOW + timedelta(days=9)
    add_one(filled, clock[0] - timedelta(days=1))
    browser = as_role(Role.OFFICIAL)

    told = browser.get(f"{NUMBERS}&{WINDOW}").json
    picture = browser.get(PICTURE)
    narrow = browser.get(f"{NUMBERS}&hours=8").json

    assert told["floor"] == 3
    assert told["total"] > 2000
    assert all(span["count"] >= 3 for span in told["spans"])
    assert (told["days"], told["when"], told["sources"], told["stages"]) == (None,) * 4
    assert opened(picture)[..., 3].max() > 200
    assert narrow["total"] == 0


def test_the_floor_can_be_asked_for(filled: Engine, as_role: AsRole) -> None:
    told = as_role(Role.ADMINISTRATOR).get(f"{NUMBERS}&floor=1").json

    assert told["floor"] == 3


def test_a_change_is_told_against_an_earlier_time(filled: Engine, as_role: AsRole) -> None:
    later = "since=2026-11-01&until=2026-11-20&against_since=2026-10-01&against_until=2026-10-31"

    told = as_role(Role.OFFICIAL).get(f"{NUMBERS}&{WINDOW}&{later}").json["picture"]
    picture = as_role(Role.OFFICIAL).get(f"{PICTURE}&{later}&top={told['top']}")

    begins = [one["begins"] for one in told["classes"]]
    assert begins == [-one for one in reversed(begins)]
    assert told["per"] == "hectare_in_four_weeks"
    assert picture.status_code == 200


def test_a_small_screen_gets_a_smaller_picture(filled: Engine, as_role: AsRole) -> None:
    small = as_role(Role.OFFICIAL).get(PICTURE.replace("width=800&height=600", "width=390&height=300"))

    assert max(opened(small).shape) < 600 <= max(opened(as_role(Role.OFFICIAL).get(PICTURE)).shape)


def test_colours_can_be_held(filled: Engine, as_role: AsRole) -> None:
    answer = as_role(Role.OFFICIAL).get(f"{PICTURE}&top=50")

    assert float(answer.headers["X-Heat-Top"]) == 50


@pytest.mark.parametrize(
    "asked",
    [
        "bbox=116.3,40.0,116.2,40.1",
        "bbox=1,2,3",
        "bbox=0,0,90,60",
        "bbox=0,84,1,85",
        f"{WINDOW}&hours=25",
        f"{WINDOW}&since=2026-02-30",
        f"{WINDOW}&since=2026-02-03&until=2026-02-01",
        f"{WINDOW}&category=x",
        f"{WINDOW}&top=0",
        f"{WINDOW}&reach=nan",
        "",
    ],
)
def test_what_cannot_be_drawn_is_refused(app: Flask, as_role: AsRole, asked: str) -> None:
    answer = as_role(Role.OFFICIAL).get(f"/api/v1/heat.png?community={HOME}&{asked}")

    assert answer.status_code in (409, 422)
    assert answer.mimetype == "application/problem+json"


def test_a_town_without_incidents_in_the_time_has_an_empty_picture(as_role: AsRole) -> None:
    answer = as_role(Role.OFFICIAL).get(f"{PICTURE}&since=2020-01-01&until=2020-02-01")

    assert opened(answer)[..., 3].max() == 0
