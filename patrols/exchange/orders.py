"""Orders of the hotline 12345: taken in with their deadline, and moved on by their status."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from data.errors import Refusal, RowsRefused
from data.exchange.reading import Reading
from data.exchange.sources import read
from data.models import (
    Community,
    ExternalKey,
    ExternalStep,
    Incident,
    IncidentSource,
    Stage,
    StepKind,
)
from geo.errors import N_
from patrols import incidents, intake
from patrols.errors import StepNotAllowed
from patrols.exchange.fields import in_their_words
from patrols.intake.sheet import Headings, Intake, Sheet

PLATFORM = "12345"

ORDERS: Headings = {
    "number": ("工单编号", "工单号", "诉求编号", "受理编号", "编号", "order number"),
    "found_at": ("来电时间", "诉求时间", "受理时间", "登记时间", "派单时间", "创建时间", "received"),
    "due_at": ("办理期限", "办理时限", "截止时间", "办结时限", "到期时间", "要求办结时间", "deadline"),
    "description": ("诉求内容", "工单内容", "问题描述", "反映内容", "内容", "事项内容", "content"),
    "title": ("工单标题", "诉求标题", "标题", "title"),
    "status": ("工单状态", "办理状态", "状态", "当前状态"),
    "address": ("事发地址", "诉求地址", "事件地址", "地址", "地点", "问题地点"),
    "lon": ("经度", "longitude"),
    "lat": ("纬度", "latitude"),
    "grid_code": ("网格编码", "所属网格"),
    "reporter_name": ("来电人", "诉求人", "反映人", "联系人", "姓名"),
    "reporter_phone": ("来电号码", "联系电话", "反映人电话", "电话", "手机号"),
    "note": ("催办意见", "退回原因", "备注", "回访意见"),
}
"""The headings that hotlines use, Chinese and English."""


class Status(StrEnum):
    """What the hotline says of an order, as far as it asks something of us."""

    OPEN = "open"
    URGED = "urged"
    AGAIN = "again"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    LONGER = "longer"
    NO_LONGER = "no_longer"


STATUSES: Mapping[str, Status] = {
    **dict.fromkeys(
        ("待签收", "待受理", "待办", "待处理", "已派单", "已签收", "已受理", "办理中", "处理中"), Status.OPEN
    ),
    **dict.fromkeys(("已反馈", "待审核", "待回访", "已回复", "申请延期", "延期审核中"), Status.OPEN),
    **dict.fromkeys(("延期", "已延期", "同意延期", "准予延期", "延期通过"), Status.LONGER),
    **dict.fromkeys(("不同意延期", "不予延期", "延期驳回", "延期退回", "延期不通过"), Status.NO_LONGER),
    **dict.fromkeys(("催办", "已催办", "督办", "已督办"), Status.URGED),
    **dict.fromkeys(("退回重办", "重办", "重新办理", "退回", "不满意重办"), Status.AGAIN),
    **dict.fromkeys(("撤销", "已撤销", "撤单", "已撤单", "作废", "已作废"), Status.WITHDRAWN),
    **dict.fromkeys(("办结", "已办结", "已完成", "已归档", "归档", "已结案"), Status.CLOSED),
}

_MOVES: Mapping[Status, Mapping[Stage, StepKind]] = {
    Status.URGED: dict.fromkeys(
        (Stage.REPORTED, Stage.ACCEPTED, Stage.TRIAGED, Stage.DISPATCHED, Stage.PARKED), StepKind.SUPERVISE
    ),
    Status.AGAIN: {Stage.RESOLVED: StepKind.REDO, Stage.CLOSED: StepKind.REOPEN},
    Status.WITHDRAWN: dict.fromkeys((Stage.REPORTED, Stage.ACCEPTED, Stage.PARKED), StepKind.VOID),
    Status.CLOSED: {Stage.RESOLVED: StepKind.CLOSE},
    Status.LONGER: dict.fromkeys((Stage.TRIAGED, Stage.DISPATCHED), StepKind.EXTEND),
    Status.NO_LONGER: dict.fromkeys((Stage.TRIAGED, Stage.DISPATCHED), StepKind.REFUSE_LONGER),
}
"""Which step of ours a status asks for, by where the incident stands; elsewhere it is noted and nothing is done."""


def read_orders(path: Path, *, datum: str = "wgs84", name: str | None = None) -> Reading[Any]:
    """Read the hotline's table (.csv .xlsx) as text; places in ``datum`` become WGS 84.

    Raises
    ------
    UnreadableFile
        If nothing can be made of the file as a whole.
    """
    return read(path, "incidents", name=name, datum=datum)


def take_orders(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take in the hotline's orders: new ones with their deadline, known ones moved on by their status.

    The order's number becomes the incident's. An order that comes again is the same; what it says is not rewritten. An
    urging supervises it, an order sent back reopens it or has it redone, a withdrawn one is voided, one that the
    hotline closed is closed once it is resolved here; more time that the hotline gives counts from then on, and that
    it refuses what was asked (`replies.replies` tells it) is kept; each once for the same words. A status that cannot
    be followed here, and a deadline that changed without a word of it, are noted, for a person to decide.

    Returns
    -------
    Intake
        `stored`: new orders; `updated`: known ones that moved on; `unchanged`: the others.

    Raises
    ------
    RowsRefused
        If rows were refused and bad ones are not to be skipped; nothing is stored then.
    """
    with session.begin_nested():
        sheet = Sheet(reading, ORDERS)
        rows = _read(sheet, community)
        known = _known(session, sheet, rows, community)
        new = _store(session, sheet, rows[~rows["number"].isin(known) & ~sheet.bad], community, at)
        refusals = [*sheet.refusals, *in_their_words(new.refusals, sheet.heading)]
        if refusals and not skip_bad:
            raise RowsRefused(refusals)
        notes = [*sheet.notes, *new.notes]
        follow = _Follower(session, at, sheet.file, notes)
        moved = sum(follow.order(known[row["number"]], row) for row in _taken(sheet, rows) if row["number"] in known)
        again = int((rows["number"].isin(known) & ~sheet.bad).sum())
        return Intake(new.stored, moved, again - moved, new.outside, refusals, notes)


