"""A link to a view: what a stranger sees, until when, and inside which sites."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from shared_views import NAMES, hand_on
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from visit import NOW, Town, send

from data.database import open_session
from data.models import Role, SharedView, User

Signed = Callable[[Role], FlaskClient]


@pytest.fixture
def official(as_role: Signed) -> FlaskClient:
    return as_role(Role.OFFICIAL)


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
