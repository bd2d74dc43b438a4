"""Handing incidents over: the same incidents give the same file, and what lacks a mandatory field is named."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
import shapely
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, joinedload, selectinload

from data import frames
from data.errors import Refusal, RowsRefused
from data.models import Community, ExternalKey, ExternalStep, Incident, IncidentStep, Organisation, StepKind
from geo.errors import N_
from patrols import clocks
from patrols.days import zone
from patrols.exchange.fields import COLUMNS, CRS, FORMAT, MANDATORY, VERSION, check_platform, own_code, step_key
from patrols.scope import Scope

TOLD = "exchange"
"""Under which name an incident keeps what the platform told of it that has no column here."""

_RATED = re.compile(r"(\d)/5 ?")
_LENGTHS = {"department_code": 18, "grid_code": 15}


@dataclass(frozen=True)
class Given:
    """What is handed over: the document, what could not be, and how many wait for a department."""

    document: dict[str, Any]
    refusals: list[Refusal] = field(default_factory=list)
    without_department: int = 0

    @property
    def incidents(self) -> list[dict[str, Any]]:
        """The incidents of the document."""
        rows: list[dict[str, Any]] = self.document["incidents"]
        return rows


class _Found(NamedTuple):
    """One incident, under which code the platform knows it, and its place."""

    incident: Incident
    key: str | None
    place: tuple[float, float] | None


def give(
    session: Session,
    scope: Scope,
    community: Community,
    platform: str,
    *,
    since: datetime | None = None,
    named: bool = False,
    skip_bad: bool = False,
) -> Given:
    """The incidents of a community that a platform is told: those handed to a department, and those it told itself.

    An incident keeps its code for ever, and a step its key; nothing depends on when it is asked, so that the same
    incidents are the same file. The platform's own code goes along where it is known. Reporters go along only with
    `named`, to somebody who may see them: log who asked and why. Persons of ours are never named.

    Parameters
    ----------
    since : datetime, optional
        Only what has had a step since then.
    skip_bad : bool
        Leave out what lacks a mandatory field, and tell of it, instead of refusing all.

    Raises
    ------
    RowsRefused
        If incidents lack a mandatory field; each is named by its number.
    BadExchange
        If the platform's name is none.
    """
    check_platform(platform)
    scope.require_entry(community.id)
    found = _found(session, scope, community, platform, since)
    ready = [one for one in found if one.key is not None or one.incident.organisation_id is not None]
    keys = _step_keys(session, platform, [one.incident.id for one in ready])
    offices = dict(
        session.execute(
            select(Organisation.id, Organisation.code).where(Organisation.community_id == community.id)
        ).all()
    )
    rows, refusals = [], []
    for one in ready:
        row = dict(_fields(community, one, named and scope.reporters))
        lacking = list(_lacking(one.incident.number, row))
        refusals += lacking
        if not lacking:
            row["steps"] = [dict(_step(community, one.incident, step, keys, offices)) for step in one.incident.steps]
            rows.append(row)
    if refusals and not skip_bad:
        raise RowsRefused(refusals)
    return Given({**_head(community, platform), "incidents": rows}, refusals, len(found) - len(ready))


def of_one(
    session: Session, community: Community, platform: str, incident: Incident, numbers: Container[int]
) -> tuple[dict[str, Any], list[Refusal]]:
    """One incident with some of its steps as a platform is told it, and what it lacks of the six mandatory fields.

    Nobody is named. The same moment gives the same document.
    """
    theirs = (ExternalKey.platform == platform) & (ExternalKey.incident_id == incident.id)
    place = session.scalar(select(frames.as_wkb(Incident.geom)).where(Incident.id == incident.id))
    found = _Found(incident, session.scalar(select(ExternalKey.key).where(theirs)), _place(place))
    row = dict(_fields(community, found, False))
    steps = [step for step in incident.steps if step.number in numbers]
    to = {step.to_organisation_id for step in steps} - {None}
    offices = dict(session.execute(select(Organisation.id, Organisation.code).where(Organisation.id.in_(to))).all())
    told = {**row, "steps": [dict(_step(community, incident, step, {}, offices)) for step in steps]}
    return {**_head(community, platform), "incidents": [told]}, list(_lacking(incident.number, row))


def _head(community: Community, platform: str) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, "platform": platform, "crs": CRS, "community": community.code}


def _found(session: Session, scope: Scope, community: Community, platform: str, since: datetime | None) -> list[_Found]:
    statement: Select[Any] = (
        select(Incident, ExternalKey.key, frames.as_wkb(Incident.geom))
        .outerjoin(ExternalKey, (ExternalKey.incident_id == Incident.id) & (ExternalKey.platform == platform))
        .where(Incident.community_id == community.id)
        .options(joinedload(Incident.category), joinedload(Incident.organisation), selectinload(Incident.steps))
        .order_by(Incident.found_at, Incident.id)
    )
    if since is not None:
        statement = statement.where(exists().where(IncidentStep.incident_id == Incident.id, IncidentStep.at >= since))
    rows = session.execute(scope.narrow(statement, Incident)).all()
    return [_Found(incident, key, _place(wkb)) for incident, key, wkb in rows]


def _place(wkb: bytes | None) -> tuple[float, float] | None:
    if wkb is None:
        return None
    lon, lat = shapely.get_coordinates(shapely.from_wkb(bytes(wkb)))[0]
    return float(lon), float(lat)


def _step_keys(session: Session, platform: str, incidents: list[int]) -> dict[int, str]:
    """By which key the platform itself told a step, where it did."""
    wanted = select(ExternalStep.step_id, ExternalStep.key).where(ExternalStep.platform == platform)
    return dict(session.execute(wanted).all()) if incidents else {}


def _fields(community: Community, found: _Found, named: bool) -> Iterator[tuple[str, Any]]:
    """The six, then what is known besides; nothing empty."""
    one, told = found.incident, (found.incident.extra or {}).get(TOLD, {})
    office = one.organisation
    yield "code", own_code(community, one.number)
    yield "name", told.get("name") or (one.category.zh if one.category else "") or one.description[:40]
    yield "department_code", office.code if office else told.get("department_code", "")
    yield "department", office.name if office else told.get("department", "")
    yield "place", one.address or ("" if found.place is None else "{:.6f}, {:.6f}".format(*found.place))
    yield "grid_code", one.grid_code or told.get("grid_code", "")
    others: dict[str, Any] = {"your_code": found.key}
    if found.place is not None:
        others |= {"lon": round(found.place[0], 7), "lat": round(found.place[1], 7), "crs": CRS}
    if one.category is not None:
        others |= {"family": one.category.family, "kind": one.category.kind, "category": one.category.code}
    others |= {"source": one.source.value, "description": one.description, "stage": one.stage.value}
    for name in ("found_at", "due_at", "resolved_at", "closed_at"):
        others[name] = _local(community, getattr(one, name))
    others["rating"] = one.rating
    if named:
        others |= {"reporter_name": one.reporter_name, "reporter_phone": one.reporter_phone}
    yield from ((name, value) for name, value in others.items() if value not in (None, ""))


def _lacking(number: str, row: dict[str, Any]) -> Iterator[Refusal]:
    """What is missing of the six, or has not the length it must have."""
    for name in MANDATORY:
        if not row[name]:
            yield Refusal(number, None, name, N_("This field is mandatory for handing over, but empty."))
        elif name in _LENGTHS and len(row[name]) != _LENGTHS[name]:
            facts = {"value": row[name], "length": _LENGTHS[name]}
            yield Refusal(number, None, name, N_("%(value)s must have %(length)s places."), facts)


def _step(
    community: Community,
    incident: Incident,
    step: IncidentStep,
    keys: dict[int, str],
    offices: dict[int, str],
) -> Iterator[tuple[str, Any]]:
    """One step; the persons it names stay here."""
    rated = _RATED.match(step.note) if step.kind is StepKind.RATE else None
    limit = clocks.said_limit(step) or clocks.said_asked(step)
    told = {
        "step_key": keys.get(step.id) or step_key(community, incident, step.number),
        "step": step.kind.value,
        "step_at": _local(community, step.at),
        "step_note": step.note[rated.end() :] if rated else step.note,
        "step_department_code": offices.get(step.to_organisation_id or 0),
        "step_limit": f"{limit.amount:g} {limit.unit.value}" if limit else None,
        "step_due": _local(community, clocks.said_due(step)),
        "step_outcome": (step.said or {}).get("outcome"),
        "step_rating": int(rated[1]) if rated else None,
    }
    yield from ((name, value) for name, value in told.items() if value not in (None, ""))


def _local(community: Community, at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(zone(community.timezone)).isoformat()


def table_of(document: dict[str, Any]) -> pd.DataFrame:
    """The incidents of a document as a table: a row each, the six fields first, then its last step."""
    rows = [
        {
            **{name: value for name, value in one.items() if name != "steps"},
            **(one["steps"][-1] if one["steps"] else {}),
        }
        for one in document["incidents"]
    ]
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if any(name in row for row in rows)], dtype=object)
    return table if rows else pd.DataFrame(columns=list(MANDATORY), dtype=object)
