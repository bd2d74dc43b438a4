"""Taking in a plan of patrols: a table of who walks when and where."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, TypeVar

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.exchange.reading import Reading
from data.models import Community, PatrolWindow, Person, Team
from geo.errors import N_
from patrols import plan
from patrols.days import local_day
from patrols.errors import BadWindow
from patrols.intake.sheet import Intake, Sheet
from patrols.plan import Asked, Known, When, Where

Found = TypeVar("Found")

HEADINGS = {
    "weekday": ("weekdays", "day", "星期", "周几", "日期", "巡查日"),
    "begins": ("begins_at", "from", "start", "开始时间", "开始", "起", "时间起"),
    "ends": ("ends_at", "until", "to", "end", "结束时间", "结束", "止", "时间止"),
    "team": ("队伍", "小队", "志愿队", "巡查队"),
    "person": ("person_number", "number", "人员编号", "编号", "工号"),
    "grid_code": ("grid", "网格", "网格编码", "网格代码"),
    "streets": ("street", "街巷", "街道名称", "路段", "道路"),
    "valid_from": ("first_day", "第一天", "生效日期", "起始日期", "开始日期"),
    "valid_until": ("last_day", "最后一天", "截止日期", "结束日期"),
}
"""Our columns, and the headings that mean them."""

WEEKDAYS = {
    **{name: (number,) for number, name in enumerate("一二三四五六日", start=1)},
    "天": (7,),
    **{str(number): (number,) for number in range(1, 8)},
    **{name: (number,) for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), start=1)},
    "每天": (1, 2, 3, 4, 5, 6, 7),
    "每日": (1, 2, 3, 4, 5, 6, 7),
    "daily": (1, 2, 3, 4, 5, 6, 7),
    "工作日": (1, 2, 3, 4, 5),
    "workdays": (1, 2, 3, 4, 5),
    "周末": (6, 7),
    "weekend": (6, 7),
}
"""What people write for days of the week, without 周 or 星期 before it; English days by their first three letters."""

_CLOCK = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)(?::00)?")
_BETWEEN = re.compile(r"[\s,，、;；/]+")


def import_plan(
    session: Session, reading: Reading[pd.DataFrame], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take in the windows of a plan; windows that are there already stay as they are.

    Each row names a team (by its name) or a person (by number), days of the week, times, and a grid or streets. Without
    days it holds from today until it is taken back; the last day is one on which it still holds.

    Raises
    ------
    RowsRefused
        When any row cannot be taken and bad rows are not to be skipped: then nothing is stored.
    """
    sheet = Sheet(reading, HEADINGS)
    rows = {
        "weekdays": _read(sheet, "weekday", weekdays, N_("%(value)s is no day of the week. Write it like 周一、周三.")),
        "begins": _read(sheet, "begins", clock, N_("%(value)s is no time of day. Write it like 08:30.")),
        "ends": _read(sheet, "ends", clock, N_("%(value)s is no time of day. Write it like 08:30.")),
        "walker": _walkers(session, sheet, community),
        "grid_code": sheet.text("grid_code", longest=20),
        "streets": sheet.text("streets", longest=2000),
        "valid_from": sheet.day("valid_from"),
        "last_day": sheet.day("valid_until"),
    }
    known, today = Known.of(session, community), local_day(community, at)
    asked: list[Asked | None] = []
    for position, row in enumerate(pd.DataFrame(rows).to_dict("records")):
        one = None if sheet.bad.iloc[position] else _asked(row, today)
        asked.append(one)
        if one is not None:
            try:
                plan.check(community, known, one)
            except BadWindow as fault:
                sheet.refuse_row(position, fault)
    taken = sheet.accept(skip_bad=skip_bad)
    before = set(session.scalars(select(PatrolWindow.id).where(PatrolWindow.community_id == community.id)))
    good = [one for one, ok in zip(asked, taken, strict=True) if ok and one is not None]
    found = {row.id for rows_of in plan.plan_all(session, community, good) for row in rows_of}
    return Intake(stored=len(found - before), unchanged=len(found & before), refusals=sheet.refusals, notes=sheet.notes)


