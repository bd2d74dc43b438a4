"""Walks, check-lists and photos as personal data: given out to whom they are about, and taken from their names."""

from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session, joinedload

from data.models import CheckListAnswer, Community, Device, Person, Photo, User, Walk

ANSWER: Table = CheckListAnswer.__table__  # type: ignore[assignment]
WALK: Table = Walk.__table__  # type: ignore[assignment]
PHOTO: Table = Photo.__table__  # type: ignore[assignment]

NOWHERE = {"lon": None, "lat": None}


def told(session: Session, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Everything that is kept about a person's walks, check-lists and photos, as JSON values, the oldest first."""
    walks = session.scalars(select(Walk).where(Walk.person_id == person.id).order_by(Walk.started_at, Walk.id))
    answers = session.scalars(
        select(CheckListAnswer)
        .options(joinedload(CheckListAnswer.check_list))
        .where(CheckListAnswer.person_id == person.id)
        .order_by(CheckListAnswer.at, CheckListAnswer.id)
    )
    photos = session.scalars(
        select(Photo).options(joinedload(Photo.incident)).where(_theirs(person)).order_by(Photo.at, Photo.id)
    )
    return {
        "walks": [
            {
                "started_at": one.started_at.isoformat(),
                "ended_at": one.ended_at.isoformat() if one.ended_at else None,
                "ended_by": one.ended_by.value if one.ended_by else None,
            }
            for one in walks
        ],
        "check_lists": [
            {
                "at": one.at.isoformat(),
                "list": one.check_list.zh,
                "version": one.check_list.version,
                "grid": one.grid_code,
                "lon": one.lon,
                "lat": one.lat,
                "note": one.note,
            }
            for one in answers
        ],
        "photos": [
            {"at": one.at.isoformat(), "role": one.role.value, "incident": one.incident and one.incident.number}
            for one in photos
        ],
    }


def forget_person(session: Session, person: Person, *, at: datetime) -> int:
    """Take a person's walks, check-lists and photos from their name; return how many that were.

    When somebody pressed start and stop goes. What was found on check-lists stays, and so do photos of incidents, which
    are the office's; photos that no incident names are deleted.
    """
    session.flush()
    done = _count(session.execute(delete(WALK).where(WALK.c.person_id == person.id)))
    nobody = {**NOWHERE, "person_id": None, "walk": ""}
    done += _count(session.execute(update(ANSWER).where(ANSWER.c.person_id == person.id).values(**nobody)))
    theirs = select(Photo.id).where(_theirs(person))
    alone = PHOTO.c.id.in_(theirs) & PHOTO.c.incident_id.is_(None) & PHOTO.c.deleted_at.is_(None)
    session.execute(update(PHOTO).where(alone).values(file=None, deleted_at=at))
    ids = list(session.scalars(theirs))
    done += _count(session.execute(update(PHOTO).where(PHOTO.c.id.in_(ids)).values(by_user_id=None, device_id=None)))
    session.expire_all()
    return done


def forget_places(session: Session, community: Community, *, until: datetime) -> int:
    """Forget where phones were when check-lists were ticked before a moment; the grid of then stays."""
    due = (ANSWER.c.community_id == community.id) & (ANSWER.c.at < until) & ANSWER.c.lon.is_not(None)
    return _count(session.execute(update(ANSWER).where(due).values(**NOWHERE)))


def _theirs(person: Person) -> Any:
    phones = select(Device.id).where(Device.person_id == person.id)
    users = select(User.id).where(User.person_id == person.id)
    return Photo.device_id.in_(phones) | Photo.by_user_id.in_(users)


def _count(done: Any) -> int:
    return int(done.rowcount)
