"""What this request leaves in the audit: who, from where, did or was refused what."""

from dataclasses import dataclass
from datetime import datetime

from flask import request
from flask_login import current_user
from sqlalchemy.orm import Session

from data import audit
from data.models import User
from webmap import storage


@dataclass(frozen=True)
class Origin:
    """Who asked for something, by the id of the user, from where and when: for work that goes on beside the request."""

    user_id: int | None
    address: str
    at: datetime


def origin() -> Origin:
    """Where this request comes from."""
    return Origin(asker(), request.remote_addr or "", storage.now())


def person(session: Session, origin: Origin) -> User | None:
    """The row of who asked, as a session of the work's own has it."""
    return None if origin.user_id is None else session.get(User, origin.user_id)


def record_from(
    session: Session, origin: Origin, action: str, *, object_kind: str = "", object_key: str = "", **facts: object
) -> None:
    """Add a row about what was done for an earlier request. Who calls commits it together with that."""
    audit.write(
        session,
        action,
        at=origin.at,
        user_id=origin.user_id,
        object_kind=object_kind,
        object_key=object_key,
        address=origin.address,
        facts=facts,
    )


def record(action: str, *, object_kind: str = "", object_key: str = "", **facts: object) -> None:
    """Add a row about what this request does. The view commits it together with what it did."""
    record_from(storage.session(), origin(), action, object_kind=object_kind, object_key=object_key, **facts)


def record_look(action: str, *, object_kind: str, object_key: str, **facts: object) -> None:
    """Add and keep a row about a look, whose request writes nothing else."""
    record_refusal(action, object_kind=object_kind, object_key=object_key, user_id=asker(), **facts)


def record_refusal(action: str, *, object_kind: str, object_key: str, user_id: int | None, **facts: object) -> None:
    """Add and keep a row about what this request was refused; what the request had begun to change is given up."""
    with storage.apart() as opened:
        audit.write(
            opened,
            action,
            at=storage.now(),
            user_id=user_id,
            object_kind=object_kind,
            object_key=object_key,
            address=request.remote_addr or "",
            facts=facts,
        )


def asker() -> int | None:
    """The id of the signed-in user, or None."""
    return current_user.number if current_user.is_authenticated else None
