"""Files that people send: tracks and imports, taken whole or refused with file, row and reason."""

import io
import zipfile
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from visit import HOME, send

from data.database import open_session
from data.models import Patrol, Person, Role
from webmap.uploads import safe_name

Signed = Callable[[Role], FlaskClient]

GPX = """<?xml version="1.0"?><gpx version="1.1" creator="phone" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
{fixes}</trkseg></trk></gpx>"""
ROSTER = "编号,姓名,电话,职务,网格编码\nP002,李强,13900000002,网格员,110108001001002\n"


def walk() -> str:
    fixes = "".join(
        f'<trkpt lat="{40.0015 + i * 1e-5:.6f}" lon="116.3005"><time>2026-11-21T01:{i // 6:02}:{i % 6}0Z</time></trkpt>'
        for i in range(60)
    )
    return GPX.format(fixes=fixes)


def file(content: str | bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content.encode() if isinstance(content, str) else content), name


def count(engine: Engine, model: type) -> int:
    with open_session(engine) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_volunteer_hands_in_a_track_which_counts_once(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_WORKER)

    send(browser, "/patrols/upload", files=file(walk(), "晨巡.gpx"))
    first = browser.get("/patrols").text
    send(browser, "/patrols/upload", files=file(walk(), "again.gpx"))
    again = browser.get("/patrols").text

    assert "1 patrol is stored. Thank you!" in first
    assert "1 were here already and were not counted twice." in again
    assert "stored" not in again
    with open_session(town_engine) as session:
        patrol = session.scalars(select(Patrol).order_by(Patrol.id.desc())).first()
        assert patrol is not None
        assert patrol.person is not None
        assert patrol.person.name == "王秀英"
    assert count(town_engine, Patrol) == 2


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("bomb.gpx", '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><gpx>&b;</gpx>', "refused as unsafe"),
        ("cut.gpx", "<gpx><trk><trkseg><trkpt lat=", "cut off"),
        ("empty.gpx", "", "is empty"),
        ("photo.jpg", "xx", "are not read here"),
    ],
)
def test_a_track_that_cannot_be_read_is_refused_with_its_name_and_reason(
    as_role: Signed, town_engine: Engine, name: str, content: str, told: str
) -> None:
    answer = send(as_role(Role.GRID_WORKER), "/patrols/upload", files=file(content, name))

    assert answer.status_code == 422
    assert name in answer.text
    assert told in answer.text
    assert "Nothing was stored." in answer.text
    assert count(town_engine, Patrol) == 1


def test_a_zip_bomb_is_refused(as_role: Signed) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("streets.geojson", b"0" * 200_000_000)

    answer = send(as_role(Role.GRID_MANAGER), "/import", kind="streets", file=file(packed.getvalue(), "streets.zip"))

    assert answer.status_code == 422
    assert "streets.zip" in answer.text
    assert "unsafe" in answer.text


def test_a_roster_is_taken_in_and_told(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)

    answer = send(browser, "/import", kind="people", file=file(ROSTER, "花名册.csv"))

    assert answer.status_code == 200
    assert "What became of the file" in answer.text
    assert "李强" in browser.get("/people?q=李").text
    assert count(town_engine, Person) == 2


def test_one_bad_row_refuses_the_file_and_is_named(as_role: Signed, town_engine: Engine) -> None:
    bad = ROSTER + "P003,赵敏,,网格员,999999999999999\n"

    answer = send(as_role(Role.GRID_MANAGER), "/import", kind="people", file=file(bad, "花名册.csv"))

    assert answer.status_code == 422
    assert "花名册.csv" in answer.text
    assert "The community has no grid 999999999999999." in answer.text
    assert count(town_engine, Person) == 1


def test_the_good_rows_are_taken_when_asked_for(as_role: Signed, town_engine: Engine) -> None:
    bad = ROSTER + "P003,赵敏,,网格员,999999999999999\n"

    answer = send(as_role(Role.GRID_MANAGER), "/import", kind="people", skip_bad="1", file=file(bad, "花名册.csv"))

    assert answer.status_code == 200
    assert "The community has no grid 999999999999999." in answer.text
    assert count(town_engine, Person) == 2


@pytest.mark.parametrize("fields", [{"kind": "people"}, {"kind": "dreams", "file": "x"}])
def test_without_a_file_or_a_kind_nothing_happens(as_role: Signed, fields: dict[str, str]) -> None:
    sent = {name: file(ROSTER, "a.csv") if name == "file" else value for name, value in fields.items()}

    assert send(as_role(Role.GRID_MANAGER), "/import", **sent).status_code == 422


def test_nobody_imports_into_another_community(as_role: Signed) -> None:
    sent = {"kind": "people", "community": HOME.replace("001001", "001002"), "file": file(ROSTER, "a.csv")}

    assert send(as_role(Role.GRID_MANAGER), "/import", **sent).status_code == 403


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\王\\网格.zip", "网格.zip"),
        (".hidden", "hidden"),
        ("a\x00b\n.csv", "ab.csv"),
        ("///", "file"),
        ("长" * 300 + ".gpx", "长" * 120 + ".gpx"),
    ],
)
def test_a_files_name_never_leads_elsewhere(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept
