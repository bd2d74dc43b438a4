"""Taking in a plan of patrols: headings, days and times as people write them, every bad row with its reason."""

from datetime import UTC, date, datetime, time

import make
import pandas as pd
import pytest
import shapely

from data.errors import RowsRefused
from data.exchange.reading import Reading
from data.models import PatrolWindow, Team
from patrols import plan_tables
from patrols.intake.plan import import_plan, weekdays

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
GRID = "110108001001004"


@pytest.fixture
def place(session):
    found = make.town(session)[0]
    make.add(session, Team(community_id=found.id, name="小红帽"))
    make.person(session, found)
    make.street(session, found, shapely.LineString([(116.3, 40.0005), (116.301, 40.0005)]), name="磨坊巷")
    return found


def sheet(**columns):
    frame = pd.DataFrame(columns)
    frame["source_row"] = range(2, len(frame) + 2)
    frame.attrs = {"file": "计划.xlsx", "notes": []}
    return Reading(frame, [])


def stored(session):
    return session.query(PatrolWindow).order_by(PatrolWindow.id).all()


def test_a_plan_as_an_office_writes_it(session, place):
    reading = sheet(
        星期=["周一、周三", "工作日"],
        开始时间=["8:00", "22：30"],
        结束时间=["10:00", "00:30"],
        队伍=["小红帽", None],
        人员编号=[None, "P001"],
        网格编码=[GRID, None],
        街巷=[None, "磨坊巷"],
        第一天=["2026年12月1日", None],
        最后一天=["2026/12/31", None],
    )

    done = import_plan(session, reading, place, at=AT)

    found = stored(session)
    assert (done.stored, done.unchanged) == (7, 0)
    assert (found[0].begins, found[0].valid_from, found[0].valid_until) == (
        time(8),
        date(2026, 12, 1),
        date(2027, 1, 1),
    )
    assert (found[2].streets, found[2].ends, found[2].valid_from) == (["磨坊巷"], time(0, 30), date(2026, 11, 23))
    assert [row.weekday for row in found] == [1, 3, 1, 2, 3, 4, 5]


def test_what_is_written_out_reads_back_as_it_was(session, place):
    reading = sheet(weekday=["daily"], begins=["08:00"], ends=["10:00"], team=["小红帽"], grid=[GRID])
    import_plan(session, reading, place, at=AT)
    table = plan_tables.windows(stored(session)).rename(columns=plan_tables.HEADINGS)

    done = import_plan(session, sheet(**table), place, at=AT)

    assert (done.stored, done.unchanged) == (0, 7)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("weekday", "周八", "周八 is no day of the week"),
        ("weekday", "", "This must not be empty."),
        ("begins", "8点", "8点 is no time of day"),
        ("ends", "7:55", "A window lasts 10 minutes to 12 hours"),
        ("team", "没有", "There is no team called 没有."),
        ("team", "", "Name either a team or the number of a person."),
        ("person", "P001", "Name either a team or the number of a person."),
        ("person", "P999", "There is no person with the number P999."),
        ("grid", "5", "The community has no grid 5."),
        ("grid", "", "Say which grid, or which streets"),
        ("streets", "不存在的路", "no street called 不存在的路"),
        ("last_day", "2026-10-01", "before it begins"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_nothing_is_stored(session, place, column, value, said):
    good = {"weekday": "周一", "begins": "8:00", "ends": "10:00", "team": "小红帽", "grid": GRID}
    bad = {**good, **({"team": ""} if value == "P999" else {}), column: value}
    table = pd.DataFrame([good, bad]).fillna("")

    with pytest.raises(RowsRefused) as caught:
        import_plan(session, sheet(**table), place, at=AT)

    assert said in "; ".join(str(one) for one in caught.value.refusals)
    assert {one.row for one in caught.value.refusals} == {3}
    assert stored(session) == []


def test_the_good_rows_are_taken_if_wished(session, place):
    table = {"weekday": ["周一", "周八"], "begins": ["8:00"] * 2, "ends": ["9:00"] * 2, "team": ["小红帽"] * 2}

    done = import_plan(session, sheet(**table, grid=[GRID] * 2), place, at=AT, skip_bad=True)

    assert (done.stored, len(done.refusals)) == (1, 1)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("星期日", (7,)),
        ("周天", (7,)),
        ("1,3,5", (1, 3, 5)),
        ("周五-周日", (5, 6, 7)),
        ("Saturday and Sunday", None),
        ("weekend", (6, 7)),
        ("周三至周一", None),
        ("0", None),
        ("-", None),
    ],
)
def test_days_of_the_week_as_people_write_them(text, days):
    assert weekdays(text) == days
