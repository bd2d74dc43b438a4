"""Who is to be out at a moment by the plan of patrols: teams and persons, where, and until when."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from data.models import Community
from patrols import plan
from patrols.days import local_day
from patrols.scope import Scope


class OnDuty(NamedTuple):
    """Somebody whose window is open.

    Parameters
    ----------
    who : str
        The team's name, or the person's.
    team : bool
        Whether it is a team.
    grid_code : str
        Where; "" where streets are named.
    streets : tuple of str
    begins, ends : datetime
        Aware, on the community's clock.
    """

    who: str
    team: bool
    grid_code: str
    streets: tuple[str, ...]
    begins: datetime
    ends: datetime


def on_duty(session: Session, scope: Scope, community: Community, *, at: datetime) -> list[OnDuty]:
    """Who is to walk now, as far as it may be seen, those first whose time ends first.

    A window counts from its first moment until before its last. One that began yesterday and goes past midnight
    counts too.
    """
    today = local_day(community, at)
    yesterday = today - timedelta(days=1)
    windows = plan.windows(session, scope, community, since=yesterday, until=today + timedelta(days=1))
    found = [one for one in plan.occasions(community, windows, yesterday) if one.begins <= at < one.ends]
    told = [
        OnDuty(
            who=one.window.team.name if one.window.team else one.window.person.name if one.window.person else "",
            team=one.window.team is not None,
            grid_code=one.window.grid_code,
            streets=tuple(one.window.streets),
            begins=one.begins,
            ends=one.ends,
        )
        for one in found
    ]
    return sorted(told, key=lambda one: (one.ends, one.grid_code, one.who))
