"""The last states of the drafts that this process dealt with, by their stamps.

A stamp belongs to one state for good (see `data.models.DraftChange`), and states are never changed: what is found here
is right, and what is not found is read from the database.
"""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from patrols.draft_ground import Ground
from patrols.draft_state import DraftState

DRAFTS = 6
"""Drafts that are kept; a large town's takes a hundred megabytes, of which drafts of one town share the most."""

STATES = 2
"""States that are kept of each: the present one, and the one before it for whoever is reading just now."""

_drafts: OrderedDict[int, OrderedDict[str, DraftState]] = OrderedDict()
_lock = threading.Lock()
_reading: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)


def recall(edition_id: int, stamp: str) -> DraftState | None:
    """The state of a draft with this stamp, if it is still kept."""
    with _lock:
        states = _drafts.get(edition_id)
        return None if states is None else states.get(stamp)


def remember(edition_id: int, stamp: str, state: DraftState) -> None:
    """Keep a state; the oldest one of the draft goes, and the draft that nobody dealt with for longest."""
    with _lock:
        states = _drafts.setdefault(edition_id, OrderedDict())
        _drafts.move_to_end(edition_id)
        states[stamp] = state
        states.move_to_end(stamp)
        while len(states) > STATES:
            states.popitem(last=False)
        while len(_drafts) > DRAFTS:
            _drafts.popitem(last=False)


def ground(stamp: str) -> Ground | None:
    """The ground with this stamp, if a draft that is kept stands on it; drafts of one town need it only once."""
    if not stamp:
        return None
    with _lock:
        every = (state.ground for states in _drafts.values() for state in states.values())
        return next((one for one in every if one.stamp == stamp), None)


@contextmanager
def one_reader(edition_id: int) -> Iterator[None]:
    """Of several requests that need a draft nobody has read yet, one reads it and the others wait for that."""
    with _lock:
        turn = _reading[edition_id]
    with turn:
        yield
