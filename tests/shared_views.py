"""Views handed on in tests: the link's address, and a town in which enough came in to be told."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import make
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME, NOW, send

from data.database import open_session
from data.models import Category, Community, IncidentSource, User, UserScope
from patrols import incidents

VIEW = "since=2026-10-01&until=2026-11-22"
NAMES = ("王秀英", "李小明", "13800000001", "13912345678", "东片小红帽")


def hand_on(browser: FlaskClient, **fields: object) -> str:
    """Hand a view on, and return where its link leads."""
    wanted = {"community": HOME, "kind": "map", "view": VIEW, "days": 7, **fields}
    answer = send(browser, "/shares", **wanted)
    assert answer.status_code == 302, answer.text
    listed = browser.get(answer.location).text
    found = re.search(r'value="http://localhost(/v/[\w.~-]+)"', listed)
    assert found is not None
    return found[1]


def answer_for(engine: Engine, login: str, *ground: tuple[str, str | None]) -> None:
    """Let somebody answer for other ground: communities, or one grid of them."""
    with open_session(engine, writing=True) as session:
        user = session.scalars(select(User).where(User.login == login)).one()
        keys = dict(session.execute(select(Community.code, Community.id)).all())  # type: ignore[arg-type]
        user.scopes = [UserScope(community_id=keys[code], grid_code=grid) for code, grid in ground]
        session.commit()


def data_of(page: str) -> dict[str, Any]:
    """What the scripts of a shared view are given."""
    found: dict[str, Any] = json.loads(re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page)[0])
    return found


def told_in(page: str) -> dict[str, str]:
    """What is written into each grid, by its code; nothing where nothing is told."""
    data = data_of(page)
    return {code: text for code, text in zip(data["grids"]["code"], data["figure"]["text"], strict=True) if text}


def let_some_come_in(
    engine: Engine, clock: list[datetime], code: str = HOME, *, moved: tuple[float, float] = (0.0, 0.0)
) -> None:
    """In the week before last five more came in at the place in grid 1, and nine that are sensitive in grid 3.

    One more has come in since: only then is that week over. `moved`: so many degrees to the east and to the north.
    """
    with open_session(engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == code)).one()
        litter = session.scalars(select(Category).where(Category.code == "01")).one()
        quiet = make.add(session, Category(family="sample", kind=code, code="99", zh="密", en="q", sensitive=True))
        places = ((5, 116.3005, litter, 0), (9, 116.3025, quiet, 0), (1, 116.3015, litter, 8))
        for number, lon, category, later in places:
            for hour in range(number):
                incidents.report(
                    session,
                    place,
                    at=NOW + timedelta(days=later, hours=-hour),
                    source=IncidentSource.RESIDENT,
                    description="x",
                    point=(lon + moved[0], 40.0015 + moved[1]),
                    category=category,
                )
        session.commit()
    clock[0] = NOW + timedelta(days=9)