def weekdays(text: str) -> tuple[int, ...] | None:
    """The days of the week in a text, 1 is Monday; None where one of them is none.

    Examples
    --------
    >>> weekdays("周一、周三"), weekdays("Mon, Friday"), weekdays("每天"), weekdays("周一至周五"), weekdays("周八")
    ((1, 3), (1, 5), (1, 2, 3, 4, 5, 6, 7), (1, 2, 3, 4, 5), None)
    """
    days: set[int] = set()
    for part in _BETWEEN.split(text.strip()):
        first, _, last = re.sub("[至到~—–]", "-", part).partition("-")
        ends = [_weekday(one) for one in (first, last) if one]
        if not ends or None in ends or (last and len(ends[0] or ()) + len(ends[-1] or ()) != 2):
            return None
        found = [day for one in ends for day in one or ()]
        days.update(range(found[0], found[-1] + 1) if last else found)
    return tuple(sorted(days)) or None


def _weekday(text: str) -> tuple[int, ...] | None:
    plain = text.strip().lower()
    plain = plain if plain in WEEKDAYS else re.sub("^(星期|礼拜|周)", "", plain)
    if plain in WEEKDAYS:
        return WEEKDAYS[plain]
    return WEEKDAYS.get(plain[:3]) if plain.endswith("day") else None


def clock(text: str) -> time | None:
    """A time of day.

    Examples
    --------
    >>> clock("8:30"), clock("08：30"), clock("25:00")
    (datetime.time(8, 30), datetime.time(8, 30), None)
    """
    found = _CLOCK.fullmatch(text.strip())
    return time(int(found[1]), int(found[2])) if found else None


def street_names(text: str) -> tuple[str, ...]:
    """The names of streets in a text, each once, in their order.

    Examples
    --------
    >>> street_names("双清路、 清华西路，双清路")
    ('双清路', '清华西路')
    """
    return tuple(dict.fromkeys(one.strip() for one in re.split("[,，、;；\n]", text) if one.strip()))


def _asked(row: dict[Any, Any], today: date) -> Asked:
    last = row["last_day"]
    until = None if last is None or pd.isna(last) else date.fromordinal(last.toordinal() + 1)
    first = today if row["valid_from"] is None or pd.isna(row["valid_from"]) else row["valid_from"]
    when = When(row["weekdays"], row["begins"], row["ends"], first, until)
    return Asked(row["walker"], when, Where(row["grid_code"], street_names(row["streets"])))


def _read(sheet: Sheet, name: str, read: Callable[[str], Found | None], template: str) -> "pd.Series[Any]":
    """A required column, read text by text."""
    cells = sheet.text(name, longest=64, required=True)
    found = pd.Series([read(text) if text else None for text in cells], index=cells.index, dtype=object)
    sheet.refuse((cells != "") & found.isna(), template, column=name, value=lambda i: cells.iloc[i])
    return found


def _walkers(session: Session, sheet: Sheet, community: Community) -> "pd.Series[Any]":
    """The team or person of each row."""
    teams, persons = sheet.text("team", longest=128), sheet.text("person", longest=32)
    sheet.refuse((teams == "") == (persons == ""), N_("Name either a team or the number of a person."), column="team")
    by_name = {row.name: row for row in session.scalars(select(Team).where(Team.community_id == community.id))}
    wanted = select(Person).where(Person.community_id == community.id, Person.number.in_(set(persons) - {""}))
    by_number = {row.number: row for row in session.scalars(wanted)}
    for cells, known, column, template in (
        (teams, by_name, "team", N_("There is no team called %(value)s.")),
        (persons, by_number, "person", N_("There is no person with the number %(value)s.")),
    ):
        missing = (cells != "") & ~cells.isin(list(known))
        sheet.refuse(missing, template, column=column, value=lambda i, cells=cells: cells.iloc[i])
    found: list[Any] = [by_name.get(team) or by_number.get(number) for team, number in zip(teams, persons, strict=True)]
    return pd.Series(found, index=teams.index, dtype=object)
