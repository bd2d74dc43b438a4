"""The last few states of drafts that this process dealt with, by their stamps.

A stamp belongs to one state for good (see `data.models.DraftChange`), and states are never changed: what is found here
is right, and what is not found is read from the database.
"""

import threading
from collections import OrderedDict

from patrols.draft_state import DraftState

MOST = 4
"""States that are kept; a large town's takes a hundred megabytes."""

_states: OrderedDict[str, DraftState] = OrderedDict()
_lock = threading.Lock()


def recall(stamp: str) -> DraftState | None:
    """The state with this stamp, if it is still kept."""
    with _lock:
        return _states.get(stamp)


def remember(stamp: str, state: DraftState) -> None:
    """Keep a state; the one that was put here longest ago goes."""
    with _lock:
        _states[stamp] = state
        _states.move_to_end(stamp)
        while len(_states) > MOST:
            _states.popitem(last=False)
