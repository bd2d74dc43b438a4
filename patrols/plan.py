"""The plan: at which times of the week who is to walk where, and on which days of a week that falls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from data.errors import NotFound
from data.models import Community, EditionStage, PatrolWindow, Person, Street, Team, TeamMember
from geo.errors import N_
from patrols import redraw, validity
from patrols.days import local_day, zone
from patrols.errors import BadWindow
from patrols.scope import Scope

WEEK_DAYS = 7

SHORTEST_MIN, LONGEST_MIN = 10, 720
"""A window shorter than a walk round the block, or longer than half a day, is a slip of the pen."""

MOST_STREETS = 50
"""More streets than that nobody walks off in one window; name a grid instead."""


@dataclass(frozen=True)
class When:
    """On which weekdays (1 is Monday), from when to when (local times), from which day until before which."""

    weekdays: tuple[int, ...]
    begins: time
    ends: time
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True)
class Where:
    """A grid by its code, or streets by their names; with both, those streets in that grid."""

    grid_code: str = ""
    streets: tuple[str, ...] = ()


class Kept(StrEnum):
    """How an occasion of a window came out."""

    KEPT = "kept"
    PARTLY = "partly"
    MISSED = "missed"
    RUNNING = "running"
    TO_COME = "to_come"


@dataclass(frozen=True)
class Occasion:
    """One time that a window comes round."""

    window: PatrolWindow
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Asked:
    """What is to be planned: who, when and where."""

    walker: Team | Person
    when: When
    where: Where


@dataclass(frozen=True)
class Known:
    """What a plan may name in a community: codes of grids (of any edition), and names of streets."""

    grid_codes: frozenset[str]
    streets: frozenset[str]

    @classmethod
    def of(cls, session: Session, community: Community) -> "Known":
        """Two queries, for a plan of any length."""
        named = select(Street.name).where(Street.community_id == community.id, Street.name != "").distinct()
        codes = redraw.codes_of(session, community, EditionStage)
        return cls(frozenset(codes), frozenset(session.scalars(named)))


def plan(session: Session, community: Community, walker: Team | Person, when: When, where: Where) -> list[PatrolWindow]:
    """Plan windows, one for each weekday; those that are there already are handed back instead of doubled.

    A window that ends before it begins ends on the next day.

    Raises
    ------
    BadWindow
        Without a weekday, a grid or a street; for a time too short or too long, days that end before they begin, a
        grid that no edition has had, a street that the community does not have, or a walker of another community.
    """
    return plan_all(session, community, [Asked(walker, when, where)])[0]


def plan_all(session: Session, community: Community, asked: Sequence[Asked]) -> list[list[PatrolWindow]]:
    """Plan windows for many at once, all or nothing; as `plan`, in as few queries."""
    known = Known.of(session, community)
    for one in asked:
        check(community, known, one)
    theirs = session.scalars(select(PatrolWindow).where(PatrolWindow.community_id == community.id))
    there = {_fields(row): row for row in theirs}
    planned = []
    for one in asked:
        rows = [_row(community, one, weekday) for weekday in sorted(set(one.when.weekdays))]
        planned.append([there.setdefault(_fields(row), row) for row in rows])
    session.add_all(row for rows in planned for row in rows)
    session.flush()
    return planned


def _row(community: Community, one: Asked, weekday: int) -> PatrolWindow:
    return PatrolWindow(
        community_id=community.id,
        team_id=one.walker.id if isinstance(one.walker, Team) else None,
        person_id=one.walker.id if isinstance(one.walker, Person) else None,
        grid_code=one.where.grid_code,
        streets=list(one.where.streets),
        weekday=weekday,
        begins=one.when.begins,
        ends=one.when.ends,
        valid_from=one.when.valid_from,
        valid_until=one.when.valid_until,
    )


def change(session: Session, window: PatrolWindow, when: When, where: Where, *, on: date) -> PatrolWindow:
    """Change a window from a day on; weeks before keep the window they had.

    Parameters
    ----------
    when : When
        With one weekday. Its first day counts only where the window has not begun by ``on``.
    on : date
        The first day of the new window; today, as a rule.

    Returns
    -------
    PatrolWindow
        The same row if it had not begun, else the one that follows it.

    Raises
    ------
    BadWindow
        As `plan`, or if the window had ended.
    """
    community, walker = session.get_one(Community, window.community_id), walker_of(session, window)
    known = Known.of(session, community)
    if window.valid_from >= on:
        check(community, known, Asked(walker, when, where))
        (window.weekday,), window.begins, window.ends = when.weekdays, when.begins, when.ends
        window.grid_code, window.streets = where.grid_code, list(where.streets)
        window.valid_from, window.valid_until = when.valid_from, when.valid_until
        session.flush()
        return window
    following = When(when.weekdays, when.begins, when.ends, on, when.valid_until)
    check(community, known, Asked(walker, following, where))
    take_back(session, window, on=on)
    return plan(session, community, walker, following, where)[0]


def take_back(session: Session, window: PatrolWindow, *, on: date) -> None:
    """End a window: from that day on it holds no more. One that had not begun is gone.

    Raises
    ------
    BadWindow
        If it had ended before.
    """
    if window.valid_from >= on:
        session.delete(window)
    else:
        validity.end(window, on, BadWindow)
    session.flush()


def get(session: Session, scope: Scope, number: int) -> PatrolWindow:
    """A window by its id.

    Raises
    ------
    NotFound
        If there is none that may be seen.
    """
    wanted = scope.narrow(select(PatrolWindow), PatrolWindow).where(PatrolWindow.id == number)
    window: PatrolWindow | None = session.scalar(wanted)
    if window is None:
        raise NotFound(N_("There is no such window in the plan."))
    return window


def windows(
    session: Session, scope: Scope, community: Community, *, since: date, until: date, own: bool = False
) -> list[PatrolWindow]:
    """The windows that hold on any day from one day until before another, with their teams and persons at hand.

    Parameters
    ----------
    own : bool
        Only those of the person behind the scope and of their teams.
    """
    wanted = scope.narrow(select(PatrolWindow), PatrolWindow).where(
        PatrolWindow.community_id == community.id,
        PatrolWindow.valid_from < until,
        or_(PatrolWindow.valid_until.is_(None), PatrolWindow.valid_until > since),
    )
    if own:
        wanted = wanted.where(scope.walks(PatrolWindow.team_id, PatrolWindow.person_id))
    shown = wanted.options(joinedload(PatrolWindow.team), joinedload(PatrolWindow.person))
    return sorted(session.scalars(shown), key=lambda row: (row.weekday, row.begins, row.ends, row.id))


def occasions(community: Community, planned: Iterable[PatrolWindow], first_day: date) -> list[Occasion]:
    """When windows come round in the seven days from a day on, in order of time.

    One that begins on the last of them belongs here, however long it goes on past midnight. A window holds when it
    does on the day it begins.
    """
    found = []
    for window in planned:
        day = first_day + timedelta(days=(window.weekday - first_day.isoweekday()) % WEEK_DAYS)
        if window.valid_from <= day and (window.valid_until is None or day < window.valid_until):
            found.append(occasion_on(community, window, day))
    return sorted(found, key=lambda one: (one.begins, one.ends, one.window.id))


def occasion_on(community: Community, window: PatrolWindow, day: date) -> Occasion:
    """The window as it comes round on a day."""
    local = zone(community.timezone)
    last = day + timedelta(days=1) if window.ends <= window.begins else day
    begins, ends = (datetime.combine(on, clock, local) for on, clock in ((day, window.begins), (last, window.ends)))
    return Occasion(window, begins, ends)


def monday_of(community: Community, at: datetime | date) -> date:
    """The Monday of the week that a moment or day lies in.

    Examples
    --------
    >>> monday_of(Community(timezone="Asia/Shanghai"), date(2026, 11, 22))
    datetime.date(2026, 11, 16)
    """
    day = local_day(community, at)
    return day - timedelta(days=day.weekday())


def teams_of(session: Session, person: Person, on: date) -> list[Team]:
    """The teams that a person belongs to on a day."""
    wanted = (
        select(Team)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(
            TeamMember.person_id == person.id,
            TeamMember.valid_from <= on,
            or_(TeamMember.valid_until.is_(None), TeamMember.valid_until > on),
        )
        .order_by(Team.name)
    )
    return list(session.scalars(wanted).unique())


def teams_in(session: Session, community: Community, on: date) -> list[Team]:
    """The teams of a community that still walk on a day, by name."""
    wanted = select(Team).where(Team.community_id == community.id, or_(Team.ended_on.is_(None), Team.ended_on > on))
    return list(session.scalars(wanted.order_by(Team.name)))


def team_called(session: Session, community: Community, name: str) -> Team | None:
    """The team of a community of that name; None where there is none."""
    found: Team | None = session.scalar(select(Team).where(Team.community_id == community.id, Team.name == name))
    return found


def community_of(session: Session, window: PatrolWindow) -> Community:
    """The community whose plan a window belongs to."""
    return session.get_one(Community, window.community_id)


def walker(session: Session, community: Community, number: int, *, team: bool) -> Team | Person | None:
    """A team or a person of a community by the key; None where there is none."""
    found = session.get(Team, number) if team else session.get(Person, number)
    return found if found is not None and found.community_id == community.id else None


def walker_of(session: Session, window: PatrolWindow) -> Team | Person:
    """Who is to walk."""
    if window.team_id is not None:
        return session.get_one(Team, window.team_id)
    return session.get_one(Person, window.person_id)


def check(community: Community, known: Known, asked: Asked) -> None:
    """Refuse what nobody can keep, or what names nothing that is there; see `plan`."""
    walker, where = asked.walker, asked.where
    if walker.community_id != community.id:
        raise BadWindow(N_("%(name)s belongs to another community."), name=walker.name)
    _check_when(asked.when)
    if not where.grid_code and not where.streets:
        raise BadWindow(N_("Say which grid, or which streets, are to be walked."))
    if where.grid_code and where.grid_code not in known.grid_codes:
        raise BadWindow(N_("The community has no grid %(code)s."), code=where.grid_code)
    if len(where.streets) > MOST_STREETS:
        raise BadWindow(N_("A window names at most %(most)s streets; name a grid instead."), most=MOST_STREETS)
    for name in where.streets:
        if name not in known.streets:
            raise BadWindow(N_("The community has no street called %(name)s."), name=name)


def _check_when(when: When) -> None:
    if not when.weekdays or not all(1 <= weekday <= WEEK_DAYS for weekday in when.weekdays):
        raise BadWindow(N_("Say on which weekdays, Monday to Sunday."))
    lasts = minutes_between(when.begins, when.ends)
    if not SHORTEST_MIN <= lasts <= LONGEST_MIN:
        raise BadWindow(
            N_("A window lasts %(least)s minutes to %(most)s hours, not %(begins)s to %(ends)s."),
            least=SHORTEST_MIN,
            most=LONGEST_MIN // 60,
            begins=f"{when.begins:%H:%M}",
            ends=f"{when.ends:%H:%M}",
        )
    validity.check_days(when.valid_from, when.valid_until, BadWindow)


def minutes_between(begins: time, ends: time) -> int:
    """How long a window lasts; over midnight when it ends before it begins.

    Examples
    --------
    >>> minutes_between(time(8), time(10, 30)), minutes_between(time(22), time(1))
    (150, 180)
    """
    return ((ends.hour - begins.hour) * 60 + ends.minute - begins.minute) % (24 * 60)


def _fields(row: PatrolWindow) -> tuple[object, ...]:
    place = (row.team_id, row.person_id, row.grid_code, tuple(row.streets))
    return (*place, row.weekday, row.begins, row.ends, row.valid_from, row.valid_until)
