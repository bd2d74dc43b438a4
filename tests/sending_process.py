"""What a process that sends notices does, for tests that kill it (`forked.start`).

Its clock runs a thousand times as fast, so that pauses between tries do not keep a test waiting.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from data.database import open_engine
from data.errors import DatabaseUnavailable
from webmap.notices import ways
from webmap.notices.post import Post
from webmap.notices.sender import Sender

FASTER = 1000
BEGAN = datetime(2026, 9, 14, tzinfo=UTC)
ANSWER_S = 0.5
PATIENCE_S = 120


def clock(started: float) -> datetime:
    """A moment that only grows, in this process and the next; `started` is when the test began, by `time.time`."""
    return BEGAN + timedelta(seconds=(time.time() - started) * FASTER)


def send_on(url: str, port: int, started: float) -> None:
    """Send whatever is there, until killed; `port` is the mail server's."""
    ways.TIMEOUT_S = ANSWER_S
    post = Post("smtp", "127.0.0.1", port, sender="office@example.org")
    sender = Sender(open_engine(url), lambda: clock(started), post)
    while True:
        with suppress(DatabaseUnavailable):
            sender.send_all()
        time.sleep(0.02)


def wait_for_more(count: Callable[[], int], more: int) -> None:
    """Wait until something has happened so many times more: a sender is then in the middle of its work."""
    until, goal = time.monotonic() + PATIENCE_S, count() + more
    while count() < goal:
        assert time.monotonic() < until, f"{count()} of {goal} came"
        time.sleep(0.002)
