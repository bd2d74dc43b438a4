"""The key figures of an official's map: how much was found, settled and walked in a time, beside the time before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from data.models import Community, Incident, Patrol, Stage
from geo.errors import N_
from patrols import incident_lists
from patrols.incident_view import IncidentView
from patrols.moves import OPEN_STAGES
from patrols.scope import Scope
from patrols.viewed import countable, found_in, in_days, of_kind


@dataclass(frozen=True)
class KeyFigure:
    """A number with the one of as many days before.

    Parameters
    ----------
    key : str
    name, formula : str
        What it is called and what it counts; sentences to translate.
    value : float or None
        None of nothing.
    before : float or None
        Over the time just as long that ended before; None where nothing can be compared.
    unit : str
        ``count``, ``metres`` or ``share``.
    good : int
        1 where more is better, -1 where less is, 0 where neither.
    """

    key: str
    name: str
    formula: str
    value: float | None
    before: float | None
    unit: str = "count"
    good: int = 0


def key_figures(
    session: Session, scope: Scope, communities: Sequence[Community], view: IncidentView, *, at: datetime
) -> list[KeyFigure]:
    """The figures of some communities together, over what may be seen of them; five queries for any number.

    Incidents of sensitive categories count for those alone who are shown reporters.

    Parameters
    ----------
    view : IncidentView
        Its days are the time; its other fields narrow the incidents, never the patrols.
    """
    before = view.before()
    found, found_before = (_found(session, scope, communities, one) for one in (view, before))
    closed, closed_before = (_closed(session, scope, communities, one) for one in (view, before))
    still, late = _standing(session, scope, communities, view, at)
    walks, walks_before = (_walked(session, scope, communities, one) for one in (view, before))
    return [
        KeyFigure(
            "found", N_("Newly found"), N_("Incidents found in the time, voided ones left out."), found, found_before
        ),
        KeyFigure(
            "closed",
            N_("Settled in the time"),
            N_("Incidents closed in the time."),
            closed[0],
            closed_before[0],
            good=1,
        ),
        KeyFigure(
            "on_time",
            N_("Settled on time"),
            N_("Closed by when they were due ÷ closed in the time with a due time."),
            _share(*closed[1:]),
            _share(*closed_before[1:]),
            "share",
            1,
        ),
        KeyFigure("open", N_("Open now"), N_("Reported and neither closed nor voided, at this moment."), still, None),
        KeyFigure(
            "overdue", N_("Overdue now"), N_("Open and past their due time, at this moment."), late, None, good=-1
        ),
        KeyFigure(
            "walks", N_("Patrols walked"), N_("Patrols that began in the time."), walks[0], walks_before[0], good=1
        ),
        KeyFigure(
            "metres",
            N_("Distance walked"),
            N_("Metres walked on patrols that began in the time."),
            walks[1],
            walks_before[1],
            "metres",
            1,
        ),
    ]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _found(session: Session, scope: Scope, communities: Sequence[Community], view: IncidentView) -> int:
    wanted = scope.narrow(select(func.count()).select_from(Incident), Incident).where(
        found_in(view, communities), countable(scope)
    )
    return session.scalar(wanted) or 0


def _closed(
    session: Session, scope: Scope, communities: Sequence[Community], view: IncidentView
) -> tuple[int, int, int]:
    """How many were closed, how many of them by when they were due, and how many of them had such a time."""
    timed = Incident.due_at.is_not(None)
    sums = (
        func.count(),
        func.sum(case((and_(timed, Incident.closed_at <= Incident.due_at), 1), else_=0)),
        func.sum(case((timed, 1), else_=0)),
    )
    wanted = select(*sums).where(
        scope.condition(Incident),
        Incident.stage == Stage.CLOSED,
        in_days(view, communities, Incident.community_id, Incident.closed_at),
        of_kind(view),
        countable(scope),
    )
    closed, on_time, due = session.execute(wanted).one()
    return closed, int(on_time or 0), int(due or 0)


def _standing(
    session: Session, scope: Scope, communities: Sequence[Community], view: IncidentView, at: datetime
) -> tuple[int, int]:
    late = func.sum(case((incident_lists.is_overdue(at), 1), else_=0))
    wanted = select(func.count(), late).where(
        scope.condition(Incident),
        Incident.community_id.in_([one.id for one in communities]),
        Incident.stage.in_(OPEN_STAGES),
        of_kind(view),
        countable(scope),
    )
    still, overdue = session.execute(wanted).one()
    return still, int(overdue or 0)


def _walked(session: Session, scope: Scope, communities: Sequence[Community], view: IncidentView) -> tuple[int, float]:
    wanted = select(func.count(), func.sum(Patrol.metres)).where(scope.condition(Patrol))
    count, metres = session.execute(
        wanted.where(in_days(view, communities, Patrol.community_id, Patrol.started_at))
    ).one()
    return count, float(metres or 0)
