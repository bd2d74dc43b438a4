"""What was kept of the plan: for each window that came round, who walked it, what they saw, and whether that is enough.

The rule, printed wherever its outcome is: a window is *kept* when at least `Rules.kept_share` of the street metres that
were due was seen within it, and every check-point on its ground visited; *missed* when nobody of those who were to walk
was there for as long as `Rules.least_visit_s` and no check-point was visited; *partly* kept in between. Due are the
street metres of its ground that are wished to be walked, or as many as one walks in its time (`Rules.pace_m_s`) where
these are fewer. Teams are told by their effort; nobody is ranked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import CheckIn, CheckPoint, Community, PatrolWindow, Team
from patrols import check_points, plan
from patrols.coverage import cells_seen
from patrols.days import start_of_day
from patrols.plan import WEEK_DAYS, Kept, Occasion
from patrols.rules import Rules
from patrols.scope import EVERYTHING, Scope
from patrols.walked_when import WalkedWhen, members, walked_when
from patrols.window_ground import Ground, ground_on, on_ground

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Effort:
    """What was walked: patrols, walkers (a patrol of nobody known is one), metres and minutes."""

    patrols: int = 0
    walkers: int = 0
    metres: float = 0.0
    minutes: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """One occasion and what came of it.

    ``effort`` holds the metres and minutes that no other window counts; ``there_min`` is how long somebody was there,
    whichever window counts it. ``street_metres`` are those of its ground that are wished to be walked, ``due_metres``
    as many of them as its time allows for. ``visited`` are the ids of those of its ``points`` that were visited.
    """

    occasion: Occasion
    kept: Kept
    effort: Effort = Effort()
    there_min: float = 0.0
    street_metres: float = 0.0
    due_metres: float = 0.0
    street_metres_seen: float = 0.0
    points: tuple[CheckPoint, ...] = ()
    visited: frozenset[int] = frozenset()

    @property
    def share(self) -> float:
        """What was seen of the street metres that were due; 1 and more is all of them, NaN: none were due."""
        return self.street_metres_seen / self.due_metres if self.due_metres > 0 else float("nan")


@dataclass(frozen=True)
class Tally:
    """How a team did in some days; the windows of single persons are one line, without a team."""

    team: Team | None
    outcomes: list[Outcome]

    @property
    def effort(self) -> Effort:
        """Metres and minutes add up; so do patrols, though one that serves two windows counts in both."""
        return _added(one.effort for one in self.outcomes)

    def count(self, kept: Kept) -> int:
        """How many occasions came out like this."""
        return sum(one.kept is kept for one in self.outcomes)


def _added(efforts: Iterable[Effort]) -> Effort:
    known = list(efforts)
    return Effort(
        sum(one.patrols for one in known),
        sum(one.walkers for one in known),
        sum(one.metres for one in known),
        sum(one.minutes for one in known),
    )


@dataclass(frozen=True)
class Week:
    """Seven days of the plan: each occasion, and the patrols outside of every window.

    The metres and minutes of all outcomes and of ``outside`` add up to what was walked in these days, where all of the
    community may be seen; windows of the days before that go on into these keep theirs.
    """

    first_day: date
    outcomes: list[Outcome]
    outside: Effort

    @property
    def effort(self) -> Effort:
        """All that was walked, in windows and outside; a patrol that serves two windows counts in both."""
        return _added([*(one.effort for one in self.outcomes), self.outside])

    def count(self, kept: Kept) -> int:
        """How many occasions came out like this."""
        return sum(one.kept is kept for one in self.outcomes)


def by_team(week: Week) -> list[Tally]:
    """The outcomes of some days by team, in the order of their names; single persons together, last.

    By name and not by what they walked: teams are not ranked.
    """
    teams = {one.occasion.window.team_id: one.occasion.window.team for one in week.outcomes}
    order = sorted(teams, key=lambda key: (key is None, team.name if (team := teams[key]) else ""))
    return [Tally(teams[key], [one for one in week.outcomes if one.occasion.window.team_id == key]) for key in order]


def week(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    first_day: date,
    at: datetime,
    own: bool = False,
    with_streets: bool = True,
) -> Week:
    """Say of each window in the seven days from a day on what was kept of it.

    A metre counts for one window: of several that fit, for the one of the person before that of the team, that of
    streets before that of a grid, then for the one that began first. Streets seen count for every window in which they
    were seen.

    Parameters
    ----------
    at : datetime
        Now, aware: what is later is to come.
    own : bool
        Only windows of the person behind the scope and of their teams.
    with_streets : bool
        Whether to look at which streets were seen, which costs most. Without it only `missed` is told apart: every
        other window counts as partly kept.
    """
    last_day = first_day + timedelta(days=WEEK_DAYS)
    day_before = first_day - timedelta(days=1)
    planned = plan.windows(session, EVERYTHING, community, since=day_before, until=last_day)
    seen_by_me = plan.windows(session, scope, community, since=day_before, until=last_day, own=own)
    mine = {window.id for window in seen_by_me}
    begin, end = start_of_day(community, first_day), start_of_day(community, last_day)
    earlier = plan.occasions(community, planned, first_day - timedelta(days=WEEK_DAYS))
    before = [one for one in earlier if one.ends > begin and one.begins < at]
    these = plan.occasions(community, planned, first_day)
    begun = [one for one in these if one.begins < at]
    limits = sorted({begin, end, *(moment for one in before + begun for moment in (one.begins, one.ends))})
    walked = walked_when(session, community, limits)
    reckoning = _Reckoning(
        session, community, walked, limits, ground_on(session, community, min(at, end - timedelta(microseconds=1)))
    )
    efforts = reckoning.share_out(before + begun)
    points = _points(session, community, begun, reckoning.ground)
    checked = _check_ins(session, community, limits)
    outcomes = []
    for one in these:
        if one.window.id not in mine:
            continue
        found = Outcome(one, Kept.TO_COME)
        if one in efforts:
            found = replace(found, points=points[one], visited=reckoning.visited(one, points[one], checked))
            found = reckoning.judge(replace(found, **efforts[one]), at, with_streets=with_streets)
        outcomes.append(found)
    outside = Effort() if own else reckoning.outside(scope, begin, end)
    return Week(first_day, outcomes, outside)


class _Reckoning:
    """The walks of a week, as the windows share them."""

    def __init__(
        self,
        session: Session,
        community: Community,
        walked: WalkedWhen,
        limits: Sequence[datetime],
        ground: Ground | None,
    ) -> None:
        self.community, self.walked, self.ground = community, walked, ground
        self.rules = Rules.for_community(community.rules)
        self.limits = {moment: number for number, moment in enumerate(limits)}
        cells = walked.cells
        self.span, self.patrol = cells["span"].to_numpy(np.int64), cells["patrol"].to_numpy(np.int64)
        self.code = cells["grid_code"].fillna("").to_numpy(object)
        self.metres, self.minutes = cells["metres"].to_numpy(float), cells["minutes"].to_numpy(float)
        self.teams = dict(zip(walked.patrols.index, members(session, community, walked.patrols), strict=True))
        self.persons = dict(walked.patrols["person_id"])
        self.taken = np.zeros(len(cells), bool)
        self._flags: dict[int, Flags] = {}
        self._cells_of: dict[Occasion, Flags] = {}

    def share_out(self, occasions: Sequence[Occasion]) -> dict[Occasion, dict[str, Any]]:
        """Give each metre to the first window that it fits, and say what each got."""
        found = {}
        for one in sorted(occasions, key=_before_others):
            there = self._there(one)
            effort = self._effort(there & ~self.taken, there)
            found[one] = {"effort": effort, "there_min": float(self.minutes[there].sum())}
            self.taken |= there
        return found

    def outside(self, scope: Scope, begin: datetime, end: datetime) -> Effort:
        """What was walked in a time, where it may be seen, and belongs to no window."""
        when = (self.span >= self.limits[begin]) & (self.span < self.limits[end])
        seen_by = np.array([scope.allows(self.community.id, code or None) for code in self.code], dtype=bool)
        left = when & seen_by & ~self.taken
        return self._effort(left, left)

    def visited(self, one: Occasion, points: Sequence[CheckPoint], checked: pd.DataFrame) -> frozenset[int]:
        """The points of an occasion at which one of its walkers checked in."""
        if not points or checked.empty:
            return frozenset()
        within = (checked["at"] >= one.begins) & (checked["at"] < one.ends)
        within &= checked["point"].isin([point.id for point in points])
        theirs = zip(checked["point"], checked["person_id"], checked["teams"], within, strict=True)
        return frozenset(int(point) for point, person, teams, ok in theirs if ok and _is_for(one.window, person, teams))

    def judge(self, found: Outcome, at: datetime, *, with_streets: bool) -> Outcome:
        """Say how an occasion came out, by the rule at the top of this file."""
        if with_streets and self.ground is not None:
            found = self._with_streets(found, self.ground)
        nobody = found.there_min * 60 < self.rules.least_visit_s and not found.visited
        enough = found.due_metres <= 0 or found.share >= self.rules.kept_share
        whole = with_streets and enough and len(found.visited) == len(found.points)
        if at < found.occasion.ends and not (whole and not nobody):
            return replace(found, kept=Kept.RUNNING)
        return replace(found, kept=Kept.MISSED if nobody else Kept.KEPT if whole else Kept.PARTLY)

    def _with_streets(self, found: Outcome, ground: Ground) -> Outcome:
        one = found.occasion
        inside = ground.of(one.window) & ground.wished
        total = float(ground.pieces["metres"].to_numpy()[inside].sum())
        seconds = (one.ends - one.begins).total_seconds()
        found = replace(found, street_metres=total, due_metres=min(total, seconds * self.rules.pace_m_s))
        there = self._there(one)
        if not there.any():
            return found
        slices = self.walked.slices
        mine = self._in_time(slices["span"].to_numpy(np.int64), one) & slices["walk"].isin(self.patrol[there])
        flags = [self._seen_by(number, ground) for number in slices.index[mine]]
        seen = ground.metres_seen(np.logical_or.reduce(flags)) if flags else np.zeros(len(inside))
        return replace(found, street_metres_seen=min(float(seen[inside].sum()), total))

    def _seen_by(self, number: int, ground: Ground) -> Flags:
        if number not in self._flags:
            line = self.walked.slices.loc[[number]]
            self._flags[number] = cells_seen(line[["geometry"]], ground.pieces, ground.rules)
        return self._flags[number]

    def _there(self, one: Occasion) -> Flags:
        """The cells that were walked by the window's walkers, within it, on its ground."""
        if one not in self._cells_of:
            codes = {one.window.grid_code} if self.ground is None else self.ground.codes(one.window)
            theirs = [
                patrol for patrol, teams in self.teams.items() if _is_for(one.window, self.persons[patrol], teams)
            ]
            there = self._in_time(self.span, one) & np.isin(self.code, list(codes)) & np.isin(self.patrol, theirs)
            self._cells_of[one] = there
        return self._cells_of[one]

    def _in_time(self, span: NDArray[np.int64], one: Occasion) -> Flags:
        within: Flags = (span >= self.limits[one.begins]) & (span < self.limits[one.ends])
        return within

    def _effort(self, counted: Flags, there: Flags) -> Effort:
        patrols = set(self.patrol[there].tolist())
        walkers = {self.persons[one] if self.persons[one] is not None else f"patrol {one}" for one in patrols}
        return Effort(len(patrols), len(walkers), float(self.metres[counted].sum()), float(self.minutes[counted].sum()))


