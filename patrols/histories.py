"""What incidents had come to at a moment, told from their steps; only those that a period is about are read.

Of a million incidents a month is about some ten thousand: those that were still waiting when it began, were reported
in it, or were due in it. They are found through indexes, and the database adds up their steps, one row each.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    type_coerce,
    union,
)
from sqlalchemy.orm import Session

from data.database.row_by_row import row_by_row
from data.models import Community, Incident, IncidentSource, IncidentStep, Outcome, Stage, StepKind
from patrols import clocks, work_calendar
from patrols.days import local_day
from patrols.deadlines import due
from patrols.handover import HAND_OVERS
from patrols.moves import OPEN_STAGES
from patrols.scope import Scope
from patrols.standing import grid_at

REFUSED = (Stage.VOIDED, Stage.DECLINED)
"""What was never so, was told before, or is not the community's to settle."""

RESOLVING = (StepKind.RESOLVE, StepKind.SETTLE_ON_THE_SPOT)

FOUND_LATE = timedelta(minutes=5)
"""By so much a phone's clock may be ahead: something may have been found after it was reported, but not by more."""

_PART = 2000
"""So many keys are asked for at once: PostgreSQL looks each of them up, and begins to look through everything, and to
compile what it does, when they are several thousands."""

_SPREAD = 2**31
"""More than any key: the number of a step times this, plus a key, sorts by the number and gives the key back."""

_SETTLES_ELSEWHERE = (StepKind.REDO, StepKind.REOPEN, StepKind.SEND_BACK)
"""Steps after which nobody has settled it any more."""

_TIMES = (StepKind.TRIAGE, StepKind.DISPATCH, StepKind.EXTEND, StepKind.PARK, StepKind.REOPEN)
"""Steps that may change when an incident is due."""

_COUNTED = {
    "resolved": RESOLVING,
    "redone": (StepKind.REDO,),
    "reopened": (StepKind.REOPEN,),
    "supervised": (StepKind.SUPERVISE,),
    "escalated": (StepKind.ESCALATE,),
    "handed_over": (StepKind.HAND_OVER,),
}
"""Steps that are counted in the period."""

_MOMENTS = ("found_at", "reported_at", "due_at", "closed_at")

COLUMNS = [
    *("number", "source", "category_id", "grid_code", *_MOMENTS, "stage_before", "stage"),
    *("organisation_id", "on_the_spot", "replied", *_COUNTED, "mediated", "outcome"),
]


def histories(session: Session, scope: Scope, community: Community, since: datetime, until: datetime) -> pd.DataFrame:
    """The incidents that a period is about, as they stood at its end; in parts of some thousands.

    These are the ones that may be seen and were open when it began, reported in it, or due in it.

    Parameters
    ----------
    since, until : datetime
        The period, aware; `until` exclusive. Nothing that was done later counts.

    Returns
    -------
    DataFrame
        Index `id`; `number`, `source`, `category_id`, `found_at`, `reported_at`, `grid_code` (of the last day, None:
        none); `stage_before` (as it stood when the period began; None: not reported yet). As they stood: `stage`,
        `due_at` (NaT: never), `closed_at` (NaT: not closed), `organisation_id` (NA: no office), `on_the_spot` (settled
        so), `replied` (how often the reporter was answered). In the period: how often it was `resolved`, `redone`,
        `reopened`, `supervised`, `escalated`, `handed_over`, `mediated`, and the `outcome` of the last mediation (None:
        none). Times are UTC.
    """
    table = _read(session, scope, community, since, until)
    for name in _MOMENTS:
        table[name] = pd.to_datetime(table[name], utc=True)
    for name in ("stage_before", "stage"):
        table[name] = _words(table[name], Stage)
    table["outcome"] = _words(table["outcome"], Outcome)
    table["source"] = table["source"].map({word.value: word for word in IncidentSource})
    table["closed_at"] = table["closed_at"].where(table["stage"] == Stage.CLOSED)
    office = pd.to_numeric(table["organisation_id"]).astype("Int64") % _SPREAD
    table["organisation_id"] = office.mask(office == 0)
    table["category_id"] = pd.to_numeric(table["category_id"]).astype("Int64")
    table["on_the_spot"] = pd.to_numeric(table["on_the_spot"]).fillna(0).astype("int64") % 2 == 1
    for name in (*_COUNTED, "mediated", "replied", "retimed"):
        table[name] = pd.to_numeric(table[name]).astype("int64")
    table["grid_code"] = _grids_then(table, local_day(community, until - timedelta(microseconds=1)))
    table["due_at"] = _due_then(session, community, table, until)
    return table[COLUMNS]


