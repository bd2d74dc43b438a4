"""Reads the incidents that maps of density count before anybody asks, so that the first map is as quick as any."""

import gc
import logging
from collections.abc import Callable
from datetime import datetime
from threading import Thread

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from data.database import open_session
from data.errors import DatabaseUnavailable
from patrols.communities import communities_in_force
from patrols.incident_density import Window, heat
from patrols.incident_memory import MOST_ROWS, columns_of, groups_of
from patrols.incident_view import IncidentView
from patrols.scope import EVERYTHING
from webmap.storage import LOCAL

log = logging.getLogger(__name__)

SOMEWHERE = Window(116.30, 39.99, 116.32, 40.01)
"""Any window: the loops that draw one are compiled, or found compiled, by drawing it."""


def read_incidents(app: Flask) -> None:
    """Begin to read, on a thread that ends with the process."""
    engine, clock = app.extensions["gridpatrol.engine"], app.extensions["gridpatrol.clock"]

    def begin() -> None:
        warm(engine, clock)
        settle()

    Thread(target=begin, name="incidents of maps", daemon=True).start()


def settle() -> None:
    """Say that what the start has made stays.

    To look through all of it for what is not used any more takes Python a quarter of a second, and every few hundred
    questions some answer would have to wait for that.
    """
    gc.collect()
    gc.freeze()


def warm(engine: Engine, clock: Callable[[], datetime]) -> int:
    """Read the incidents of all communities, as many as are kept in memory; how many there are.

    What the database does not answer now is read when somebody asks.
    """
    today, count = clock().astimezone(LOCAL).date(), 0
    view = IncidentView.of_query({}, today=today)
    try:
        with open_session(engine) as session:
            communities = communities_in_force(session, on=today)
        for community in communities:
            with open_session(engine) as session:
                columns = columns_of(session, community)
                groups_of(session, community, columns, at=clock())
            heat([columns], EVERYTHING, view, SOMEWHERE)
            count += len(columns)
            if count >= MOST_ROWS:
                break
    except (OperationalError, DatabaseUnavailable):
        log.warning("incidents could not be read ahead", exc_info=True)
    return count
