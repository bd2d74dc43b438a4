"""Incidents go to another platform and come back: the same for ever, once, and with every error by its row."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import make
import pandas as pd
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.errors import RowsRefused, UnreadableFile
from data.exchange.write import write_table
from data.models import Community, ExternalKey, Incident, IncidentSource, IncidentStep, Organisation, Stage, StepKind
from patrols import incidents
from patrols.errors import BadExchange
from patrols.exchange.giving import give, table_of
from patrols.exchange.sent import Sent, read_sent, sent_of
from patrols.exchange.taking import take
from patrols.intake.sheet import Intake
from patrols.scope import EVERYTHING, Scope

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
OFFICE = "12110108400001001A"
SIX = ["code", "name", "department_code", "department", "place", "grid_code"]


def towns(session: Session) -> tuple[Community, Community]:
    """A community, and one above it on the same ground that stands for the other platform's own database."""
    place, _ = make.town(session)
    other = make.community(session, "110108001002", outline=make.degrees_square(10))
    make.edition(session, other, {f"{other.code}001": make.degrees_square(10)})
    for one in (place, other):
        make.add(session, Organisation(community_id=one.id, name="环卫所", code=OFFICE))
    return place, other


def found(session: Session, place: Community, number: str = "A1", **fields: Any) -> Incident:
    told: dict[str, Any] = {"description": "垃圾未清", "address": "学院路1号", "point": (116.3005, 40.0015)} | fields
    return incidents.report(
        session, place, at=AT - timedelta(days=2), source=IncidentSource.RESIDENT, number=number, **told
    )


def handed(session: Session, place: Community, number: str = "A1", **fields: Any) -> Incident:
    incident = found(session, place, number, **fields)
    office = session.scalars(select(Organisation).where(Organisation.community_id == place.id)).one()
    incidents.step(session, incident, StepKind.ACCEPT, by=None, at=AT - timedelta(days=1))
    incidents.step(session, incident, StepKind.TRIAGE, by=None, at=AT - timedelta(hours=9), to_organisation=office)
    return incident


def row(code: str = "K-1", **fields: Any) -> dict[str, Any]:
    """One incident as another platform tells it."""
    six = {"code": code, "name": "暴露垃圾", "department_code": OFFICE, "department": "环卫所"}
    six |= {"place": "学院路1号", "grid_code": "110108001001001", "found_at": "2026-09-13T08:00:00+08:00"}
    return six | {"lon": 116.3005, "lat": 40.0015} | fields


def sent(*rows: dict[str, Any], **head: Any) -> Sent:
    document = {"format": "gridpatrol exchange", "version": 1, "platform": "kundulun", "crs": "CGCS2000"}
    return sent_of({**document, "incidents": list(rows), **head}, file="上级.json")


def taken(session: Session, place: Community, *rows: dict[str, Any], **how: Any) -> Intake:
    return take(session, sent(*rows), place, "kundulun", at=how.pop("at", AT), **how)


def stored(session: Session) -> tuple[int, int]:
    return tuple(session.scalar(select(func.count()).select_from(model)) or 0 for model in (Incident, IncidentStep))


def told(counts: Intake) -> tuple[int, int, int]:
    return counts.stored, counts.updated, counts.unchanged


def test_what_a_department_has_goes_out_with_six_fields_first_and_the_same_every_time(session: Session) -> None:
    place, _ = towns(session)
    handed(session, place, reporter_name="李小明", reporter_phone="13912345678")
    found(session, place, "A2")

    first = give(session, EVERYTHING, place, "kundulun")
    again = give(session, EVERYTHING, place, "kundulun")

    assert json.dumps(first.document) == json.dumps(again.document)
    assert first.document["crs"] == "CGCS2000"
    assert first.without_department == 1
    (one,) = first.incidents
    assert list(one)[:6] == SIX
    assert [one[name] for name in SIX] == [
        "110108001001-A1",
        "垃圾未清",
        OFFICE,
        "环卫所",
        "学院路1号",
        "110108001001001",
    ]
    assert [step["step"] for step in one["steps"]] == ["report", "accept", "triage"]
    assert "李小明" not in str(first.document)


def test_reporters_go_along_only_for_those_who_may_see_them(session: Session) -> None:
    place, _ = towns(session)
    handed(session, place, reporter_name="李小明")

    assert "李小明" in str(give(session, EVERYTHING, place, "kundulun", named=True).document)
    assert "李小明" not in str(give(session, Scope(reporters=False), place, "kundulun", named=True).document)


