"""Which day it is in a community: days are local, never UTC's."""

from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from data.models import Community

DEFAULT_TIMEZONE = "Asia/Shanghai"


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone of that name; the empty name is Asia/Shanghai."""
    return ZoneInfo(name or DEFAULT_TIMEZONE)


def local_day(community: "Community", at: datetime | date) -> date:
    """The calendar day of a moment in a community's own time zone; a date stays itself.

    Raises
    ------
    ValueError
        If the moment has no time zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> from data.models import Community
    >>> local_day(Community(timezone="Asia/Shanghai"), datetime(2026, 11, 21, 17, tzinfo=UTC))
    datetime.date(2026, 11, 22)
    """
    if not isinstance(at, datetime):
        return at
    if at.tzinfo is None:
        raise ValueError(f"a moment needs a time zone: {at!r}")
    return at.astimezone(zone(community.timezone)).date()


def start_of_day(community: "Community", day: date) -> datetime:
    """The moment a day begins in a community's own time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=zone(community.timezone))
