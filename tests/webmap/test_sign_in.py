"""Signing in and out, being locked out, and what that leaves behind."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from visit import LOGINS, NOW, PASSWORD, send, sign_in

from data.audit import find_broken_seal
from data.database import open_session
from data.models import AuditRow, Role, User
from data.users import find_user
from webmap import access

Signed = Callable[[Role], FlaskClient]


def actions(engine: Engine) -> list[tuple[str, str]]:
    with open_session(engine) as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
        return [(row.action, row.object_key) for row in rows]


def test_right_name_and_password_lead_to_the_page_that_was_asked_for(client: FlaskClient) -> None:
    asked = client.get("/incidents?show=overdue")
    assert asked.headers["Location"] == "/sign-in?next=/incidents?show%3Doverdue"

    answer = send(
        client, "/sign-in", page="/sign-in", login="manager", password=PASSWORD, next="/incidents?show=overdue"
    )

    assert answer.headers["Location"] == "/incidents?show=overdue"
    assert client.get("/incidents?show=overdue").status_code == 200


def test_a_wrong_password_is_refused_without_saying_what_was_wrong(client: FlaskClient, town_engine: Engine) -> None:
    wrong_password = sign_in(client, "manager", "not this one 1")
    wrong_name = sign_in(client, "nobody", PASSWORD)

    assert wrong_password.status_code == wrong_name.status_code == 401
    assert "Name and password do not fit together." in wrong_password.text
    assert "Name and password do not fit together." in wrong_name.text
    assert client.get("/").status_code == 302
    assert actions(town_engine) == [("sign_in.refused", "manager"), ("sign_in.refused", "nobody")]


def test_a_sign_in_is_locked_after_five_wrong_passwords_and_opens_again_later(
    client: FlaskClient, clock: list[datetime]
) -> None:
    for _ in range(5):
        sign_in(client, "manager", "not this one 1")

    assert sign_in(client, "manager").status_code == 401

    clock[0] = NOW + timedelta(minutes=16)
    assert sign_in(client, "manager").status_code == 302


def test_a_right_password_takes_back_the_count_of_wrong_ones(client: FlaskClient, town_engine: Engine) -> None:
    for _ in range(4):
        sign_in(client, "manager", "not this one 1")
    sign_in(client, "manager")

    with open_session(town_engine) as session:
        user = find_user(session, "manager")
        assert user is not None
        assert user.failed_sign_ins == 0


def test_capitals_in_the_name_do_not_matter(client: FlaskClient) -> None:
    assert sign_in(client, "Manager").status_code == 302


def test_a_sign_in_that_was_switched_off_stays_out_and_is_put_out(as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    with open_session(town_engine, writing=True) as session:
        user = find_user(session, "manager")
        assert user is not None
        user.active = False
        session.commit()

    assert browser.get("/").status_code == 302
    assert sign_in(browser, "manager").status_code == 401


def test_a_sign_in_ends_after_an_hour_without_a_request(as_role: Signed, clock: list[datetime]) -> None:
    browser = as_role(Role.GRID_MANAGER)

    clock[0] = NOW + timedelta(minutes=59)
    assert browser.get("/account").status_code == 200
    clock[0] = NOW + timedelta(minutes=118)
    assert browser.get("/account").status_code == 200
    clock[0] = NOW + timedelta(minutes=180)
    assert browser.get("/account").status_code == 302


def test_signing_out_ends_it(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)

    assert send(browser, "/sign-out").status_code == 302

    assert browser.get("/").status_code == 302


def test_a_new_password_ends_the_sign_ins_of_other_browsers(app: Flask, as_role: Signed) -> None:
    here, elsewhere = as_role(Role.GRID_MANAGER), as_role(Role.GRID_MANAGER)

    answer = send(here, "/account/password", old=PASSWORD, new="another walk 22")

    assert answer.status_code == 302
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert sign_in(app.test_client(), "manager", "another walk 22").status_code == 302


@pytest.mark.parametrize("weak", ["short 1", "onlyletterseverywhere", "Manager 12345", "12345678901"])
def test_a_weak_password_is_refused(as_role: Signed, weak: str) -> None:
    answer = send(as_role(Role.GRID_MANAGER), "/account/password", old=PASSWORD, new=weak)

    assert answer.status_code == 422
    assert "A password needs at least 10 characters" in answer.text


def test_passwords_made_up_by_chance_are_never_too_weak() -> None:
    made = {access.make_up_password("e") for _ in range(300)}

    assert len(made) == 300
    for password in made:
        access.check_new_password(password, "e")


def test_the_old_password_is_asked_for(as_role: Signed) -> None:
    answer = send(as_role(Role.GRID_MANAGER), "/account/password", old="not this one 1", new="another walk 22")

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/\r\nX: y", "\x00"],
)
def test_no_address_of_another_site_is_followed_after_signing_in(client: FlaskClient, target: str) -> None:
    answer = send(client, "/sign-in", page="/sign-in", login="manager", password=PASSWORD, next=target)

    assert answer.headers["Location"] == "/"


def test_a_form_without_its_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"login": "manager", "password": PASSWORD})

    assert answer.status_code == 400
    assert "The page was open for too long" in answer.text


def test_a_form_that_another_site_sends_is_refused(as_role: Signed) -> None:
    browser = as_role(Role.GRID_MANAGER)

    answer = browser.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert browser.get("/account").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = sign_in(client, "manager").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_language_is_kept_for_the_person(app: Flask, as_role: Signed, town_engine: Engine) -> None:
    browser = as_role(Role.GRID_MANAGER)
    assert '<html lang="en">' in browser.get("/account").text

    send(browser, "/language", language="zh", next="/account")

    assert '<html lang="zh-CN">' in browser.get("/account").text
    with open_session(town_engine) as session:
        assert session.scalar(select(User.language).where(User.login == LOGINS[Role.GRID_MANAGER])) == "zh"


def test_what_was_done_is_in_the_audit_and_its_seals_hold(as_role: Signed, town_engine: Engine) -> None:
    send(as_role(Role.GRID_MANAGER), "/sign-out")

    assert actions(town_engine) == [("sign_in.accepted", "manager"), ("sign_in.ended", "manager")]
    with open_session(town_engine) as session:
        assert find_broken_seal(session) is None
