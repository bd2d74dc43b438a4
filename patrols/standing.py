"""Incidents as they stood at a moment: which were open then, in whose grid, however they have moved on since."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from data.models import Community, Incident, IncidentStep, Stage
from patrols import incident_lists
from patrols.days import local_day
from patrols.handover import HAND_OVERS
from patrols.incident_lists import Filters
from patrols.moves import CLOCKED_STAGES, OPEN_STAGES
from patrols.scope import Scope
from patrols.viewed import countable


def counts_by_grid(
    session: Session, scope: Scope, community: Community, *, at: datetime
) -> dict[str | None, tuple[int, int]]:
    """Of each grid, how many incidents were open at a moment and how many of these were overdue; None: without a grid.

    Told from the incidents' steps, so that a figure of the past does not change when an incident is closed, or handed
    over to another grid, later. Of those that did not move since, the present state is the state of then. On the day on
    which an edition begins, its grids answer from midnight, as they do for places.

    Parameters
    ----------
    scope : Scope
        What may be seen. Grids that may not be seen count too: leave them out of what is shown. Sensitive categories
        count for those alone who are shown reporters, as everywhere on a map (see `patrols.viewed.countable`).
    """
    everywhere = replace(scope, grids=None)
    since = _moved_since(at)
    filters = Filters(community_id=community.id)
    counts = dict(incident_lists.counts_by_grid(session, everywhere, filters, at=at, without=since))
    for code, late in _stood(session, everywhere, community, at, since):
        count, overdue = counts.get(code, (0, 0))
        counts[code] = (count + 1, overdue + late)
    return counts


def grid_at(grid_code: str | None, facts: dict[str, Any], day: date) -> str | None:
    """The grid that an incident had on a day, by its present one and the hand-overs that are kept beside it.

    Examples
    --------
    >>> facts = {"hand_overs": [{"day": "2026-10-01", "from": "001", "to": "004"}]}
    >>> grid_at("004", facts, date(2026, 9, 30)), grid_at("004", facts, date(2026, 10, 1))
    ('001', '004')
    """
    for one in facts.get(HAND_OVERS, ()):
        if day.isoformat() < one["day"]:
            before: str | None = one["from"]
            return before
    return grid_code


def _moved_since(at: datetime) -> Select[Any]:
    """The ids of the incidents with a step after a moment.

    Of whichever community: the index of steps by time answers that alone, and whoever asks narrows to a community.
    """
    return select(IncidentStep.incident_id).where(IncidentStep.at > at)


def _stood(
    session: Session, scope: Scope, community: Community, at: datetime, since: Select[Any]
) -> list[tuple[str | None, int]]:
    """The grid, and whether overdue, of each incident that was open then and has moved since; one query."""
    wanted = incident_lists.filtered(select(Incident), scope, Filters(community_id=community.id))
    wanted = wanted.join(IncidentStep, IncidentStep.incident_id == Incident.id).where(
        Incident.id.in_(since), IncidentStep.at <= at, countable(scope)
    )
    result = session.execute(
        wanted.with_only_columns(
            Incident.id,
            Incident.grid_code,
            Incident.grid_facts,
            Incident.due_at,
            IncidentStep.number.label("step"),
            IncidentStep.stage,
        )
    )
    rows = pd.DataFrame(result.all(), columns=list(result.keys()))
    last = rows.sort_values("step").drop_duplicates("id", keep="last")
    day = local_day(community, at)
    stood: list[dict[Any, Any]] = last[last["stage"].isin(OPEN_STAGES)].to_dict("records")
    return [
        (grid_at(row["grid_code"], row["grid_facts"] or {}, day), _is_late(row["stage"], row["due_at"], at))
        for row in stood
    ]


def _is_late(stage: Stage, due_at: Any, at: datetime) -> int:
    return int(stage in CLOCKED_STAGES and not pd.isna(due_at) and due_at < at)
