"""Hearing platforms: a signed message is taken once, by the rules of every exchange, and answered the same again."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.errors import Conflict, UnreadableFile
from data.models import Community, HeardMessage, Platform
from geo.errors import N_
from patrols.errors import NotSigned
from patrols.exchange.sent import sent_of
from patrols.exchange.signing import is_signed
from patrols.exchange.taking import take

KEPT = timedelta(days=30)
"""So long a message is known again. Whoever sends gives up long before, and its steps are known for ever."""

LONGEST_KEY = 128


class Heard(NamedTuple):
    """What became of a message: how many incidents were new, moved on, stayed; and whether it had come before."""

    answer: dict[str, Any]
    before: bool


def hear(session: Session, number: int, body: bytes, *, key: str, moment: str, signature: str, at: datetime) -> Heard:
    """Take a message of a platform: incidents and steps, all or nothing.

    Parameters
    ----------
    number : int
        Of the platform.
    key, moment, signature : str
        As the message's headers say them; see `patrols.exchange.signing`.

    Returns
    -------
    Heard
        `answer` holds `stored`, `updated`, `unchanged`; of a message that came before, what was answered then.

    Raises
    ------
    NotSigned
        If the platform is not known, or did not sign these words, now.
    Conflict
        If the key was that of other words.
    UnreadableFile, RowsRefused, BadExchange
        As `taking.take`; nothing is stored then, and the same message may come again.
    """
    platform = session.get(Platform, number)
    secret = "" if platform is None or platform.ended_at is not None else platform.secret_in
    if platform is None or len(key) > LONGEST_KEY or not is_signed(secret, signature, moment, key, body, at=at):
        raise NotSigned(N_("The message is not signed by a platform that is known here, or its clock is wrong."))
    digest = hashlib.sha256(body).hexdigest()
    row = HeardMessage(platform_id=platform.id, key=key, digest=digest, at=at)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return _heard(session, platform, key, digest)
    community = session.get_one(Community, platform.community_id)
    done = take(session, sent_of(_read(body), file="body.json"), community, platform.name, at=at)
    row.answer = {"stored": done.stored, "updated": done.updated, "unchanged": done.unchanged}
    session.execute(delete(HeardMessage).where(HeardMessage.at < at - KEPT))
    session.flush()
    return Heard(row.answer, False)


def _heard(session: Session, platform: Platform, key: str, digest: str) -> Heard:
    """What was answered the first time."""
    wanted = select(HeardMessage).where(HeardMessage.platform_id == platform.id, HeardMessage.key == key)
    before = session.scalars(wanted).one()
    if before.digest != digest:
        raise Conflict(N_("The key %(key)s was that of another message."), key=key)
    return Heard(before.answer, True)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as wrong:
        raise UnreadableFile(
            N_("%(file)s cannot be read as JSON: %(why)s"), file="body.json", why=str(wrong)[:120]
        ) from wrong
