"""A volunteer's browser as the server sees it: enrolled, with a token, sending what its page would send."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from visit import PASSWORD
from werkzeug.test import TestResponse

Thing = dict[str, Any]


def new_key() -> str:
    return str(uuid.uuid4())


@dataclass
class OwnPhone:
    """One member's place on one browser. ``now`` is what the phone's clock says when it sends."""

    browser: FlaskClient
    token: str
    told: dict[str, Any]
    key: str = field(default_factory=new_key)

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **more}

    def get(self, address: str, **headers: str) -> TestResponse:
        return self.browser.get(address, headers=self.headers(**headers))

    def post(self, things: Any, *, now: datetime | None = None) -> TestResponse:
        more = {"X-Phone-Now": now.isoformat()} if now else {}
        return self.browser.post("/walk/things", json=things, headers=self.headers(**more))

    def send(self, *things: Thing, now: datetime | None = None) -> list[dict[str, Any]]:
        answer = self.post(list(things), now=now)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json["items"]
        return items

    def photo(self, key: str, content: bytes) -> TestResponse:
        return self.browser.put(f"/walk/photos/{key}", data=content, headers=self.headers())

    def fixes(self, *fixes: tuple[datetime, float, float]) -> TestResponse:
        features = [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {"timestamp": at.isoformat(), "horizontal_accuracy": 5},
            }
            for at, lon, lat in fixes
        ]
        return self.browser.post(f"/track/{self.token}", json={"locations": features})


def thing(kind: str, at: datetime, **fields: Any) -> Thing:
    return {"id": new_key(), "kind": kind, "at": at.isoformat(), **fields}


def ask(browser: FlaskClient, phone: str, login: str = "worker", password: str = PASSWORD, **more: Any) -> TestResponse:
    """Ask to enrol a browser for somebody who types name and password."""
    csrf = browser.get("/walk/form").json["csrf"]
    said = {"phone": phone, "login": login, "password": password, **more}
    return browser.post("/walk/enrol", json=said, headers={"X-CSRFToken": csrf})


def enrol(app: Flask, login: str = "worker", *, phone: str = "", agreed: datetime | None = None) -> OwnPhone:
    """Enrol a browser, and agree to be recorded from a moment on."""
    browser, key = app.test_client(), phone or new_key()
    answer = ask(browser, key, login)
    assert answer.status_code == 201, answer.text
    made = OwnPhone(browser, answer.json["token"], answer.json, key)
    if agreed is not None:
        given = made.send(thing("consent", agreed, version=made.told["consent"]["version"]))
        assert given[0]["status"] == "stored", given
    return made


def north(start: datetime, minutes: float, *, step_s: int = 10) -> list[tuple[datetime, float, float]]:
    """A walk in the small town, a metre a second northwards and back every three minutes."""
    seconds = range(0, int(minutes * 60) + 1, step_s)
    return [(start + timedelta(seconds=s), 116.3005, 40.0003 + 9e-6 * abs(s % 180 - 90)) for s in seconds]
