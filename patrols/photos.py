"""Photos of incidents: taken in, tied to their incident, shown to who may see them, deleted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from data.database.turns import take_turn
from data.errors import NotFound
from data.models import Community, Device, Incident, Photo, PhotoRole, StepKind, User
from data.photo_store import PhotoStore
from data.pictures import LONGEST_PX, MOST_PIXELS, Picture, redraw
from geo.errors import N_
from patrols.errors import OutOfScope, PatrolError
from patrols.scope import SEES_REPORTERS, Scope

MOST_BYTES = 12 * 1024 * 1024
"""What a photo may weigh on its way here; the page sends a tenth of that."""

MOST_A_REPORT = 6
MOST_A_DAY = 300
"""Photos of one phone in a day: five red caps with a dozen reports each."""

WAIT_DAYS = 30
"""How long a photo waits for its report before it is deleted."""


class PhotoRefused(PatrolError):
    """A photo that is not taken."""


class Named(NamedTuple):
    """A photo as a report names it: the phone's own key, and what it shows."""

    key: str
    role: PhotoRole = PhotoRole.SCENE


def keep(
    session: Session,
    store: PhotoStore,
    content: bytes,
    *,
    at: datetime,
    by: User | None,
    community: Community | None = None,
    incident: Incident | None = None,
    role: PhotoRole = PhotoRole.SCENE,
) -> Photo:
    """Take a photo in: its content decides what it is, and nothing but the picture is kept.

    Parameters
    ----------
    content : bytes
        JPEG, PNG or WebP, as it was sent.
    by : User or None
        Who sent it.
    community : Community, optional
        Whose it is, where there is no incident yet.

    Raises
    ------
    data.errors.BadPicture
        See `data.pictures.redraw`.
    PhotoRefused
        It weighs more than `MOST_BYTES`.
    """
    if incident is None and community is None:
        raise TypeError("a photo is of an incident or of a community")
    picture = drawn(content)
    file = store.put(picture.content, picture.small)
    return keep_drawn(session, picture, file, at=at, by=by, community=community, incident=incident, role=role)


def keep_drawn(
    session: Session,
    picture: Picture,
    file: str,
    *,
    at: datetime,
    by: User | None,
    community: Community | None = None,
    incident: Incident | None = None,
    role: PhotoRole = PhotoRole.SCENE,
) -> Photo:
    """The quick part of `keep`, for a picture that was drawn and put into the store (as `file`) before."""
    owner = incident.community_id if incident is not None else community.id if community is not None else None
    if owner is None:
        raise TypeError("a photo is of an incident or of a community")
    photo = Photo(community_id=owner, at=at, role=role, by_user_id=by.id if by else None)
    if incident is not None:
        photo.incident_id = incident.id
    _fill(photo, picture, file, at)
    session.add(photo)
    session.flush()
    return photo


