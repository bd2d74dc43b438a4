"""One thread that writes what phones send, as many messages in a transaction as wait at that moment.

A phone deletes a fix as soon as it is answered, so nobody is answered before the disk has it. A commit of its own for
each message would make every other wait its turn; together they share one.
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from data.errors import DataError
from data.fix_store import Sending, Taken, store

log = logging.getLogger(__name__)

MOST_MESSAGES = 256
MOST_FIXES = 20_000
"""What is committed at once at most: a fraction of a second's work, so that nobody waits long for the others."""

LINGER_S = 0.002
"""How long the first message of a commit waits for the others: less than the commit takes."""

Letter = tuple[Sending, "Future[Taken]"]


class Writer:
    """Stores messages in the order in which they come.

    Parameters
    ----------
    engine : Engine
        Its thread begins with the first message, after whatever the server forks or loads.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(writing=True)
        self._letters: SimpleQueue[Letter] = SimpleQueue()
        self._together = 1
        self._begin = Lock()
        self._thread: Thread | None = None

    def store(self, sending: Sending) -> Taken:
        """Store one message and come back when it is on the disk, or will not be.

        Raises
        ------
        DataError, SQLAlchemyError
            The database did not take it: nothing of it is stored.
        """
        if self._thread is None:
            self._start()
        answer: Future[Taken] = Future()
        self._letters.put((sending, answer))
        return answer.result()

    def _start(self) -> None:
        with self._begin:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="fixes", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        connection: Connection | None = None
        while True:
            letters = self._next()
            try:
                connection = connection or self._engine.connect()
                _settle(connection, letters)
            except (DataError, SQLAlchemyError) as error:
                # The connection may be what broke: the next messages get a new one.
                _give_up(connection)
                connection = None
                _refuse(letters, error)
            except Exception as error:
                log.exception("messages of phones could not be stored")
                _refuse(letters, error)

    def _next(self) -> list[Letter]:
        """The first message that comes, and those that come with it.

        Whoever was answered last sends again within a moment. Were the first of them written alone, all others would
        wait for its commit and their own; so when several were written together, as many are waited for, but not long.
        """
        letters = [self._letters.get()]
        fixes, until = len(letters[0][0].fixes), time.monotonic() + LINGER_S
        while len(letters) < MOST_MESSAGES and fixes < MOST_FIXES:
            wait = until - time.monotonic() if len(letters) < self._together else 0.0
            try:
                letters.append(self._letters.get(block=wait > 0, timeout=max(wait, 0.0)))
            except Empty:
                break
            fixes += len(letters[-1][0].fixes)
        self._together = len(letters)
        return letters


def _settle(connection: Connection, letters: Sequence[Letter]) -> None:
    """Store all messages together; if that fails, one by one, so that one bad message harms no other."""
    try:
        taken = _commit(connection, letters)
    except (DataError, SQLAlchemyError):
        if len(letters) == 1 or connection.invalidated:
            raise
        for letter in letters:
            _settle_alone(connection, letter)
        return
    for (_, answer), outcome in zip(letters, taken, strict=True):
        answer.set_result(outcome)


def _settle_alone(connection: Connection, letter: Letter) -> None:
    try:
        _settle(connection, [letter])
    except (DataError, SQLAlchemyError) as error:
        if connection.invalidated:
            raise
        letter[1].set_exception(error)


def _commit(connection: Connection, letters: Sequence[Letter]) -> list[Taken]:
    with connection.begin():
        return store(connection, [sending for sending, _ in letters])


def _refuse(letters: Sequence[Letter], error: BaseException) -> None:
    for _, answer in letters:
        if not answer.done():
            answer.set_exception(error)


def _give_up(connection: Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()
