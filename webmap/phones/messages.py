"""What every dialect's message comes to."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from data.fix_store import FixRow
from geo.errors import N_
from webmap.errors import WebError


class Dialect(StrEnum):
    """How an app speaks; the word is stored with each fix, because its unit of speed depends on it."""

    OSMAND = "osmand"
    GPSLOGGER = "gpslogger"
    TRACCAR = "traccar"
    OWNTRACKS = "owntracks"
    OVERLAND = "overland"
    FILE = "file"


class NotUnderstood(WebError):
    """A message that is in none of the dialects."""


def no_dialect() -> NotUnderstood:
    """What is answered to something that no app sends."""
    return NotUnderstood(N_("This is no message of an app for tracks, nor a file with a track."))


@dataclass
class Message:
    """One request of a phone, read.

    Parameters
    ----------
    dialect : Dialect
    identity : str or None
        What the app calls the phone.
    fixes : list of FixRow
    unusable : int
        Positions that are none.
    """

    dialect: Dialect
    identity: str | None = None
    fixes: list[FixRow] = field(default_factory=list)
    unusable: int = 0

    def add(self, fix: FixRow | None) -> None:
        """Add a fix, or count one that is none."""
        if fix is None:
            self.unusable += 1
        else:
            self.fixes.append(fix)


@dataclass(frozen=True)
class Asked:
    """The parts of a request that dialects look at.

    Parameters
    ----------
    query : dict
        Of the address; a repeated key has a list.
    user, device : str or None
        From Basic authentication and the headers of OwnTracks.
    """

    query: dict[str, Any]
    user: str | None
    device: str | None
    received_ms: int
