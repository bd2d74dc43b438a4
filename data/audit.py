"""Who did what when, sealed so that a later change shows.

Each row carries the SHA-256 of itself and of the seal before it. Changing, removing or inserting a row breaks every
seal after it; `find_broken_seal` says where. The database refuses updates and deletes as well, so that breaking a seal
takes somebody with the keys to the database, and then still shows. What it cannot show is the loss of the newest rows:
keep the last seal somewhere else (a backup does).
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database.turns import take_turn
from data.models import AuditRow

FIRST_SEAL = "0" * 64
"""What stands for the seal before the first row."""


def write(
    session: Session,
    action: str,
    *,
    at: datetime,
    user_id: int | None = None,
    object_kind: str = "",
    object_key: str = "",
    address: str = "",
    facts: Mapping[str, Any] | None = None,
) -> AuditRow:
    """Add one row to the audit. It is stored when the session's transaction is committed.

    Other writers wait from here to the end of the transaction, so that no two rows follow the same seal.

    Parameters
    ----------
    action : str
        What was done, as ``thing.verb``: ``sign_in.refused``, ``incidents.exported``.
    at : datetime
        When; aware.
    address : str
        The network address it came from.
    facts : mapping, optional
        What else is worth remembering; JSON values only. Never a password, a phone number or a name.
    """
    take_turn(session, AuditRow)
    row = AuditRow(
        at=at,
        user_id=user_id,
        action=action,
        object_kind=object_kind,
        object_key=object_key[:64],
        address=address[:64],
        facts=dict(facts or {}),
    )
    last = session.scalar(select(AuditRow.seal).order_by(AuditRow.id.desc()).limit(1))
    row.seal = seal(row, last or FIRST_SEAL)
    session.add(row)
    session.flush()
    return row


def seal(row: AuditRow, before: str) -> str:
    """SHA-256 over the row and the seal before it, as 64 hexadecimal digits."""
    told = [
        before,
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.user_id,
        row.action,
        row.object_kind,
        row.object_key,
        row.address,
        row.facts,
    ]
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def find_broken_seal(session: Session) -> int | None:
    """The id of the first row that was changed, or whose predecessor is missing; None when the chain holds."""
    before = FIRST_SEAL
    wanted = select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=1000)
    with closing(session.scalars(wanted)) as rows:
        for row in rows:
            if row.seal != seal(row, before):
                return row.id
            before = row.seal
    return None
