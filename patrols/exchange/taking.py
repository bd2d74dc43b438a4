"""Taking in what another platform sent: new incidents, and its steps on those that are known; twice is once."""

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from data.errors import Refusal, RowsRefused
from data.exchange.reading import Reading
from data.models import Category, Community, ExternalKey, Incident, IncidentSource, Stage
from geo.errors import N_
from patrols import intake
from patrols.exchange.fields import MANDATORY, OTHERS, check_platform, in_their_words, own_number
from patrols.exchange.giving import TOLD
from patrols.exchange.sent import Sent, is_our_crs
from patrols.exchange.steps import Steps
from patrols.intake.incidents import SOURCES, STAGES
from patrols.intake.sheet import Intake, Sheet

_KEPT = ("name", "department_code", "department", "grid_code")
"""What is kept as it was told, beside the incident: an incident's own grid is found by its place."""


def take(
    session: Session,
    sent: Sent,
    community: Community,
    platform: str,
    *,
    at: datetime,
    skip_bad: bool = False,
    source: IncidentSource = IncidentSource.OFFICE,
) -> Intake:
    """Take in incidents and steps of another platform.

    An incident is known by the platform's code, or by our own where the platform tells it; a new one is located and
    stored as by `intake.import_incidents`. Steps are taken over one after another by `incidents.step`, each once. What
    is known is not rewritten: where the platform tells other words, or another stage than its steps lead to, that is
    noted. A step dated before the last one here counts from the last one; what it states is kept.

    Returns
    -------
    Intake
        `stored`: new incidents; `updated`: known ones that moved on; `unchanged`: the others.

    Raises
    ------
    RowsRefused
        If rows were refused and bad ones are not to be skipped; nothing is stored then.
    BadExchange
        If the platform's name is none.
    """
    check_platform(platform)
    with session.begin_nested():
        return _take(session, sent, community, platform, at, skip_bad, source)


def _take(
    session: Session,
    sent: Sent,
    community: Community,
    platform: str,
    at: datetime,
    skip_bad: bool,
    source: IncidentSource,
) -> Intake:
    sheet = Sheet(sent.incidents, {**MANDATORY, **OTHERS})
    rows = _read(sheet)
    stages = sheet.word("stage", Stage, STAGES)
    known = _known(session, sheet, rows, community, platform)
    fresh = known.isna() & ~sheet.bad
    rows["number"] = _numbers(session, rows["code"].where(fresh, ""), community, platform)
    new = _store(session, sheet, rows[fresh], community, at, source)
    found = _found(session, community, rows[~sheet.bad], known)
    _keep_keys(session, rows, found, platform, at)
    steps = Steps(session, community, platform, at)
    moved = steps.take(sent, dict(zip(rows["code"], rows["department_code"], strict=True)), found)
    refusals = [*sheet.refusals, *in_their_words(new.refusals, sheet.heading), *steps.refusals]
    if refusals and not skip_bad:
        raise RowsRefused(sorted(refusals, key=lambda one: (one.row is not None, one.row or 0)))
    session.flush()
    before = [one for code, one in found.items() if code not in set(rows.loc[fresh, "code"])]
    again = sum(one.id in moved for one in before)
    notes = [*sheet.notes, *new.notes, *steps.notes, *_differences(sheet, rows.assign(stage=stages), found)]
    return Intake(new.stored, again, len(before) - again, new.outside, refusals, notes)


def _read(sheet: Sheet) -> pd.DataFrame:
    """The six and what is needed besides, checked."""
    longest = {"code": 64, "name": 255, "department_code": 18, "department": 128, "place": 255, "grid_code": 15}
    rows = pd.DataFrame({name: sheet.text(name, longest=longest[name], required=True) for name in MANDATORY})
    for name, places in (("department_code", 18), ("grid_code", 15)):
        cells = rows[name]
        sheet.refuse(
            (cells != "") & ~cells.str.fullmatch(rf"[0-9A-Za-z]{{{places}}}"),
            N_("%(value)s must have %(length)s places."),
            column=name,
            value=lambda at, cells=cells: cells.iloc[at],
            length=places,
        )
    rows["your_code"] = sheet.text("your_code", longest=96)
    crs, placed = sheet.text("crs", longest=32), sheet.text("lon", longest=32) + sheet.text("lat", longest=32)
    sheet.refuse(
        (placed != "") & ~crs.map(is_our_crs),
        N_("Places must be told in CGCS2000, and the row must say so."),
        column="crs",
    )
    rows["description"] = sheet.text("description", longest=4000).where(lambda text: text != "", rows["name"])
    sheet.unique(rows["code"], "code")
    return rows


def _known(session: Session, sheet: Sheet, rows: pd.DataFrame, community: Community, platform: str) -> "pd.Series[Any]":
    """The id of the incident that each row means, None for new ones; refuse rows that contradict what is known."""
    keys: dict[str, tuple[int | None, int]] = {
        key: (number, place)
        for key, number, place in session.execute(
            select(ExternalKey.key, ExternalKey.incident_id, Incident.community_id)
            .join(Incident, Incident.id == ExternalKey.incident_id)
            .where(ExternalKey.platform == platform)
        )
    }
    called: dict[Any, str] = {number: key for key, (number, _) in keys.items()}
    numbers = [own_number(community, code) for code in rows["your_code"]]
    ours: dict[str | None, int] = dict(
        session.execute(
            select(Incident.number, Incident.id).where(
                Incident.community_id == community.id,
                Incident.number.in_({number for number in numbers if number}),
            )
        ).all()
    )
    by_code = pd.Series([keys.get(code, (None, None))[0] for code in rows["code"]], index=rows.index, dtype=object)
    by_ours = pd.Series([ours.get(number) for number in numbers], index=rows.index, dtype=object)
    elsewhere = [keys.get(code, (None, community.id))[1] != community.id for code in rows["code"]]
    sheet.refuse(
        pd.Series(elsewhere, index=rows.index), N_("This code means an incident of another community."), column="code"
    )
    sheet.refuse(
        (rows["your_code"] != "") & by_ours.isna() & by_code.isna(),
        N_("%(value)s is the code of no incident of this community."),
        column="your_code",
        value=lambda i: rows["your_code"].iloc[i],
    )
    other_name = [
        one is not None and called.get(one, code) != code for one, code in zip(by_ours, rows["code"], strict=True)
    ]
    differs = by_code.notna() & by_ours.notna() & (by_code != by_ours)
    sheet.refuse(
        differs | pd.Series(other_name, index=rows.index),
        N_("This code and ours mean two different incidents."),
        column="your_code",
    )
    return by_code.where(by_code.notna(), by_ours)


