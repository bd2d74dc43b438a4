"""From which day until which something holds: the last day is never counted, so that what follows begins on it."""

from datetime import date
from typing import Protocol

from geo.errors import N_
from patrols.errors import PatrolError


class Dated(Protocol):
    """A row that holds from its first day on, until a day on which it no longer does (None: until somebody ends it)."""

    valid_from: date
    valid_until: date | None


def check_days(valid_from: date, valid_until: date | None, refused: type[PatrolError]) -> None:
    """Refuse what would end before or on the day it begins.

    Raises
    ------
    PatrolError
        Of the kind `refused`, if it would.
    """
    if valid_until is not None and valid_until <= valid_from:
        raise refused(N_("It ends on %(until)s, before it begins."), until=valid_until.isoformat())


def end(row: Dated, until: date, refused: type[PatrolError]) -> None:
    """End a row: `until` is the first day on which it no longer holds; on its first day it ends without having held.

    Raises
    ------
    PatrolError
        Of the kind `refused`, if it ended before that already, or would end before it began.
    """
    if row.valid_until is not None and row.valid_until <= until:
        raise refused(N_("It has already ended on %(until)s."), until=row.valid_until.isoformat())
    if until < row.valid_from:
        raise refused(N_("It ends on %(until)s, before it begins."), until=until.isoformat())
    row.valid_until = until
