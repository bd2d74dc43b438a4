"""One thread that reminds people and sends what they are told, while the server runs."""

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data.database import open_session
from geo.errors import Fault
from patrols import notice_sendings, outbox, reminders
from patrols.exchange import telling
from patrols.outbox import Box, Letter
from webmap.notices.platforms import tell_platform
from webmap.notices.post import Post
from webmap.notices.ways import NotSent, send
from webmap.notices.words import say

L = TypeVar("L", bound=Letter)

log = logging.getLogger(__name__)

EVERY_S = 20.0
REMIND_EVERY = 3
"""How often it looks for something to send; every third time it looks for somebody to remind."""


class Sender:
    """Sends notices in the background. Several processes may each have one: a sending is leased to one at a time.

    Parameters
    ----------
    engine : Engine
    clock : callable
        Tells the aware present.
    post : Post
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime], post: Post) -> None:
        self._engine, self._clock, self._post = engine, clock, post
        self._ends = Event()

    def start(self) -> None:
        """Begin; the thread ends with the process."""
        Thread(target=self._work, name="notices", daemon=True).start()

    def stop(self) -> None:
        """End after what is being sent."""
        self._ends.set()

    def _work(self) -> None:
        turn = 0
        while not self._ends.wait(EVERY_S):
            try:
                if turn % REMIND_EVERY == 0:
                    self.remind()
                self.send_all()
            except (Fault, SQLAlchemyError):
                log.exception("notices could not be sent")
            turn += 1

    def remind(self) -> int:
        """Warn, tell further up and give out the morning's lists; how many were told."""
        with open_session(self._engine, writing=True) as session:
            told = reminders.tick(session, at=self._clock(), each=session.commit)
            session.commit()
        return told

    def send_all(self) -> tuple[int, int]:
        """Send whatever has its turn, to people and to platforms; how many arrived and how many did not."""
        people, platforms = self._empty(notice_sendings.BOX, self._notify), self._empty(telling.BOX, self._tell)
        return people[0] + platforms[0], people[1] + platforms[1]

    def _notify(self, parcel: notice_sendings.Parcel) -> None:
        send(parcel, say(parcel, self._post.site), self._post)

    def _tell(self, message: telling.Message) -> None:
        tell_platform(message, at=self._clock())

    def _empty(self, box: Box[L], deliver: Callable[[L], None]) -> tuple[int, int]:
        """Send whatever has its turn in one box; how many arrived and how many did not."""
        sent = failed = 0
        while not self._ends.is_set():
            arrived = self._send_one(box, deliver)
            if arrived is None:
                break
            sent, failed = sent + arrived, failed + (not arrived)
        return sent, failed

    def _send_one(self, box: Box[L], deliver: Callable[[L], None]) -> bool | None:
        with open_session(self._engine, writing=True) as session:
            letters = outbox.lease(session, box, at=self._clock(), most=1)
            session.commit()
        if not letters:
            return None
        letter = letters[0]
        why: NotSent | None = None
        try:
            deliver(letter)
        except NotSent as error:
            log.warning("%s %s did not arrive: %s", box.rows.__name__, letter.key, error)
            why = error
        with open_session(self._engine, writing=True) as session:
            if why is None:
                outbox.arrived(session, box, letter.row_id, at=self._clock())
            else:
                outbox.failed(session, box, letter, str(why), at=self._clock(), for_good=why.for_good)
            session.commit()
        return why is None
