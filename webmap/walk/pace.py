"""How often one phone may ask."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

MINUTE = timedelta(minutes=1)
MOST_KNOWN = 10_000
"""Phones that are remembered; of who asked longest ago nothing is known any more, and it may ask again."""


class Pace:
    """Lets each phone ask so many times in any minute on the clock; what it says is lost when the process ends.

    Parameters
    ----------
    most : int

    Examples
    --------
    >>> from datetime import UTC
    >>> pace, at = Pace(2), datetime(2026, 11, 22, 9, 0, 15, tzinfo=UTC)
    >>> [pace.wait_s("a", at), pace.wait_s("a", at), pace.wait_s("a", at), pace.wait_s("b", at)]
    [0, 0, 45, 0]
    >>> pace.wait_s("a", at + MINUTE)
    0
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._asked: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = Lock()

    def wait_s(self, who: str, at: datetime) -> int:
        """After how many seconds to ask again; 0: this once is granted, and counted."""
        minute = at.replace(second=0, microsecond=0)
        with self._lock:
            since, count = self._asked.pop(who, (minute, 0))
            count = count + 1 if since == minute else 1
            self._asked[who] = (minute, count)
            while len(self._asked) > MOST_KNOWN:
                self._asked.popitem(last=False)
        return 0 if count <= self._most else max(1, round((minute + MINUTE - at).total_seconds()))
