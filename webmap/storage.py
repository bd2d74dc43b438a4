"""One database session a request: opened when first asked for, closed after the answer, committed by the view."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.database import open_session

LOCAL = ZoneInfo("Asia/Shanghai")
"""The time zone of clocks on the wall, where a page is not about one community."""

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods of requests that change something."""


def init_storage(app: Flask, engine: Engine) -> None:
    """Give every request of the application its own session on the engine."""
    app.extensions["gridpatrol.engine"] = engine
    app.teardown_request(_close)


def engine() -> Engine:
    """The application's engine."""
    found: Engine = current_app.extensions["gridpatrol.engine"]
    return found


def session() -> Session:
    """This request's session. Nothing is stored unless a view commits it."""
    if "session" not in g:
        g.session = open_session(engine(), writing=request.method in UNSAFE)
    opened: Session = g.session
    return opened


@contextmanager
def apart() -> Iterator[Session]:
    """A session of its own for what must be kept although the request is refused; committed at the end.

    What the request's own session had begun is given up first: SQLite lets one write at a time, and would wait for
    itself.
    """
    forget_changes()
    with open_session(engine(), writing=True) as opened:
        yield opened
        opened.commit()


@contextmanager
def reading() -> Iterator[Session]:
    """A session of its own for what is only read and takes long: on SQLite nobody else's writing has to wait for it.

    What the request's own session had begun is given up first.
    """
    forget_changes()
    with open_session(engine()) as opened:
        yield opened


def forget_changes() -> None:
    """Take back whatever this request had begun to change."""
    if "session" in g:
        g.session.rollback()


def now() -> datetime:
    """This request's moment, aware: asked once, so that one answer never straddles midnight."""
    if "now" not in g:
        g.now = current_app.extensions["gridpatrol.clock"]()
    moment: datetime = g.now
    return moment


def today() -> date:
    """The day it is on the wall of the office."""
    return now().astimezone(LOCAL).date()


def _close(_error: BaseException | None) -> None:
    opened = g.pop("session", None)
    if opened is not None:
        opened.close()
