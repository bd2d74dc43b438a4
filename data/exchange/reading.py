"""What every reader hands back: the rows it took, and what it refused."""

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from data.errors import Refusal

if TYPE_CHECKING:
    import pandas as pd

Frame = TypeVar("Frame", bound="pd.DataFrame")


class Reading(NamedTuple, Generic[Frame]):
    """The rows of a file that were taken, and the refusals of those that were not.

    ``frame`` carries a column ``source_row`` (as in `data.errors.Refusal`), a plain index from 0, and in its ``attrs``
    the file's name (``file``) and ``notes``: a list of `Refusal` for things worth knowing that cost no row, such as
    fixes without a time.
    """

    frame: Frame
    refusals: list[Refusal]


class Refusals:
    """Collects the refusals of one file, in the order of its rows.

    Parameters
    ----------
    file : str
        The file's name as the user gave it.

    Examples
    --------
    >>> refusals = Refusals("town.csv")
    >>> refusals.add("%(value)s is not a number.", row=3, column="lon", value="abc")
    >>> [str(refusal) for refusal in refusals.sorted()]
    ['town.csv:3:lon: abc is not a number.']
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.notes: list[Refusal] = []
        self._refusals: list[Refusal] = []

    @classmethod
    def of(cls, reading: "Reading[pd.DataFrame]") -> "Refusals":
        """The refusals and notes of a reading, to add to."""
        refusals = cls(str(reading.frame.attrs.get("file", "")))
        refusals.take(reading)
        return refusals

    def take(self, reading: "Reading[pd.DataFrame]") -> None:
        """Add the refusals and notes of a reading."""
        self.notes.extend(reading.frame.attrs.get("notes", []))
        self._refusals.extend(reading.refusals)

    def forget(self, rows: "pd.Series[int]") -> None:
        """Drop what was refused of these rows, because nobody asked for them."""
        unwanted = set(rows.tolist())
        self._refusals = [refusal for refusal in self._refusals if refusal.row not in unwanted]

    def add(self, template: str, *, row: int | None = None, column: str | None = None, **facts: Any) -> None:
        """Refuse one row (or, without ``row``, something about the whole file)."""
        self._refusals.append(Refusal(self.file, row, column, template, facts))

    def note(self, template: str, *, row: int | None = None, column: str | None = None, **facts: Any) -> None:
        """Mention something that cost no row."""
        self.notes.append(Refusal(self.file, row, column, template, facts))

    def add_where(
        self,
        wrong: "pd.Series[bool] | npt.NDArray[np.bool_]",
        rows: "pd.Series[int]",
        template: str,
        *,
        column: str | None = None,
        **facts: Any,
    ) -> None:
        """Refuse every row where ``wrong`` holds; a fact that is callable is asked for its value at that position."""
        for position in np.flatnonzero(np.asarray(wrong)):
            filled = {name: value(int(position)) if callable(value) else value for name, value in facts.items()}
            self.add(template, row=int(rows.iloc[position]), column=column, **filled)

    def __len__(self) -> int:
        return len(self._refusals)

    def sorted(self) -> list[Refusal]:
        """All refusals: those of the whole file first, then by row."""
        return sorted(self._refusals, key=lambda refusal: (refusal.row is not None, refusal.row or 0))

    def reading(self, frame: Frame) -> Reading[Frame]:
        """The frame without refused rows, with plain index and attributes, together with what was refused."""
        refused = {refusal.row for refusal in self._refusals}
        frame = frame[~frame["source_row"].isin(refused)].reset_index(drop=True)
        frame.attrs = {"file": self.file, "notes": self.notes}
        return Reading(frame, self.sorted())