def _read(session: Session, scope: Scope, community: Community, since: datetime, until: datetime) -> pd.DataFrame:
    """A row for each incident of the period, by id, as the database hands it over.

    Some thousands at a time and by their keys: asked for all at once, PostgreSQL reads every step there ever was.
    """
    session.flush()
    connection = session.connection()
    keys = sorted(connection.scalars(_wanted(community, since, until)))
    rows: list[tuple[Any, ...]] = []
    names = list(_statement(scope, community, [], since, until).selected_columns.keys())
    for begin in range(0, len(keys), _PART):
        part = _statement(scope, community, keys[begin : begin + _PART], since, until)
        # As plain tuples: a frame asks every row of a result for names that it has not.
        rows += map(tuple, connection.execute(part))
    return pd.DataFrame(rows, columns=names, dtype=object).set_index("id")


def _statement(
    scope: Scope, community: Community, keys: Sequence[int], since: datetime, until: datetime
) -> Select[Any]:
    """One row for each of some incidents: its own columns, and what its steps add up to."""
    added = _added(keys, since, until)
    return (
        select(
            *(Incident.id, Incident.number, _raw(Incident.source).label("source"), Incident.category_id),
            *(Incident.grid_code, _hand_overs().label("hand_overs")),
            *(_raw(Incident.found_at).label("found_at"), _raw(Incident.due_at).label("due_at")),
            *(column for column in added.c if column.name != "incident_id"),
        )
        .join(added, added.c.incident_id == Incident.id)
        # Said twice, or PostgreSQL looks through all incidents for each part.
        .where(
            Incident.id.in_(_listed(keys)),
            row_by_row(and_(Incident.community_id == community.id, scope.condition(Incident))),
        )
        .order_by(Incident.id)
    )


def _added(keys: Sequence[int], since: datetime, until: datetime) -> Subquery:
    """What the steps of each of some incidents add up to; grouped by themselves, in the order of their index."""
    step = IncidentStep
    then, inside = step.at < until, and_(step.at >= since, step.at < until)
    outcome = step.said["outcome"].as_string()
    mediates = and_(inside, step.kind.in_(RESOLVING), outcome.is_not(None))
    office, forgets = step.to_organisation_id, step.kind == StepKind.SEND_BACK
    settles, settled_here = (*RESOLVING, *_SETTLES_ELSEWHERE), step.kind == StepKind.SETTLE_ON_THE_SPOT
    return (
        select(
            step.incident_id,
            _raw(func.min(step.at)).label("reported_at"),
            _raw(func.max(case((and_(then, step.kind == StepKind.CLOSE), step.at)))).label("closed_at"),
            _last(_place(step.stage, Stage), step.at < since).label("stage_before"),
            _last(_place(step.stage, Stage), then).label("stage"),
            _last(func.coalesce(office, 0), and_(then, or_(office.is_not(None), forgets))).label("organisation_id"),
            _last(case((settled_here, 1), else_=0), and_(then, step.kind.in_(settles))).label("on_the_spot"),
            _last(_place(outcome, Outcome), mediates).label("outcome"),
            func.sum(case((mediates, 1), else_=0)).label("mediated"),
            _count(then, StepKind.REPLY).label("replied"),
            *(_count(inside, *kinds).label(name) for name, kinds in _COUNTED.items()),
            _count(step.at >= until, *_TIMES).label("retimed"),
        )
        .where(step.incident_id.in_(_listed(keys)))
        .group_by(step.incident_id)
        .having(func.min(step.at) < until)
        .subquery("added")
    )


