"""Taking in who belongs to which team: as members or leaders, from when until when."""

from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.exchange.reading import Reading
from data.models import Community, MemberRole, Person, Team, TeamKind, TeamMember
from geo.errors import N_
from patrols import teams
from patrols.days import local_day
from patrols.intake.rows import write_rows
from patrols.intake.sheet import Headings, Intake, Sheet

MEMBERS: Headings = {
    "team": ("队伍", "队伍名称", "志愿队", "志愿者队伍"),
    "kind": ("队伍类别", "队伍类型", "类别"),
    "number": ("编号", "人员编号", "工号", "志愿者编号"),
    "name": ("姓名",),
    "phone": ("电话", "手机", "联系电话", "手机号", "手机号码"),
    "role": ("角色", "身份", "队内职务", "职务"),
    "valid_from": ("加入日期", "入队日期", "起始日期", "开始日期"),
    "valid_until": ("退出日期", "离队日期", "终止日期", "结束日期"),
}
ROLES = {
    "队长": MemberRole.LEADER,
    "组长": MemberRole.LEADER,
    "负责人": MemberRole.LEADER,
    "队员": MemberRole.MEMBER,
    "成员": MemberRole.MEMBER,
    "志愿者": MemberRole.MEMBER,
}


def import_members(
    session: Session, reading: Reading[Any], community: Community, *, at: datetime, skip_bad: bool = False
) -> Intake:
    """Take members of teams: one row for each person and team.

    People are known by `number`; whoever is not on the roster yet is added to it, and needs a name. A team that is new
    is founded, of the kind in `kind` (by its word or name; without one, of the kind whose name stands in the team's,
    else of the kind "other"). Without `valid_from` somebody joins today. Who belongs to the team already stays, and
    takes the row's role and end; nobody leaves because a file does not mention them.
    """
    sheet = Sheet(reading, MEMBERS)
    rows = pd.DataFrame(
        {
            "team": sheet.text("team", longest=128, required=True),
            "kind": sheet.text("kind", longest=64),
            "number": sheet.text("number", longest=32, required=True),
            "name": sheet.text("name", longest=64),
            "phone": sheet.text("phone", longest=32),
            "role": sheet.word("role", MemberRole, ROLES, default=MemberRole.MEMBER),
            "valid_from": sheet.day("valid_from"),
            "valid_until": sheet.day("valid_until"),
        }
    )
    begins = rows["valid_from"].where(rows["valid_from"].notna(), local_day(community, at))
    rows["begins"] = begins
    people = _people(session, community)
    _check_people(sheet, rows, people)
    _check_days(sheet, rows)
    words = _check_teams(session, sheet, rows, community)
    good = rows[sheet.accept(skip_bad=skip_bad)]
    _add_people(session, community, good, people)
    known = _add_teams(session, community, good, words)
    stored, updated, unchanged = _store(session, community, good, known)
    session.expire_all()
    return Intake(stored, updated, unchanged, refusals=sheet.refusals, notes=sheet.notes)


def _people(session: Session, community: Community) -> dict[str, str]:
    wanted = select(Person.number, Person.name).where(Person.community_id == community.id)
    return dict(session.execute(wanted).all())


def _check_people(sheet: Sheet, rows: pd.DataFrame, people: dict[str, str]) -> None:
    """Names must fit the numbers: a slip in a number would otherwise put somebody else into the team."""
    given = rows["name"].where(rows["name"] != "")
    first = given.groupby(rows["number"]).transform("first")
    known = rows["number"].map(people).astype(object)
    known = known.where(known.notna(), first)
    sheet.refuse(
        (rows["number"] != "") & known.isna(),
        N_("Nobody on the roster has the number %(number)s: give a name as well, and the person is added."),
        column="name",
        number=lambda i: rows["number"].iloc[i],
    )
    sheet.refuse(
        (rows["name"] != "") & known.notna() & (rows["name"] != known),
        N_("The number %(number)s belongs to %(name)s."),
        column="number",
        number=lambda i: rows["number"].iloc[i],
        name=lambda i: known.iloc[i],
    )


def _check_days(sheet: Sheet, rows: pd.DataFrame) -> None:
    ends = rows["valid_until"]
    wrong = [end is not None and end <= begin for begin, end in zip(rows["begins"], ends, strict=True)]
    sheet.refuse(
        pd.Series(wrong, index=rows.index),
        N_("It ends on %(until)s, before it begins."),
        column="valid_until",
        until=lambda i: str(ends.iloc[i]),
    )
    sheet.unique((rows["team"] + "\0" + rows["number"]).where(rows["number"] != "", "").map(_shown), "number")


def _shown(key: str) -> str:
    return key.replace("\0", " ")


