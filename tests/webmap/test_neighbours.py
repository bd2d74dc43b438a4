"""Nothing of the neighbouring town is shown or changed by any address, to anybody who is bound to the own one."""

from collections.abc import Callable

import pytest
from addresses import BY_ITSELF, OUTSIDER, Towns, ask, opens, right_of, walks
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import AWAY, Town

from data.database import open_session
from data.models import Community, Device, Incident, NoticeBoard, Photo, PointsClaim, PointsGood, Role
from webmap.access import OPEN

Signed = Callable[[Role], FlaskClient]
SHARED = ("/categories/", "/api/categories/")
"""What belongs to no community: where these addresses lead, there is nothing of the neighbour's."""

BOUND = [role for role in Role if role is not Role.ADMINISTRATOR]
"""Those whose sign-ins are bound to places in the small town."""


@pytest.mark.parametrize("role", BOUND)
def test_nothing_of_the_neighbours_is_shown_or_changed_by_its_address(
    app: Flask, as_role: Signed, towns: Towns, role: Role, town_engine: Engine
) -> None:
    browser, wrong = as_role(role), []
    for rule, address, method in walks(app, towns.theirs):
        if right_of(app, rule) in {OPEN, *BY_ITSELF} or not rule.arguments - {"ending", "word"}:
            continue
        if rule.rule.startswith(SHARED):
            continue
        status, shown = ask(browser, method, address)
        # A form may be refused for what it lacks before it is asked whose it is; then nothing has happened either.
        refused = {403, 404} if method == "GET" else {400, 403, 404, 409, 412, 415, 422, 428}
        if status not in refused or OUTSIDER in shown:
            wrong.append((method, rule.rule, status))
    assert wrong == [], wrong
    assert _neighbours(town_engine) == ["pending", "waiting", True, None, None, "reported"]


@pytest.mark.parametrize("role", BOUND)
def test_nothing_of_the_neighbours_is_shown_by_asking_for_their_community(
    app: Flask, as_role: Signed, town: Town, towns: Towns, role: Role
) -> None:
    browser, wrong = as_role(role), []
    for rule, address, method in walks(app, towns.ours, methods=frozenset({"GET"})):
        if right_of(app, rule) in {OPEN, *BY_ITSELF} or not opens(app, rule, role):
            continue
        address = address.replace(town.in_grid_1, town.handed_over) if role is Role.HANDLER else address
        status, shown = ask(browser, method, f"{address}?community={AWAY}")
        if status >= 500 or OUTSIDER in shown or f"{AWAY}001" in shown:
            wrong.append((rule.rule, status))
    assert wrong == [], wrong


def _neighbours(engine: Engine) -> list[object]:
    """How the neighbour's things stand that a form could have changed."""
    with open_session(engine) as session:
        place = session.scalars(select(Community).where(Community.code == AWAY)).one()
        device = session.scalars(select(Device).where(Device.community_id == place.id)).one()
        good = session.scalars(select(PointsGood).where(PointsGood.community_id == place.id)).one()
        claim = session.scalars(select(PointsClaim).where(PointsClaim.key == AWAY)).one()
        board = session.scalars(select(NoticeBoard).where(NoticeBoard.community_id == place.id)).one()
        photo = session.scalars(select(Photo).where(Photo.community_id == place.id)).one()
        stage = session.scalars(select(Incident.stage).where(Incident.community_id == place.id)).one()
        return [device.stage.value, claim.stage.value, good.offered, board.revoked_at, photo.deleted_at, stage.value]
