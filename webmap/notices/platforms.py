"""Telling a platform one thing: a signed request, and its yes."""

import json
from datetime import datetime
from http.client import HTTPException

from patrols.exchange.signing import sign
from patrols.exchange.telling import Message
from webmap.notices.ways import NotSent, post_json

NEVER = frozenset({400, 404, 410, 413, 415, 422})
"""What a platform answers to a message that it will not take tomorrow either; a conflict may be over by then."""


def tell_platform(message: Message, *, at: datetime) -> None:
    """Send one message, signed with the moment of this try, and wait for the platform's yes.

    Raises
    ------
    NotSent
        For any other end; `for_good` where the platform will never take it.
    """
    body = json.dumps(message.body, ensure_ascii=False).encode()
    moment = int(at.timestamp())
    headers = {
        "Idempotency-Key": message.key,
        "X-Gridpatrol-Timestamp": str(moment),
        "X-Gridpatrol-Signature": sign(message.secret, moment, message.key, body),
    }
    try:
        status, said = post_json(message.address, body, headers)
    except (OSError, HTTPException, ValueError) as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error
    if not 200 <= status < 300:
        raise NotSent(f"HTTP {status} {_why(said)}".strip(), for_good=status in NEVER)


def _why(said: bytes) -> str:
    """What a platform says about its no, where it says it as we do."""
    try:
        told = json.loads(said)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    rows = told.get("refusals")
    if isinstance(rows, list):
        return "; ".join(str(row.get("reason", "")) for row in rows[:3] if isinstance(row, dict))
    return str(told.get("detail") or "")