def test_what_lacks_a_mandatory_field_is_named_and_nothing_goes_out(session: Session) -> None:
    place, _ = towns(session)
    handed(session, place)
    incident = handed(session, place, "A2", point=None, address="")
    incident.organisation = make.add(session, Organisation(community_id=place.id, name="物业", code="91"))
    session.flush()

    with pytest.raises(RowsRefused) as refusal:
        give(session, EVERYTHING, place, "kundulun")
    part = give(session, EVERYTHING, place, "kundulun", skip_bad=True)

    wrong = [(one.file, one.column) for one in refusal.value.refusals]
    assert wrong == [("A2", "department_code"), ("A2", "place"), ("A2", "grid_code")]
    assert [one["code"] for one in part.incidents] == ["110108001001-A1"]


def test_what_a_platform_sends_is_located_and_stored_once(session: Session) -> None:
    place, _ = towns(session)
    steps = [{"step_key": "s1", "step": "accept", "step_at": "2026-09-13T09:00:00+08:00"}]

    first = taken(session, place, row(steps=steps), row("K-2", lon=116.3015))
    before = stored(session)
    again = taken(session, place, row(steps=steps), row("K-2", lon=116.3015), at=AT + timedelta(days=1))

    assert (told(first), told(again)) == ((2, 0, 0), (0, 0, 2))
    assert stored(session) == before == (2, 3)
    kept = session.scalars(select(Incident).order_by(Incident.number)).all()
    assert [(one.number, one.grid_code, one.stage) for one in kept] == [
        ("K-1", "110108001001001", Stage.ACCEPTED),
        ("K-2", "110108001001002", Stage.REPORTED),
    ]
    assert kept[0].extra["exchange"]["department"] == "环卫所"


def test_new_steps_of_a_platform_move_an_incident_of_ours_on(session: Session) -> None:
    place, _ = towns(session)
    incident = handed(session, place)
    done = {"step_key": "s9", "step": "resolve", "step_at": "2026-09-14T10:00:00+08:00", "step_note": "已清运"}
    theirs = row("K-9", your_code="110108001001-A1", description="垃圾未清", steps=[done])

    counts = [told(taken(session, place, theirs)) for _ in range(2)]

    assert counts == [(0, 1, 0), (0, 0, 1)]
    assert incident.stage is Stage.RESOLVED
    assert incident.steps[-1].note == "kundulun: 已清运"
    assert give(session, EVERYTHING, place, "kundulun").incidents[0]["your_code"] == "K-9"


def test_a_step_dated_before_our_last_counts_from_ours(session: Session) -> None:
    place, _ = towns(session)
    incident = handed(session, place)
    ours = incident.steps[-1].at
    early = {"step_key": "s9", "step": "handle", "step_at": "2026-09-01T10:00:00+08:00"}

    taken(session, place, row(your_code="110108001001-A1", steps=[early]))

    assert (incident.steps[-1].kind, incident.steps[-1].at) == (StepKind.HANDLE, ours)


def test_what_both_sides_did_is_noted_and_ours_stays(session: Session) -> None:
    place, _ = towns(session)
    incident = handed(session, place)
    incidents.step(session, incident, StepKind.RESOLVE, by=None, at=AT - timedelta(hours=5))
    done = {"step_key": "s9", "step": "处置", "step_at": "2026-09-14 10:00"}

    counts = taken(session, place, row(your_code="110108001001-A1", description="别的话", stage="closed", steps=[done]))

    assert told(counts) == (0, 0, 1)
    assert [note.column for note in counts.notes] == ["step", "description", "stage"]
    assert (incident.stage, incident.description) == (Stage.RESOLVED, "垃圾未清")


