"""What a phone is told.

Anything but 2xx makes it keep its fixes and send them again, so 2xx is said only of what is stored.
A revoked phone therefore gets 403: were it answered 200, it would delete fixes that nobody has.
"""

import json
from typing import NamedTuple

from data.fix_store import Taken
from webmap.phones.messages import Dialect, Message


class Reply(NamedTuple):
    """An answer: status, type and body, and after how many seconds to try again."""

    status: int
    kind: str = "text/plain; charset=utf-8"
    body: bytes = b""
    retry_s: int = 0


JSON = "application/json"
STORED: dict[Dialect, Reply] = {
    Dialect.OWNTRACKS: Reply(200, JSON, b"[]"),
    Dialect.OVERLAND: Reply(200, JSON, b'{"result":"ok"}'),
}
"""What an app expects to hear; the others look at the status only."""

NO_IDENTITY = Reply(400, body=b"Who are you? Send an id, or use the address with your token.\n")
TOO_LARGE = Reply(413, body=b"Too much at once. Send fewer fixes in one message.\n")
BUSY = Reply(503, body=b"Not stored: the database is busy. Send it again.\n", retry_s=30)
BROKEN = Reply(500, body=b"Not stored: something went wrong on our side. Send it again.\n", retry_s=60)
REFUSED: dict[Taken, Reply] = {
    Taken.UNKNOWN: Reply(404, body=b"Nobody has this token. Ask the office for the phone's address.\n"),
    Taken.REVOKED: Reply(403, body=b"This phone was revoked. Ask the office; keep your fixes until then.\n"),
    Taken.FULL: Reply(429, body=b"Nobody has accepted this phone yet. Ask the office.\n", retry_s=3600),
}


def stored(message: Message) -> Reply:
    """The answer to a message that is on the disk, in its own dialect."""
    if message.dialect is Dialect.FILE:
        told = {"result": "ok", "fixes": len(message.fixes), "left_out": message.unusable}
        return Reply(200, JSON, json.dumps(told).encode())
    return STORED.get(message.dialect, Reply(200))


def not_understood(status: int, why: str) -> Reply:
    """The answer to something that cannot be read."""
    return Reply(status, body=f"{why}\n".encode())
