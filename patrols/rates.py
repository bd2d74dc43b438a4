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
from patrols.scope import Scope

PUBLIC = frozenset({IncidentSource.RESIDENT, IncidentSource.HOTLINE})
"""Who finds first what a patrol has missed."""

FORMULAS: Mapping[str, str] = {
    "closed": N_("closed / (due in the period - parked)"),
    "on_time": N_("closed by when it was due / (due in the period - parked)"),
    "done": N_("closed / sent up in the period"),
    "valid": N_("neither declined nor voided / sent up in the period"),
    "missed": N_("found by the public first / filed in the period"),
    "redone": N_("sent back to be done again / resolved in the period"),
    "settled": N_("disputes settled / disputes mediated in the period"),
}
"""What each rate is of what."""


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
    due_now = table[table["due_at"].notna() & (table["due_at"] >= since) & (table["due_at"] < until)]
    due_now = due_now[~due_now["stage"].isin((*REFUSED, Stage.PARKED))]
    closed = due_now[due_now["stage"] == Stage.CLOSED]
    filed = table[(table["reported_at"] >= since) & (table["reported_at"] < until)]
    valid = filed[~filed["stage"].isin(REFUSED)]
    resolved = table[table["resolved"] > 0]
    mediated = table[table["mediated"] > 0]
    return {
        "closed": Rate(len(closed), len(due_now)),
        "on_time": Rate(int((closed["closed_at"] <= closed["due_at"]).sum()), len(due_now)),
        "done": Rate(int((filed["stage"] == Stage.CLOSED).sum()), len(filed)),
        "valid": Rate(len(valid), len(filed)),
        "missed": Rate(int(valid["source"].isin(PUBLIC).sum()), len(valid)),
        "redone": Rate(int((resolved["redone"] > 0).sum()), len(resolved)),
        "settled": Rate(int((mediated["outcome"] == Outcome.SETTLED).sum()), len(mediated)),
    }
