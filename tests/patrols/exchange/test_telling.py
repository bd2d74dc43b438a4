"""Platforms are told each step once, in order, and never what they said themselves; what they sign is taken once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import make
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound, RowsRefused, UnreadableFile
from data.models import (
    Community,
    ExternalKey,
    HeardMessage,
    Incident,
    IncidentSource,
    Organisation,
    Platform,
    Stage,
    StepKind,
    Telling,
)
from patrols import incidents, outbox
from patrols.errors import BadExchange, NotSigned
from patrols.exchange import platforms, telling
from patrols.exchange.hearing import hear
from patrols.exchange.signing import sign

AT = datetime(2026, 9, 14, 0, 30, tzinfo=UTC)
SECRET = "a secret that nobody guesses"
OFFICE = "12110108MB1234567X"


class Place:
    """A community whose office for streets is the platform's."""

    def __init__(self, session: Session, **fields: Any) -> None:
        self.session = session
        self.community, _ = make.town(session)
        self.office = make.add(session, Organisation(community_id=self.community.id, name="城管局", code=OFFICE))
        self.other = make.add(session, Organisation(community_id=self.community.id, name="物业", code="9" * 18))
        how = {"address": "https://above.example.org/hook", "office": self.office, "secret_in": SECRET, "at": AT}
        self.platform = platforms.add(session, self.community, "above", **{**how, **fields})

    def found(self, number: str = "A1", address: str = "学院路1号") -> Incident:
        return incidents.report(
            self.session,
            self.community,
            at=AT,
            source=IncidentSource.PATROL,
            description="井盖破损",
            point=(make.ORIGIN[0] + 0.0005, make.ORIGIN[1] + 0.0015),
            address=address,
            number=number,
        )

    def step(self, incident: Incident, kind: StepKind, minutes: int = 1, **fields: Any) -> None:
        incidents.step(self.session, incident, kind, by=None, at=AT + timedelta(minutes=minutes), **fields)

    def handed(self, number: str = "A1") -> Incident:
        row = self.found(number)
        self.step(row, StepKind.ACCEPT)
        self.step(row, StepKind.TRIAGE, 2, to_organisation=self.office)
        return row

    def told(self) -> list[list[str]]:
        """What has been written down to be told, the steps of each telling."""
        rows = self.session.scalars(select(Telling.body).order_by(Telling.id))
        return [[step["step"] for one in body["incidents"] for step in one["steps"]] for body in rows]


def message(*steps: dict[str, Any], code: str = "K-1", **fields: Any) -> dict[str, Any]:
    row = {
        **{"code": code, "name": "井盖破损", "department_code": OFFICE, "department": "城管局", "place": "学院路1号"},
        **{"grid_code": "110108001001001", "steps": list(steps), **fields},
    }
    return {"format": "gridpatrol exchange", "version": 1, "crs": "CGCS2000", "incidents": [row]}


def said(session: Session, platform: Platform, document: Any, key: str = "m1", **how: Any) -> dict[str, Any]:
    """Hear a document as the platform would send it."""
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    at = how.get("at", AT + timedelta(hours=1))
    moment = int(how.get("signed_at", at).timestamp())
    signature = sign(how.get("secret", SECRET), moment, key, body)
    sent = how.get("sent", body)
    return hear(session, platform.id, sent, key=key, moment=str(moment), signature=signature, at=at).answer


def test_the_first_telling_says_all_that_went_before_and_then_each_step_goes_alone(session: Session) -> None:
    place = Place(session)

    row = place.handed()
    place.step(row, StepKind.HANDLE, 3)
    place.step(row, StepKind.RESOLVE, 4)

    assert place.told() == [["report", "accept", "triage"], ["handle"], ["resolve"]]
    (first, *_rest) = session.scalars(select(Telling).order_by(Telling.id))
    one = first.body["incidents"][0]
    assert (one["code"], one["department_code"], one["stage"]) == ("110108001001-A1", OFFICE, "triaged")


def test_what_is_another_offices_or_merely_escalates_is_told_to_nobody(session: Session) -> None:
    place = Place(session)
    row = place.found()
    place.step(row, StepKind.ACCEPT)

    place.step(row, StepKind.TRIAGE, to_organisation=place.other)
    other = place.handed("A2")
    place.step(other, StepKind.ESCALATE, 3)

    assert place.told() == [["report", "accept", "triage"]]


def test_a_platform_without_an_address_is_told_nothing(session: Session) -> None:
    place = Place(session, address="")

    place.handed()

    assert place.told() == []


