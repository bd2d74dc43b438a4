"""Work that takes long, done beside the requests: begun once, found again by who asked, thrown away after a while.

A request only begins the work and answers at once; the page asks how it stands, and takes what came of it. All of it
lives in this process: a restart forgets it, and whoever asks for it then is told to begin anew.
"""

import logging
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock, Thread
from typing import Any, TypeAlias

from flask import Flask, current_app
from flask_babel import force_locale

from data.errors import NotFound
from geo.errors import N_
from patrols.telling import Tell
from webmap import language, trail
from webmap.errors import TooMuchAtOnce

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Works that run at the same time: more would take turns on the processor, and each would hold its own memory."""

MOST = 60
MOST_OF_ONE = 6
"""Works that wait or run, of all and of one person."""

KEPT_S = 900.0
"""For so long what came of a work is there to be taken, and to be taken again."""

MOST_KEPT = 100

Do = Callable[[Tell], Any]
"""Does the work and returns what comes of it, telling how far it has come. It runs in the application's context, in
the language of who asked, but without their request: it opens sessions of its own, and is given whatever it needs to
know of the person, the address and the moment."""


Who: TypeAlias = tuple[int | None, str, Hashable]
"""The person who asked (the id of the user), their language, and the key of what they asked for."""


class State(StrEnum):
    """How far a work is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


UNDER_WAY = frozenset({State.WAITING, State.RUNNING})


@dataclass(frozen=True)
class Standing:
    """How a work stands: what is being done now (an English template), and how much of the whole is done, 0 to 1."""

    word: str
    state: State
    doing: str
    share: float

    @property
    def under_way(self) -> bool:
        """Whether one has to wait for it."""
        return self.state in UNDER_WAY


@dataclass(eq=False)
class _Work:
    who: Who
    do: Do | None
    app: Flask
    word: str
    state: State = State.WAITING
    doing: str = N_("Waiting for its turn")
    share: float = 0.0
    made: Any = None
    error: Exception | None = None
    ended: float = 0.0
    taken: bool = False

    def tell(self, doing: str, share: float) -> None:
        self.doing, self.share = doing, share

    def run(self) -> None:
        do, self.do = self.do, None
        _, spoken, _ = self.who
        try:
            with self.app.app_context(), force_locale(spoken):
                self.made = do(self.tell) if do else None
        except Exception as error:
            # Whatever it was, who asked is told of it as if their own request had failed (`take`).
            log.warning("a work beside the requests failed", exc_info=True)
            self._end(State.FAILED, error)
        else:
            self._end(State.DONE)

    def _end(self, state: State, error: Exception | None = None) -> None:
        # A traceback would keep alive whatever the work had in hand.
        self.error = error.with_traceback(None) if error else None
        self.ended, self.share = time.monotonic(), 1.0
        self.state = state


class Works:
    """The works of one process, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._works: OrderedDict[str, _Work] = OrderedDict()
        self._waiting: deque[_Work] = deque()
        self._threads = 0

    def begin(self, app: Flask, who: Who, do: Do) -> _Work:
        """Begin a work, or find the one of the same key whose end nobody has seen yet."""
        with self._lock:
            self._forget()
            found = self._found(who)
            if found is not None:
                return found
            self._check_room(who[0])
            work = _Work(who, do, app, secrets.token_hex(16))
            self._works[work.word] = work
            self._waiting.append(work)
            if self._threads < AT_ONCE:
                self._threads += 1
                Thread(target=self._work, name="work beside requests", daemon=True).start()
            return work

    def find(self, who: Who) -> _Work | None:
        with self._lock:
            self._forget()
            return self._found(who)

    def get(self, asker: int | None, word: str) -> _Work | None:
        with self._lock:
            self._forget()
            work = self._works.get(word)
            return work if work is not None and work.who[0] == asker else None

    def _found(self, who: Who) -> _Work | None:
        return next((one for one in self._works.values() if one.who == who and not one.taken), None)

    def _check_room(self, asker: int | None) -> None:
        busy = [one for one in self._works.values() if one.state in UNDER_WAY]
        if len(busy) >= MOST or sum(one.who[0] == asker for one in busy) >= MOST_OF_ONE:
            raise TooMuchAtOnce(N_("Too much is being made at once. Wait until something is ready, then try again."))

    def _forget(self) -> None:
        """Throw away what ended long ago, and the oldest of too many."""
        now = time.monotonic()
        ended = [one for one in self._works.values() if one.state not in UNDER_WAY]
        for at, one in enumerate(ended):
            if now - one.ended > KEPT_S or at < len(ended) - MOST_KEPT:
                del self._works[one.word]

    def _work(self) -> None:
        """Do whatever waits, then end: nothing is left behind by an application that has nothing to do."""
        while (work := self._next()) is not None:
            work.run()

    def _next(self) -> _Work | None:
        with self._lock:
            if not self._waiting:
                self._threads -= 1
                return None
            work = self._waiting.popleft()
            work.state = State.RUNNING
            return work


def begin(key: Hashable, do: Do) -> Standing:
    """Begin a work for the person behind this request, and return at once.

    A second click finds the first one's work: of one person, language and key there is one, until what came of it has
    been taken; what is asked for after that is made anew.

    Parameters
    ----------
    key : hashable
        Everything that decides what will be made, what the person may see included.
    do : callable
        See `Do`. A fault that it raises is raised again by `take`.

    Raises
    ------
    webmap.errors.TooMuchAtOnce
        Too many works wait already.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return _told(_works().begin(app, _who(key), do))


def find(key: Hashable) -> Standing | None:
    """The work of this key that the person behind this request has begun, and has not taken yet."""
    work = _works().find(_who(key))
    return None if work is None else _told(work)


def standing(word: str) -> Standing:
    """How the work of this name stands, for the person who began it.

    Raises
    ------
    data.errors.NotFound
        There is none: it was thrown away, the server was started anew, or somebody else began it.
    """
    return _told(_get(word))


def take(word: str) -> Any:
    """What came of a work that is no longer under way; it may be taken again until it is thrown away.

    Raises
    ------
    data.errors.NotFound
        As `standing` says.
    Exception
        What the work itself raised.
    """
    work = _get(word)
    if work.state in UNDER_WAY:
        raise RuntimeError(f"work {word} was taken while it was {work.state}")
    work.taken = True
    if work.error is not None:
        raise work.error
    return work.made


def forget(word: str) -> None:
    """Let a work that is no longer under way not be found by its key any more, whatever came of it."""
    _get(word).taken = True


def _works() -> Works:
    found: Works = current_app.extensions.setdefault("gridpatrol.works", Works())
    return found


def _who(key: Hashable) -> Who:
    return trail.asker(), language.current(), key


def _get(word: str) -> _Work:
    work = _works().get(trail.asker(), word)
    if work is None:
        raise NotFound(N_("This is no longer kept. Go back and ask for it again."))
    return work


def _told(work: _Work) -> Standing:
    return Standing(work.word, work.state, work.doing, work.share)