def _check_teams(session: Session, sheet: Sheet, rows: pd.DataFrame, community: Community) -> dict[str, str]:
    """Find the word of each row's kind of team; the kinds' words by their names."""
    words = kinds_by_name(session, community)
    sheet.refuse(
        (rows["kind"] != "") & ~rows["kind"].isin(words),
        N_("There is no kind of team called %(kind)s; there are: %(kinds)s."),
        column="kind",
        kind=lambda i: rows["kind"].iloc[i],
        kinds=", ".join(one.zh for one in teams.kinds(session, community)),
    )
    over = select(Team.name, Team.ended_on).where(Team.community_id == community.id, Team.ended_on.is_not(None))
    ended: dict[str, date] = {name: day for name, day in session.execute(over) if day is not None}
    gone = [team in ended and begin >= ended[team] for team, begin in zip(rows["team"], rows["begins"], strict=True)]
    sheet.refuse(
        pd.Series(gone, index=rows.index),
        N_("The team %(name)s ended on %(until)s."),
        column="team",
        name=lambda i: rows["team"].iloc[i],
        until=lambda i: str(ended[rows["team"].iloc[i]]),
    )
    return words


def _add_people(session: Session, community: Community, rows: pd.DataFrame, people: dict[str, str]) -> None:
    new = rows[~rows["number"].isin(people)].sort_values("name", key=lambda names: names == "", kind="stable")
    write_rows(
        session,
        Person,
        [
            {"community_id": community.id, "number": row["number"], "name": row["name"], "phone": row["phone"]}
            for row in new.drop_duplicates("number").to_dict("records")
        ],
    )


def _add_teams(session: Session, community: Community, rows: pd.DataFrame, words: dict[str, str]) -> dict[str, int]:
    known = select(Team.name, Team.id).where(Team.community_id == community.id)
    ids: dict[str, int] = dict(session.execute(known).all())
    new = rows[~rows["team"].isin(ids)].sort_values("kind", key=lambda kinds: kinds == "", kind="stable")
    for row in new.drop_duplicates("team").to_dict("records"):
        kind = words.get(row["kind"]) or kind_in(row["team"], words)
        ids[row["team"]] = teams.add_team(session, community, row["team"], kind=kind).id
    return ids


def kinds_by_name(session: Session, community: Community) -> dict[str, str]:
    """The word of each kind of team, by its word and its names."""
    kinds = teams.kinds(session, community)
    return {spelling: one.kind for one in kinds for spelling in (one.kind, one.zh, one.en) if spelling}


def kind_in(name: str, words: dict[str, str]) -> str:
    """The kind whose name stands in a team's name; else "other", or the last one where a community has no such kind.

    Examples
    --------
    >>> kind_in("东片小红帽", {"小红帽": "red_cap", "其他队伍": "other", "other": "other"})
    'red_cap'
    >>> kind_in("义务消防队", {"小红帽": "red_cap", "其他队伍": "other", "other": "other"})
    'other'
    """
    said = name.casefold()
    found = next(
        (word for spelling, word in words.items() if spelling.casefold() in said and word != TeamKind.OTHER), None
    )
    if found is not None:
        return found
    return TeamKind.OTHER.value if TeamKind.OTHER.value in words.values() else list(words.values())[-1]


def _store(session: Session, community: Community, rows: pd.DataFrame, known: dict[str, int]) -> tuple[int, int, int]:
    """Write the memberships; how many are new, changed and as before."""
    ids: dict[str, int] = dict(
        session.execute(select(Person.number, Person.id).where(Person.community_id == community.id)).all()
    )
    held: dict[tuple[int, int], list[TeamMember]] = {}
    for one in session.scalars(select(TeamMember).where(TeamMember.team_id.in_(known.values()))):
        held.setdefault((one.team_id, one.person_id), []).append(one)
    new: list[dict[str, Any]] = []
    updated = unchanged = 0
    for row in rows.to_dict("records"):
        key = known[row["team"]], ids[row["number"]]
        begins, until = row["begins"], row["valid_until"] if row["valid_until"] is not None else None
        old = next((one for one in held.get(key, []) if _meets(one, begins, until)), None)
        if old is None:
            who = {"team_id": key[0], "person_id": key[1], "role": row["role"]}
            new.append({**who, "valid_from": begins, "valid_until": until})
            continue
        changed = _change(session, old, row["role"], begins, until)
        updated, unchanged = updated + changed, unchanged + (not changed)
    write_rows(session, TeamMember, new)
    session.flush()
    return len(new), updated, unchanged


def _meets(row: TeamMember, begins: date, until: date | None) -> bool:
    return row.valid_from < (until or date.max) and begins < (row.valid_until or date.max)


def _change(session: Session, row: TeamMember, role: MemberRole, begins: date, until: date | None) -> bool:
    """Give a membership another end or role; another role begins on the row's day, and the days before keep theirs."""
    end = until or row.valid_until
    if row.role == role:
        if end == row.valid_until:
            return False
        row.valid_until = end
        return True
    if begins <= row.valid_from:
        row.role, row.valid_until = role, end
        return True
    session.add(TeamMember(team_id=row.team_id, person_id=row.person_id, role=role, valid_from=begins, valid_until=end))
    row.valid_until = begins
    return True
