"""Taking in limits: a table of which office gets incidents of a category, and how long they have."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from data.exchange.reading import Reading
from data.models import Category, Community, LimitUnit, Organisation, TriageRule
from geo.errors import N_
from patrols import handling
from patrols.deadlines import Limit
from patrols.errors import BadRule
from patrols.intake.incidents import category_ids
from patrols.intake.keys import ids_of
from patrols.intake.sheet import Headings, Intake, Sheet

LIMITS: Headings = {
    "family": ("类别体系",),
    "kind": ("类别种类",),
    "category": ("类别", "事件类别", "小类", "分类", "类别代码", "category_code"),
    "organisation": ("处置单位", "承办单位", "责任单位", "主管部门", "部门", "office"),
    "limit": ("时限", "办理时限", "处置时限", "期限", "办结时限", "time"),
    "unit": ("时限单位", "计时单位", "计量单位"),
}
"""Our columns, and the headings that mean them."""

UNITS: Mapping[str, LimitUnit] = {
    **dict.fromkeys(("小时", "紧急小时", "紧急工作时", "自然小时", "h", "hour", "hours"), LimitUnit.URGENT_HOURS),
    **dict.fromkeys(("工作小时", "工作时", "workinghour", "workinghours"), LimitUnit.WORKING_HOURS),
    **dict.fromkeys(("工作日", "workingday", "workingdays", "workday", "workdays"), LimitUnit.WORKING_DAYS),
    **dict.fromkeys(("天", "日", "自然日", "日历日", "calendarday", "calendardays"), LimitUnit.CALENDAR_DAYS),
    "urgenthours": LimitUnit.URGENT_HOURS,
}
"""What people write for units, without 个 before them and without spaces."""

OTHERS = frozenset({"其他", "其它", "其余", "全部其他", "*", "others", "all others"})
"""What stands in the place of a category for all that have no row of their own."""

_LIMIT = re.compile(r"(\d+(?:\.\d+)?)\s*个?\s*(.*)")


def import_limits(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take in which office gets what, and until when: one row a category, the rules of other categories stay.

    A limit is written with its unit (``2个工作日``, ``4 working hours``), or with the unit in a column of its own.
    Incidents that have their limit keep it; `at` changes nothing of that.

    Returns
    -------
    Intake
        `stored`: new rules; `updated`: changed ones; `unchanged`: the others.

    Raises
    ------
    RowsRefused
        If any row cannot be taken and bad rows are not to be skipped: then nothing is stored.
    """
    sheet = Sheet(reading, LIMITS)
    cells = sheet.text("category", longest=64, required=True)
    others = cells.str.lower().isin(OTHERS)
    keys = category_ids(session, sheet, cells.mask(others, ""))
    offices = ids_of(session, sheet, "organisation", Organisation.name, community)
    limits = _limits(sheet)
    _refuse_second_rows(sheet, cells, keys.where(~others, 0))
    taken = sheet.accept(skip_bad=skip_bad)
    before = {rule.category_id: _said(rule) for rule, _category, _office in handling.rules(session, community)}
    counts = {"stored": 0, "updated": 0, "unchanged": 0}
    for key, office, limit in zip(keys[taken], offices[taken], limits[taken], strict=True):
        category_id, office_id = (None if pd.isna(one) else int(one) for one in (key, office))
        counts[_keep(session, community, before, category_id, office_id, limit)] += 1
    return Intake(**counts, refusals=sheet.refusals, notes=sheet.notes)


def _refuse_second_rows(sheet: Sheet, cells: "pd.Series[str]", keys: "pd.Series[Any]") -> None:
    """A category has one rule, however it is called in a row."""
    first = sheet.frame["source_row"].groupby(keys).transform("first")
    sheet.refuse(
        keys.notna() & keys.duplicated(),
        N_("%(value)s is already in row %(earlier)s."),
        column="category",
        value=lambda i: cells.iloc[i],
        earlier=lambda i: int(first.iloc[i]),
    )


def _keep(
    session: Session,
    community: Community,
    before: Mapping[int | None, tuple[Any, ...]],
    key: int | None,
    office: int | None,
    limit: Limit,
) -> str:
    """Keep one rule; how it was."""
    known = before.get(key)
    if known == (office, limit.amount, limit.unit):
        return "unchanged"
    category = None if key is None else session.get_one(Category, key)
    handling.set_rule(
        session, community, category, None if office is None else session.get_one(Organisation, office), limit
    )
    return "stored" if known is None else "updated"


def _said(rule: TriageRule) -> tuple[Any, ...]:
    return rule.organisation_id, rule.amount, rule.unit


def _limits(sheet: Sheet) -> "pd.Series[Any]":
    """The limit of each row; None where it was refused."""
    cells, units = sheet.text("limit", longest=32, required=True), sheet.text("unit", longest=32)
    found: list[Limit | None] = []
    for position, (cell, unit) in enumerate(zip(cells, units, strict=True)):
        try:
            found.append(read_limit(f"{cell}{unit}") if cell else None)
        except BadRule as fault:
            sheet.refuse_row(position, fault, column="limit")
            found.append(None)
    return pd.Series(found, index=cells.index, dtype=object)


def read_limit(text: str) -> Limit:
    """A limit as people write it.

    Raises
    ------
    BadRule
        If it is none.

    Examples
    --------
    >>> read_limit("2个工作日"), read_limit("4 working hours").unit.value, read_limit("24小时").unit.value
    (Limit(amount=2.0, unit=<LimitUnit.WORKING_DAYS: 'working_days'>), 'working_hours', 'urgent_hours')
    """
    parts = _LIMIT.fullmatch(text.strip())
    unit = None if parts is None else UNITS.get(re.sub(r"[\s_()（）]+", "", parts[2]).lower())
    if parts is None or unit is None:
        raise BadRule(
            N_("%(value)s is no limit: write a number and 小时, 工作小时, 工作日 or 自然日, like 2个工作日."),
            value=text,
        )
    return Limit(float(parts[1]), unit)