def test_steps_of_an_incident_go_out_one_after_the_other(session: Session) -> None:
    place = Place(session)
    row = place.handed()
    place.step(row, StepKind.HANDLE, 3)
    place.handed("A2")
    late = AT + timedelta(hours=1)

    first = outbox.lease(session, telling.BOX, at=late)
    assert [one.body["incidents"][0]["code"][-2:] for one in first] == ["A1", "A2"]
    assert outbox.lease(session, telling.BOX, at=late) == []
    outbox.failed(session, telling.BOX, first[0], "HTTP 500", at=late)
    assert outbox.lease(session, telling.BOX, at=late + timedelta(seconds=1)) == [], (
        "the second step waits for the first"
    )
    again = outbox.lease(session, telling.BOX, at=late + timedelta(minutes=1))
    assert [one.key for one in again] == [first[0].key], "the same key at every try"
    outbox.arrived(session, telling.BOX, again[0].row_id, at=late)
    (second,) = outbox.lease(session, telling.BOX, at=late + timedelta(minutes=1))
    assert [step["step"] for step in second.body["incidents"][0]["steps"]] == ["handle"]


def test_a_platform_that_cannot_be_reached_is_asked_once_a_pause_and_one_bad_message_keeps_no_other_back(
    session: Session,
) -> None:
    place, at = Place(session), AT + timedelta(hours=1)
    for number in ("A1", "A2", "A3"):
        place.handed(number)

    (first,) = outbox.lease(session, telling.BOX, at=at, most=1)
    outbox.failed(session, telling.BOX, first, "TimeoutError", at=at)
    assert outbox.lease(session, telling.BOX, at=at + timedelta(seconds=29)) == []
    (again,) = outbox.lease(session, telling.BOX, at=at + timedelta(seconds=30), most=1)
    outbox.failed(session, telling.BOX, again, "TimeoutError", at=at + timedelta(seconds=30))
    (other,) = outbox.lease(session, telling.BOX, at=at + timedelta(seconds=60), most=1)

    assert again.key == first.key
    assert other.key != first.key, "its own pause has grown, the others' has not"


def test_a_lease_that_nobody_came_back_from_is_given_anew(session: Session) -> None:
    place = Place(session)
    place.handed()
    late = AT + timedelta(hours=1)

    (first,) = outbox.lease(session, telling.BOX, at=late)

    assert outbox.lease(session, telling.BOX, at=late + outbox.LEASE - timedelta(seconds=1)) == []
    assert [one.key for one in outbox.lease(session, telling.BOX, at=late + outbox.LEASE)] == [first.key]


def test_what_lacks_a_mandatory_field_waits_for_a_person_and_goes_in_the_words_of_then(session: Session) -> None:
    place = Place(session)
    place.office.code = "12"
    row = place.handed()
    place.step(row, StepKind.HANDLE, 3)
    late = AT + timedelta(hours=1)
    assert outbox.lease(session, telling.BOX, at=late) == []
    assert [(one.error, name, number) for one, name, number in platforms.lost(session, place.community)] == [
        ("lacks department_code", "above", "A1")
    ] * 2
    place.office.code = OFFICE
    session.flush()

    (second, _), (first, _) = ((one, name) for one, name, _number in platforms.lost(session, place.community))
    telling.again(session, place.community, first.id, at=late)
    telling.again(session, place.community, second.id, at=late)

    assert place.told() == [["report", "accept", "triage"], ["handle"]]
    assert len(outbox.lease(session, telling.BOX, at=late)) == 1


def test_steps_that_were_given_up_go_along_with_the_next_one(session: Session) -> None:
    place = Place(session)
    row = place.handed()
    (lost,) = outbox.lease(session, telling.BOX, at=AT + timedelta(hours=1))
    outbox.failed(session, telling.BOX, lost, "HTTP 422", at=AT + timedelta(hours=1), for_good=True)

    place.step(row, StepKind.HANDLE, 90)

    assert place.told()[-1] == ["report", "accept", "triage", "handle"]


def test_what_a_platform_told_is_taken_and_not_told_back_but_what_follows_is(session: Session) -> None:
    place = Place(session)
    step = {"step_key": "s1", "step": "accept", "step_at": AT.isoformat()}

    assert said(session, place.platform, message(step)) == {"stored": 1, "updated": 0, "unchanged": 0}
    row = session.scalars(select(Incident).where(Incident.number == "K-1")).one()
    assert (row.stage, place.told()) == (Stage.ACCEPTED, [])
    place.step(row, StepKind.TRIAGE, 70, to_organisation=place.other)

    assert place.told() == [["report", "triage"]]
    assert session.scalars(select(Telling.body)).one()["incidents"][0]["your_code"] == "K-1"


