"""Looking at a track with its name: only with a reason, and never without a row in the audit that its walker sees."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import shapely
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data import audit, frames
from data.models import AuditRow, Patrol, Person, User
from geo.errors import N_
from patrols import outings
from patrols.errors import NoReason
from patrols.scope import Scope

LOOKED, EXPORTED = "track.looked_at", ("patrols.exported", "fixes.exported")


class Looker(NamedTuple):
    """Who looks, and from which network address; no user on the command line."""

    user_id: int | None = None
    address: str = ""


@dataclass(frozen=True)
class NamedTrack:
    """A patrol with its walker, and its whole line in degrees (WGS 84); None where there is none."""

    patrol: Patrol
    line: Any


@dataclass(frozen=True)
class Look:
    """One look at somebody's tracks: when, who (a sign-in's name and role; empty on the command line), what and why."""

    at: datetime
    login: str
    role: str
    action: str
    patrol: int | None
    reason: str


def look(session: Session, scope: Scope, number: int, *, reason: str, at: datetime, by: Looker) -> NamedTrack:
    """Show one patrol with its name and whole line, and keep in the audit who looked and why.

    Whoever walked looks without a reason and leaves no row.

    Raises
    ------
    NotFound, OutOfScope
        As in `patrols.outings.get`.
    NoReason
        If somebody else does not say why.
    """
    patrol = outings.get(session, scope, number)
    own = patrol.person_id is not None and patrol.person_id == scope.person_id
    if not own:
        if not reason.strip():
            raise NoReason(
                N_("Say why you need to see this track: the walker can read it, and it is kept in the audit.")
            )
        key = "" if patrol.person_id is None else str(patrol.person_id)
        facts = {"patrol": patrol.id, "reason": reason.strip()}
        audit.write(
            session,
            LOOKED,
            at=at,
            user_id=by.user_id,
            address=by.address,
            object_kind="person",
            object_key=key,
            facts=facts,
        )
    return NamedTrack(
        patrol, shapely.from_wkb(session.scalar(select(frames.as_wkb(Patrol.track)).where(Patrol.id == number)))
    )


def looks_at(session: Session, person: Person) -> list[Look]:
    """Who looked at a person's tracks with the name on them, the latest first; named downloads are looks too."""
    single = (AuditRow.action == LOOKED) & (AuditRow.object_key == str(person.id))
    wanted = (
        select(AuditRow, User.login, User.role)
        .outerjoin(User, User.id == AuditRow.user_id)
        .where(or_(single, AuditRow.action.in_(EXPORTED)))
        .order_by(AuditRow.id.desc())
    )
    return [
        Look(row.at, login or "", role or "", row.action, row.facts.get("patrol"), str(row.facts.get("reason", "")))
        for row, login, role in session.execute(wanted)
        if row.action == LOOKED or person.id in row.facts.get("persons", ())
    ]
