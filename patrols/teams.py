"""Teams: their kinds, who leads them and who belongs to them from when until when, and who may read that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, contains_eager

from data.errors import Conflict, NotFound
from data.models import (
    Community,
    KindOfTeam,
    MemberRole,
    Person,
    Posting,
    Role,
    Team,
    TeamKind,
    TeamMember,
    User,
)
from geo.errors import N_
from patrols import roster, validity
from patrols.days import local_day
from patrols.errors import OutOfScope, PatrolError
from patrols.scope import Scope

KINDS = (
    (TeamKind.RED_CAP.value, "小红帽", "Red Cap"),
    ("little_horn", "小喇叭", "Little Horn"),
    ("lei_feng", "活雷锋", "Living Lei Feng"),
    (TeamKind.OTHER.value, "其他队伍", "Other team"),
)
"""The kinds that a community begins with; it changes them and adds its own."""

OFFICE = frozenset({Role.GRID_MANAGER, Role.ADMINISTRATOR})
"""Who reads how members can be reached, as far as their scope goes; a leader reads it of the own team."""


class BadTeam(PatrolError):
    """A team, a kind of team or a membership that makes no sense."""


@dataclass(frozen=True)
class Listed:
    """One team of a list: how many belong to it today, and who leads it."""

    team: Team
    members: int
    leaders: list[Person]


@dataclass(frozen=True)
class Roll:
    """Who belongs to a team on a day, leaders first, and who did before; `reachable` may be rung by whoever asks."""

    members: list[TeamMember]
    former: list[TeamMember]
    reachable: frozenset[int]


def kinds(session: Session, community: Community) -> list[KindOfTeam]:
    """The community's kinds of teams in their order; those that every community begins with, where it has set none."""
    wanted = select(KindOfTeam).where(KindOfTeam.community_id == community.id)
    found = list(session.scalars(wanted.order_by(KindOfTeam.position, KindOfTeam.id)))
    return found or [
        KindOfTeam(community_id=community.id, kind=kind, zh=zh, en=en, position=position)
        for position, (kind, zh, en) in enumerate(KINDS, start=1)
    ]


def set_kind(session: Session, community: Community, kind: str, *, zh: str, en: str = "") -> KindOfTeam:
    """Add a kind of team, or give the one of that word another name.

    Raises
    ------
    BadTeam
        Without a word or a name.
    """
    if not kind.strip() or not zh.strip():
        raise BadTeam(N_("A kind of team needs a short word and a name."))
    known = _stored_kinds(session, community)
    row = next((one for one in known if one.kind == kind.strip()), None)
    if row is None:
        row = KindOfTeam(community_id=community.id, kind=kind.strip(), position=len(known) + 1)
    row.zh, row.en = zh.strip(), en.strip() or zh.strip()
    session.add(row)
    session.flush()
    return row


def drop_kind(session: Session, community: Community, kind: str) -> None:
    """Take a kind off the list; not while a team is of it.

    Raises
    ------
    BadTeam
        A team is of that kind.
    NotFound
        There is no such kind.
    """
    row = next((one for one in _stored_kinds(session, community) if one.kind == kind), None)
    if row is None:
        raise NotFound(N_("There is no kind of team called %(kind)s."), kind=kind)
    if session.scalar(select(Team.id).where(Team.community_id == community.id, Team.kind == kind).limit(1)):
        raise BadTeam(N_("There are teams of the kind %(kind)s: give them another one first."), kind=row.zh)
    session.delete(row)
    session.flush()


def _stored_kinds(session: Session, community: Community) -> list[KindOfTeam]:
    rows = kinds(session, community)
    session.add_all(rows)
    session.flush()
    return rows


def add_team(session: Session, community: Community, name: str, *, kind: str = TeamKind.RED_CAP.value) -> Team:
    """Found a team.

    Raises
    ------
    BadTeam
        Without a name, or of a kind that the community does not have.
    Conflict
        A team has that name already.
    """
    team = Team(community_id=community.id)
    _describe(session, community, team, name, kind)
    return team


def change_team(session: Session, community: Community, team: Team, *, name: str, kind: str) -> Team:
    """Give a team another name or kind; raises as `add_team` does."""
    _describe(session, community, team, name, kind)
    return team


