"""The figures that a sheet begins with, beside those of the period before and of a year before."""

from collections.abc import Mapping

from data.models import Incident, Patrol
from geo.errors import N_
from patrols.periodic import comparing, counting, handling
from patrols.periodic.asked import Asked, Counted, Span
from patrols.periodic.cells import Amount, Cell, Column, Kind, Row, Said, Section, Table
from patrols.periodic.walking import Walked, walked
from patrols.rates import rates_from

COUNTS = {
    "filed": N_("Incidents sent up"),
    "closed": N_("Incidents closed"),
    "open": N_("Incidents open at the end"),
    "overdue": N_("Incidents overdue at the end"),
}
RATES = ("closed", "on_time", "valid", "missed", "redone", "settled")
WALKED = {"patrols": N_("Patrols"), "metres": N_("Length walked"), "minutes": N_("Time walked")}

RUNNING = Said(N_("The period still runs: everything is told as it stands now."))
MEANT = Said(
    N_("Patrols: begun in the period; each metre and minute counts once, those outside of every grid too."),
)


def section(asked: Asked) -> Section:
    """Some ten figures and what has changed."""
    names = {**COUNTS, **{f"{key}_rate": handling.NAMES[key] for key in RATES}, **WALKED}
    now = _counts(asked.counted) | _walked(walked(asked, asked.span))
    before, year_before = _before(asked), _year_before(asked)
    rows: tuple[Row, ...] = tuple(
        (Said(name), *comparing.compared(now[key], before.get(key), year_before.get(key)))
        for key, name in names.items()
    )
    columns = (
        Column("figure", Said(N_("Figure")), Kind.TEXT),
        Column("now", Said(N_("In this period")), Kind.MIXED),
        *comparing.COLUMNS,
    )
    table = Table(
        *("figures", Said(N_("The figures at a glance")), columns, rows, counting.of(asked)),
        formulas=(*counting.MEANT, *handling.formulas(*RATES), MEANT, comparing.MEANT),
        notes=asked.compared_with,
    )
    return Section("summary", Said(N_("Overview")), _sentences(asked, now, before), (table,))


def _counts(counted: Counted | None) -> dict[str, Cell]:
    if counted is None:
        return {}
    rates = rates_from(counted.marks)
    counts: dict[str, Cell] = {key: int(counted.marks[key].sum()) for key in COUNTS}
    return counts | {f"{key}_rate": rates[key] for key in RATES}


def _walked(found: Walked) -> dict[str, Cell]:
    return {
        "patrols": found.patrols,
        "metres": Amount(found.metres, Kind.METRES),
        "minutes": Amount(found.minutes, Kind.MINUTES),
    }


def _before(asked: Asked) -> dict[str, Cell]:
    told = _counts(asked.counted_before)
    return told | _walked_in(asked, asked.before if asked.recorded_before(Patrol) else None)


def _year_before(asked: Asked) -> dict[str, Cell]:
    told = _counts(asked.counted_year_before)
    return told | _walked_in(asked, asked.year_before if asked.recorded_year_before(Patrol) else None)


def _walked_in(asked: Asked, span: Span | None) -> dict[str, Cell]:
    return {} if span is None else _walked(walked(asked, span))


def _sentences(asked: Asked, now: Mapping[str, Cell], before: Mapping[str, Cell]) -> tuple[Said, ...]:
    said = [RUNNING] if asked.running else []
    facts = {key: now[key] for key in ("filed", "closed", "open", "overdue")}
    text = N_(
        "%(filed)s incidents were sent up and %(closed)s closed; %(open)s were open at the end, %(overdue)s overdue."
    )
    said.append(Said(text, facts))
    if "filed" in before:
        by = comparing.change(now["filed"], before["filed"])
        text = N_("That is %(before)s sent up in the period before; change: %(by)s.")
        said.append(Said(text, {"before": before["filed"], "by": by}))
    first = asked.recorded_since[Incident]
    if first is not None and first > asked.period.first:
        said.append(Said(N_("Incidents are kept since %(first)s; what was before is not known."), {"first": first}))
    return tuple(said)
