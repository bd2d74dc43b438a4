"""Members of teams from a sheet: who joins, who changes, and which rows are refused for which reason."""

from datetime import UTC, date, datetime

import make
import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import RowsRefused
from data.exchange.reading import Reading
from data.models import Community, MemberRole, Person, Team, TeamMember
from patrols.intake.members import import_members
from patrols.intake.sheet import Intake

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def take(session: Session, place: Community, rows: list[dict[str, str]], **how: bool) -> Intake:
    frame = pd.DataFrame(rows).fillna("")
    frame["source_row"] = range(2, len(frame) + 2)
    frame.attrs = {"file": "队员.xlsx", "notes": []}
    return import_members(session, Reading(frame, []), place, at=NOW, **how)


def held(session: Session) -> list[tuple[str, str, str, date, date | None]]:
    wanted = (
        select(Team.name, Person.number, TeamMember.role, TeamMember.valid_from, TeamMember.valid_until)
        .join(TeamMember.team)
        .join(TeamMember.person)
        .order_by(Team.name, Person.number, TeamMember.valid_from)
    )
    return [tuple(row) for row in session.execute(wanted)]


def test_teams_and_people_that_are_new_are_added(session: Session) -> None:
    place = make.community(session)
    make.person(session, place, "P001", name="王秀英")

    done = take(
        session,
        place,
        [
            {"队伍": "东片小红帽", "编号": "P001", "角色": "队长", "加入日期": "2026年3月1日"},
            {"队伍": "东片小红帽", "编号": "V7", "姓名": "李桂兰"},
            {"队伍": "阳光广播", "队伍类别": "小喇叭", "编号": "V7", "姓名": "李桂兰"},
        ],
    )

    assert (done.stored, done.updated, done.unchanged) == (3, 0, 0)
    assert held(session) == [
        ("东片小红帽", "P001", MemberRole.LEADER, date(2026, 3, 1), None),
        ("东片小红帽", "V7", MemberRole.MEMBER, TODAY, None),
        ("阳光广播", "V7", MemberRole.MEMBER, TODAY, None),
    ]
    kinds = session.execute(select(Team.name, Team.kind).order_by(Team.name)).all()
    assert [tuple(row) for row in kinds] == [("东片小红帽", "red_cap"), ("阳光广播", "little_horn")]


def test_the_same_sheet_again_changes_nothing(session: Session) -> None:
    place = make.community(session)
    rows = [{"队伍": "东片小红帽", "编号": "V7", "姓名": "李桂兰", "加入日期": "2026-03-01"}]
    take(session, place, rows)

    done = take(session, place, rows)

    assert (done.stored, done.updated, done.unchanged) == (0, 0, 1)
    assert len(held(session)) == 1


def test_another_role_begins_on_its_day_and_an_end_is_taken(session: Session) -> None:
    place = make.community(session)
    row = {"队伍": "东片小红帽", "编号": "V7", "姓名": "李桂兰", "加入日期": "2026-03-01"}
    take(session, place, [row])

    take(session, place, [row | {"角色": "队长", "加入日期": "2026-06-01"}])
    take(session, place, [row | {"角色": "队长", "加入日期": "2026-06-01", "退出日期": "2026-09-01"}])

    assert [row[2:] for row in held(session)] == [
        (MemberRole.MEMBER, date(2026, 3, 1), date(2026, 6, 1)),
        (MemberRole.LEADER, date(2026, 6, 1), date(2026, 9, 1)),
    ]


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ({"队伍": "", "编号": "P001"}, "队伍", "must not be empty"),
        ({"队伍": "东片", "编号": ""}, "编号", "must not be empty"),
        ({"队伍": "东片", "编号": "V9"}, "姓名", "give a name"),
        ({"队伍": "东片", "编号": "P001", "姓名": "张三"}, "编号", "belongs to 王秀英"),
        ({"队伍": "东片", "编号": "P001", "角色": "皇帝"}, "角色", "皇帝 is not one of"),
        ({"队伍": "东片", "编号": "P001", "队伍类别": "舞龙队"}, "队伍类别", "no kind of team called 舞龙队"),
        (
            {"队伍": "东片", "编号": "P001", "加入日期": "2026-03-01", "退出日期": "2026-02-01"},
            "退出日期",
            "before it begins",
        ),
        ({"队伍": "旧队", "编号": "P001"}, "队伍", "ended on 2026-05-01"),
        ({"队伍": "东片", "编号": "P001", "加入日期": "三月"}, "加入日期", "is not a date"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_by_row_and_column_and_nothing_is_stored(
    session: Session, row: dict[str, str], column: str, said: str
) -> None:
    place = make.community(session)
    make.person(session, place, "P001", name="王秀英")
    make.add(session, Team(community_id=place.id, name="旧队", ended_on=date(2026, 5, 1)))
    headings = dict.fromkeys(["队伍", "队伍类别", "编号", "姓名", "角色", "加入日期", "退出日期"], "")
    good = headings | {"队伍": "西片小红帽", "编号": "P001"}

    with pytest.raises(RowsRefused) as refused:
        take(session, place, [good, headings | row])

    assert [(one.row, one.column) for one in refused.value.refusals] == [(3, column)]
    assert said in str(refused.value.refusals[0])
    assert held(session) == []


def test_a_row_twice_is_refused_with_the_row_it_repeats_and_the_others_can_be_taken(session: Session) -> None:
    place = make.community(session)
    make.person(session, place, "P001", name="王秀英")
    row = {"队伍": "东片小红帽", "编号": "P001"}

    done = take(session, place, [row, row], skip_bad=True)

    assert [str(one) for one in done.refusals] == ["队员.xlsx:3:编号: 东片小红帽 P001 is already in row 2."]
    assert len(held(session)) == 1
