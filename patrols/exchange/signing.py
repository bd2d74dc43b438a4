"""How programs that exchange incidents know each other: a signature over the moment, the key and the body."""

import hashlib
import hmac
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=5)
"""How far the clocks of both sides may differ; what was signed longer ago is an echo."""


def sign(secret: str, moment: int, key: str, body: bytes) -> str:
    """The signature of a message, as its header says it.

    Parameters
    ----------
    moment : int
        When it is sent, in seconds since 1970 UTC.
    key : str
        The message's own key, the same however often it is sent.

    Examples
    --------
    >>> sign("secret", 1790000000, "k", b"{}")[:23]
    'sha256=ed74264cce162706'
    """
    told = f"{moment}.{key}.".encode() + body
    return "sha256=" + hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()


def is_signed(secret: str, signature: str, moment: str, key: str, body: bytes, *, at: datetime) -> bool:
    """Whether a message was signed with the secret, and not longer ago (or ahead) than `WINDOW`.

    Takes as long for a wrong signature as for a right one. Without a secret nothing is signed.
    """
    if not secret or not key or not (moment.isascii() and moment.isdigit() and len(moment) < 12):
        return False
    right = hmac.compare_digest(sign(secret, int(moment), key, body).encode(), signature.encode("utf-8", "replace"))
    return right and abs(at.timestamp() - int(moment)) <= WINDOW.total_seconds()
