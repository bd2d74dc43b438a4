"""Disputes that were mediated in the period, and how they ended."""

import pandas as pd

from data.models import Outcome
from geo.errors import N_
from patrols.periodic import counting
from patrols.periodic.asked import Asked
from patrols.periodic.cells import Column, Kind, Row, Said, Section, Table
from patrols.rates import Rate

FORMULA = Said(
    N_("A dispute counts when it was resolved in the period with an outcome said; the last one said in it holds.")
)


def section(asked: Asked) -> Section:
    """How many disputes were mediated, settled, and went to court, by category."""
    mediated = asked.counted.table[asked.counted.marks["mediated"]]
    if mediated.empty:
        return Section("mediation", Said(N_("Mediation")), (Said(N_("No dispute was mediated in the period.")),))
    settled = int((mediated["outcome"] == Outcome.SETTLED).sum())
    sentence = Said(
        N_("%(count)s disputes were mediated, %(settled)s of them settled (%(share)s)."),
        {"count": len(mediated), "settled": settled, "share": Rate(settled, len(mediated))},
    )
    return Section("mediation", Said(N_("Mediation")), (sentence,), (_by_category(asked, mediated),))


def _by_category(asked: Asked, mediated: pd.DataFrame) -> Table:
    flags = pd.DataFrame({one.value: mediated["outcome"] == one for one in Outcome})
    counts = counting.sums(flags, mediated["category_id"], [one.value for one in Outcome])
    order = sorted(counts, key=lambda key: (-sum(counts[key]), key is None, key))
    columns = (
        Column("category", Said(N_("Category")), Kind.TEXT),
        Column("mediated", Said(N_("Mediated")), Kind.COUNT, summed=True),
        Column("settled", Said(N_("Settled")), Kind.COUNT, summed=True),
        Column("not_settled", Said(N_("Not settled")), Kind.COUNT, summed=True),
        Column("to_court", Said(N_("To court")), Kind.COUNT, summed=True),
        Column("share", Said(N_("Mediation success rate")), Kind.RATE),
    )
    rows: list[Row] = []
    for key in order:
        row, count = counts[key], sum(counts[key])
        rows.append((asked.category(key), count, *row, Rate(row[0], count)))
    settled = int((mediated["outcome"] == Outcome.SETTLED).sum())
    total = (*counting.added(columns, rows)[:-1], Rate(settled, len(mediated)))
    return Table(
        *("mediation", Said(N_("How disputes ended")), columns, tuple(rows), counting.of(asked), (FORMULA,)),
        total=total,
    )
