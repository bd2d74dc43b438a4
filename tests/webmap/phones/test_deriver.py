"""Patrols made in the background of what phones send to the running website."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME

from data.database import open_session
from data.models import Community, Device, Patrol, PatrolSource, PhoneFix, Role
from patrols import devices
from patrols.communities import find_community
from webmap.phones.deriver import Deriver

Walk = Callable[..., int]


@pytest.fixture
def deriver(app: Flask, town_engine: Engine, clock: list[datetime]) -> Deriver:
    return Deriver(town_engine, lambda: clock[0])


@pytest.fixture
def walk(client: FlaskClient, town_engine: Engine, clock: list[datetime]) -> Walk:
    """Sends a walk of five minutes and 200 m eastwards, an hour ago, by an accepted phone."""
    with open_session(town_engine, writing=True) as session:
        _, token = devices.add(session, find_community(session, HOME, on=clock[0].date()), at=clock[0])
        session.commit()

    def sent(lat: float = 40.0012) -> int:
        begin = int((clock[0] - timedelta(hours=1)).timestamp())
        fixes = [
            {
                "geometry": {"type": "Point", "coordinates": [116.3001 + 8e-5 * i, lat]},
                "properties": {"timestamp": begin + 10 * i, "horizontal_accuracy": 5},
            }
            for i in range(30)
        ]
        return client.post(f"/track/{token}", data=json.dumps({"locations": fixes})).status_code

    return sent


def of_phones(engine: Engine) -> list[Patrol]:
    with open_session(engine) as session:
        return list(session.scalars(select(Patrol).where(Patrol.source == PatrolSource.PHONE)))


def test_what_a_phone_sent_is_a_patrol_once_it_has_been_quiet_for_a_minute(
    deriver: Deriver, walk: Walk, town_engine: Engine, clock: list[datetime]
) -> None:
    assert walk() == 200

    deriver.derive()
    assert of_phones(town_engine) == []
    clock[0] += timedelta(minutes=1)
    assert deriver.derive().new == 1
    assert of_phones(town_engine)[0].fixes_kept == 30


def test_one_community_with_a_bad_rule_is_logged_and_its_fixes_stay(
    deriver: Deriver, walk: Walk, town_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with open_session(town_engine, writing=True) as session:
        session.scalars(select(Community).where(Community.code == HOME)).one().rules = {"sight": 1}
        session.commit()
    walk()

    assert deriver.derive(now=True).failed == 1

    assert "could not be derived" in caplog.text
    with open_session(town_engine) as session:
        assert len(session.scalars(select(PhoneFix)).all()) == 30


def test_a_walk_elsewhere_makes_no_patrol_and_is_not_looked_at_again_and_again(
    deriver: Deriver, walk: Walk, town_engine: Engine
) -> None:
    walk(lat=50.0)

    assert deriver.derive(now=True).new == 0
    assert of_phones(town_engine) == []
    with open_session(town_engine) as session:
        assert session.scalars(select(Device.stale_since_ms)).all() == [None]


def test_the_list_of_patrols_shows_a_phones_walk(
    deriver: Deriver, walk: Walk, as_role: Callable[..., FlaskClient]
) -> None:

    browser = as_role(Role.GRID_MANAGER)
    before = browser.get("/patrols").text.count('<td class="first">')
    walk()
    deriver.derive(now=True)

    assert browser.get("/patrols").text.count('<td class="first">') == before + 1
