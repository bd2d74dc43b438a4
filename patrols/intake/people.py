"""Taking in the roster: people, their offices and teams, and what they are posted on."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import pandas as pd
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.exchange.reading import Reading
from data.models import (
    Building,
    Community,
    Compound,
    Duty,
    Grid,
    GridEdition,
    Organisation,
    Person,
    PlaceKind,
    Posting,
    Team,
    TeamMember,
)
from geo.errors import N_
from patrols import roster, validity
from patrols.days import local_day
from patrols.intake.members import kind_in, kinds_by_name
from patrols.intake.rows import write_rows
from patrols.intake.sheet import Headings, Intake, Sheet

PEOPLE: Headings = {
    "number": ("编号", "工号", "人员编号", "序号"),
    "name": ("姓名",),
    "phone": ("电话", "手机", "联系电话", "手机号", "手机号码"),
    "organisation": ("单位", "部门", "所属单位"),
    "in_community": ("社区内单位", "是否社区内单位", "单位在社区内", "office in the community"),
    "team": ("队伍", "志愿队", "志愿者队伍"),
    "duty": ("职务", "岗位", "职责"),
    "place_kind": ("岗位类型", "责任类型"),
    "grid_code": ("网格编码", "网格编号", "网格"),
    "compound": ("小区", "小区名称", "院落"),
    "building": ("楼栋", "楼号", "楼栋号"),
    "entrance": ("单元", "单元号"),
    "household_from": ("起始户", "户号起"),
    "household_until": ("终止户", "户号止"),
    "valid_from": ("任职日期", "起始日期", "开始日期"),
    "valid_until": ("离任日期", "终止日期", "结束日期"),
}
DUTIES: Mapping[str, Duty] = {
    "第一书记": Duty.FIRST_SECRETARY,
    "网格长": Duty.GRID_MANAGER,
    "网格员": Duty.GRID_WORKER,
    "专职网格员": Duty.GRID_WORKER,
    "兼职网格员": Duty.PART_TIME_WORKER,
    "两委成员": Duty.COMMITTEE_MEMBER,
    "社区两委成员": Duty.COMMITTEE_MEMBER,
    "小组长": Duty.GROUP_HEAD,
    "居民小组长": Duty.GROUP_HEAD,
    "楼栋长": Duty.BUILDING_HEAD,
    "楼长": Duty.BUILDING_HEAD,
    "单元长": Duty.ENTRANCE_HEAD,
    "联户长": Duty.HOUSEHOLD_CONTACT,
}
PLACE_KINDS: Mapping[str, PlaceKind] = {
    "社区": PlaceKind.COMMUNITY,
    "网格": PlaceKind.GRID,
    "小区": PlaceKind.COMPOUND,
    "楼栋": PlaceKind.BUILDING,
    "单元": PlaceKind.ENTRANCE,
    "户": PlaceKind.HOUSEHOLDS,
}


class YesNo(StrEnum):
    """What a column that asks a question is answered with."""

    YES = "yes"
    NO = "no"


ANSWERS: Mapping[str, YesNo] = {"是": YesNo.YES, "否": YesNo.NO, "1": YesNo.YES, "0": YesNo.NO}
_PLACE = ("grid_code", "compound_id", "building_id", "entrance", "household_from", "household_until")


def import_people(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take the roster: one row for each person and posting; a person with several postings has several rows.

    People are known by `number`: the same number again updates name and phone, and a posting that is there already is
    left alone. Nobody is relieved because a file does not mention them. `compound` and `building` name a place by its
    key or its name, where that is the only one; `grid_code` must be a code the community has used. Offices and teams
    that are new are added; `in_community` (yes or no) says whether a row's office is one of the community, which a new
    one is unless said. Without `valid_from` a posting begins today.
    """
    sheet = Sheet(reading, PEOPLE)
    rows = pd.DataFrame(
        {
            "number": sheet.text("number", longest=32, required=True),
            "name": sheet.text("name", longest=64, required=True),
            "phone": sheet.text("phone", longest=32),
            "organisation": sheet.text("organisation", longest=128),
            "in_community": sheet.word("in_community", YesNo, ANSWERS),
            "team": sheet.text("team", longest=128),
            "duty": sheet.text("duty", longest=32).map(lambda text: DUTIES.get(text, text)).astype(str),
            "place_kind": sheet.word("place_kind", PlaceKind, PLACE_KINDS),
            "grid_code": sheet.text("grid_code", longest=20),
            "entrance": sheet.text("entrance", longest=16),
            "household_from": sheet.text("household_from", longest=16),
            "household_until": sheet.text("household_until", longest=16),
            "valid_from": sheet.day("valid_from"),
            "valid_until": sheet.day("valid_until"),
        }
    )
    rows["compound_id"] = _place_ids(session, sheet, community, Compound, "compound")
    rows["building_id"] = _place_ids(session, sheet, community, Building, "building")
    rows["valid_from"] = rows["valid_from"].where(rows["valid_from"].notna(), local_day(community, at))
    _check_names(sheet, rows)
    _check_offices(sheet, rows)
    _check_grids(session, sheet, community, rows)
    _check_postings(sheet, rows)
    good = rows[sheet.accept(skip_bad=skip_bad)]
    stored, updated = _store_people(session, community, good)
    people = dict(session.execute(select(Person.number, Person.id).where(Person.community_id == community.id)).all())
    postings = _store_postings(session, community, good, people)
    _store_members(session, community, good, people, local_day(community, at))
    session.expire_all()
    sheet.note(N_("%(count)s postings are new."), count=postings)
    return Intake(stored=stored, updated=updated, refusals=sheet.refusals, notes=sheet.notes)


