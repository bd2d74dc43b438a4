"""One board for all who look at who is out: read once a tick, however many look, and only while somebody does.

The server has a fixed number of threads, and a stream of events that stays open keeps one. So only a few streams are
kept, each for less than half a minute; everybody else gets what there is at once and is told to ask again in some
seconds. The browser does both by itself, and shows the same. Pages never wait for streams, and no stream asks the
database for itself.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import blake2b
from threading import BoundedSemaphore, Event, Lock
from typing import Any, NamedTuple

from flask import Flask, current_app
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data.database import open_session
from geo.errors import Fault
from patrols import live
from patrols.live import Memory, Walker

log = logging.getLogger(__name__)

TICK_S = 3.0
"""How old what is shown may be, besides what phones themselves hold back: they send every 5 to 15 s."""

KEPT_S = 24.0
"""How long a stream is kept: a place is free again soon, and rights taken away stop mattering soon."""

SHARE = 4
"""One thread of so many may be kept by a stream."""

AGAIN_MS, AGAIN_LATER_MS = 1000, 6000
"""After how long a browser asks again: when its stream was kept, and when there was no place for it."""


class Sight(NamedTuple):
    """Who was out at a moment."""

    at: datetime
    walkers: list[Walker]


class Board:
    """Who is out now, for all streams of this process.

    Parameters
    ----------
    engine : Engine
    clock : callable
        Tells the aware present.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock
        self._memory, self._reading = Memory(), Lock()
        self._sight: Sight | None = None
        self._read_at = 0.0
        self._places = BoundedSemaphore(1)
        self._ends = Event()
        self.reads = 0
        self.allow(0)

    def allow(self, threads: int) -> None:
        """Say how many threads the server has; without any, no stream is kept."""
        self._most = threads // SHARE
        self._places = BoundedSemaphore(max(self._most, 1))

    def stop(self) -> None:
        """Let all streams end."""
        self._ends.set()

    def sight(self) -> Sight:
        """Who is out, not older than a tick. One caller reads, and the others wait for it."""
        with self._reading:
            if self._sight is None or time.monotonic() - self._read_at >= TICK_S:
                at = self._clock()
                with open_session(self._engine) as session:
                    self._sight = Sight(at, live.out_now(session, at=at, memory=self._memory))
                self._read_at = time.monotonic()
                self.reads += 1
            return self._sight

    def stream(self, told: Callable[[Sight], dict[str, Any]], last: str) -> Iterator[bytes]:
        """The events of one stream, each only when something is new.

        Parameters
        ----------
        told : callable
            What this viewer may see of a sight, as JSON can carry it.
        last : str
            Mark of what the browser has already.
        """
        kept = self._most > 0 and self._places.acquire(blocking=False)
        try:
            yield f"retry: {AGAIN_MS if kept else AGAIN_LATER_MS}\n\n".encode()
            until = time.monotonic() + KEPT_S
            while True:
                try:
                    sight = self.sight()
                except (Fault, SQLAlchemyError):
                    # The browser says that there is no connection, and asks again.
                    log.exception("who is out could not be read")
                    return
                facts = told(sight)
                if (mark := _mark(facts)) != last:
                    yield _event(mark, {"now": int(sight.at.timestamp() * 1000), **facts})
                    last = mark
                else:
                    # Also how a browser that has gone is noticed.
                    yield b": nothing new\n\n"
                if not kept or time.monotonic() + TICK_S > until or self._ends.wait(TICK_S):
                    return
        finally:
            if kept:
                self._places.release()


def _mark(facts: dict[str, Any]) -> str:
    return blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=9).hexdigest()


def _event(mark: str, facts: dict[str, Any]) -> bytes:
    return f"id: {mark}\nevent: walkers\ndata: {json.dumps(facts, ensure_ascii=False)}\n\n".encode()


def board_of(app: Flask) -> Board:
    """The website's board; made when it is first asked for."""
    extensions = app.extensions
    with _making:
        if "gridpatrol.board" not in extensions:
            extensions["gridpatrol.board"] = Board(extensions["gridpatrol.engine"], extensions["gridpatrol.clock"])
        found: Board = extensions["gridpatrol.board"]
    return found


_making = Lock()


def board() -> Board:
    """The board of the website that this request asks."""
    return board_of(current_app)