def test_there_and_back_between_two_databases_changes_nothing_more(session: Session) -> None:
    place, other = towns(session)
    handed(session, place, point=None, address="学院路1号")
    incident = session.scalars(select(Incident)).one()
    incident.grid_code = f"{other.code}001"
    session.flush()

    out = give(session, EVERYTHING, place, "above").document
    arrived = take(session, sent_of(out, file="a.json"), other, "below", at=AT)
    there = session.scalars(select(Incident).where(Incident.community_id == other.id)).one()
    incidents.step(session, there, StepKind.RESOLVE, by=None, at=AT, note="已清运")
    answer = give(session, EVERYTHING, other, "below").document
    back = [take(session, sent_of(answer, file="b.json"), place, "above", at=AT) for _ in range(2)]
    out = give(session, EVERYTHING, place, "above").document
    again = take(session, sent_of(out, file="a.json"), other, "below", at=AT)

    assert [told(one) for one in (arrived, *back, again)] == [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1)]
    assert incident.stage is there.stage is Stage.RESOLVED
    assert [step.kind for step in incident.steps] == [step.kind for step in there.steps]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        *[({name: ""}, name) for name in SIX],
        ({"department_code": "123"}, "department_code"),
        ({"grid_code": "11010800100100"}, "grid_code"),
        ({"grid_code": "110108001001999", "lon": None, "lat": None}, "grid_code"),
        ({"your_code": "110108001001-ZZ"}, "your_code"),
        ({"found_at": "yesterday"}, "found_at"),
        ({"found_at": "2027-01-01T00:00:00+08:00"}, "found_at"),
        ({"lat": None}, "lon"),
        ({"lon": 110.0}, None),
        ({"steps": [{"step": "fly", "step_at": "2026-09-14 10:00"}]}, "step"),
        ({"steps": [{"step": "close", "step_at": "2026-09-14 10:00"}]}, "step"),
        ({"steps": [{"step": "accept", "step_at": "2027-09-14 10:00"}]}, "step_at"),
        ({"steps": [{"step": "accept", "step_at": "2026-09-14 10:00", "step_key": "110108001001-A1#9"}]}, "step"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_stored(session: Session, change: dict[str, Any], column: str | None) -> None:
    place, _ = towns(session)

    with pytest.raises(RowsRefused) as refusal:
        taken(session, place, row("K-1"), row("K-2", **change) if "code" not in change else row(**change))

    (wrong,) = refusal.value.refusals
    assert (wrong.row, wrong.column) == (2, column)
    assert stored(session) == (0, 0)
    assert session.scalar(select(func.count()).select_from(ExternalKey)) == 0


def test_good_rows_may_be_taken_without_the_bad_ones(session: Session) -> None:
    place, _ = towns(session)

    counts = taken(session, place, row("K-1"), row("K-2", name=""), skip_bad=True)

    assert told(counts) == (1, 0, 0)
    assert [one.row for one in counts.refusals] == [2]


def test_a_department_unknown_here_refuses_the_step_that_hands_it_over(session: Session) -> None:
    place, _ = towns(session)
    steps = [
        {"step": "accept", "step_at": "2026-09-13 10:00"},
        {"step": "dispatch", "step_at": "2026-09-13 11:00", "step_department_code": "9" * 18},
    ]

    with pytest.raises(RowsRefused, match="no office with the code"):
        taken(session, place, row(steps=steps))


def test_a_table_must_say_that_its_places_are_in_cgcs2000(session: Session, tmp_path: Path) -> None:
    place, _ = towns(session)
    table = pd.DataFrame([row()], dtype=object)
    write_table(table, tmp_path / "no.csv")
    write_table(table.assign(crs="GCJ-02"), tmp_path / "other.csv")
    write_table(table.assign(crs="CGCS2000"), tmp_path / "yes.xlsx")

    for name in ("no.csv", "other.csv"):
        with pytest.raises(RowsRefused, match="CGCS2000"):
            take(session, read_sent(tmp_path / name), place, "kundulun", at=AT)
    assert told(take(session, read_sent(tmp_path / "yes.xlsx"), place, "kundulun", at=AT)) == (1, 0, 0)


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_what_goes_out_as_a_table_comes_in_again_without_a_change(
    session: Session, tmp_path: Path, ending: str
) -> None:
    place, _ = towns(session)
    handed(session, place)
    given = give(session, EVERYTHING, place, "kundulun")
    write_table(table_of(given.document), tmp_path / f"out{ending}")

    table = pd.read_csv(tmp_path / "out.csv", dtype=str) if ending == ".csv" else None
    mirror = read_sent(tmp_path / f"out{ending}")
    mirror.incidents.frame["your_code"] = mirror.incidents.frame["code"]

    assert told(take(session, mirror, place, "kundulun", at=AT)) == (0, 0, 1)
    assert table is None or list(table.columns)[:6] == SIX


def test_several_rows_of_a_table_are_the_steps_of_one_incident(session: Session, tmp_path: Path) -> None:
    place, _ = towns(session)
    lines = [row(crs="CGCS2000", step="受理", step_at="2026-09-13 10:00"), row(step="分流", step_at="2026-09-13 11:00")]
    write_table(pd.DataFrame(lines, dtype=object), tmp_path / "two.csv")

    counts = take(session, read_sent(tmp_path / "two.csv"), place, "kundulun", at=AT)

    assert told(counts) == (1, 0, 0)
    incident = session.scalars(select(Incident)).one()
    assert (incident.stage, incident.organisation and incident.organisation.name) == (Stage.TRIAGED, "环卫所")


@pytest.mark.parametrize(
    "head",
    [{"format": "x"}, {"version": 2}, {"crs": ""}, {"crs": "WGS 84 / GCJ"}, {"incidents": {}}, {"incidents": [1]}],
)
def test_a_document_of_another_kind_is_refused_whole(head: dict[str, Any]) -> None:
    with pytest.raises(UnreadableFile):
        sent(row(), **head)


@pytest.mark.parametrize("name", ["", "a b", "x" * 33, "../up"])
def test_a_platform_needs_a_name(session: Session, name: str) -> None:
    place, _ = towns(session)

    with pytest.raises(BadExchange):
        give(session, EVERYTHING, place, name)
