"""The density inside a map's file is told above the floor, as in every file that is handed on."""

from datetime import timedelta

import make
import numpy as np
import pytest
import shapely
from flask import Flask
from flask_babel import Babel
from visit import NOW

from data.models import Incident, IncidentSource, Stage
from patrols.scope import EVERYTHING
from webmap.catalogues import CATALOGUES
from webmap.maps.gather import gather


@pytest.fixture(autouse=True)
def english():
    app = Flask("webmap")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGUES)
    Babel(app, default_locale="en")
    with app.app_context():
        yield


def incidents(session, community, count, *, days=30):
    for number in range(count):
        make.add(
            session,
            Incident(
                community_id=community.id,
                number=f"{days} {number}",
                source=IncidentSource.PATROL,
                grid_code=f"{community.code}001",
                grid_rule="inside",
                stage=Stage.CLOSED,
                geom=shapely.Point(116.3005, 40.0005),
                found_at=NOW - timedelta(days=days),
            ),
        )


@pytest.mark.parametrize(("count", "drawn"), [(2, 0), (3, 3)])
def test_two_incidents_of_a_place_make_no_density_and_three_do(session, count, drawn):
    community, _ = make.town(session)
    incidents(session, community, count)
    incidents(session, community, 1, days=1)

    told = gather(session, EVERYTHING, community, NOW)

    assert (told.dense is not None) == bool(drawn)
    assert told.dense is None or told.dense.note.startswith(f"{drawn} incidents drawn.")


def test_the_week_that_still_runs_is_not_in_it(session):
    community, _ = make.town(session)
    incidents(session, community, 5)
    incidents(session, community, 5, days=1)

    told = gather(session, EVERYTHING, community, NOW)

    assert told.dense is not None
    assert told.dense.note.startswith("5 incidents drawn.")


def test_its_corners_take_in_the_whole_ground(session):
    community, _ = make.town(session)
    incidents(session, community, 5)
    incidents(session, community, 1, days=1)

    town = gather(session, EVERYTHING, community, NOW)

    assert town.dense is not None
    west, south, east, north = town.dense.bounds
    assert (np.array([west, south]) < town.outline.bounds[:2]).all()
    assert (np.array([east, north]) > town.outline.bounds[2:]).all()