def _describe(session: Session, community: Community, team: Team, name: str, kind: str) -> None:
    if not name.strip():
        raise BadTeam(N_("A team needs a name."))
    if kind not in {one.kind for one in kinds(session, community)}:
        raise BadTeam(N_("There is no kind of team called %(kind)s."), kind=kind)
    try:
        with session.begin_nested():
            team.name, team.kind = name.strip(), kind
            session.add(team)
    except IntegrityError as error:
        raise Conflict(N_("There is a team called %(name)s already."), name=name) from error


def end_team(session: Session, team: Team, *, on: date) -> None:
    """Dissolve a team: from that day on it has no members. What it did stays its own.

    Raises
    ------
    BadTeam
        It is dissolved already.
    """
    if team.ended_on is not None:
        raise BadTeam(N_("It has already ended on %(until)s."), until=team.ended_on.isoformat())
    team.ended_on = on
    still = select(TeamMember).where(TeamMember.team_id == team.id, _until_after(on))
    for member in session.scalars(still):
        member.valid_until = max(on, member.valid_from)
    session.flush()


def join(session: Session, team: Team, person: Person, *, on: date, role: MemberRole = MemberRole.MEMBER) -> TeamMember:
    """Let somebody belong to a team from a day on. Who belongs to it already, as the same, stays as they are.

    Somebody of another role has it changed from that day on; the days before keep the role they had.

    Raises
    ------
    BadTeam
        The team is dissolved, or the person is of another community.
    """
    if person.community_id != team.community_id:
        raise BadTeam(N_("%(name)s is on the roster of another community."), name=person.name)
    if team.ended_on is not None and on >= team.ended_on:
        raise BadTeam(N_("The team %(name)s ended on %(until)s."), name=team.name, until=team.ended_on.isoformat())
    mine = (TeamMember.team_id == team.id, TeamMember.person_id == person.id)
    held = session.scalar(select(TeamMember).where(*mine, _until_after(on)).order_by(TeamMember.valid_from).limit(1))
    if held is not None and held.role == role:
        return held
    until = None
    if held is not None:
        until = held.valid_from if held.valid_from > on else held.valid_until
        if held.valid_from <= on:
            held.valid_until = on
    member = TeamMember(team_id=team.id, person_id=person.id, role=role, valid_from=on, valid_until=until)
    session.add(member)
    session.flush()
    return member


def leave(session: Session, member: TeamMember, *, until: date) -> TeamMember:
    """End a membership: `until` is the first day on which the person no longer belongs to the team.

    Raises
    ------
    BadTeam
        It ended before that already, or would end before it began.
    """
    validity.end(member, until, BadTeam)
    session.flush()
    return member


def listing(session: Session, user: User, community: Community, *, at: datetime, ended: bool = False) -> list[Listed]:
    """The teams that this person may see, by kind and name, with today's members counted; three queries.

    Parameters
    ----------
    ended : bool
        Those that were dissolved instead of those that walk.
    """
    day = local_day(community, at)
    gone = Team.ended_on.is_not(None) & (Team.ended_on <= day)
    wanted = select(Team).where(
        Team.community_id == community.id, gone if ended else ~gone, _seen(user, community, day)
    )
    found = list(session.scalars(wanted))
    counts: dict[int, int] = dict(
        session.execute(
            select(TeamMember.team_id, func.count(func.distinct(TeamMember.person_id)))
            .where(TeamMember.team_id.in_([team.id for team in found]), in_force(day))
            .group_by(TeamMember.team_id)
        ).all()
    )
    leaders = _leaders(session, [team.id for team in found], day)
    order = {one.kind: position for position, one in enumerate(kinds(session, community))}
    found.sort(key=lambda team: (order.get(team.kind, len(order)), team.name))
    return [Listed(team, counts.get(team.id, 0), leaders.get(team.id, [])) for team in found]


def _leaders(session: Session, teams: Iterable[int], day: date) -> dict[int, list[Person]]:
    wanted = (
        select(TeamMember.team_id, Person)
        .join(Person, Person.id == TeamMember.person_id)
        .where(TeamMember.team_id.in_(list(teams)), TeamMember.role == MemberRole.LEADER, in_force(day))
        .order_by(Person.number)
    )
    found: dict[int, list[Person]] = {}
    for team_id, person in session.execute(wanted):
        found.setdefault(team_id, []).append(person)
    return found


