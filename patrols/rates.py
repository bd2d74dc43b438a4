"""The rates by which handling is judged, each with the two counts it is made of and its formula.

Everything is told as it stood at the end of the period, from the steps taken until then: what is closed, reopened or
given more time later changes no earlier figure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import Community, Incident, IncidentSource, IncidentStep, Outcome, Stage, StepKind
from geo.errors import N_
from patrols import clocks, work_calendar
from patrols.deadlines import due
from patrols.incidents import Filters, filtered
from patrols.scope import Scope

REFUSED = frozenset({Stage.VOIDED, Stage.DECLINED})
PUBLIC = frozenset({IncidentSource.RESIDENT, IncidentSource.HOTLINE})
"""Who finds first what a patrol has missed."""

FORMULAS: Mapping[str, str] = {
    "closed": N_("closed / (due in the period - parked)"),
    "on_time": N_("closed by when it was due / (due in the period - parked)"),
    "done": N_("closed / sent up in the period"),
    "valid": N_("neither declined nor voided / sent up in the period"),
    "missed": N_("found by the public first / filed in the period"),
    "redone": N_("sent back to be done again / resolved in the period"),
    "settled": N_("disputes settled / disputes mediated in the period"),
}
"""What each rate is of what."""


@dataclass(frozen=True)
class Rate:
    """A share: so many of so many."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """The share itself; None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def said(self) -> str:
        """In per cent, as offices print it: two decimals, halves rounded up; a dash for a share of nothing.

        Examples
        --------
        >>> Rate(911, 972).said, Rate(737, 972).said, Rate(400, 438).said, Rate(112, 135).said, Rate(0, 0).said
        ('93.72 %', '75.82 %', '91.32 %', '82.96 %', '–')
        """
        if not self.whole:
            return "–"
        share = Decimal(100 * self.part) / Decimal(self.whole)
        return f"{share.quantize(Decimal('0.01'), ROUND_HALF_UP)} %"


def rates(session: Session, scope: Scope, community: Community, since: datetime, until: datetime) -> dict[str, Rate]:
    """The rates of a period, by the names of `FORMULAS`, over the incidents that may be seen; two queries.

    Parameters
    ----------
    since, until : datetime
        The period, aware; `until` exclusive. All stands as it stood then.
    """
    table = _as_of(session, scope, community, since, until)
    due_now = table[table["due_at"].notna() & (table["due_at"] >= since) & (table["due_at"] < until)]
    due_now = due_now[~due_now["stage"].isin(REFUSED | {Stage.PARKED})]
    closed = due_now[due_now["stage"] == Stage.CLOSED]
    filed = table[(table["reported_at"] >= since) & (table["reported_at"] < until)]
    valid = filed[~filed["stage"].isin(REFUSED)]
    resolved = table[table["resolved"] > 0]
    mediated = table[table["mediated"] > 0]
    return {
        "closed": Rate(len(closed), len(due_now)),
        "on_time": Rate(int((closed["closed_at"] <= closed["due_at"]).sum()), len(due_now)),
        "done": Rate(int((filed["stage"] == Stage.CLOSED).sum()), len(filed)),
        "valid": Rate(len(valid), len(filed)),
        "missed": Rate(int(valid["source"].isin(PUBLIC).sum()), len(valid)),
        "redone": Rate(int((resolved["redone"] > 0).sum()), len(resolved)),
        "settled": Rate(int(mediated["settled"].sum()), len(mediated)),
    }


_COLUMNS = ["stage", "source", "due_at", "reported_at", "closed_at", "resolved", "redone", "mediated", "settled"]


def _as_of(session: Session, scope: Scope, community: Community, since: datetime, until: datetime) -> pd.DataFrame:
    """What each incident had come to at the end of the period, one row each."""
    calendar = work_calendar.of(session, community)
    narrowed = filtered(select(Incident.id), scope, Filters(community_id=community.id)).scalar_subquery()
    statement = (
        select(Incident.source, Incident.due_at, IncidentStep)
        .join(IncidentStep, IncidentStep.incident_id == Incident.id)
        .where(Incident.id.in_(narrowed), IncidentStep.at < until)
        .order_by(IncidentStep.incident_id, IncidentStep.number)
    )
    histories: dict[int, tuple[Any, Any, list[IncidentStep]]] = {}
    for source, due_at, step in session.execute(statement):
        histories.setdefault(step.incident_id, (source, due_at, []))[2].append(step)
    rows = []
    for source, due_at, steps in histories.values():
        clock = clocks.clock_of(steps)
        rows.append(_row(source, due_at if clock is None else due(clock, calendar), steps, since))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _row(source: Any, due_at: Any, steps: list[IncidentStep], since: datetime) -> tuple[Any, ...]:
    last = steps[-1]
    inside = [step for step in steps if step.at >= since]
    closings = [step.at for step in steps if step.kind is StepKind.CLOSE]
    outcomes = [step.said["outcome"] for step in inside if step.said.get("outcome")]
    return (
        last.stage,
        source,
        due_at,
        steps[0].at,
        closings[-1] if closings and last.stage is Stage.CLOSED else None,
        sum(step.kind in (StepKind.RESOLVE, StepKind.SETTLE_ON_THE_SPOT) for step in inside),
        sum(step.kind is StepKind.REDO for step in inside),
        len(outcomes),
        bool(outcomes) and outcomes[-1] == Outcome.SETTLED.value,
    )