def _place_ids(session: Session, sheet: Sheet, community: Community, model: Any, column: str) -> "pd.Series[Any]":
    """Ids of the places that a column names by key or by name; None where it is empty."""
    cells = sheet.text(column, longest=128)
    if (cells == "").all():
        return pd.Series([None] * len(cells), index=cells.index, dtype=object)
    places = session.execute(
        select(model.id, model.source_key, model.name).where(model.community_id == community.id)
    ).all()
    by_key = {key: number for number, key, _ in places if key}
    by_name: dict[str, list[int]] = {}
    for number, _, name in places:
        by_name.setdefault(name, []).append(number)
    found = {text: [by_key[text]] if text in by_key else by_name.get(text, []) for text in cells.unique()}
    given = cells != ""
    many = cells.map(lambda text: len(found[text]))
    sheet.refuse(
        given & (many == 0),
        N_("The community has no place called %(value)s."),
        column=column,
        value=lambda i: cells.iloc[i],
    )
    sheet.refuse(
        given & (many > 1),
        N_("%(count)s places are called %(value)s: give its key instead."),
        column=column,
        value=lambda i: cells.iloc[i],
        count=lambda i: int(many.iloc[i]),
    )
    ids: list[int | None] = [found[text][0] if text and len(found[text]) == 1 else None for text in cells]
    return pd.Series(ids, index=cells.index, dtype=object)


def _check_names(sheet: Sheet, rows: pd.DataFrame) -> None:
    first = rows.groupby("number")["name"].transform("first")
    sheet.refuse(
        (rows["number"] != "") & (rows["name"] != first),
        N_("The number %(number)s belongs to %(name)s in an earlier row."),
        column="number",
        number=lambda i: rows["number"].iloc[i],
        name=lambda i: first.iloc[i],
    )


def _check_offices(sheet: Sheet, rows: pd.DataFrame) -> None:
    """An office is either one of the community or not; only a row with an office can say so."""
    said = rows["in_community"].notna()
    sheet.refuse(said & (rows["organisation"] == ""), N_("Say which office this is about."), column="in_community")
    first = rows[said].groupby("organisation")["in_community"].first()
    known = rows["organisation"].map(first)
    sheet.refuse(
        said & (rows["organisation"] != "") & (rows["in_community"] != known),
        N_("An earlier row says otherwise of %(office)s."),
        column="in_community",
        office=lambda i: rows["organisation"].iloc[i],
    )


def _check_grids(session: Session, sheet: Sheet, community: Community, rows: pd.DataFrame) -> None:
    if (rows["grid_code"] == "").all():
        return
    used = select(Grid.code).join(GridEdition).where(GridEdition.community_id == community.id).distinct()
    known = set(session.scalars(used))
    sheet.refuse(
        (rows["grid_code"] != "") & ~rows["grid_code"].isin(known),
        N_("The community has no grid %(code)s."),
        column="grid_code",
        code=lambda i: rows["grid_code"].iloc[i],
    )


def _check_postings(sheet: Sheet, rows: pd.DataFrame) -> None:
    """Infer what kind of place each posting is on, and refuse those whose place does not fit."""
    rows["place_kind"] = rows["place_kind"].where(rows["place_kind"].notna(), _kind_of(rows))
    for name in _PLACE:
        rows[name] = rows[name].astype(object).where(rows[name].notna() & (rows[name] != ""), None)
    for position, row in enumerate(rows.to_dict("records")):
        reason = _reason(row) if row["duty"] and not sheet.bad.iloc[position] else None
        if reason is not None:
            sheet.refuse_row(position, reason, column="duty")


def _kind_of(rows: pd.DataFrame) -> "pd.Series[Any]":
    """The smallest place that a row names."""
    kind = pd.Series(PlaceKind.COMMUNITY, index=rows.index, dtype=object)
    for column, word in (
        ("grid_code", PlaceKind.GRID),
        ("compound_id", PlaceKind.COMPOUND),
        ("building_id", PlaceKind.BUILDING),
        ("entrance", PlaceKind.ENTRANCE),
        ("household_from", PlaceKind.HOUSEHOLDS),
    ):
        kind[rows[column].notna() & (rows[column] != "")] = word
    return kind