def drawn(content: bytes) -> Picture:
    """What is kept of what was sent; the long part of `keep`, for which no transaction need be open.

    Raises
    ------
    PhotoRefused, data.errors.BadPicture
        As `keep`.
    """
    if len(content) > MOST_BYTES:
        raise PhotoRefused(N_("A photo may have at most %(most)s MB."), most=MOST_BYTES // 2**20)
    return redraw(content)


def receive(session: Session, device: Device, key: str, picture: Picture, file: str, *, at: datetime, by: User) -> bool:
    """Keep a photo that a phone sends under its own key; the same key again changes nothing.

    Parameters
    ----------
    file : str
        Where the store has put the picture: done before, because nobody else can write meanwhile.

    Returns
    -------
    bool
        Whether it was not there yet.

    Raises
    ------
    PhotoRefused
        The key is another person's, or the phone has sent too many today.
    """
    take_turn(session, Photo)
    photo = known(session, device, key)
    if photo is not None and photo.kept_at is not None:
        return False
    _check_number(session, device, at)
    if photo is None:
        photo = Photo(key=key, community_id=device.community_id, device_id=device.id, at=at, by_user_id=by.id)
        session.add(photo)
    _fill(photo, picture, file, at)
    session.flush()
    return True


def known(session: Session, device: Device, key: str) -> Photo | None:
    """The photo that a phone's person has sent or announced under a key; None: nobody has.

    Raises
    ------
    PhotoRefused
        Somebody else has.
    """
    photo = session.scalar(select(Photo).where(Photo.key == key))
    if photo is not None and photo.device_id != device.id and not _same_person(session, photo, device):
        raise PhotoRefused(N_("This photo was sent by somebody else."))
    return photo


def attach(
    session: Session, incident: Incident, device: Device, named: Sequence[Named], *, at: datetime, by: User
) -> list[Photo]:
    """Tie the photos that a report names to its incident; those still on the phone are awaited.

    Raises
    ------
    PhotoRefused
        There are too many, one is somebody else's, or belongs to another incident already.
    """
    if len(named) > MOST_A_REPORT:
        raise PhotoRefused(N_("At most %(most)s photos go with one report."), most=MOST_A_REPORT)
    take_turn(session, Photo)
    tied = []
    for one in dict(zip([one.key for one in named], named, strict=True)).values():
        photo = known(session, device, one.key)
        if photo is None:
            photo = Photo(key=one.key, community_id=incident.community_id, device_id=device.id, at=at, by_user_id=by.id)
            session.add(photo)
        if photo.incident_id not in (None, incident.id):
            raise PhotoRefused(N_("This photo belongs to another incident."))
        photo.incident_id, photo.role = incident.id, one.role
        tied.append(photo)
    session.flush()
    return tied


def of_incident(session: Session, incident: Incident) -> list[Photo]:
    """The photos of an incident, those still awaited included: before, scene, after, each in the order they came."""
    wanted = select(Photo).where(Photo.incident_id == incident.id, Photo.deleted_at.is_(None)).order_by(Photo.id)
    order = [PhotoRole.BEFORE, PhotoRole.SCENE, PhotoRole.AFTER]
    return sorted(session.scalars(wanted), key=lambda photo: order.index(photo.role))


def get(session: Session, scope: Scope, user: User, number: int) -> Photo:
    """A photo that a person may see.

    Whoever reported the incident or sent the photo sees it; everybody else who may see the incident does, unless its
    category is sensitive: then only those who may know the reporter do, and who handles it.

    Raises
    ------
    NotFound
        There is none, it is still on its phone, or it was deleted.
    OutOfScope
        It may not be seen.
    """
    wanted = select(Photo).where(Photo.id == number)
    photo = session.scalar(wanted.options(joinedload(Photo.incident).joinedload(Incident.category)))
    if photo is None or photo.file is None:
        raise NotFound(N_("There is no photo %(number)s."), number=number)
    if not may_see(photo, scope, user):
        raise OutOfScope(N_("This photo is not open to you."))
    return photo


def is_sensitive(photo: Photo) -> bool:
    """Whether a photo is of an incident of a sensitive category."""
    return bool(photo.incident and photo.incident.category and photo.incident.category.sensitive)


def delete(session: Session, photo: Photo, *, at: datetime) -> str | None:
    """Delete a picture for good; that there was one is kept.

    Returns
    -------
    str or None
        The file to be dropped once this is committed; None where another photo shows the same.
    """
    name, photo.file, photo.deleted_at = photo.file, None, photo.deleted_at or at
    session.flush()
    shared = name is not None and session.scalar(select(func.count()).select_from(Photo).where(Photo.file == name))
    return None if shared else name


def forget(session: Session, community: Community, *, at: datetime) -> list[str]:
    """Delete the photos whose report never came; return the files to be dropped once this is committed."""
    late = at - timedelta(days=WAIT_DAYS)
    wanted = select(Photo).where(
        Photo.community_id == community.id, Photo.incident_id.is_(None), Photo.kept_at < late, Photo.file.is_not(None)
    )
    gone = [delete(session, photo, at=at) for photo in session.scalars(wanted).all()]
    return [name for name in gone if name is not None]


def files(session: Session) -> set[str]:
    """The names of all files that a photo shows."""
    return {name for name in session.scalars(select(Photo.file).where(Photo.file.is_not(None))) if name}


def _fill(photo: Photo, picture: Picture, file: str, at: datetime) -> None:
    photo.file, photo.kept_at, photo.size = file, at, len(picture.content)
    photo.width, photo.height = picture.width, picture.height


def _check_number(session: Session, device: Device, at: datetime) -> None:
    count = select(func.count()).where(Photo.device_id == device.id, Photo.kept_at > at - timedelta(days=1))
    if (session.scalar(count) or 0) >= MOST_A_DAY:
        raise PhotoRefused(N_("This phone has sent %(most)s photos within a day. Try again tomorrow."), most=MOST_A_DAY)


def _same_person(session: Session, photo: Photo, device: Device) -> bool:
    """A person who enrolled once more is another phone, and sends what the former one had not."""
    if photo.device_id is None or device.person_id is None:
        return False
    return session.get_one(Device, photo.device_id).person_id == device.person_id


def may_see(photo: Photo, scope: Scope, user: User) -> bool:
    """Whether a person may see a photo; see `get`."""
    incident = photo.incident
    if photo.by_user_id == user.id or (incident is not None and _reported(incident, user)):
        return True
    if incident is None or not scope.allows_incident(incident):
        return False
    if not is_sensitive(photo) or user.role in SEES_REPORTERS:
        return True
    return incident.handler_id is not None and incident.handler_id == user.person_id


def _reported(incident: Incident, user: User) -> bool:
    return any(step.kind is StepKind.REPORT and step.by_user_id == user.id for step in incident.steps)


__all__ = [
    "LONGEST_PX",
    "MOST_A_DAY",
    "MOST_A_REPORT",
    "MOST_BYTES",
    "MOST_PIXELS",
    "Named",
    "PhotoRefused",
    "attach",
    "delete",
    "drawn",
    "files",
    "forget",
    "get",
    "is_sensitive",
    "keep",
    "keep_drawn",
    "known",
    "may_see",
    "of_incident",
    "receive",
]
