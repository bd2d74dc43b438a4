"""The buildings of a map: what people asked for there is told under the names that kinds of incidents have now."""

from collections.abc import Callable
from datetime import timedelta

import make
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import HOME, NOW, Town

from data.database import open_session
from data.models import Category, Community, IncidentSource, Role
from patrols import incidents


def test_a_kind_that_was_retired_keeps_its_name_where_people_asked_for_it(
    as_role: Callable[[Role], FlaskClient], town: Town, town_engine: Engine
) -> None:
    with open_session(town_engine, writing=True) as session:
        place = session.scalars(select(Community).where(Community.code == HOME)).one()
        make.building(session, place, make.degrees_square(2, 1).buffer(-0.0003), name="1号楼", households=40)
        noise = make.add(session, Category(family="sample", kind="part", code="07", zh="旧名", en="old name"))
        for hour in range(3):
            incidents.report(
                session,
                place,
                at=NOW - timedelta(days=1, hours=hour),
                source=IncidentSource.HOTLINE,
                description="吵",
                point=(116.3025, 40.0015),
                category=noise,
            )
        noise.retired, noise.zh, noise.en = True, "噪声", "noise"
        session.commit()

    told = as_role(Role.OFFICIAL).get(f"/map/parts/needs?place={HOME}").json

    assert [one["name"] for house in told["needs"] for one in house["of"]] == ["noise"]
    assert "without a category" not in str(told)