def _reason(row: Mapping[Any, Any]) -> roster.BadPosting | None:
    """Why a row is no posting; a row may name larger places around its own, which say where it is and nothing more."""
    try:
        roster.check_place(row["place_kind"], _narrowed(row))
        validity.check_days(row["valid_from"], row["valid_until"], roster.BadPosting)
    except roster.BadPosting as refusal:
        return refusal
    return None


def _narrowed(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Only what names the row's own kind of place."""
    return {name: row[name] if name in roster.NEEDED[row["place_kind"]] else None for name in _PLACE}


def _store_people(session: Session, community: Community, rows: pd.DataFrame) -> tuple[int, int]:
    offices = _named(session, Organisation, community, rows["organisation"])
    _place_offices(session, rows, offices)
    people = rows.drop_duplicates("number")
    known = {
        person.number: person for person in session.scalars(select(Person).where(Person.community_id == community.id))
    }
    new, changed = [], []
    for row in people.to_dict("records"):
        values = {"name": row["name"], "phone": row["phone"], "organisation_id": offices.get(row["organisation"])}
        old = known.get(row["number"])
        if old is None:
            new.append({"community_id": community.id, "number": row["number"], **values})
            continue
        # An empty cell does not erase what the roster knows.
        values = {name: value or getattr(old, name) for name, value in values.items()}
        if any(getattr(old, name) != value for name, value in values.items()):
            changed.append({"id": old.id, **values})
    write_rows(session, Person, new)
    if changed:
        session.execute(update(Person), changed)
    return len(new), len(changed)


def _place_offices(session: Session, rows: pd.DataFrame, offices: Mapping[str, int]) -> None:
    """Keep of each office whether it is one of the community, where the rows say so."""
    said = rows[rows["in_community"].notna()].drop_duplicates("organisation")
    changed = [
        {"id": offices[name], "in_community": answer is YesNo.YES}
        for name, answer in zip(said["organisation"], said["in_community"], strict=True)
    ]
    if changed:
        session.execute(update(Organisation), changed)


def _store_postings(session: Session, community: Community, rows: pd.DataFrame, people: Mapping[str, int]) -> int:
    held: dict[tuple[Any, ...], list[tuple[date, date | None]]] = {}
    for old in session.scalars(select(Posting).where(Posting.community_id == community.id)):
        key = (old.person_id, old.duty, old.place_kind, *(getattr(old, name) for name in _PLACE))
        held.setdefault(key, []).append((old.valid_from, old.valid_until))
    new = []
    for row in rows[rows["duty"] != ""].to_dict("records"):
        place = _narrowed(row)
        key = (people[row["number"]], row["duty"], row["place_kind"], *place.values())
        begins, ends = row["valid_from"], row["valid_until"]
        if any(begins < (end or date.max) and start < (ends or date.max) for start, end in held.get(key, [])):
            continue
        held.setdefault(key, []).append((begins, ends))
        term = {"valid_from": begins, "valid_until": ends}
        who = {"person_id": key[0], "community_id": community.id, "duty": row["duty"], "place_kind": row["place_kind"]}
        new.append({**who, **place, **term})
    write_rows(session, Posting, new)
    return len(new)


def _store_members(
    session: Session, community: Community, rows: pd.DataFrame, people: Mapping[str, int], today: date
) -> None:
    teams = _named(session, Team, community, rows["team"])
    held = set(
        session.execute(
            select(TeamMember.team_id, TeamMember.person_id).where(
                TeamMember.team_id.in_(teams.values()), TeamMember.valid_until.is_(None)
            )
        ).all()
    )
    members = rows[rows["team"] != ""].sort_values("valid_from", kind="stable").drop_duplicates(["number", "team"])
    new = [
        {"team_id": teams[row["team"]], "person_id": people[row["number"]], "valid_from": row["valid_from"] or today}
        for row in members.to_dict("records")
        if (teams[row["team"]], people[row["number"]]) not in held
    ]
    write_rows(session, TeamMember, [{**row, "valid_until": None} for row in new])


def _named(session: Session, model: Any, community: Community, names: "pd.Series[str]") -> dict[str, int]:
    """Ids of the offices or teams of these names; those that are new are added."""
    wanted = sorted(set(names) - {""})
    known = select(model.name, model.id).where(model.community_id == community.id)
    ids: dict[str, int] = dict(session.execute(known).all())
    new = [{"community_id": community.id, "name": name} for name in wanted if name not in ids]
    if new and model is Team:
        words = kinds_by_name(session, community)
        new = [{**row, "kind": kind_in(str(row["name"]), words)} for row in new]
    if new:
        write_rows(session, model, new)
        ids = dict(session.execute(known).all())
    return {name: ids[name] for name in wanted}