def _wanted(community: Community, since: datetime, until: datetime) -> CompoundSelect[Any]:
    """The ids of the incidents that a period may be about, each part through an index of its own.

    Closed ones keep the moment they were closed at: when it lies before the period they were not open in it. Those that
    were brought in closed, without that moment, were closed as they were found.
    """
    ours, early = Incident.community_id == community.id, row_by_row(Incident.found_at < until + FOUND_LATE)
    is_closed, closed_at = Incident.stage == Stage.CLOSED, Incident.closed_at
    stepped = exists().where(IncidentStep.incident_id == Incident.id, IncidentStep.at >= since)
    return union(
        select(Incident.id).where(ours, Incident.stage.in_(OPEN_STAGES), early),
        select(Incident.id).where(ours, is_closed, closed_at >= since, early),
        select(Incident.id).where(ours, is_closed, closed_at.is_(None), Incident.found_at >= since, early),
        select(Incident.id).where(ours, Incident.stage.in_(REFUSED), early, stepped),
        select(Incident.id).where(ours, Incident.due_at >= since, Incident.due_at < until),
    )


def _listed(keys: Sequence[int]) -> BindParameter[Any]:
    """Keys of ours written into the statement: handing over thousands of values takes longer than the question."""
    return bindparam(None, keys, Integer(), expanding=True, literal_execute=True)


def _raw(column: Any) -> ColumnElement[Any]:
    """A column as the database hands it over: a frame reads a column of moments or words at once, not one by one."""
    return type_coerce(column, String)


def _last(value: Any, when: ColumnElement[bool]) -> ColumnElement[Any]:
    """A small number that the last step of a kind says, as `_SPREAD` times the step's number plus itself."""
    return func.max(case((when, cast(IncidentStep.number, BigInteger) * _SPREAD + value)))


def _place(column: Any, words: type[StrEnum]) -> ColumnElement[Any]:
    """The position of a word among those of its kind, from 1."""
    return case({word.value: place for place, word in enumerate(words, 1)}, value=cast(column, String), else_=0)


def _words(numbers: "pd.Series[Any]", words: type[StrEnum]) -> "pd.Series[Any]":
    """The words behind what `_last` made of `_place`; None where there is none."""
    places = (pd.to_numeric(numbers).fillna(0).astype("int64") % _SPREAD).to_numpy()
    return pd.Series(np.array([None, *words], dtype=object)[places], index=numbers.index, dtype=object)


def _count(when: ColumnElement[bool], *kinds: StepKind) -> ColumnElement[int]:
    return func.sum(case((and_(when, IncidentStep.kind.in_(kinds)), 1), else_=0))


def _hand_overs() -> ColumnElement[Any]:
    """The facts of those incidents alone that changed grids; nobody has to read the others."""
    changed = cast(Incident.grid_facts, String).contains(f'"{HAND_OVERS}"')
    return case((changed, Incident.grid_facts))


def _grids_then(table: pd.DataFrame, day: date) -> "pd.Series[Any]":
    codes = table["grid_code"].astype(object).where(table["grid_code"].notna(), None)
    moved = table["hand_overs"].notna()
    facts = table.loc[moved, "hand_overs"]
    codes.loc[moved] = [grid_at(code, known, day) for code, known in zip(codes[moved], facts, strict=True)]
    return codes


def _due_then(session: Session, community: Community, table: pd.DataFrame, until: datetime) -> "pd.Series[Any]":
    """When each was due as its steps until then had it; of those whose time was not changed since, as it is kept."""
    found = table["due_at"].copy()
    retimed = [int(key) for key in table.index[table["retimed"] > 0]]
    if not retimed:
        return found
    calendar = work_calendar.of(session, community)
    for key, steps in _steps_then(session, retimed, until).items():
        clock = clocks.clock_of(steps)
        if clock is not None:
            found[key] = pd.Timestamp(ends) if (ends := due(clock, calendar)) is not None else pd.NaT
    return found


def _steps_then(session: Session, incidents: list[int], until: datetime) -> dict[int, list[Any]]:
    """The steps that some incidents had until then, in their order, as far as clocks need them."""
    found: dict[int, list[Any]] = {}
    for begin in range(0, len(incidents), _PART):
        part = incidents[begin : begin + _PART]
        wanted = select(
            IncidentStep.incident_id, IncidentStep.kind, IncidentStep.stage, IncidentStep.at, IncidentStep.said
        )
        wanted = wanted.where(IncidentStep.incident_id.in_(part), IncidentStep.at < until)
        for step in session.execute(wanted.order_by(IncidentStep.incident_id, IncidentStep.number)):
            found.setdefault(step.incident_id, []).append(step)
    return found
