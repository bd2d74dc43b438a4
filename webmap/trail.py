"""What this request leaves in the audit: who, from where, did or was refused what."""

from flask import request
from flask_login import current_user

from data import audit
from webmap import storage


def record(action: str, *, object_kind: str = "", object_key: str = "", **facts: object) -> None:
    """Add a row about what this request does. The view commits it together with what it did."""
    audit.write(
        storage.session(),
        action,
        at=storage.now(),
        user_id=asker(),
        object_kind=object_kind,
        object_key=object_key,
        address=request.remote_addr or "",
        facts=facts,
    )


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
