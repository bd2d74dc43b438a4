from datetime import UTC, date, datetime

import geopandas as gpd
import make
import pytest
import shapely

from data.errors import RowsRefused
from data.exchange.reading import Reading
from data.exchange.sources import read
from patrols import cameras, intake
from patrols.errors import OutOfScope
from patrols.scope import EVERYTHING, Scope

AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
INSIDE, OUTSIDE = (116.3005, 40.0005), (116.4, 40.1)


def listed(places, **columns):
    frame = gpd.GeoDataFrame(columns, geometry=[place and shapely.Point(place) for place in places], crs=4326)
    return Reading(frame.assign(source_row=range(2, len(frame) + 2)), [])


def taken(session, place, places, **columns):
    return intake.import_cameras(session, listed(places, **columns), place, at=AT)


def test_a_table_with_chinese_headings_is_taken_and_taken_again_replaces(session, tmp_path):
    place, _ = make.town(session)
    table = tmp_path / "cameras.csv"
    table.write_text("编号,点位名称,归属,朝向,经度,纬度\n00017,东门,物业,90,116.3005,40.0005\n", encoding="utf-8")

    first = intake.import_cameras(session, read(table, "cameras"), place, at=AT)
    table.write_text("编号,点位名称,经度,纬度\n00017,南门,116.3006,40.0004\n", encoding="utf-8")
    second = intake.import_cameras(session, read(table, "cameras"), place, at=AT)

    assert (first.stored, first.updated, second.stored, second.updated) == (1, 0, 0, 1)
    session.expire_all()
    (camera,) = cameras.standing(session, EVERYTHING, place, on=TODAY)
    assert (camera.code, camera.name, camera.heading_deg) == ("00017", "南门", None)
    assert (camera.lon, camera.lat) == pytest.approx((116.3006, 40.0004))


def test_cameras_elsewhere_are_left_out_and_counted(session):
    place, _ = make.town(session)

    done = taken(session, place, [INSIDE, OUTSIDE], code=["1", "2"])

    assert (done.stored, done.outside) == (1, 1)


def test_a_camera_that_ended_stands_no_more(session):
    place, _ = make.town(session)
    taken(session, place, [INSIDE, INSIDE], code=["1", "2"], ended_on=["2026-11-22", "2026-11-23"])

    assert [one.code for one in cameras.standing(session, EVERYTHING, place, on=TODAY)] == ["2"]


@pytest.mark.parametrize(
    "columns", [{"heading_deg": [400]}, {"ended_on": ["soon"]}, {"name": ["x" * 200]}], ids=["heading", "day", "name"]
)
def test_a_row_that_cannot_be_is_refused_and_nothing_is_stored(session, columns):
    place, _ = make.town(session)

    with pytest.raises(RowsRefused):
        taken(session, place, [INSIDE], code=["1"], **columns)

    assert cameras.standing(session, EVERYTHING, place, on=TODAY) == []


def test_the_same_code_twice_in_a_file_is_refused(session):
    place, _ = make.town(session)

    with pytest.raises(RowsRefused):
        taken(session, place, [INSIDE, INSIDE], code=["1", "1"])


def test_cameras_of_another_community_are_not_shown(session):
    place, _ = make.town(session)

    with pytest.raises(OutOfScope):
        cameras.standing(session, Scope(communities=frozenset()), place, on=TODAY)