def _read(sheet: Sheet, community: Community) -> pd.DataFrame:
    title = sheet.text("title", longest=255)
    words = sheet.text("description", longest=3700)
    rows = pd.DataFrame(
        {
            "number": sheet.text("number", longest=64, required=True),
            "due_at": sheet.moment("due_at", community.timezone),
            "status": _statuses(sheet),
            "word": sheet.text("status", longest=64),
            "note": sheet.text("note", longest=255),
            "row": sheet.frame["source_row"],
        }
    )
    rows["description"] = words.where((title == "") | (words == title), title + "\n" + words).str.strip()
    sheet.refuse(rows["description"] == "", N_("This must not be empty."), column="description")
    sheet.moment("found_at", community.timezone)
    sheet.unique(rows["number"], "number")
    return rows


def _statuses(sheet: Sheet) -> "pd.Series[Any]":
    """What each row asks; a word that is not known asks nothing, and is noted."""
    cells = sheet.text("status", longest=64)
    known = {**STATUSES, **{one.value: one for one in Status}, "": Status.OPEN}
    for word in sorted(set(cells) - set(known)):
        sheet.note(N_("The status %(value)s is not known here: nothing follows from it."), column="status", value=word)
    return pd.Series([known.get(word, Status.OPEN) for word in cells], index=cells.index, dtype=object)


def _known(session: Session, sheet: Sheet, rows: pd.DataFrame, community: Community) -> dict[str, Incident]:
    """The orders of the file that are stored, by number; refuse numbers that mean something else here."""
    numbers = {number for number in rows["number"] if number}
    orders = select(ExternalKey.key, Incident).join(Incident, Incident.id == ExternalKey.incident_id)
    orders = orders.where(ExternalKey.platform == PLATFORM, ExternalKey.key.in_(numbers))
    stored = dict(session.execute(orders.options(selectinload(Incident.steps))).all())
    others = session.scalars(
        select(Incident.number).where(Incident.community_id == community.id, Incident.number.in_(numbers))
    )
    taken = {number for number in others if number not in stored}
    away = {number for number, one in stored.items() if one.community_id != community.id}
    sheet.refuse(
        rows["number"].isin(taken | away),
        N_("The number %(value)s belongs to another incident already."),
        column="number",
        value=lambda i: rows["number"].iloc[i],
    )
    return {number: one for number, one in stored.items() if number not in away}


