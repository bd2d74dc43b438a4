"""How far long work has come: told by the request that does it, asked for by the page that waits for it.

A page names its work by a word of its own making, sends that with the request, and asks for it under the same word
while it waits. What is told lives in this process only: where several serve the pages, a page may hear nothing, and
says no more than that it is waiting.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from flask import request

from patrols.telling import Tell, silent
from webmap import trail

FIELD, HEADER = "progress", "X-Progress"
"""Where a form and a script name their work."""

MOST = 200
"""Works that are remembered; the one that was told of longest ago goes."""

WORD = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True)
class Told:
    """What is being done now (an English template), and how much of the whole is done, 0 to 1."""

    doing: str
    share: float


_told: OrderedDict[tuple[int | None, str], Told] = OrderedDict()
_lock = Lock()


def teller() -> Tell:
    """What this request tells its progress to; nobody, where the page has not named its work."""
    word = request.headers.get(HEADER) or request.form.get(FIELD) or ""
    if not WORD.fullmatch(word):
        return silent
    key = (trail.asker(), word)

    def tell(doing: str, share: float) -> None:
        with _lock:
            _told[key] = Told(doing, share)
            _told.move_to_end(key)
            while len(_told) > MOST:
                _told.popitem(last=False)

    return tell


def heard(word: str) -> Told | None:
    """What the work of this name told last, to the person who asked for it."""
    with _lock:
        return _told.get((trail.asker(), word))
