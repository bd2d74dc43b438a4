"""What warns in the morning: metres of street past the days wished, and windows of the plan that nobody kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from data.models import Community
from patrols import kept, plan, seen
from patrols.cold import Warmth, cold_streets
from patrols.days import local_day
from patrols.errors import NoEditionInForce
from patrols.plan import Kept
from patrols.scope import EVERYTHING, Scope


@dataclass(frozen=True)
class Warnings:
    """Metres of street that are red and yellow (`patrols.cold`), and windows missed since a day."""

    red_metres: float
    yellow_metres: float
    missed: int
    since: date

    @property
    def any(self) -> bool:
        """Whether there is anything to warn of."""
        return self.red_metres > 0 or self.yellow_metres > 0 or self.missed > 0


def warnings(
    session: Session,
    scope: Scope,
    community: Community,
    *,
    at: datetime,
    own: bool = False,
    keep: Callable[[seen.Made], None] | None = None,
) -> Warnings:
    """What to warn of now: streets as the list of cold ones counts them, windows of yesterday and today.

    Parameters
    ----------
    own : bool
        Only windows of the person behind the scope and of their teams.
    keep : callable, optional
        As in `patrols.seen.last_seen`.
    """
    yesterday = local_day(community, at) - timedelta(days=1)
    missed = 0
    if plan.windows(session, EVERYTHING, community, since=yesterday, until=yesterday + timedelta(days=2)):
        week = kept.week(session, scope, community, first_day=yesterday, at=at, own=own, with_streets=False)
        missed = week.count(Kept.MISSED)
    try:
        streets = cold_streets(session, scope, community, at=at, keep=keep)
    except NoEditionInForce:
        return Warnings(0.0, 0.0, missed, yesterday)
    metres = {one: float(streets.loc[streets["warmth"] == one.value, "metres"].sum()) for one in Warmth}
    return Warnings(metres[Warmth.RED], metres[Warmth.YELLOW], missed, yesterday)