def _store(session: Session, sheet: Sheet, rows: pd.DataFrame, community: Community, at: datetime) -> Intake:
    if rows.empty:
        return Intake()
    told = sheet.frame.loc[rows.index]
    kept = ("due_at", "address", "lon", "lat", "grid_code", "reporter_name", "reporter_phone")
    frame = told[[name for name in kept if name in told]].assign(
        number=rows["number"], description=rows["description"], source=IncidentSource.HOTLINE.value
    )
    found = told["found_at"] if "found_at" in told else pd.Series(None, index=told.index, dtype=object)
    frame["found_at"] = found.where(found.notna(), at.isoformat())
    frame["source_row"] = told["source_row"]
    frame = frame.reset_index(drop=True)
    frame.attrs = {"file": sheet.file, "notes": [], "datum": sheet.datum}
    done = intake.import_incidents(session, Reading(frame, []), community, at=at, skip_bad=True)
    numbers = set(rows["number"])
    stored = select(Incident.id, Incident.number).where(
        Incident.community_id == community.id, Incident.number.in_(numbers)
    )
    for key, number in session.execute(stored).all():
        session.add(ExternalKey(platform=PLATFORM, key=number, incident_id=key, at=at))
    session.flush()
    return done


def _taken(sheet: Sheet, rows: pd.DataFrame) -> Iterator[dict[Any, Any]]:
    yield from rows[~sheet.bad].to_dict("records")


_THERE: Mapping[Status, Stage] = {Status.CLOSED: Stage.CLOSED, Status.WITHDRAWN: Stage.VOIDED}
"""Where an incident stands when there is nothing left to do for a status."""


class _Follower:
    """Follows the status of orders that are known, once for the same words."""

    def __init__(self, session: Session, at: datetime, file: str, notes: list[Refusal]) -> None:
        self.session, self.at, self.file, self.notes = session, at, file, notes
        self._done = set(session.scalars(select(ExternalStep.key).where(ExternalStep.platform == PLATFORM)))

    def order(self, incident: Incident, row: Mapping[Any, Any]) -> bool:
        """Move one order on as its status asks; whether a step was taken."""
        self._compare(incident, row)
        status: Status = row["status"]
        if status is Status.OPEN or incident.stage is _THERE.get(status):
            return False
        key = _key_of(row)
        kind = _MOVES[status].get(incident.stage)
        due_at = _due(row) if status is Status.LONGER else None
        if status is Status.LONGER and (due_at is None or due_at == incident.due_at):
            return False
        if key in self._done:
            if status is Status.AGAIN and kind is not None:
                self._note(row, N_("Order %(number)s was sent back before with the same words: look at it."))
            return False
        if kind is None:
            self._note(row, N_("Order %(number)s is %(status)s at the hotline; here that cannot follow now."))
            return False
        try:
            step = incidents.step(
                self.session,
                incident,
                kind,
                by=None,
                at=max([self.at, *(one.at for one in incident.steps[-1:])]),
                due_at=due_at,
                note=f"{PLATFORM}: {row['note'] or status.value}",
                heard_from=PLATFORM,
            )
        except StepNotAllowed:
            self._note(row, N_("Order %(number)s is %(status)s at the hotline; here that cannot follow now."))
            return False
        self.session.add(ExternalStep(platform=PLATFORM, key=key, step_id=step.id, stated_at=self.at))
        return True

    def _compare(self, incident: Incident, row: Mapping[Any, Any]) -> None:
        due, known = _due(row), incident.due_at
        if due is not None and known is not None and due != known and row["status"] is not Status.LONGER:
            self._note(row, N_("The hotline's deadline of order %(number)s differs from ours; ours stays."))
        if row["description"] != incident.description:
            self._note(row, N_("Order %(number)s is worded otherwise now; ours stays."))

    def _note(self, row: Mapping[Any, Any], template: str) -> None:
        facts = {"number": row["number"], "status": row["word"]}
        self.notes.append(Refusal(self.file, int(row["row"]), None, template, facts))


def _due(row: Mapping[Any, Any]) -> datetime | None:
    if pd.isna(row["due_at"]):
        return None
    moment: datetime = row["due_at"].to_pydatetime()
    return moment


def _key_of(row: Mapping[Any, Any]) -> str:
    """A key of what the hotline asked: the same status with the same words and deadline is asked once."""
    words = f"{row['note']}\x1f{row['due_at']}".encode("utf-8", "replace")
    return f"{row['number']}:{row['status'].value}:{hashlib.blake2b(words, digest_size=8).hexdigest()}"
