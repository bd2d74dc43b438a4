"""What people asked for: the requests of residents and the hotline, which of them needed an office, and the ratings."""

from collections import Counter
from typing import Any

from sqlalchemy import and_, select

from data.database.row_by_row import row_by_row
from data.models import CheckListAnswer, CheckListItem, CheckListMark, Incident, IncidentStep, StepKind
from geo.errors import N_
from patrols.moves import RATINGS
from patrols.periodic import counting
from patrols.periodic.asked import Asked
from patrols.periodic.cells import Cell, Column, Kind, Named, Row, Said, Section, Table
from patrols.rates import PUBLIC, Rate

SATISFIED = 4
"""Of five: who gives four or five is satisfied."""


def section(asked: Asked) -> Section:
    """Needs by category, what reporters said of the handling, and what check-lists found."""
    requests = _by_category(asked)
    others = tuple(table for table in (_rated(asked), _check_lists(asked)) if table.rows)
    return Section("needs", Said(N_("What people asked for")), _sentences(requests), (requests, *others))


def _sentences(table: Table) -> tuple[Said, ...]:
    if table.total is None:
        return ()
    facts = {column.key: cell for column, cell in zip(table.columns, table.total, strict=True)}
    return (
        Said(
            N_("Residents and the hotline sent up %(asked)s requests; %(office)s of them were passed to an office."),
            {"asked": facts["asked"], "office": facts["office"]},
        ),
    )


def _by_category(asked: Asked) -> Table:
    """The requests of the public, and what had become of them."""
    table, marked = asked.counted.table, asked.counted.marks
    public = table[marked["filed"] & table["source"].isin(PUBLIC)]
    flags = marked.loc[public.index, ["filed", "done"]].assign(
        office=public["organisation_id"].notna(), answered=public["replied"] > 0
    )
    counts = counting.sums(flags, public["category_id"], ["filed", "office", "answered", "done"])
    order = sorted(counts, key=lambda key: (-counts[key][0], key is None, key))
    columns = (
        Column("category", Said(N_("Category")), Kind.TEXT),
        Column("asked", Said(N_("Requests")), Kind.COUNT, summed=True),
        Column("office", Said(N_("Passed to an office")), Kind.COUNT, summed=True),
        Column("answered", Said(N_("Answered in words")), Kind.COUNT, summed=True),
        Column("done", Said(N_("Of these closed")), Kind.COUNT, summed=True),
        Column("share", Said(N_("Done of what was asked")), Kind.RATE),
    )
    rows: list[Row] = [(asked.category(key), *counts[key], Rate(counts[key][-1], counts[key][0])) for key in order]
    done, filed = (sum(row[place] for row in counts.values()) for place in (-1, 0))
    total = (*counting.added(columns, rows)[:-1], Rate(done, filed))
    meant = Said(N_("Requests: sent up in the period by residents or the hotline, as they stood at its end."))
    return Table("needs", Said(N_("Requests by category")), columns, tuple(rows), counting.of(asked), (meant,), total)


def _rated(asked: Asked) -> Table:
    """What reporters gave in the period; of who rated twice, the last; one query."""
    wanted = (
        select(IncidentStep.incident_id, IncidentStep.note)
        .join(Incident, Incident.id == IncidentStep.incident_id)
        .where(
            row_by_row(and_(Incident.community_id == asked.community.id, asked.scope.condition(Incident))),
            IncidentStep.kind == StepKind.RATE,
            IncidentStep.at >= asked.span.since,
            IncidentStep.at < asked.span.until,
        )
        .order_by(IncidentStep.number)
    )
    last: dict[int, str] = dict(asked.session.execute(wanted).all())
    # A rating's note begins with its figure: 4/5.
    given = Counter(int(note[0]) for note in last.values() if note[:1].isdigit() and int(note[0]) in RATINGS)
    columns = (
        Column("rating", Said(N_("Rating")), Kind.TEXT),
        Column("count", Said(N_("Incidents")), Kind.COUNT, summed=True),
        Column("share", Said(N_("Share of all")), Kind.RATE),
    )
    count = sum(given.values())
    rows: list[Row] = [(f"{one}/{RATINGS[-1]}", given[one], Rate(given[one], count)) for one in reversed(RATINGS)]
    satisfied = Rate(sum(number for one, number in given.items() if one >= SATISFIED), count)
    formula = Said(
        N_("satisfied = rated %(least)s or better / rated in the period = %(share)s"),
        {"least": SATISFIED, "share": satisfied},
    )
    total = counting.added(columns, rows)
    told = tuple(rows) if count else ()
    return Table("rated", Said(N_("What reporters said")), columns, told, counting.of(asked), (formula,), total)


def _check_lists(asked: Asked) -> Table:
    """What check-lists found of each thing to look at; one query."""
    answer, mark, item = CheckListAnswer, CheckListMark, CheckListItem
    wanted: Any = (
        select(item.zh, item.en, mark.ok)
        .join(mark, mark.item_id == item.id)
        .join(answer, answer.id == mark.answer_id)
        .where(
            answer.community_id == asked.community.id,
            answer.at >= asked.span.since,
            answer.at < asked.span.until,
            mark.ok.is_not(None),
        )
    )
    if not asked.whole:
        wanted = wanted.where(answer.grid_code.in_(list(asked.households)))
    looked: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for zh, en, ok in asked.session.execute(wanted):
        looked[zh, en] += 1
        wrong[zh, en] += not ok
    columns = (
        Column("item", Said(N_("What was looked at")), Kind.TEXT),
        Column("looked", Said(N_("Times looked at")), Kind.COUNT, summed=True),
        Column("wrong", Said(N_("Not in order")), Kind.COUNT, summed=True),
        Column("share", Said(N_("Share of all")), Kind.RATE),
    )
    order = sorted(looked, key=lambda key: (-wrong[key], key))
    rows: list[Row] = [(Named(*key), looked[key], wrong[key], Rate(wrong[key], looked[key])) for key in order]
    facts: dict[str, Cell] = {
        "community": asked.community.name,
        "since": asked.period.first,
        "until": asked.last_day,
    }
    of = Said(N_("Check-lists filled in in %(community)s from %(since)s to %(until)s."), facts)
    title = Said(N_("What check-lists found"))
    return Table("check_lists", title, columns, tuple(rows), of, total=counting.added(columns, rows))
