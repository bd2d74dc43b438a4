"""Somebody at a notice board with a phone, and the office that answers."""

import re
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from visit import BOARD, send
from werkzeug.test import TestResponse

from data.database import open_session
from data.models import Incident, Organisation, ResidentReport, StepKind, User
from patrols import incidents

FORM = f"/r/{BOARD}/report"
CODE = re.compile(r'<p class="door-code">([0-9A-Z-]{14})</p>')
NAME, PHONE = "赵反映", "13900001234"


class Resident:
    """Somebody with a phone, who is not in a hurry."""

    def __init__(self, browser: FlaskClient, clock: list[datetime]) -> None:
        self.browser, self.clock = browser, clock

    def fields(self) -> dict[str, str]:
        """What the form holds that nobody types."""
        page = self.browser.get(FORM).text
        found = re.search(r'name="ticket" value="([^"]+)"', page)
        assert found is not None, page
        return {"ticket": found[1]}

    def send(self, fields: dict[str, str] | None = None, **said: object) -> TestResponse:
        """Send the form after a minute; without other fields, a fresh one."""
        fields = self.fields() if fields is None else fields
        self.clock[0] += timedelta(minutes=1)
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.browser.get("/q").text)
        assert token is not None
        return self.browser.post(FORM, data={"csrf_token": token[1], **fields, **said})

    def told(self, **said: object) -> str:
        """Tell of something; the code."""
        answer = self.send(**said)
        assert answer.status_code == 303, answer.text
        found = CODE.search(self.browser.get(answer.location).text)
        assert found is not None
        return found[1]


def told_last(engine: Engine) -> Incident:
    with open_session(engine) as session:
        return session.scalars(select(Incident).order_by(Incident.id.desc()).limit(1)).one()


def reports(engine: Engine) -> int:
    with open_session(engine) as session:
        return session.scalar(select(func.count()).select_from(ResidentReport)) or 0


def take(engine: Engine, at: datetime, *steps: StepKind, note: str = "", number: str | None = None) -> None:
    """The office does some steps with what was told last."""
    with open_session(engine, writing=True) as session:
        wanted = select(Incident).order_by(Incident.id.desc()).limit(1)
        incident = session.scalars(
            wanted if number is None else select(Incident).where(Incident.number == number)
        ).one()
        office = session.scalars(select(Organisation)).first()
        admin = session.scalars(select(User).where(User.login == "admin")).one()
        for place, kind in enumerate(steps):
            incidents.step(
                session,
                incident,
                kind,
                by=admin,
                at=at + timedelta(minutes=place),
                note=note,
                to_organisation=office if kind is StepKind.TRIAGE else None,
            )
        session.commit()


CLOSED = (StepKind.ACCEPT, StepKind.TRIAGE, StepKind.RESOLVE, StepKind.CLOSE)


def rate(resident: Resident, code: str, rating: int | str, words: str = "") -> str:
    """Send the form of the rating, and read the page after it."""
    answer = send(resident.browser, f"/q/{code}/rate", page=f"/q/{code}", rating=rating, words=words)
    assert answer.status_code == 303
    return resident.browser.get(answer.location).text