def find(session: Session, user: User, number: int, *, at: datetime) -> Team:
    """One team by its id, if this person may see it.

    Raises
    ------
    NotFound
        There is none.
    OutOfScope
        There is, but neither is it theirs, nor does it lie in their scope.
    """
    team = session.get(Team, number)
    if team is None:
        raise NotFound(N_("There is no team %(number)s."), number=number)
    community = session.get_one(Community, team.community_id)
    if (
        session.scalar(select(Team.id).where(Team.id == number, _seen(user, community, local_day(community, at))))
        is None
    ):
        raise OutOfScope(N_("This lies outside the communities and grids you answer for."))
    return team


def named(session: Session, community: Community, name: str) -> Team:
    """The team of that name.

    Raises
    ------
    NotFound
        The community has none.
    """
    found = session.scalar(select(Team).where(Team.community_id == community.id, Team.name == name))
    if found is None:
        raise NotFound(N_("The community has no team called %(name)s."), name=name)
    return found


def roll(session: Session, user: User, team: Team, *, at: datetime) -> Roll:
    """Who belongs to a team today and who did before, and whose phone this person may read.

    The office reads the phones of those who are posted in its scope, leaders those of their own team, members those of
    their leaders, and everybody their own.
    """
    community = session.get_one(Community, team.community_id)
    day = local_day(community, at)
    wanted = (
        select(TeamMember)
        .join(TeamMember.person)
        .where(TeamMember.team_id == team.id)
        .options(contains_eager(TeamMember.person))
        .order_by(Person.number, TeamMember.valid_from)
    )
    rows = list(session.scalars(wanted))
    members = [row for row in rows if row.valid_from <= day and (row.valid_until is None or row.valid_until > day)]
    members.sort(key=lambda row: (row.role is not MemberRole.LEADER, row.person.number))
    still = {row.person_id for row in members}
    over = [row for row in rows if row.valid_until is not None and row.valid_from < row.valid_until <= day]
    former = [row for row in over if row.person_id not in still]
    return Roll(members, former, _reachable(session, user, community, members, day))


def _reachable(
    session: Session, user: User, community: Community, members: list[TeamMember], day: date
) -> frozenset[int]:
    everybody = frozenset(member.person_id for member in members)
    leaders = frozenset(member.person_id for member in members if member.role is MemberRole.LEADER)
    if user.person_id in leaders or (user.role in OFFICE and Scope.of_user(user).allows(community.id)):
        return everybody
    reached: set[int] = set()
    if user.person_id in everybody:
        reached |= {user.person_id or 0, *leaders}
    if user.role in OFFICE:
        scope = Scope.of_user(user)
        posted = select(Posting.person_id).where(Posting.person_id.in_(everybody), roster.in_force(day))
        reached.update(session.scalars(posted.where(scope.condition(Posting), Posting.grid_code.is_not(None))))
    return frozenset(reached)


def leads(session: Session, user: User, team: Team, *, at: datetime) -> bool:
    """Whether this person leads the team today."""
    if user.person_id is None:
        return False
    day = local_day(session.get_one(Community, team.community_id), at)
    mine = (TeamMember.team_id == team.id, TeamMember.person_id == user.person_id)
    wanted = select(TeamMember.id).where(*mine, TeamMember.role == MemberRole.LEADER, in_force(day))
    return session.scalar(wanted.limit(1)) is not None


def in_force(day: date) -> ColumnElement[bool]:
    """The condition that a membership holds on a day: from its first day on, until its end (exclusive)."""
    return and_(TeamMember.valid_from <= day, _until_after(day))


def _until_after(day: date) -> ColumnElement[bool]:
    return or_(TeamMember.valid_until.is_(None), TeamMember.valid_until > day)


def _seen(user: User, community: Community, day: date) -> ColumnElement[bool]:
    """All teams for whoever sees the whole community and is no volunteer; else the own ones, and those in scope.

    In the scope of single grids is a team with a member who is posted on one of them.
    """
    scope = Scope.of_user(user)
    volunteer = user.role is Role.GRID_WORKER
    if not volunteer and scope.allows(community.id):
        return Team.id > 0
    own = exists().where(TeamMember.team_id == Team.id, TeamMember.person_id == (user.person_id or 0), in_force(day))
    if volunteer:
        return and_(scope.condition(Team), own)
    posted = exists().where(
        TeamMember.team_id == Team.id,
        in_force(day),
        Posting.person_id == TeamMember.person_id,
        roster.in_force(day),
        Posting.grid_code.is_not(None),
        scope.condition(Posting),
    )
    return and_(scope.condition(Team), or_(own, posted))