def _before_others(one: Occasion) -> tuple[bool, bool, datetime, int]:
    """Which of several windows that fit a walk gets it."""
    return one.window.person_id is None, not one.window.streets, one.begins, one.window.id


def _is_for(window: PatrolWindow, person: int | None, teams: frozenset[int]) -> bool:
    """Whether a walk or check-in of a person, for some teams, is one of a window."""
    return person == window.person_id if window.team_id is None else window.team_id in teams


def _points(
    session: Session, community: Community, begun: Sequence[Occasion], ground: Ground | None
) -> dict[Occasion, tuple[CheckPoint, ...]]:
    """The check-points on the ground of each occasion as it began."""
    moments = sorted({one.begins for one in begun})
    hung = dict(zip(moments, check_points.hanging_at(session, community, moments), strict=True))
    return {one: tuple(point.point for point in on_ground(hung[one.begins], one.window, ground)) for one in begun}


def _check_ins(session: Session, community: Community, limits: Sequence[datetime]) -> pd.DataFrame:
    """The check-ins that count: `point`, `person_id`, `at`, and the `teams` that each counts for."""
    columns = (CheckIn.check_point_id.label("point"), CheckIn.person_id, CheckIn.team_id, CheckIn.at)
    wanted = select(*columns).where(
        CheckIn.community_id == community.id,
        CheckIn.counts,
        CheckIn.check_point_id.is_not(None),
        CheckIn.at >= limits[0],
        CheckIn.at < limits[-1],
    )
    found = pd.DataFrame(session.execute(wanted).all(), columns=["point", "person_id", "team_id", "at"], dtype=object)
    found["at"] = pd.to_datetime(found["at"], utc=True)
    teams = members(session, community, found.rename(columns={"at": "started_at"}))
    return found.assign(teams=pd.Series(teams, index=found.index, dtype=object))
