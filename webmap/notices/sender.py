"""One thread that reminds people and sends what they are told, while the server runs."""

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data.database import open_session
from geo.errors import Fault
from patrols import outbox, reminders
from patrols.exchange import telling
from webmap.notices.platforms import tell_platform
from webmap.notices.post import Post
from webmap.notices.ways import NotSent, send
from webmap.notices.words import say

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
        sent = failed = 0
        for send_one in (self._send_one, self._tell_one):
            while not self._ends.is_set():
                arrived = send_one()
                if arrived is None:
                    break
                sent, failed = sent + arrived, failed + (not arrived)
        return sent, failed

    def _send_one(self) -> bool | None:
        with open_session(self._engine, writing=True) as session:
            parcels = outbox.lease(session, at=self._clock(), most=1)
            session.commit()
        if not parcels:
            return None
        parcel = parcels[0]
        why: NotSent | None = None
        try:
            send(parcel, say(parcel, self._post.site), self._post)
        except NotSent as error:
            log.warning("notice %s did not arrive: %s", parcel.key, error)
            why = error
        with open_session(self._engine, writing=True) as session:
            if why is None:
                outbox.arrived(session, parcel.sending_id, at=self._clock())
            else:
                outbox.failed(session, parcel.sending_id, str(why), at=self._clock(), for_good=why.for_good)
            session.commit()
        return why is None

    def _tell_one(self) -> bool | None:
        with open_session(self._engine, writing=True) as session:
            messages = telling.lease(session, at=self._clock(), most=1)
            session.commit()
        if not messages:
            return None
        message = messages[0]
        why: NotSent | None = None
        try:
            tell_platform(message, at=self._clock())
        except NotSent as error:
            log.warning("message %s did not arrive: %s", message.key, error)
            why = error
        with open_session(self._engine, writing=True) as session:
            if why is None:
                telling.arrived(session, message.telling_id, at=self._clock())
            else:
                telling.failed(session, message.telling_id, str(why), at=self._clock(), for_good=why.for_good)
            session.commit()
        return why is None
