"""Who was posted and relieved in the period, which duties nobody did at its end, and which ground changed hands."""

from collections import Counter

from sqlalchemy import select

from data.models import Duty, GridEdition, PlaceKind, Posting
from geo.errors import N_
from patrols import chains, redraw
from patrols.periodic import counting
from patrols.periodic.asked import Asked
from patrols.periodic.cells import Cell, Column, Kind, Named, Row, Said, Section, Table

MOST_LISTED = 40
"""So many vacant places are listed; the counts beside the duties are of all of them."""

LISTED = frozenset({PlaceKind.COMMUNITY, PlaceKind.GRID, PlaceKind.COMPOUND})

KNOWN = {one.value: one for one in Duty}


def section(asked: Asked) -> Section:
    """Postings, vacancies and new editions."""
    tables = [_postings(asked)]
    vacant = _vacant(asked)
    if vacant:
        tables.append(_by_duty(asked, vacant))
    tables += [table for table in (_listed(asked, vacant), _editions(asked)) if table.rows]
    return Section("duty", Said(N_("Hand-overs and vacancies")), _sentences(asked, vacant), tuple(tables))


def of(asked: Asked) -> Said:
    """What the tables of postings are of."""
    facts: dict[str, Cell] = {"community": asked.community.name, "since": asked.period.first, "until": asked.last_day}
    return Said(N_("The roster of %(community)s from %(since)s to %(until)s."), facts)


def _sentences(asked: Asked, vacant: list[chains.Link]) -> tuple[Said, ...]:
    said = [
        Said(N_("%(count)s duties of the chain were vacant at the end."), {"count": len(vacant)})
        if vacant
        else Said(N_("No duty of the chain was vacant at the end."))
    ]
    moved = int((asked.counted.table["handed_over"] > 0).sum())
    if moved:
        said.append(Said(N_("%(count)s open incidents changed grids with the ground."), {"count": moved}))
    return tuple(said)


def _postings(asked: Asked) -> Table:
    """How many postings of each duty began, ended, and held at the end; one query."""
    begins, ends = Posting.valid_from, Posting.valid_until
    wanted = select(Posting.duty, begins, ends).where(asked.scope.condition(Posting))
    wanted = wanted.where(Posting.community_id == asked.community.id, begins <= asked.last_day)
    began: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for duty, since, until in asked.session.execute(wanted):
        began[duty] += since >= asked.period.first
        # Who is relieved from a day on served until the day before.
        ended[duty] += until is not None and asked.period.first <= until <= asked.last_day
        held[duty] += until is None or until > asked.last_day
    columns = (
        Column("duty", Said(N_("Duty")), Kind.TEXT),
        Column("began", Said(N_("Taken up")), Kind.COUNT, summed=True),
        Column("ended", Said(N_("Relieved")), Kind.COUNT, summed=True),
        Column("held", Said(N_("Held at the end")), Kind.COUNT, summed=True),
    )
    order = sorted(held, key=lambda duty: (list(KNOWN).index(duty) if duty in KNOWN else len(KNOWN), duty))
    rows: list[Row] = [(KNOWN.get(duty, duty), began[duty], ended[duty], held[duty]) for duty in order]
    return Table(
        *("postings", Said(N_("Postings")), columns, tuple(rows), of(asked)),
        formulas=(Said(N_("Postings, not people: who holds two duties, or one on two places, counts twice.")),),
        total=counting.added(columns, rows),
    )


def _vacant(asked: Asked) -> list[chains.Link]:
    """The vacant links of the community; for somebody who sees single grids, those on these grids."""
    found = chains.vacancies(asked.session, asked.community, at=asked.last_day)
    return [link for link in found if asked.whole or link.place in asked.households]


def _by_duty(asked: Asked, vacant: list[chains.Link]) -> Table:
    counts = Counter((link.position, link.zh, link.en) for link in vacant)
    columns = (
        Column("duty", Said(N_("Duty")), Kind.TEXT),
        Column("vacant", Said(N_("Vacant at the end")), Kind.COUNT, summed=True),
    )
    rows: list[Row] = [(Named(zh, en), count) for (_, zh, en), count in sorted(counts.items())]
    return Table(
        *("vacancies", Said(N_("Vacant duties")), columns, tuple(rows), of(asked)),
        formulas=(Said(N_("A duty of the chain is vacant on a place on which nobody is posted to it.")),),
        total=counting.added(columns, rows),
    )


def _listed(asked: Asked, vacant: list[chains.Link]) -> Table:
    """Grids and compounds without anybody, the highest duty first; buildings are too many to be read out."""
    found = sorted(
        (link for link in vacant if link.place_kind in LISTED), key=lambda link: (-link.position, link.place)
    )
    columns = (
        Column("duty", Said(N_("Duty")), Kind.TEXT),
        Column("place", Said(N_("Place")), Kind.TEXT),
    )
    rows = tuple((Named(link.zh, link.en), link.place) for link in found[:MOST_LISTED])
    facts: dict[str, Cell] = {"count": len(found), "most": MOST_LISTED}
    notes = () if len(found) <= MOST_LISTED else (Said(N_("Of %(count)s, the first %(most)s."), facts),)
    title = Said(N_("Grids and compounds without anybody"))
    return Table("vacant", title, columns, rows, of(asked), notes=notes)


def _editions(asked: Asked) -> Table:
    """The editions of the grids that began in the period."""
    wanted = select(GridEdition).where(
        GridEdition.community_id == asked.community.id,
        GridEdition.stage.in_(redraw.IN_FORCE),
        GridEdition.valid_from >= asked.period.first,
        GridEdition.valid_from <= asked.last_day,
    )
    begun = list(asked.session.scalars(wanted.order_by(GridEdition.valid_from, GridEdition.id)))
    sizes = redraw.sizes(asked.session, begun)
    columns = (
        Column("edition", Said(N_("Edition")), Kind.TEXT),
        Column("filing", Said(N_("Filing number")), Kind.CODE),
        Column("since", Said(N_("In force since")), Kind.DAY),
        Column("grids", Said(N_("Grids")), Kind.COUNT),
    )
    rows: tuple[Row, ...] = tuple(
        (row.name or str(row.number), row.filing_number, row.valid_from, sizes.get(row.id, 0)) for row in begun
    )
    return Table("editions", Said(N_("Grids drawn anew")), columns, rows, of(asked))
