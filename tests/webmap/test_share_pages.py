"""Handing views on: who may, what is refused, who sees and takes back which links."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from shared_views import NAMES, VIEW, hand_on
from sqlalchemy import Engine, select
from visit import AWAY, HOME, Town, send

from data.database import open_session
from data.models import AuditRow, Community, Role, SharedView, User, UserScope

Signed = Callable[[Role], FlaskClient]


@pytest.fixture
def official(as_role: Signed) -> FlaskClient:
    return as_role(Role.OFFICIAL)


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
        ({"view": "place=110109"}, 404),
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


@pytest.mark.parametrize(("page", "kind"), [("/map", "map"), ("/heat", "heat")])
def test_the_pages_offer_to_share_to_those_who_may(as_role: Signed, page: str, kind: str) -> None:
    offered, refused = (as_role(role).get(page).text for role in (Role.OFFICIAL, Role.GRID_WORKER))

    assert f'data-share="/shares?kind={kind}&amp;community={HOME}"' in offered
    assert "data-share" not in refused
