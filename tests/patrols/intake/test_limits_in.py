"""A table of limits becomes a community's rules: all or nothing, twice is once, every bad row by its reason."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import make
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from data.errors import RowsRefused
from data.exchange.sources import read
from data.exchange.write import write_table
from data.models import Category, Community, LimitUnit, Organisation
from patrols import handling
from patrols.errors import BadRule
from patrols.intake import Intake, import_limits
from patrols.intake.limits import read_limit

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
LITTER = {"类别": "暴露垃圾", "处置单位": "环卫所", "时限": "4小时"}
LAMP = {"类别": "路灯不亮", "处置单位": "", "时限": "2个工作日"}


@pytest.fixture
def place(session: Session) -> Community:
    community, _ = make.town(session)
    make.add(session, Organisation(community_id=community.id, name="环卫所", code="1" * 18))
    for code, name in (("01", "暴露垃圾"), ("02", "路灯不亮")):
        make.add(session, Category(family="sample", kind="part", code=code, zh=name, en=f"kind {code}"))
    return community


@pytest.fixture
def take(session: Session, place: Community, tmp_path: Path) -> Any:
    def taken(*rows: dict[str, str], ending: str = ".xlsx", **how: Any) -> Intake:
        write_table(pd.DataFrame(rows, dtype=object), tmp_path / f"时限{ending}")
        reading = read(tmp_path / f"时限{ending}", "limits", datum="wgs84", timezone=place.timezone)
        return import_limits(session, reading, place, at=AT, **how)

    return taken


def rules(session: Session, place: Community) -> list[tuple[str, str, float, LimitUnit]]:
    return [
        (category.zh if category else "其他", office.name if office else "", rule.amount, rule.unit)
        for rule, category, office in handling.rules(session, place)
    ]


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_table_becomes_rules_and_again_changes_nothing(
    session: Session, place: Community, take: Any, ending: str
) -> None:
    table = (LITTER, LAMP, {"类别": "其他", "处置单位": "", "时限": "5自然日"})

    counts = [take(*table, ending=ending) for _ in range(2)]

    assert [(one.stored, one.updated, one.unchanged) for one in counts] == [(3, 0, 0), (0, 0, 3)]
    assert rules(session, place) == [
        ("暴露垃圾", "环卫所", 4.0, LimitUnit.URGENT_HOURS),
        ("路灯不亮", "", 2.0, LimitUnit.WORKING_DAYS),
        ("其他", "", 5.0, LimitUnit.CALENDAR_DAYS),
    ]


def test_a_changed_row_replaces_its_rule_and_the_others_stay(session: Session, place: Community, take: Any) -> None:
    take(LITTER, LAMP)

    again = take({"类别代码": "01", "部门": "", "时限": "3", "时限单位": "工作小时"})

    assert (again.stored, again.updated, again.unchanged) == (0, 1, 0)
    assert rules(session, place) == [
        ("暴露垃圾", "", 3.0, LimitUnit.WORKING_HOURS),
        ("路灯不亮", "", 2.0, LimitUnit.WORKING_DAYS),
    ]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"类别": "没有这一类"}, "类别"),
        ({"类别": ""}, "类别"),
        ({"类别": "01"}, "类别"),
        ({"处置单位": "别的单位"}, "处置单位"),
        ({"时限": ""}, "时限"),
        ({"时限": "尽快"}, "时限"),
        ({"时限": "2.5个工作日"}, "时限"),
        ({"时限": "0小时"}, "时限"),
        ({"时限": "3"}, "时限"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_stored(
    session: Session, place: Community, take: Any, change: dict[str, str], column: str
) -> None:
    with pytest.raises(RowsRefused) as refusal:
        take(LITTER, {**LAMP, **change})

    assert {(one.row, one.column) for one in refusal.value.refusals} == {(3, column)}
    assert rules(session, place) == []


def test_the_good_rows_are_taken_if_bad_ones_are_to_be_skipped(session: Session, place: Community, take: Any) -> None:
    done = take(LITTER, {**LAMP, "时限": "尽快"}, skip_bad=True)

    assert (done.stored, len(done.refusals)) == (1, 1)
    assert [row[0] for row in rules(session, place)] == ["暴露垃圾"]


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("2个工作日", 2, LimitUnit.WORKING_DAYS),
        ("4 工作时", 4, LimitUnit.WORKING_HOURS),
        ("1.5小时", 1.5, LimitUnit.URGENT_HOURS),
        ("2 urgent_hours", 2, LimitUnit.URGENT_HOURS),
        ("3天", 3, LimitUnit.CALENDAR_DAYS),
        ("3 working days", 3, LimitUnit.WORKING_DAYS),
    ],
)
def test_limits_are_read_as_people_write_them(text: str, amount: float, unit: LimitUnit) -> None:
    limit = read_limit(text)

    assert (limit.amount, limit.unit) == (amount, unit)


def test_what_is_no_limit_is_refused() -> None:
    with pytest.raises(BadRule):
        read_limit("两天")
