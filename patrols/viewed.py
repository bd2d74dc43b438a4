"""The condition by which a database keeps the incidents that a view means, for lists and counts of several tables."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from data.models import Category, Community, Incident, Stage
from patrols.days import start_of_day
from patrols.incident_view import IncidentView, Which
from patrols.moves import OPEN_STAGES
from patrols.scope import Scope


def found_in(view: IncidentView, communities: Iterable[Community]) -> ColumnElement[bool]:
    """That an incident of one of some communities is meant by a view; voided ones never are.

    The days are each community's own. Hours and days of the week are not asked here: no two databases tell them alike
    (see `patrols.incident_columns`).
    """
    return and_(*_filters(view), in_days(view, communities, Incident.community_id, Incident.found_at))


def of_kind(view: IncidentView) -> ColumnElement[bool]:
    """The same without the days, for incidents that are open from whatever time."""
    return and_(*_filters(view))


def countable(scope: Scope) -> ColumnElement[bool]:
    """That an incident may be in a count that a person reads on a map.

    Sensitive categories are counted for those alone who are shown reporters, as `patrols.incident_choice` counts them
    for the line of time: two numbers beside each other are of the same incidents.
    """
    if scope.reporters:
        return true()
    told = select(Category.id).where(Category.sensitive.is_(False))
    return or_(Incident.category_id.is_(None), Incident.category_id.in_(told))


def in_days(view: IncidentView, communities: Iterable[Community], of: Any, moment: Any) -> ColumnElement[bool]:
    """That a moment lies in the days of a view, each community's own; one range for each time zone.

    Parameters
    ----------
    of, moment : columns
        The community's id, and the moment.
    """
    zones: dict[str, list[Community]] = {}
    for community in communities:
        zones.setdefault(community.timezone, []).append(community)
    ranges = [
        and_(
            of.in_([one.id for one in here]),
            moment >= start_of_day(here[0], view.since),
            moment < start_of_day(here[0], view.until + timedelta(days=1)),
        )
        for here in zones.values()
    ]
    return or_(false(), *ranges)


def _filters(view: IncidentView) -> Iterator[ColumnElement[bool]]:
    yield Incident.stage != Stage.VOIDED
    kinds = []
    if view.categories:
        kinds.append(Incident.category_id.in_(view.categories))
    if view.families:
        kinds.append(Incident.category_id.in_(select(Category.id).where(Category.family.in_(view.families))))
    yield or_(*kinds) if kinds else true()
    if view.sources:
        yield Incident.source.in_(view.sources)
    if view.grids:
        yield Incident.grid_code.in_(view.grids)
    if view.stages is Which.OPEN:
        yield Incident.stage.in_(OPEN_STAGES)
    if view.stages is Which.CLOSED:
        yield Incident.stage == Stage.CLOSED