def _numbers(session: Session, codes: "pd.Series[str]", community: Community, platform: str) -> "pd.Series[str]":
    """The number that each new incident gets here: its code, by which people look for it, unless that is taken."""
    wanted = {code for code in codes if code}
    here = select(Incident.number).where(Incident.community_id == community.id, Incident.number.in_(wanted))
    taken = set(session.scalars(here)) if wanted else set()
    return codes.map(lambda code: f"{platform}-{code}" if code in taken else code)


def _store(
    session: Session,
    sheet: Sheet,
    rows: pd.DataFrame,
    community: Community,
    at: datetime,
    source: IncidentSource,
) -> Intake:
    """Store the new ones as they would be from any file; the steps that led to their stage come after."""
    if rows.empty:
        return Intake()
    told = sheet.frame.loc[rows.index]
    frame = told[[name for name in _AS_THEY_ARE if name in told]].assign(
        number=rows["number"], description=rows["description"], address=rows["place"], grid_code=rows["grid_code"]
    )
    found = _column(told, "found_at")
    frame["found_at"] = found.where(found.notna(), at.isoformat())
    words = {*SOURCES, *IncidentSource}
    frame["source"] = [word if word in words else source.value for word in _column(told, "source")]
    _name_categories(session, frame, told)
    frame["source_row"] = told["source_row"]
    frame = frame.reset_index(drop=True)
    frame.attrs = {"file": sheet.file, "notes": [], "datum": "cgcs2000"}
    return intake.import_incidents(session, Reading(frame, []), community, at=at, skip_bad=True)


_AS_THEY_ARE = ("lon", "lat", "due_at", "reporter_name", "reporter_phone")


def _column(told: pd.DataFrame, name: str) -> "pd.Series[Any]":
    return told[name].astype(object) if name in told else pd.Series(None, index=told.index, dtype=object)


def _name_categories(session: Session, frame: pd.DataFrame, told: pd.DataFrame) -> None:
    """Name the category where it is one of ours; what is none is only in the platform's words."""
    parts = [_column(told, name) for name in ("family", "kind", "category")]
    known = set(session.execute(select(Category.family, Category.kind, Category.code)))
    ours = pd.Series([key in known for key in zip(*parts, strict=True)], index=told.index)
    for name, cells in zip(("family", "kind", "category"), parts, strict=True):
        frame[name] = cells.where(ours, None)


def _found(session: Session, community: Community, rows: pd.DataFrame, known: "pd.Series[Any]") -> dict[str, Incident]:
    """The incident of each row that was taken, with its steps, by the platform's code."""
    ids = {int(one) for one in known.loc[rows.index].dropna()}
    numbers = {number for number in rows["number"] if number}
    stored = (Incident.community_id == community.id) & Incident.number.in_(numbers)
    wanted = select(Incident).where(Incident.id.in_(ids) | stored).options(selectinload(Incident.steps))
    loaded = list(session.scalars(wanted))
    by_id, by_number = {one.id: one for one in loaded}, {one.number: one for one in loaded}
    meant = zip(rows["code"], known.loc[rows.index], rows["number"], strict=True)
    found = ((code, by_id.get(key) if key is not None else by_number.get(number)) for code, key, number in meant)
    return {code: one for code, one in found if one is not None}


def _keep_keys(session: Session, rows: pd.DataFrame, found: dict[str, Incident], platform: str, at: datetime) -> None:
    """Keep by which code the platform knows an incident, and what it told of a new one that has no column here."""
    have = set(session.scalars(select(ExternalKey.key).where(ExternalKey.platform == platform)))
    for row in rows.to_dict("records"):
        incident = found.get(row["code"])
        if incident is None or row["code"] in have:
            continue
        session.add(ExternalKey(platform=platform, key=row["code"], incident_id=incident.id, at=at))
        if row["number"]:
            incident.extra = {**(incident.extra or {}), TOLD: {name: row[name] for name in _KEPT}}


def _differences(sheet: Sheet, rows: pd.DataFrame, found: dict[str, Incident]) -> list[Refusal]:
    """What the platform tells otherwise than it stands here: nothing is rewritten, but somebody should know."""
    notes = []
    for row, where in zip(rows.to_dict("records"), sheet.frame["source_row"], strict=True):
        incident = found.get(row["code"])
        if incident is None:
            continue
        facts = {"number": incident.number}
        if row["description"] not in (incident.description, row["name"]):
            told = N_("Incident %(number)s is described otherwise there; ours stays.")
            notes.append(Refusal(sheet.file, int(where), "description", told, facts))
        if row["stage"] is not None and row["stage"] is not incident.stage:
            told = N_("Incident %(number)s is %(there)s there and %(stage)s here: their steps do not lead there.")
            facts = {**facts, "there": row["stage"].value, "stage": incident.stage.value}
            notes.append(Refusal(sheet.file, int(where), "stage", told, facts))
    return notes
