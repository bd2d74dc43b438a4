"""What a link tells of incidents: counts above the floor, of one community and of several."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from shared_views import VIEW, data_of, hand_on, let_some_come_in, told_in
from sqlalchemy import Engine

from data.models import Role

Signed = Callable[[Role], FlaskClient]


@pytest.fixture
def official(as_role: Signed) -> FlaskClient:
    return as_role(Role.OFFICIAL)


@pytest.fixture
def counted(town_engine: Engine, clock: list[datetime]) -> None:
    let_some_come_in(town_engine, clock)


def test_a_link_tells_counts_above_the_floor_and_nothing_sensitive(
    counted: None, official: FlaskClient, client: FlaskClient
) -> None:
    page = client.get(hand_on(official, view=f"{VIEW}&layers=heat", language="en")).text

    assert {code[-3:]: text for code, text in told_in(page).items()} == {"001": "6"}
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

    data = data_of(page)
    assert title in data["figure"]["title"]
    assert data["figure"]["text"][0] == text
    assert "L.imageOverlay" not in page


def test_a_view_by_hour_or_source_is_told_to_nobody_outside(
    counted: None, official: FlaskClient, client: FlaskClient
) -> None:
    page = client.get(hand_on(official, view=f"{VIEW}&layers=heat&source=resident", language="en")).text

    assert "nothing is told by hour" in page
    assert "0 incidents drawn" in page
