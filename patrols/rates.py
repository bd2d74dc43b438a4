"""The rates by which handling is judged, each with the two counts it is made of and its formula.

Everything is told as it stood at the end of the period, from the steps taken until then: what is closed, reopened or
given more time later changes no earlier figure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
from sqlalchemy.orm import Session

from data.models import Community, IncidentSource, Outcome, Stage
from geo.errors import N_
from patrols.histories import REFUSED, histories
from patrols.moves import CLOCKED_STAGES, OPEN_STAGES
from patrols.scope import Scope

PUBLIC = frozenset({IncidentSource.RESIDENT, IncidentSource.HOTLINE})
"""Who finds first what a patrol has missed."""

FORMULAS: Mapping[str, str] = {
    "closed": N_("closed / (due in the period - parked)"),
    "on_time": N_("closed by when it was due / (due in the period - parked)"),
    "done": N_("closed / sent up in the period"),
    "valid": N_("neither declined nor voided / sent up in the period"),
    "missed": N_("found by the public first / sent up in the period and neither declined nor voided"),
    "redone": N_("sent back to be done again / resolved in the period"),
    "settled": N_("disputes settled / disputes mediated in the period"),
}
"""What each rate is of what."""

MADE_OF: Mapping[str, tuple[str, str]] = {
    "closed": ("due_closed", "due"),
    "on_time": ("on_time", "due"),
    "done": ("done", "filed"),
    "valid": ("valid", "filed"),
    "missed": ("missed", "valid"),
    "redone": ("redone", "resolved"),
    "settled": ("settled", "mediated"),
}
"""By which of the `marks` each rate is counted: the part and the whole."""


@dataclass(frozen=True)
class Rate:
    """A share: so many of so many."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """The share itself; None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def said(self) -> str:
        """In per cent, as offices print it: two decimals, halves rounded up; a dash for a share of nothing.

        Examples
        --------
        >>> Rate(911, 972).said, Rate(737, 972).said, Rate(400, 438).said, Rate(112, 135).said, Rate(0, 0).said
        ('93.72 %', '75.82 %', '91.32 %', '82.96 %', '–')
        """
        if not self.whole:
            return "–"
        share = Decimal(100 * self.part) / Decimal(self.whole)
        return f"{share.quantize(Decimal('0.01'), ROUND_HALF_UP)} %"


def rates(session: Session, scope: Scope, community: Community, since: datetime, until: datetime) -> dict[str, Rate]:
    """The rates of a period, by the names of `FORMULAS`, over the incidents that may be seen.

    Parameters
    ----------
    since, until : datetime
        The period, aware; `until` exclusive. All stands as it stood then.
    """
    return rates_of(histories(session, scope, community, since, until), since, until)


def rates_of(table: pd.DataFrame, since: datetime, until: datetime) -> dict[str, Rate]:
    """The same from what `patrols.histories` told of the period."""
    return rates_from(marks(table, since, until))


def rates_from(marked: pd.DataFrame) -> dict[str, Rate]:
    """The same from the marks of some of these incidents: those of a grid, or of an office."""
    found = {name: int(marked[name].sum()) for name in marked.columns}
    return {name: Rate(found[part], found[whole]) for name, (part, whole) in MADE_OF.items()}


def marks(table: pd.DataFrame, since: datetime, until: datetime) -> pd.DataFrame:
    """What each incident of a period counts for; whatever is told of the period adds these up.

    Parameters
    ----------
    table : DataFrame
        Of `patrols.histories.histories` for the same period.

    Returns
    -------
    DataFrame
        Index of `table`, flags: `filed` (sent up in the period), `valid` (of these, neither declined nor voided),
        `missed` (of these, found by the public first), `done` (filed and closed at the end), `due` (in the period,
        without what stood parked, declined or voided at its end), `due_closed`, `on_time`, `closed` (in the period,
        and still closed at its end), `open` and `overdue` (at its end), `resolved`, `redone`, `mediated` and
        `settled` (in the period).
    """
    stage, due_at, closed_at = table["stage"], table["due_at"], table["closed_at"]
    is_closed = stage == Stage.CLOSED
    filed = (table["reported_at"] >= since) & (table["reported_at"] < until)
    valid = filed & ~stage.isin(REFUSED)
    due = (due_at >= since) & (due_at < until) & ~stage.isin((*REFUSED, Stage.PARKED))
    resolved = table["resolved"] > 0
    return pd.DataFrame(
        {
            "filed": filed,
            "valid": valid,
            "missed": valid & table["source"].isin(PUBLIC),
            "done": filed & is_closed,
            "due": due,
            "due_closed": due & is_closed,
            "on_time": due & is_closed & (closed_at <= due_at),
            "closed": is_closed & (closed_at >= since) & (closed_at < until),
            "open": stage.isin(OPEN_STAGES),
            "overdue": stage.isin(CLOCKED_STAGES) & (due_at < until),
            "resolved": resolved,
            "redone": resolved & (table["redone"] > 0),
            "mediated": table["mediated"] > 0,
            "settled": (table["mediated"] > 0) & (table["outcome"] == Outcome.SETTLED),
        }
    )
