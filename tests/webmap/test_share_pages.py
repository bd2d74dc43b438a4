"""Views handed on by a link: who may, what a stranger sees, and what never leaves the house."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO

import make
import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from visit import AWAY, HOME, NOW, Town, send

from data.database import open_session
from data.models import AuditRow, Category, Community, IncidentSource, Role, SharedView, User, UserScope
from patrols import incidents
from webmap.access import ROLES, May

Signed = Callable[[Role], FlaskClient]
VIEW = "since=2026-10-01&until=2026-11-22"
NAMES = ("王秀英", "李小明", "13800000001", "13912345678", "东片小红帽")


@pytest.fixture
def official(as_role: Signed) -> FlaskClient:
    return as_role(Role.OFFICIAL)


def hand_on(browser: FlaskClient, **fields: object) -> str:
    """Hand a view on, and return where its link leads."""
    wanted = {"community": HOME, "kind": "map", "view": VIEW, "days": 7, **fields}
    answer = send(browser, "/shares", **wanted)
    assert answer.status_code == 302, answer.text
    listed = browser.get(f"/shares?community={HOME}").text
    found = re.search(r'value="http://localhost(/v/[\w.~-]+)"', listed)
    assert found is not None
    return found[1]


def test_a_stranger_with_the_link_sees_the_view_and_nobodys_name(
    official: FlaskClient, client: FlaskClient, town: Town
) -> None:
    address = hand_on(official, title="北片一季度", language="zh")

    answer = client.get(address)

    assert answer.status_code == 200
    assert "北片一季度" in answer.text
    assert "2026-10-01" in answer.text
    assert "noindex" in answer.text
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert not any(name in answer.text for name in NAMES)
    assert town.in_grid_1 not in answer.text
    assert "楼道堆放杂物" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_picture_and_the_file_of_a_link_name_nobody_either(official: FlaskClient, client: FlaskClient) -> None:
    address = hand_on(official)

    picture, file = client.get(f"{address}/picture.png"), client.get(f"{address}/map.html")

    with Image.open(BytesIO(picture.data)) as read:
        assert read.size == (1754, 1241)
    assert "attachment" in file.headers["Content-Disposition"]
    assert not any(name in file.text for name in NAMES)
    assert not re.search(r"<link|<script src|<img|<iframe", file.text.split("<script>")[0])
    assert len(file.data) < 2_000_000


def test_who_has_the_picture_already_is_told_so(official: FlaskClient, client: FlaskClient) -> None:
    address = hand_on(official)
    for ending in ("picture.png", "map.html"):
        first = client.get(f"{address}/{ending}")

        again = client.get(f"{address}/{ending}", headers={"If-None-Match": first.headers["ETag"]})

        assert (again.status_code, again.data) == (304, b"")
        assert "max-age=300" in first.headers["Cache-Control"]
        assert "private" in first.headers["Cache-Control"]


def test_a_link_opens_nothing_after_its_day(official: FlaskClient, client: FlaskClient, clock: list[datetime]) -> None:
    address = hand_on(official, days=7)

    clock[0] = NOW + timedelta(days=7)

    for ending in ("", "/picture.png", "/map.html"):
        answer = client.get(address + ending)
        assert answer.status_code == 404
        assert "no longer opens" in answer.text


@pytest.mark.parametrize("token", ["guessed", "x" * 500, "WyJhIiwxXQ.forged", "%00"])
def test_a_link_that_we_never_gave_out_opens_nothing(client: FlaskClient, token: str) -> None:
    assert client.get(f"/v/{token}").status_code == 404


def test_the_key_alone_as_backups_hold_it_opens_nothing(
    official: FlaskClient, client: FlaskClient, town_engine: Engine
) -> None:
    hand_on(official)
    with open_session(town_engine) as session:
        key = session.scalars(select(SharedView.key)).one()

    assert client.get(f"/v/{key}").status_code == 404


def test_a_link_taken_back_opens_nothing_any_more(official: FlaskClient, client: FlaskClient) -> None:
    address = hand_on(official)
    assert client.get(address).status_code == 200

    assert send(official, "/shares/1/take-back").status_code == 302

    assert client.get(address).status_code == 404
    assert client.get(f"{address}/picture.png").status_code == 404
    assert address not in official.get("/shares").text


def test_a_link_ends_when_its_maker_may_not_share_any_more(
    official: FlaskClient, client: FlaskClient, town_engine: Engine
) -> None:
    address = hand_on(official)

    with open_session(town_engine, writing=True) as session:
        session.scalars(select(User).where(User.login == "official")).one().role = Role.GRID_WORKER
        session.commit()

    assert client.get(address).status_code == 404


def test_only_a_view_that_says_so_is_shown_inside_other_sites(
    official: FlaskClient, client: FlaskClient, app: Flask
) -> None:
    alone = client.get(hand_on(official))
    address = hand_on(official, framed="1")

    shown = client.get(address)

    assert "frame-ancestors 'none'" in alone.headers["Content-Security-Policy"]
    assert alone.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'self';" in f"{shown.headers['Content-Security-Policy']};"
    assert "X-Frame-Options" not in shown.headers
    for page in ("/sign-in", "/", "/shares"):
        assert official.get(page).headers["X-Frame-Options"] == "DENY"


def test_the_sites_of_the_settings_may_show_it(
    official: FlaskClient, client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = hand_on(official, framed="1")
    sites = type(app.config["WEB"])(**{**vars(app.config["WEB"]), "frame_hosts": ("https://www.example.gov.cn",)})
    monkeypatch.setitem(app.config, "WEB", sites)

    told = client.get(address).headers["Content-Security-Policy"]

    assert "frame-ancestors 'self' https://www.example.gov.cn" in told
    assert "script-src 'self' 'nonce-" in told


def test_looks_are_counted_on_the_page_alone(official: FlaskClient, client: FlaskClient, town_engine: Engine) -> None:
    address = hand_on(official)

    for ending in ("", "/picture.png", "", "/map.html"):
        client.get(address + ending)

    with open_session(town_engine) as session:
        share = session.scalars(select(SharedView)).one()
        assert (share.looks, share.looked_at) == (2, NOW)


def test_a_look_that_cannot_be_counted_is_a_look_all_the_same(
    official: FlaskClient, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = hand_on(official)

    def locked(*_: object, **__: object) -> None:
        raise OperationalError("update", {}, Exception("database is locked"))

    monkeypatch.setattr("patrols.shares.count_look", locked)

    assert client.get(address).status_code == 200


def test_what_was_handed_on_and_taken_back_is_in_the_audit(official: FlaskClient, town_engine: Engine) -> None:
    hand_on(official)
    send(official, "/shares/1/take-back")

    with open_session(town_engine) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.like("view.%")).order_by(AuditRow.id)).all()
    assert [row.action for row in rows] == ["view.handed_on", "view.taken_back"]
    assert rows[0].facts["view"] == {"since": "2026-10-01", "until": "2026-11-22"}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"kind": "table"}, 422),
        ({"kind": ""}, 422),
        ({"days": 0}, 422),
        ({"days": 101}, 409),
        ({"days": "soon"}, 422),
        ({"title": "x" * 61}, 422),
        ({"view": "since=yesterday"}, 409),
        ({"view": "since=2026-11-02&until=2026-11-01"}, 409),
        ({"view": f"place={AWAY}"}, 422),
        ({"view": "place=110108"}, 422),
        ({"community": AWAY}, 403),
    ],
)
def test_what_cannot_be_handed_on_is_refused_and_nothing_is_kept(
    official: FlaskClient, town_engine: Engine, fields: dict[str, object], status: int
) -> None:
    answer = send(official, "/shares", **{"community": HOME, "kind": "map", "view": VIEW, "days": 7, **fields})

    assert answer.status_code == status
    with open_session(town_engine) as session:
        assert session.scalars(select(SharedView)).all() == []


def test_nothing_of_an_address_but_the_view_itself_is_kept(official: FlaskClient, town_engine: Engine) -> None:
    hand_on(official, view=f"{VIEW}&layers=heat,tracks,open&_external=1&next=//evil.example&screen=1&colour=found")

    with open_session(town_engine) as session:
        query = session.scalars(select(SharedView)).one().query
    assert set(query) <= {"since", "until", "layers", "colour", "screen"}


def test_layers_with_people_or_single_incidents_are_not_handed_on(
    official: FlaskClient, client: FlaskClient, town: Town
) -> None:
    address = hand_on(official, view=f"{VIEW}&layers=late,open,done,tracks,duty,out,boards,cameras&colour=answering")

    text = client.get(address).text

    assert not any(name in text for name in NAMES)
    assert town.in_grid_1 not in text


def test_a_manager_of_all_sees_and_takes_back_the_links_of_others(
    official: FlaskClient, as_role: Signed, client: FlaskClient
) -> None:
    address = hand_on(official)
    manager = as_role(Role.GRID_MANAGER)

    assert address in manager.get("/shares").text
    assert send(manager, "/shares/1/take-back").status_code == 302
    assert client.get(address).status_code == 404


def test_an_official_does_not_see_the_links_of_others(official: FlaskClient, as_role: Signed) -> None:
    address = hand_on(as_role(Role.GRID_MANAGER))

    assert address not in official.get("/shares").text
    assert send(official, "/shares/1/take-back").status_code == 404


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.HANDLER])
def test_who_may_not_share_hands_nothing_on_and_takes_nothing_away(as_role: Signed, role: Role) -> None:
    browser = as_role(role)

    for address in ("/shares", "/views/picture", "/views/file"):
        assert browser.get(address).status_code == 403
    assert send(browser, "/shares", community=HOME, kind="map", view=VIEW, days=7).status_code == 403


def test_a_link_of_single_grids_tells_nothing_of_the_others(
    as_role: Signed, client: FlaskClient, town_engine: Engine
) -> None:
    with open_session(town_engine, writing=True) as session:
        manager = session.scalars(select(User).where(User.login == "manager")).one()
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        manager.scopes = [UserScope(community_id=place.id, grid_code=f"{HOME}001")]
        session.commit()
    address = hand_on(as_role(Role.GRID_MANAGER), view=f"{VIEW}&colour=households")

    page = client.get(address).text

    data = re.search(r'"figure":\{.*?"text":(\[[^\]]*\])', page)
    assert data is not None
    assert data[1].count('""') == 5


def test_the_own_picture_is_a_png_or_a_page(official: FlaskClient) -> None:
    picture = official.get(f"/views/picture?kind=heat&community={HOME}&{VIEW}&paper=slide")
    page = official.get(f"/views/picture?kind=map&community={HOME}&{VIEW}&format=pdf")

    assert (picture.mimetype, page.mimetype) == ("image/png", "application/pdf")
    with Image.open(BytesIO(picture.data)) as read:
        assert read.size == (2000, 1125)
    assert page.data.startswith(b"%PDF")
    again = official.get(picture.request.full_path, headers={"If-None-Match": picture.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("bad", "status"), [("paper=a0", 422), ("format=gif", 422), ("place=110108", 422), ("since=x", 409)]
)
def test_a_picture_that_cannot_be_drawn_is_refused(official: FlaskClient, bad: str, status: int) -> None:
    assert official.get(f"/views/picture?kind=map&community={HOME}&{bad}").status_code == status


def test_the_own_file_opens_without_us_and_names_nobody(official: FlaskClient) -> None:
    answer = official.get(f"/views/file?kind=map&community={HOME}&{VIEW}")

    assert answer.status_code == 200
    assert "default-src 'none'" in answer.text
    assert not any(name in answer.text for name in NAMES)


@pytest.mark.parametrize(("page", "kind"), [("/map", "map"), ("/heat", "heat")])
def test_the_pages_offer_to_share_to_those_who_may(as_role: Signed, page: str, kind: str) -> None:
    offered, refused = (as_role(role).get(page).text for role in (Role.OFFICIAL, Role.GRID_WORKER))

    assert f'data-share="/shares?kind={kind}&amp;community={HOME}"' in offered
    assert "data-share" not in refused


def test_a_picture_for_use_inside_shows_every_number_and_says_so(official: FlaskClient) -> None:
    address = f"/views/picture?kind=map&community={HOME}&{VIEW}&format=pdf"

    handed_on, inside = official.get(address), official.get(f"{address}&for=inside&layers=open,late,heat")

    said = [_text(answer.data) for answer in (handed_on, inside)]
    assert "For use inside the office" in said[1]
    assert "For use inside the office" not in said[0]
    assert "open: 3" in said[1]
    assert not any(name in text for name in NAMES for text in said)


def test_the_picture_for_use_inside_is_for_those_who_see_single_incidents(
    official: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROLES, Role.OFFICIAL, ROLES[Role.OFFICIAL] - {May.SEE_INCIDENTS})

    assert official.get(f"/views/picture?community={HOME}&for=inside").status_code == 403
    assert official.get(f"/views/picture?community={HOME}").status_code == 200
    assert "inside the office" not in official.get(f"/shares?kind=map&community={HOME}").text


@pytest.fixture
def counted(town_engine: Engine, clock: list[datetime]) -> None:
    """In the week before last five more came in at the place in grid 1, and nine that are sensitive in grid 3.

    One more has come in since: only then is that week over.
    """
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        litter = session.scalars(select(Category)).one()
        quiet = make.add(session, Category(family="sample", kind="part", code="99", zh="密", en="q", sensitive=True))
        places = ((5, 116.3005, litter, 0), (9, 116.3025, quiet, 0), (1, 116.3015, litter, 8))
        for number, lon, category, later in places:
            for hour in range(number):
                incidents.report(
                    session,
                    place,
                    at=NOW + timedelta(days=later, hours=-hour),
                    source=IncidentSource.RESIDENT,
                    description="x",
                    point=(lon, 40.0015),
                    category=category,
                )
        session.commit()
    clock[0] = NOW + timedelta(days=9)


def test_a_link_tells_counts_above_the_floor_and_nothing_sensitive(
    counted: None, official: FlaskClient, client: FlaskClient
) -> None:
    page = client.get(hand_on(official, view=f"{VIEW}&layers=heat", language="en")).text

    data = json.loads(re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page)[0])
    told = dict(zip(data["grids"]["code"], data["figure"]["text"], strict=True))
    assert {code[-3:]: text for code, text in told.items() if text} == {"001": "6"}
    assert "6 incidents drawn" in page


@pytest.mark.parametrize(
    ("show", "title", "text"),
    [
        ("count", "Incidents that came in", "6"),
        ("chance", "Incidents that came in", "6"),
        ("per_households", "per 100 households", "3"),
        ("per_km", "per km of street", ""),
    ],
)
def test_what_the_page_of_heat_shows_by_grid_is_shared_by_grid(
    counted: None, official: FlaskClient, client: FlaskClient, show: str, title: str, text: str
) -> None:
    page = client.get(hand_on(official, kind="heat", view=f"{VIEW}&show={show}", language="en")).text

    data = json.loads(re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page)[0])
    assert title in data["figure"]["title"]
    assert data["figure"]["text"][0] == text
    assert "L.imageOverlay" not in page


def test_a_view_by_hour_or_source_is_told_to_nobody_outside(
    counted: None, official: FlaskClient, client: FlaskClient
) -> None:
    page = client.get(hand_on(official, view=f"{VIEW}&layers=heat&source=resident", language="en")).text

    assert "nothing is told by hour" in page
    assert "0 incidents drawn" in page


def _text(page: bytes) -> str:
    with pypdfium2.PdfDocument(page) as document:
        return " ".join(document[0].get_textpage().get_text_bounded().split())
