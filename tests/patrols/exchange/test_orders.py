"""Orders of the hotline: taken in once, moved on by their status, and answered."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import make
import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import RowsRefused
from data.exchange.write import write_table
from data.models import Community, Incident, IncidentSource, LimitUnit, Organisation, Stage, StepKind
from patrols import incidents
from patrols.deadlines import Limit
from patrols.exchange.orders import read_orders, take_orders
from patrols.exchange.replies import REPLY_COLUMNS, replies
from patrols.intake.sheet import Intake
from patrols.scope import EVERYTHING

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
ORDER = {
    "工单编号": "2026091300012345",
    "来电时间": "2026-09-13 08:30:00",
    "办理时限": "2026-09-18 18:00",
    "工单标题": "路灯不亮",
    "诉求内容": "学院路路灯连续三天不亮",
    "工单状态": "办理中",
    "事发地址": "学院路",
    "来电人": "李小明",
    "来电号码": "13912345678",
}


@pytest.fixture
def place(session: Session) -> Community:
    return make.town(session)[0]


@pytest.fixture
def send(session: Session, place: Community, tmp_path: Path) -> Any:
    """Take in a file of orders, each the usual one but for what is said."""

    def taken(*changes: dict[str, Any], ending: str = ".xlsx", at: datetime = AT, **how: Any) -> Intake:
        write_table(pd.DataFrame([{**ORDER, **one} for one in changes], dtype=object), tmp_path / f"工单{ending}")
        return take_orders(session, read_orders(tmp_path / f"工单{ending}"), place, at=at, **how)

    return taken


def told(counts: Intake) -> tuple[int, int, int]:
    return counts.stored, counts.updated, counts.unchanged


def order(session: Session) -> Incident:
    return session.scalars(select(Incident)).one()


def resolve(session: Session, incident: Incident) -> None:
    person = make.person(session, session.get_one(Community, incident.community_id))
    incidents.step(session, incident, StepKind.ACCEPT, by=None, at=AT)
    incidents.step(session, incident, StepKind.DISPATCH, by=None, at=AT, to_person=person)
    incidents.step(session, incident, StepKind.RESOLVE, by=None, at=AT, note="已更换灯泡")


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_an_order_comes_in_once_with_number_deadline_and_words(session: Session, send: Any, ending: str) -> None:
    counts = [told(send({}, ending=ending)) for _ in range(2)]

    assert counts == [(1, 0, 0), (0, 0, 1)]
    one = order(session)
    assert (one.number, one.source, one.stage) == (ORDER["工单编号"], IncidentSource.HOTLINE, Stage.REPORTED)
    assert one.due_at == datetime(2026, 9, 18, 10, tzinfo=UTC)
    assert one.description == "路灯不亮\n学院路路灯连续三天不亮"
    assert (one.address, one.reporter_name) == ("学院路", "李小明")


@pytest.mark.parametrize(
    ("status", "kind", "stage"),
    [("催办", StepKind.SUPERVISE, Stage.REPORTED), ("已撤销", StepKind.VOID, Stage.VOIDED)],
)
def test_a_status_asks_for_one_step_once(
    session: Session, send: Any, status: str, kind: StepKind, stage: Stage
) -> None:
    send({})

    counts = [told(send({"工单状态": status}, at=AT + timedelta(hours=n))) for n in (1, 2)]

    assert counts == [(0, 1, 0), (0, 0, 1)]
    assert (order(session).steps[-1].kind, order(session).stage) == (kind, stage)


def test_an_order_sent_back_is_redone_once_for_the_same_words(session: Session, send: Any) -> None:
    send({})
    resolve(session, order(session))
    again = {"工单状态": "退回重办", "退回原因": "仍不亮"}

    counts = [told(send(again)) for _ in range(2)]
    assert counts == [(0, 1, 0), (0, 0, 1)]
    assert order(session).stage is Stage.ACCEPTED

    person = order(session).steps[2].to_person_id
    assert person is not None
    incidents.step(session, order(session), StepKind.SETTLE_ON_THE_SPOT, by=None, at=AT)
    unsure = send(again)
    assert (told(unsure), len(unsure.notes)) == ((0, 0, 1), 1)
    assert told(send({**again, "退回原因": "又坏了"})) == (0, 1, 0)


def test_the_hotline_closes_only_what_is_resolved_here(session: Session, send: Any) -> None:
    send({})
    early = send({"工单状态": "已办结"})
    resolve(session, order(session))
    late = send({"工单状态": "已办结"})

    assert (told(early), [note.row for note in early.notes]) == ((0, 0, 1), [2])
    assert (told(late), late.notes) == ((0, 1, 0), [])
    assert order(session).stage is Stage.CLOSED


def test_other_words_another_deadline_and_unknown_statuses_are_noted_and_ours_stays(
    session: Session, send: Any
) -> None:
    send({})
    counts = send({"诉求内容": "别的", "办理时限": "2026-09-20 18:00", "工单状态": "飞走了"})

    assert (told(counts), len(counts.notes)) == ((0, 0, 1), 3)
    assert order(session).due_at == datetime(2026, 9, 18, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"工单编号": ""}, "工单编号"),
        ({"工单编号": ORDER["工单编号"]}, "工单编号"),
        ({"诉求内容": "", "工单标题": ""}, "诉求内容"),
        ({"办理时限": "soon"}, "办理时限"),
        ({"来电时间": "2027-01-01"}, "来电时间"),
    ],
)
def test_a_bad_order_is_named_and_nothing_is_stored(
    session: Session, send: Any, change: dict[str, Any], column: str
) -> None:
    with pytest.raises(RowsRefused) as refusal:
        send({}, {"工单编号": "B2", **change})

    assert {(one.row, one.column) for one in refusal.value.refusals} == {(3, column)}
    assert session.scalars(select(Incident)).all() == []


def test_an_order_does_not_take_over_another_incident_of_its_number(
    session: Session, place: Community, send: Any
) -> None:
    incidents.report(
        session, place, at=AT, source=IncidentSource.OFFICE, description="别的事", number=ORDER["工单编号"]
    )

    with pytest.raises(RowsRefused, match="belongs to another incident"):
        send({})


def test_the_answer_goes_back_without_a_name_and_the_same_each_time(
    session: Session, place: Community, send: Any
) -> None:
    send({}, {"工单编号": "B2"})
    one = session.scalars(select(Incident).where(Incident.number == ORDER["工单编号"])).one()
    resolve(session, one)

    first, again = (replies(session, EVERYTHING, place, at=AT) for _ in range(2))
    incidents.step(session, one, StepKind.REPLY, by=None, at=AT, note="您好，路灯已修复")
    later = replies(session, EVERYTHING, place, at=AT + timedelta(days=30))

    assert first.equals(again)
    assert list(first.columns) == list(REPLY_COLUMNS)
    assert first.to_numpy().tolist() == [
        [*("2026091300012345", "已处置", "", "已更换灯泡"), *["2026-09-14 12:00"] * 2, "", "已解决", "否", "", ""],
        ["B2", "待受理", "", "", "", "", "", "", "否", "", ""],
    ]
    assert later["答复内容"].tolist() == ["您好，路灯已修复", ""]
    assert later["是否超期"].tolist() == ["否", "是"]
    assert "李小明" not in later.to_string()


def asked(session: Session, send: Any) -> Incident:
    """An order at hand in an office, which asks for more time."""
    send({})
    one = order(session)
    office = make.add(session, Organisation(community_id=one.community_id, name="电力所"))
    incidents.step(session, one, StepKind.ACCEPT, by=None, at=AT)
    incidents.step(session, one, StepKind.TRIAGE, by=None, at=AT, to_organisation=office)
    limit = Limit(2, LimitUnit.WORKING_DAYS)
    incidents.step(session, one, StepKind.ASK_LONGER, by=None, at=AT, note="等配件", limit=limit)
    return one


def test_more_time_is_asked_of_the_hotline_with_its_reason_and_changes_nothing_yet(
    session: Session, place: Community, send: Any
) -> None:
    one = asked(session, send)

    table = replies(session, EVERYTHING, place, at=AT)

    assert table[["申请延期", "延期理由"]].to_numpy().tolist() == [["2个工作日", "等配件"]]
    assert one.due_at == datetime(2026, 9, 18, 10, tzinfo=UTC)
    assert one.stage is Stage.TRIAGED


def test_more_time_that_the_hotline_gives_counts_once_and_is_no_longer_asked_for(
    session: Session, place: Community, send: Any
) -> None:
    one = asked(session, send)
    given = {"工单状态": "同意延期", "办理时限": "2026-09-22 18:00"}

    counts = [send(given, at=AT + timedelta(hours=n)) for n in (1, 2)]

    assert [told(one) for one in counts] == [(0, 1, 0), (0, 0, 1)]
    assert [note.template for one in counts for note in one.notes] == []
    assert (one.steps[-1].kind, one.due_at) == (StepKind.EXTEND, datetime(2026, 9, 22, 10, tzinfo=UTC))
    assert replies(session, EVERYTHING, place, at=AT)["申请延期"].tolist() == [""]


def test_more_time_that_is_given_once_more_here_comes_on_top(session: Session, send: Any) -> None:
    one = asked(session, send)
    send({"工单状态": "同意延期", "办理时限": "2026-09-22 18:00"}, at=AT + timedelta(hours=1))

    limit = Limit(2, LimitUnit.WORKING_DAYS)
    incidents.step(session, one, StepKind.EXTEND, by=None, at=AT + timedelta(hours=2), note="又等", limit=limit)

    # Tuesday, and two working days after it; the office closes at 18:00.
    assert one.due_at == datetime(2026, 9, 24, 10, tzinfo=UTC)


def test_more_time_that_the_hotline_refuses_is_told_and_the_deadline_stays(session: Session, send: Any) -> None:
    one = asked(session, send)

    counts = [told(send({"工单状态": "不同意延期"}, at=AT + timedelta(hours=n))) for n in (1, 2)]

    assert counts == [(0, 1, 0), (0, 0, 1)]
    assert (one.steps[-1].kind, one.due_at) == (StepKind.REFUSE_LONGER, datetime(2026, 9, 18, 10, tzinfo=UTC))


def test_an_extension_of_an_order_that_nobody_works_on_is_noted(session: Session, send: Any) -> None:
    send({})

    counts = send({"工单状态": "同意延期", "办理时限": "2026-09-22 18:00"})

    assert (told(counts), len(counts.notes)) == ((0, 0, 1), 1)
    assert order(session).due_at == datetime(2026, 9, 18, 10, tzinfo=UTC)


def test_an_order_is_warned_of_after_three_quarters_of_the_hotlines_time(session: Session, send: Any) -> None:
    send({})

    one = order(session)
    begun = one.steps[0].at
    assert one.due_at is not None
    assert one.warn_at == begun + (one.due_at - begun) * 0.75
