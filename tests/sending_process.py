"""A process that sends notices, for tests that kill it: ``python sending_process.py URL SMTP_PORT STARTED``.

Its clock runs a thousand times as fast, so that pauses between tries do not keep a test waiting.
"""

import sys
import time
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


def clock(started: float) -> datetime:
    """A moment that only grows, in this process and the next; `started` is when the test began, by `time.time`."""
    return BEGAN + timedelta(seconds=(time.time() - started) * FASTER)


def main(url: str, port: str, started: str) -> None:
    """Send whatever is there, until killed."""
    ways.TIMEOUT_S = ANSWER_S
    post = Post("smtp", "127.0.0.1", int(port), sender="office@example.org")
    sender = Sender(open_engine(url), lambda: clock(float(started)), post)
    while True:
        with suppress(DatabaseUnavailable):
            sender.send_all()
        time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
