"""What can go wrong with rows, files and databases."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from geo.errors import Fault


class DataError(Fault):
    """Something about stored or incoming data."""


class BadSetting(DataError):
    """A ``GRIDPATROL_*`` variable whose value cannot be used."""


class DatabaseUnavailable(DataError):
    """The database cannot be opened, lacks its spatial extension, or is not at this program's migration."""


class NotFound(DataError):
    """Nothing is stored under that key."""


class Conflict(DataError):
    """Somebody else changed it first, or it exists already."""


class DoesNotFit(DataError):
    """A value that its column cannot hold: too long a text, a shape of the wrong kind."""


class UnreadableFile(DataError):
    """A file that cannot be read at all: wrong kind, broken, empty, too large, or hostile."""


class BadPicture(DataError):
    """A picture that is none, is damaged, or is too large to be drawn."""


class CannotWrite(DataError):
    """A file that cannot be written there, or a format that cannot hold what it should."""


@dataclass(frozen=True)
class Refusal:
    """One thing in a file that was not taken, and why.

    Parameters
    ----------
    file : str
        The file's name as the user gave it (for an archive: ``town.zip/streets.shp``).
    row : int or None
        The row as the user counts: the line of a text file or sheet (the header is line 1), the feature's number from 1
        in a map file. None when it concerns the whole file.
    column : str or None
        The column's own heading.
    template, facts
        The sentence, as in `geo.errors.Fault`: what was wrong, what was expected, what to do.
    """

    file: str
    row: int | None
    column: str | None
    template: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.row, self.column) if part is not None)
        return f"{where}: {self.template % self.facts if self.facts else self.template}"


class RowsRefused(DataError):
    """Rows that were not taken. Nothing of the file was stored.

    Parameters
    ----------
    refusals : sequence of Refusal
        Every refused row, in the file's order; of a file of millions the first.
    count : int, optional
        How many rows were refused, where those are not all.
    """

    def __init__(self, refusals: Sequence[Refusal], count: int | None = None) -> None:
        self.refusals = list(refusals)
        self.count = len(self.refusals) if count is None else count
        super().__init__(
            "%(count)s rows were refused; nothing was stored. First: %(first)s",
            count=self.count,
            first=str(self.refusals[0]) if self.refusals else "",
        )
