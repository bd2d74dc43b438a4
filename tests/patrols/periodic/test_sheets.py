"""Every figure of the five sheets equals the same figure counted by hand, on both databases."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import lived_in
import plain_figures as plain
import pytest
from plain_figures import Told
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data.models import Category, Community, IncidentSource, Organisation, Outcome, Stage, StepKind
from patrols import reporter_groups
from patrols.errors import OutOfScope
from patrols.periodic import Cell, Named, PeriodKind, Said, Section, Sheet, Table, sheet
from patrols.periodic.handling import ranks
from patrols.periods import BadPeriod
from patrols.rates import FORMULAS, Rate
from patrols.scope import EVERYTHING, Scope

ASKED = [
    (PeriodKind.DAY, date(2026, 11, 19)),
    (PeriodKind.WEEK, date(2026, 11, 18)),
    (PeriodKind.WEEK, date(2026, 10, 14)),
    (PeriodKind.MONTH, date(2026, 10, 3)),
    (PeriodKind.QUARTER, date(2026, 8, 3)),
    (PeriodKind.YEAR, date(2026, 3, 1)),
]
COUNTED: dict[str, Callable[[Told], object]] = {
    "filed": lambda one: one.filed,
    "valid": lambda one: one.valid,
    "closed": lambda one: one.closed,
    "open": lambda one: one.open,
    "overdue": lambda one: one.overdue,
}


@pytest.fixture(scope="module")
def lived(engine: Engine) -> Iterator[tuple[Session, Community]]:
    """The town, built once for all that only look at it."""
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session, lived_in.build(session)
        transaction.rollback()
        _written.clear()


@pytest.fixture
def session(lived: tuple[Session, Community]) -> Session:
    return lived[0]


@pytest.fixture
def town(lived: tuple[Session, Community]) -> Community:
    return lived[1]


def write(session: Session, town: Community, kind: PeriodKind, day: date) -> tuple[Sheet, list[Told]]:
    """A sheet of the town, and what stood then; both are looked at by several tests and change for none."""
    key = (session, kind, day)
    if key not in _written:
        made = sheet(session, EVERYTHING, town, kind, day, lived_in.NOW)
        _written[key] = made, plain.told(session, town, made.period.begins_at(town), made.as_of)
    return _written[key]


_written: dict[tuple[Session, PeriodKind, date], tuple[Sheet, list[Told]]] = {}


def rows(table: Table, key: Callable[[Cell], object] = lambda cell: cell) -> dict[object, dict[str, Cell]]:
    names = [column.key for column in table.columns]
    assert all(len(row) == len(names) for row in table.rows)
    found = {key(row[0]): dict(zip(names, row, strict=True)) for row in table.rows}
    assert len(found) == len(table.rows)
    return found


def said(cell: Cell) -> object:
    return cell.text if isinstance(cell, Said) else cell.zh if isinstance(cell, Named) else cell


def rate(told: list[Told], key: str) -> Rate:
    return Rate(*plain.rate(told, key))


def counts(told: list[Told]) -> list[int]:
    return [plain.count(told, what) for what in COUNTED.values()]


def check_counted(table: Table, told: list[Told], by: Callable[[Told], object]) -> None:
    """Each row counts what is its own, none is missing, and the total is the sum."""
    found = {key: [row[name] for name in COUNTED] for key, row in rows(table, said).items()}
    wanted: dict[object, list[Told]] = {}
    for one in told:
        wanted.setdefault(by(one), []).append(one)
    for key, some in wanted.items():
        assert found.get(key, [0] * 5) == counts(some), key
    assert all(key in wanted or not any(row) for key, row in found.items())
    assert table.total is not None
    places = [place for place, column in enumerate(table.columns) if column.key in COUNTED]
    assert [table.total[place] for place in places] == counts(told)


@pytest.mark.parametrize(("kind", "day"), ASKED)
def test_incidents_are_counted_as_by_hand(session: Session, town: Community, kind: PeriodKind, day: date) -> None:
    made, told = write(session, town, kind, day)
    section = made.section("incidents")

    names = {row.id: row.zh for row in session.query(Category)} | {None: "without a category"}
    check_counted(section.table("categories"), told, lambda one: names[one.incident.category_id])
    check_counted(section.table("sources"), told, lambda one: one.incident.source)
    check_counted(section.table("grids"), told, lambda one: one.grid)
    check_stages(section.table("stages"), told)
    check_flow(section.table("flow"), told)
    if kind is not PeriodKind.DAY:
        check_over_time(made, section, told)


def check_stages(table: Table, told: list[Told]) -> None:
    for stage, row in rows(table).items():
        assert row["filed"] == plain.count(told, lambda one, stage=stage: one.filed and one.stage is stage)  # type: ignore[misc]
        open_ = plain.count(told, lambda one, stage=stage: one.open and one.stage is stage)  # type: ignore[misc]
        assert row["open"] in (open_, None)


def check_flow(table: Table, told: list[Told]) -> None:
    before = [one for one in told if one.before in plain.WAITING]
    filed = [one for one in told if one.filed]
    again = [one for one in told if one.reopened]
    all_of = before + filed + again
    assert [row[1] for row in table.rows] == [
        len(before),
        len(filed),
        len(again),
        plain.count(all_of, lambda one: one.stage is Stage.CLOSED),
        plain.count(all_of, lambda one: one.stage in plain.REFUSED),
        plain.count(all_of, lambda one: one.open),
    ]
    assert plain.count(told, lambda one: one.open) == table.rows[-1][1]


def check_over_time(made: Sheet, section: Section, told: list[Told]) -> None:
    table = section.table("by_time")
    parts = [part for part in made.period.parts() if part.first <= plain.local(made.as_of, exclusive=True)]
    for row, part in zip(table.rows, parts, strict=True):
        filed = plain.count(told, lambda one: one.filed and part.first <= plain.local(one.reported) <= part.last)  # noqa: B023
        closed = [one.closed_at for one in told if one.closed]
        assert row[1] == filed
        assert row[2] == sum(at is not None and part.first <= plain.local(at) <= part.last for at in closed)
    chart = next(one for one in section.charts if one.key == "over_time")
    assert [list(series.values) for series in chart.series] == [table.column("filed"), table.column("closed")]


@pytest.mark.parametrize(("kind", "day"), ASKED[1:])
def test_handling_is_judged_as_by_hand(session: Session, town: Community, kind: PeriodKind, day: date) -> None:
    made, told = write(session, town, kind, day)
    section = made.section("handling")
    offices = {row.id: row.name for row in session.query(Organisation)} | {None: "no office: the community itself"}

    for key, row in zip(FORMULAS, section.table("rates").rows, strict=True):
        assert row[1:4] == (*plain.rate(told, key), rate(told, key))
    for office, row in rows(section.table("offices"), said).items():
        some = [one for one in told if offices[one.office] == office]
        assert [row[key] for key in ("closed", "on_time", "redone")] == [
            rate(some, key) for key in ("closed", "on_time", "redone")
        ]
        assert [row["due"], row["open"], row["overdue"]] == [
            plain.count(some, what) for what in (lambda one: one.due, COUNTED["open"], COUNTED["overdue"])
        ]
    for code, row in rows(section.table("grids")).items():
        some = [one for one in told if one.grid == code]
        assert row["filed"] == plain.count(some, COUNTED["filed"])
        assert [row[key] for key in ("valid", "missed", "closed", "on_time", "redone")] == [
            rate(some, key) for key in ("valid", "missed", "closed", "on_time", "redone")
        ]
    above = {row.id for row in session.query(Organisation) if row.name in lived_in.ABOVE}
    check_levels(section.table("levels"), told, above)


def check_levels(table: Table, told: list[Told], departments: set[int]) -> None:
    closed = [one for one in told if one.closed]
    inside = [one for one in closed if one.on_the_spot or one.office is None]
    above = [one for one in closed if one not in inside and one.office in departments]
    assert table.column("closed") == [len(inside), len(closed) - len(inside) - len(above), len(above)]


@pytest.mark.parametrize(("kind", "day"), ASKED[1:])
def test_overdue_disputes_and_requests_are_counted_as_by_hand(
    session: Session, town: Community, kind: PeriodKind, day: date
) -> None:
    made, told = write(session, town, kind, day)

    check_overdue(session, made, told)
    check_mediation(session, made, told)
    check_needs(session, made, told)
    check_reporters(session, made, told)


def check_overdue(session: Session, made: Sheet, told: list[Told]) -> None:
    late = sorted((one for one in told if one.overdue), key=lambda one: (one.due_at, one.incident.number))
    section = made.section("overdue")
    if not late:
        assert section.tables == ()
        return
    listed = section.table("listed")
    assert listed.column("number") == [one.incident.number for one in late[:50]]
    assert listed.column("due_at") == [one.due_at for one in late[:50]]
    offices = {row.id: row.name for row in session.query(Organisation)} | {None: "no office: the community itself"}
    found = {key: row["overdue"] for key, row in rows(section.table("offices"), said).items()}
    assert found == {name: n for key, name in offices.items() if (n := sum(one.office == key for one in late))}
    for row in section.table("offices").rows:
        assert sum(cell for cell in row[2:7] if isinstance(cell, int)) == row[1]


def check_mediation(session: Session, made: Sheet, told: list[Told]) -> None:
    mediated = [one for one in told if one.outcome is not None]
    section = made.section("mediation")
    if not mediated:
        assert section.tables == ()
        return
    table = section.table("mediation")
    names = {row.id: row.zh for row in session.query(Category)} | {None: "without a category"}
    for name, row in rows(table, said).items():
        some = [one for one in mediated if names[one.incident.category_id] == name]
        by = [sum(one.outcome is outcome for one in some) for outcome in Outcome]
        assert [row["mediated"], row["settled"], row["not_settled"], row["to_court"]] == [len(some), *by]
    assert table.total is not None
    assert table.total[1] == len(mediated)
    assert table.total[-1] == rate(told, "settled")


def check_needs(session: Session, made: Sheet, told: list[Told]) -> None:
    section = made.section("needs")
    names = {row.id: row.zh for row in session.query(Category)} | {None: "without a category"}
    asked = [one for one in told if one.filed and one.public]
    found = rows(section.table("needs"), said)
    assert set(found) == {names[one.incident.category_id] for one in asked}
    for name, row in found.items():
        some = [one for one in asked if names[one.incident.category_id] == name]
        answered = sum(any(step.kind is StepKind.REPLY for step in one.steps) for one in some)
        assert [row["asked"], row["office"], row["answered"], row["done"]] == [
            len(some),
            sum(one.office is not None for one in some),
            answered,
            plain.count(some, lambda one: one.done),
        ]
    ratings = [[step.note for step in one.inside if step.kind is StepKind.RATE] for one in told]
    given = [int(notes[-1][0]) for notes in ratings if notes]
    rated = [table for table in section.tables if table.key == "rated"]
    assert [table.column("count") for table in rated] == [[given.count(n) for n in (5, 4, 3, 2, 1)]] * bool(given)


def check_reporters(session: Session, made: Sheet, told: list[Told]) -> None:
    order = ("grid", "building", "volunteers", "residents", "offices", "unknown")
    filed = [(plain.group_of(session, one), one) for one in told if one.filed]
    wanted = [[one for group, one in filed if group == name] for name in order]
    table = made.section("reporters").table("groups")
    assert table.column("filed") == [len(some) for some in wanted][: len(table.rows)]
    assert table.column("valid") == [plain.count(some, COUNTED["valid"]) for some in wanted][: len(table.rows)]
    assert len(table.rows) == 6 if wanted[-1] else len(table.rows) == 5


def test_a_communitys_own_groups_of_reporters_are_told_in_its_own_words(session: Session, town: Community) -> None:
    own = town_with_own_groups(session, town)
    table = sheet(session, EVERYTHING, town, PeriodKind.YEAR, date(2026, 3, 1), lived_in.NOW).section("reporters")
    told = write(session, town, PeriodKind.YEAR, date(2026, 3, 1))[1]
    filed = [one for one in told if one.filed]
    reporter_groups.reset(session, town)

    rows = table.table("groups").rows
    assert [said(row[0]) for row in rows] == [*own, "Everybody else, or by whom is not kept"]
    neighbours = [one for one in filed if not one.public and "邻长" in plain.duties_then(session, one)]
    assert rows[0][1] == len(neighbours) > 0
    assert rows[1][1] == sum(one.public for one in filed)
    assert sum(row[1] for row in rows if isinstance(row[1], int)) == len(filed)


def town_with_own_groups(session: Session, town: Community) -> list[str]:
    """The names of two groups instead of the usual ones: neighbours, and the public."""
    reporter_groups.keep(session, town, 1, zh="邻长", duties=["邻长"])
    reporter_groups.keep(session, town, 2, zh="群众", sources=["resident", "hotline"])
    for _ in range(3):
        reporter_groups.drop(session, town, 3)
    return ["邻长", "群众"]


def test_a_sheet_of_the_past_stays_what_it_was_whatever_happens_later(session: Session, town: Community) -> None:
    then = town_at = lived_in.NOW - timedelta(days=25)
    before = sheet(session, EVERYTHING, town, PeriodKind.MONTH, date(2026, 9, 3), town_at)

    after = sheet(session, EVERYTHING, town, PeriodKind.MONTH, date(2026, 9, 3), lived_in.NOW)

    assert then < lived_in.NOW
    assert after.sections == before.sections


def test_every_sheet_names_its_formulas_and_its_totals_add_up(session: Session, town: Community) -> None:
    for kind, day in ASKED:
        made, _ = write(session, town, kind, day)
        for section in made.sections:
            for table in section.tables:
                check_table(table)
            tables = {table.key: table for table in section.tables}
            for chart in section.charts:
                assert chart.table in tables
                assert {len(series.values) for series in chart.series} == {len(chart.labels)}
            for grid_map in section.maps:
                assert grid_map.column in {column.key for column in tables[grid_map.table].columns}


def check_table(table: Table) -> None:
    assert table.of.text
    assert len({column.key for column in table.columns}) == len(table.columns)
    for place, column in enumerate(table.columns):
        if table.total is not None and column.summed:
            numbers = [row[place] for row in table.rows]
            assert table.total[place] == pytest.approx(sum(cell for cell in numbers if isinstance(cell, int | float)))


def test_earlier_periods_are_compared_only_where_they_were_recorded(session: Session, town: Community) -> None:
    year = sheet(session, EVERYTHING, town, PeriodKind.YEAR, date(2026, 3, 1), lived_in.NOW)
    month = sheet(session, EVERYTHING, town, PeriodKind.MONTH, date(2026, 10, 1), lived_in.NOW)

    assert set(year.section("summary").table("figures").column("before")) == {None}
    figures = rows(month.section("summary").table("figures"), said)
    told = plain.told(session, town, month.period.before().begins_at(town), month.period.begins_at(town))
    assert figures["Incidents sent up"]["before"] == plain.count(told, COUNTED["filed"])
    assert figures["Closed rate"]["before"] == rate(told, "closed")
    assert figures["Incidents sent up"]["year_before"] is not None


def test_incidents_are_told_by_the_grids_of_their_time(session: Session, town: Community) -> None:
    before = sheet(session, EVERYTHING, town, PeriodKind.DAY, lived_in.REDRAWN - timedelta(days=1), lived_in.NOW)
    after = sheet(session, EVERYTHING, town, PeriodKind.DAY, lived_in.REDRAWN, lived_in.NOW)

    old, new = (rows(one.section("incidents").table("grids")) for one in (before, after))
    assert list(old)[:6] == [f"110108001001{n:03d}" for n in range(1, 7)]
    assert list(new)[:5] == [f"110108001001{n:03d}" for n in range(3, 8)]
    open_then, open_now = old["110108001001001"]["open"], new["110108001001007"]["open"]
    assert isinstance(open_then, int)
    assert open_then > 0
    assert isinstance(open_now, int)
    assert open_now > 0


def test_sources_that_nobody_used_have_no_row(session: Session, town: Community) -> None:
    made = sheet(session, EVERYTHING, town, PeriodKind.YEAR, date(2026, 3, 1), lived_in.NOW)

    assert set(made.section("incidents").table("sources").column("source")) == set(IncidentSource)


def test_a_period_that_still_runs_is_compared_as_far_as_it_has_come(session: Session, town: Community) -> None:
    made = sheet(session, EVERYTHING, town, PeriodKind.MONTH, date(2026, 11, 3), lived_in.NOW)

    assert made.running
    begins = made.period.before().begins_at(town)
    told = plain.told(session, town, begins, begins + (made.as_of - made.period.begins_at(town)))
    figures = rows(made.section("summary").table("figures"), said)
    assert figures["Incidents sent up"]["before"] == plain.count(told, COUNTED["filed"])
    assert "still runs" in " ".join(str(one) for one in made.section("summary").table("figures").notes)


def test_a_period_that_has_not_begun_has_no_sheet(session: Session, town: Community) -> None:
    with pytest.raises(BadPeriod):
        sheet(session, EVERYTHING, town, PeriodKind.MONTH, date(2026, 12, 1), lived_in.NOW)


def test_nothing_is_told_of_a_community_that_may_not_be_seen(session: Session, town: Community) -> None:
    with pytest.raises(OutOfScope):
        sheet(session, Scope(communities=frozenset()), town, PeriodKind.DAY, date(2026, 11, 3), lived_in.NOW)


def test_sensitive_categories_are_not_named_one_by_one(session: Session, town: Community) -> None:
    made = sheet(session, EVERYTHING, town, PeriodKind.YEAR, date(2026, 11, 3), lived_in.NOW)
    told = plain.told(session, town, made.period.begins_at(town), made.as_of)
    names = [said(cell) for cell in made.section("overdue").table("listed").column("category")]

    late = [one for one in told if one.overdue and one.incident.category is not None]
    assert sum(one.incident.category.sensitive for one in late if one.incident.category) > 0
    assert names.count("a sensitive category") == sum(
        one.incident.category.sensitive for one in late if one.incident.category
    )


def test_ranks_are_given_only_where_enough_was_due() -> None:
    found = ranks([Rate(29, 29), Rate(20, 40), Rate(30, 40), Rate(15, 30)])

    assert found == [None, 2, 1, 2]
