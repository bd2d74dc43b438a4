"""One thread that makes patrols of what phones sent, while the server runs."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Thread

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from data.database import open_session
from geo.errors import Fault
from patrols import phones

log = logging.getLogger(__name__)

EVERY_S = 20.0
"""How often it looks whether a phone has new fixes; `patrols.phones` says how long those may wait."""


class Deriver:
    """Derives patrols of phones in the background. Several processes may each have one: the database takes turns.

    Parameters
    ----------
    engine : Engine
    clock : callable
        Tells the aware present.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock
        self._ends = Event()

    def start(self) -> None:
        """Begin; the thread ends with the process."""
        Thread(target=self._work, name="patrols of phones", daemon=True).start()

    def stop(self) -> None:
        """End after what is being derived."""
        self._ends.set()

    def _work(self) -> None:
        while not self._ends.wait(EVERY_S):
            self.derive()

    def derive(self, *, now: bool = False) -> phones.Derived:
        """Derive once what is due; a failure is written to the log and tried again later."""
        try:
            return phones.derive_stale(self._session, at=self._clock(), now=now)
        except (Fault, SQLAlchemyError):
            log.exception("patrols of phones could not be derived")
            return phones.Derived()

    @contextmanager
    def _session(self, writing: bool) -> Iterator[Session]:
        with open_session(self._engine, writing=writing) as session:
            yield session
            session.commit()
