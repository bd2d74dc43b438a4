"""Check-ins are given out to whom they are about, and taken from their names and places."""

from datetime import timedelta

import make
import pytest

from data.models import CheckIn
from patrols import check_points, own_check_ins, own_data, retention

PLACE = (116.3005, 40.0005)


@pytest.fixture
def place(session):
    return make.town(session)[0]


@pytest.fixture
def walker(session, place):
    person = make.person(session, place)
    point = check_points.add(session, place, "北门", PLACE, at=make.EPOCH)
    check_points.check_in(
        session, person, key="k", at=make.EPOCH + timedelta(hours=1), code=point.code, point=PLACE, walk="w"
    )
    return person


def test_ones_own_check_ins_are_among_ones_own_data(session, walker):
    (found,) = own_data.collect(session, walker).facts["check_ins"]

    assert (found["check_point"], found["lon"], found["counts"]) == ("北门", PLACE[0], True)


def test_deleting_ones_data_leaves_the_visit_of_nobody_at_no_place(session, place, walker):
    own_data.delete_tracks(session, walker, at=make.EPOCH + timedelta(days=1))

    row = session.query(CheckIn).one()
    assert (row.person_id, row.lon, row.lat, row.walk) == (None, None, None, "")
    assert len(check_points.visits(session, place)) == 1
    assert own_check_ins.told(session, walker) == []


def test_places_of_check_ins_go_when_fixes_go(session, place, walker):
    retention.expire_fixes(session, place, at=make.EPOCH + timedelta(days=80))
    kept = session.query(CheckIn).one().lon
    retention.expire_fixes(session, place, at=make.EPOCH + timedelta(days=100))

    row = session.query(CheckIn).one()
    assert (kept, row.lon) == (PLACE[0], None)
    assert row.distance_m == pytest.approx(0, abs=0.1)
    assert row.person_id == walker.id
