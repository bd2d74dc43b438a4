"""Columns as files bring them: names made unique, values brought to one kind without losing a digit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from data.errors import UnreadableFile
from geo.errors import N_

if TYPE_CHECKING:
    import pandas as pd

MOST = 500
OURS = frozenset({"source_row", "geometry"})
LARGEST_WHOLE = 2**63


def check_width(count: int, file: str) -> None:
    """Refuse more columns than any table of a community has; a few bytes a row can ask for millions of cells."""
    if count > MOST:
        raise UnreadableFile(N_("%(file)s has more than %(count)s columns."), file=file, count=MOST)


def unique_names(names: Sequence[str]) -> list[str]:
    """Names made unique: ``name, name_2``; an empty one becomes ``column_3``, and our own two are never taken.

    >>> unique_names(["name", "", "name", "geometry"])
    ['name', 'column_2', 'name_2', 'geometry_2']
    """
    unique: list[str] = []
    for position, name in enumerate(names, start=1):
        base = name or f"column_{position}"
        candidate, count = base, 1
        while candidate in unique or candidate in OURS:
            count += 1
            candidate = f"{base}_{count}"
        unique.append(candidate)
    return unique


def settle(values: Sequence[Any], index: "pd.Index") -> "pd.Series[Any]":
    """One column of plain values, missing ones as None; whole numbers stay whole also where some are missing.

    >>> import pandas as pd
    >>> settle([620102001001, None], pd.RangeIndex(2)).tolist()
    [620102001001, <NA>]
    """
    import pandas as pd  # names alone need none

    column = pd.Series(values, index=index, dtype=object)
    column = column.where(column.notna(), None)
    kinds = {type(value) for value in column if value is not None}
    if kinds == {int}:
        if max(abs(value) for value in column if value is not None) >= LARGEST_WHOLE:
            return column.map(lambda value: None if value is None else str(value)).astype(object)
        return column.astype("Int64" if column.isna().any() else "int64")
    if kinds and kinds <= {int, float}:
        return column.astype(float)
    if kinds == {bool} and not column.isna().any():
        return column.astype(bool)
    return column
