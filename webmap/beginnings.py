"""The first request of an hour lets editions begin whose day has come: what is open is handed over then."""

import logging

from flask import Flask, current_app, request
from sqlalchemy.exc import OperationalError

from data import audit
from data.database import open_session
from data.errors import DatabaseUnavailable
from data.models import Community
from patrols import adoption
from webmap import storage

log = logging.getLogger(__name__)

_ASKED = "gridpatrol.beginnings"


def init_beginnings(app: Flask) -> None:
    """Look once an hour, before whatever request comes first; `gridpatrol grids begin` does the same on its own."""
    app.extensions[_ASKED] = None
    app.before_request(_begin)


def _begin() -> None:
    """Hand over what is due. A database that does not answer now is asked again with the next request."""
    hour = storage.now().strftime("%Y-%m-%dT%H")
    if current_app.extensions[_ASKED] == hour or request.endpoint in {"static", "operations.alive"}:
        return
    try:
        with open_session(storage.engine()) as reading:
            is_due = bool(adoption.due(reading, storage.now()))
        if is_due:
            _begin_now()
    except (OperationalError, DatabaseUnavailable):
        log.warning("editions that are due could not begin", exc_info=True)
        return
    current_app.extensions[_ASKED] = hour


def _begin_now() -> None:
    with storage.apart() as opened:
        # Asked again inside: of two processes that found the same edition due, the second finds nothing to do.
        for edition in adoption.begin(opened, storage.now()):
            community = opened.get_one(Community, edition.community_id)
            facts = {"edition": edition.number}
            audit.write(
                opened, "grids.begun", at=storage.now(), object_kind="community", object_key=community.code, facts=facts
            )