def test_a_message_is_taken_once_and_answered_the_same_again(session: Session) -> None:
    place = Place(session)

    first = said(session, place.platform, message())
    again = said(session, place.platform, message(), at=AT + timedelta(hours=2))

    assert first == again == {"stored": 1, "updated": 0, "unchanged": 0}
    assert session.scalar(select(func.count()).select_from(Incident)) == 1
    with pytest.raises(Conflict):
        said(session, place.platform, message(code="K-2"))


@pytest.mark.parametrize(
    "how",
    [
        {"secret": "not the secret of theirs"},
        {"sent": b"{}"},
        {"signed_at": AT},
        {"signed_at": AT + timedelta(hours=1, minutes=6)},
    ],
    ids=["another's secret", "other words", "an echo", "a clock ahead"],
)
def test_what_is_not_signed_now_by_that_platform_is_refused(session: Session, how: dict[str, Any]) -> None:
    place = Place(session)

    with pytest.raises(NotSigned):
        said(session, place.platform, message(), **how)

    assert session.scalar(select(func.count()).select_from(HeardMessage)) == 0


def test_what_we_sent_cannot_be_played_back_to_us(session: Session) -> None:
    place = Place(session)
    assert place.platform.secret_in != place.platform.secret_out

    with pytest.raises(NotSigned):
        said(session, place.platform, message(), secret=place.platform.secret_out)


def test_an_ended_platform_is_heard_and_told_no_more(session: Session) -> None:
    place = Place(session)
    row = place.handed()

    platforms.end(session, place.community, place.platform.id, at=AT)
    place.step(row, StepKind.HANDLE, 3)

    with pytest.raises(NotSigned):
        said(session, place.platform, message(), secret="")
    assert outbox.lease(session, telling.BOX, at=AT + timedelta(hours=1)) == []
    assert len(place.told()) == 1
    with pytest.raises(NotFound):
        telling.again(session, place.community, 1, at=AT)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (b"{", UnreadableFile),
        ({"format": "another"}, UnreadableFile),
        (message(department=""), RowsRefused),
        (message({"step_key": "s", "step": "close", "step_at": AT.isoformat()}), RowsRefused),
    ],
    ids=["no JSON", "no exchange", "a field is missing", "a step that may not follow"],
)
def test_a_message_that_cannot_be_taken_leaves_nothing_and_may_come_again(
    session: Session, document: Any, fault: type[Exception]
) -> None:
    place = Place(session)

    with pytest.raises(fault), session.begin_nested():
        said(session, place.platform, document)

    counts = [session.scalar(select(func.count()).select_from(one)) for one in (HeardMessage, Incident, ExternalKey)]
    assert counts == [0, 0, 0]
    assert said(session, place.platform, message())["stored"] == 1


def test_both_sides_closing_at_once_is_no_conflict_and_another_step_first_is_told(session: Session) -> None:
    place = Place(session)
    row = place.handed()
    place.step(row, StepKind.RESOLVE, 3)
    ours = "110108001001-A1"

    both = {"step_key": "s1", "step": "resolve", "step_at": AT.isoformat()}
    assert said(session, place.platform, message(both, your_code=ours))["unchanged"] == 1
    back = {"step_key": "s2", "step": "send_back", "step_note": "不归我们管", "step_at": AT.isoformat()}
    with pytest.raises(RowsRefused), session.begin_nested():
        said(session, place.platform, message(back, your_code=ours), key="m2")

    assert row.stage is Stage.RESOLVED


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": "two words"}, BadExchange),
        ({"name": "b", "address": "ftp://example.org"}, BadExchange),
        ({"name": "b", "secret_in": "short"}, BadExchange),
        ({"name": "above"}, Conflict),
    ],
)
def test_a_platform_that_cannot_be_is_refused(session: Session, fields: dict[str, Any], fault: type[Exception]) -> None:
    place = Place(session)

    with pytest.raises(fault):
        platforms.add(session, place.community, at=AT, **fields)


def test_a_platform_of_another_communitys_office_is_refused(session: Session) -> None:
    place = Place(session)
    away: Community = make.community(session, "110108001009")

    with pytest.raises(BadExchange):
        platforms.add(session, away, "b", at=AT, office=place.office)


def test_how_it_goes_with_each_platform_is_counted(session: Session) -> None:
    place = Place(session)
    row = place.handed()
    place.step(row, StepKind.HANDLE, 3)
    (one,) = outbox.lease(session, telling.BOX, at=AT + timedelta(hours=1))
    outbox.arrived(session, telling.BOX, one.row_id, at=AT + timedelta(hours=1))
    said(session, place.platform, message())

    (found,) = platforms.told(session, place.community)

    assert (found.platform.name, found.office, found.arrived, found.waiting, found.lost, found.heard) == (
        *("above", place.office, 1, 1, 0, 1),
    )
