"""The end of a shared view's address: its key and its last moment, signed, so that we know it gave it out ourselves.

What the database and its backups hold opens nothing: who reads them cannot sign. And a link that is forged or over is
refused without asking the database.
"""

from datetime import datetime

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from data.errors import NotFound
from data.models import SharedView
from geo.errors import N_

SALT = "gridpatrol.shared-view"
LONGEST = 300


def end_of(share: SharedView) -> str:
    """What the address of a view ends in; always the same for the same view."""
    return str(_signer().dumps([share.key, int(share.ends_at.timestamp())]))


def key_of(said: str, *, at: datetime) -> str:
    """The key in the end of an address.

    Raises
    ------
    data.errors.NotFound
        It is not ours, or its time is over; both sound the same.
    """
    try:
        key, ends = _signer().loads(said) if len(said) <= LONGEST else ("", 0)
    except (BadSignature, ValueError, TypeError):
        key, ends = "", 0
    if not key or at.timestamp() >= ends:
        raise NotFound(N_("This link no longer opens anything. Ask whoever gave it to you for a new one."))
    return str(key)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=SALT)
