"""What a form carries to show that we gave it out: its key, for which board, and when. Signed, stored nowhere."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from geo.errors import N_
from webmap.errors import BadInput

SALT = "gridpatrol.door"
KEPT = timedelta(hours=24)
SOONEST = timedelta(seconds=1.5)
"""Nobody has read, chosen and sent sooner; a program has."""


class Ticket(NamedTuple):
    """The key of one form: sent twice, it is one report."""

    key: str
    age: timedelta


def issue(board_id: int, *, at: datetime) -> str:
    """A new ticket."""
    return str(_signer().dumps([secrets.token_urlsafe(16), board_id, int(at.timestamp() * 1000)]))


def read(said: str, board_id: int, *, at: datetime) -> Ticket:
    """The ticket of a form that came back.

    Raises
    ------
    BadInput
        We did not give it out, not for this board, or longer than a day ago.
    """
    try:
        key, board, given_ms = _signer().loads(said)
    except (BadSignature, ValueError, TypeError):
        key, board, given_ms = "", None, 0
    age = at - datetime.fromtimestamp(given_ms / 1000, at.tzinfo)
    if board != board_id or age > KEPT:
        raise BadInput(N_("This page was open for too long. Please press the button once more."))
    return Ticket(key, age)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=SALT)
