"""Reports that were found valid: sent by somebody of the roster, taken on by somebody else, not voided."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from data.models import Community, Incident, IncidentStep, Stage, StepKind, User
from patrols.days import local_day, start_of_day

NOT_VALID = (Stage.REPORTED, Stage.VOIDED)
"""A report that stands here has not been found valid."""


class ValidReport(NamedTuple):
    """One report: who sent it, on which local day it was found, and the incident's number."""

    person_id: int
    on: date
    number: str


def valid_reports(
    session: Session, community: Community, *, begins: date, ends: date | None = None, at: datetime
) -> Iterator[ValidReport]:
    """The valid reports of things found from one local day on, until another (exclusive), the oldest first.

    Who sent a report is known by the sign-in that sent it. Who reports something and settles it on the spot has only
    their own word for it, until somebody else closes it.
    """
    first, other = aliased(IncidentStep), aliased(IncidentStep)
    taken_on = exists().where(
        other.incident_id == Incident.id, other.number > 1, other.by_user_id.is_distinct_from(first.by_user_id)
    )
    until = at if ends is None else min(at, start_of_day(community, ends))
    wanted = (
        select(User.person_id, Incident.found_at, Incident.number)
        .join(first, first.incident_id == Incident.id)
        .join(User, User.id == first.by_user_id)
        .where(
            Incident.community_id == community.id,
            Incident.found_at >= start_of_day(community, begins),
            Incident.found_at <= until if ends is None else Incident.found_at < until,
            Incident.stage.not_in(NOT_VALID),
            first.number == 1,
            first.kind == StepKind.REPORT,
            User.person_id.is_not(None),
            taken_on,
        )
        .order_by(Incident.found_at, Incident.id)
    )
    for person, found, number in session.execute(wanted):
        if person is not None:
            yield ValidReport(person, local_day(community, found), number)
