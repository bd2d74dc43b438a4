"""A view of a subdistrict or a county, handed on: of each community what a link of it alone would tell, and no more."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO

import pypdfium2
import pytest
from flask.testing import FlaskClient
from shared_views import NAMES, VIEW, answer_for, data_of, hand_on, let_some_come_in, told_in
from sqlalchemy import Engine, select
from visit import AWAY, HOME, Town, send

from data.database import open_session
from data.models import AuditRow, Role, SharedView

Signed = Callable[[Role], FlaskClient]
PLACE = HOME[:9]
BESIDE = (0.01, -0.001)
"""Degrees from the first grid of the home community to the only one of its neighbour."""


@pytest.fixture
def official(as_role: Signed, town: Town, town_engine: Engine, clock: list[datetime]) -> FlaskClient:
    """Somebody who answers for both communities, in each of which enough came in to be told."""
    answer_for(town_engine, "official", (HOME, None), (AWAY, None))
    let_some_come_in(town_engine, clock)
    let_some_come_in(town_engine, clock, AWAY, moved=BESIDE)
    return as_role(Role.OFFICIAL)


def several(browser: FlaskClient, **fields: object) -> str:
    view = f"place={PLACE}&{fields.pop('view', VIEW)}"
    return hand_on(browser, community="", view=view, language="en", **fields)


@pytest.mark.parametrize("colour", ["found", "per_households", "households"])
def test_of_each_community_it_tells_what_a_link_of_it_alone_tells(
    official: FlaskClient, client: FlaskClient, colour: str
) -> None:
    view = f"{VIEW}&colour={colour}"
    alone = [told_in(client.get(hand_on(official, community=code, view=view)).text) for code in (HOME, AWAY)]
    both = told_in(client.get(several(official, view=view)).text)

    assert both == alone[0] | alone[1]
    assert colour == "households" or len(both) == 2


def test_no_number_of_it_less_another_leads_below_the_floor(official: FlaskClient, client: FlaskClient) -> None:
    numbers = [
        sum(int(text) for text in told_in(client.get(address).text).values())
        for address in (hand_on(official, community=HOME), hand_on(official, community=AWAY), several(official))
    ]

    assert numbers[2] == numbers[0] + numbers[1]
    assert all(abs(one - other) == 0 or abs(one - other) >= 3 for one in numbers for other in numbers)


def test_it_shows_the_ground_of_all_and_nobodys_name(official: FlaskClient, client: FlaskClient) -> None:
    page = client.get(several(official, view=f"{VIEW}&layers=heat,late,open,duty,walked,words,base")).text

    assert {code[:12] for code in data_of(page)["grids"]["code"]} == {HOME, AWAY}
    assert "12 incidents drawn" in page
    assert "2 communities" in page
    assert not any(name in page for name in NAMES)


def test_the_form_and_the_list_say_what_it_is_of(official: FlaskClient) -> None:
    form = official.get(f"/shares?kind=map&place={PLACE}&{VIEW}").text
    several(official)
    listed = [official.get(f"/shares?community={code}").text for code in (HOME, AWAY)]

    assert "2 communities" in form
    assert all("2 communities" in one and "/v/" in one for one in listed)


def test_the_map_of_a_subdistrict_offers_to_share_it(official: FlaskClient) -> None:
    assert f'data-share="/shares?kind=map&amp;place={PLACE}"' in official.get(f"/map?place={PLACE}").text


def test_the_picture_of_several_says_so_for_inside_too(official: FlaskClient) -> None:
    address = f"/views/picture?kind=map&place={PLACE}&{VIEW}&layers=heat,open,base&format=pdf"
    for asked in (address, f"{address}&for=inside"):
        with pypdfium2.PdfDocument(BytesIO(official.get(asked).data)) as page:
            assert "2 communities" in " ".join(page[0].get_textpage().get_text_bounded().split())


def test_when_its_maker_answers_for_less_it_shows_less(
    official: FlaskClient, client: FlaskClient, town_engine: Engine
) -> None:
    address = several(official)
    answer_for(town_engine, "official", (AWAY, None))
    shown = {code[:12] for code in data_of(client.get(address).text)["grids"]["code"]}
    answer_for(town_engine, "official", (HOME, f"{HOME}002"))
    narrow = told_in(client.get(address).text)

    assert shown == {AWAY}
    assert narrow == {}


def test_when_its_maker_answers_for_more_it_shows_no_more(
    official: FlaskClient, client: FlaskClient, town_engine: Engine
) -> None:
    answer_for(town_engine, "official", (HOME, f"{HOME}002"), (AWAY, None))
    address = several(official)
    answer_for(town_engine, "official", (HOME, None), (AWAY, None))

    assert {code[:12] for code in told_in(client.get(address).text)} == {AWAY}


def test_who_answers_for_one_of_the_communities_takes_it_back(
    official: FlaskClient, as_role: Signed, client: FlaskClient, town_engine: Engine
) -> None:
    answer_for(town_engine, "manager", (AWAY, None))
    address = several(official)

    assert send(as_role(Role.GRID_MANAGER), "/shares/1/take-back").status_code == 302
    assert client.get(address).status_code == 404


def test_who_sees_one_community_hands_on_that_one(
    as_role: Signed, town: Town, client: FlaskClient, town_engine: Engine
) -> None:
    address = hand_on(as_role(Role.OFFICIAL), community="", view=f"place={PLACE}&{VIEW}")

    assert {code[:12] for code in data_of(client.get(address).text)["grids"]["code"]} == {HOME}
    with open_session(town_engine) as session:
        assert session.scalars(select(SharedView)).one().beside == []


def test_the_audit_says_which_communities(official: FlaskClient, town_engine: Engine) -> None:
    several(official)

    with open_session(town_engine) as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "view.handed_on")).one()
    assert (row.facts["community"], row.facts["beside"]) == (HOME, [AWAY])
