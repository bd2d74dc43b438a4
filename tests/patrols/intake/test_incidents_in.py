"""Taking in incidents and their steps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import make
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from data.errors import RowsRefused
from data.exchange.reading import Reading
from data.models import Category, Incident, IncidentSource, IncidentStep, Organisation, Stage, StepKind
from patrols import incident_lists, intake
from patrols.responsibility import find_responsible
from patrols.scope import EVERYTHING

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
WEST, SOUTH = make.ORIGIN
FOUND = "2026-09-01 14:30"


def sheet(**columns: list[Any]) -> Reading[Any]:
    """Rows as a table's reader hands them back: text, first row 2."""
    frame = pd.DataFrame(columns)
    frame["source_row"] = range(2, len(frame) + 2)
    frame.attrs = {"file": "事件.csv", "notes": []}
    return Reading(frame, [])


def stored(session: Session, *columns: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.execute(select(*columns).order_by(Incident.id))]


def test_incidents_are_located_with_their_rule_and_begin_their_history(session: Session) -> None:
    community, edition = make.town(session)
    rows = sheet(
        编号=["A1", "A2"],
        发现时间=[FOUND, "2026/9/2 08:00:00"],
        经度=[str(WEST + 0.0005), str(WEST + 0.001)],
        纬度=[str(SOUTH + 0.0015)] * 2,
        来源=["群众上报", "12345"],
        描述=["垃圾未清", "路灯不亮"],
        楼层=["3", ""],
    )

    found = intake.import_incidents(session, rows, community, at=AT)

    assert found.stored == 2
    assert stored(session, Incident.number, Incident.grid_code, Incident.grid_rule, Incident.edition_id) == [
        ("A1", f"{community.code}001", "inside", edition.id),
        ("A2", f"{community.code}001", "border_tie", edition.id),
    ]
    assert stored(session, Incident.source, Incident.found_at, Incident.extra) == [
        (IncidentSource.RESIDENT, datetime(2026, 9, 1, 6, 30, tzinfo=UTC), {"楼层": "3"}),
        (IncidentSource.HOTLINE, datetime(2026, 9, 2, 0, 0, tzinfo=UTC), {}),
    ]
    steps = session.execute(select(IncidentStep.number, IncidentStep.kind, IncidentStep.stage)).all()
    assert steps == [(1, StepKind.REPORT, Stage.REPORTED)] * 2


def test_a_file_is_located_as_single_points_are(session: Session) -> None:
    community, _ = make.town(session)
    rng = np.random.default_rng(3)
    lon, lat = WEST + rng.uniform(-0.0003, 0.0033, 30), SOUTH + rng.uniform(-0.0003, 0.0023, 30)
    rows = sheet(found_at=[FOUND] * 30, lon=list(lon), lat=list(lat), number=[f"{n:02d}" for n in range(30)])

    intake.import_incidents(session, rows, community, at=AT)

    at = datetime(2026, 9, 1, 6, 30, tzinfo=UTC)
    for x, y, (code, sure) in zip(lon, lat, stored(session, Incident.grid_code, Incident.sure), strict=True):
        one = find_responsible(session, (x, y), at=at, communities=[community])
        assert one.grid_code == code
        assert code is None or one.sure == sure


def test_map_files_bring_their_points_and_tables_need_none(session: Session) -> None:
    community, _ = make.town(session)
    points = [shapely.Point(WEST + 0.0005, SOUTH + 0.0015), None, None]
    frame = gpd.GeoDataFrame(
        {"found_at": [FOUND] * 3, "网格编码": ["", f"{community.code}004", ""], "source_row": [1, 2, 3]},
        geometry=points,
        crs=4326,
    )

    intake.import_incidents(session, Reading(frame, []), community, at=AT)

    assert stored(session, Incident.grid_code, Incident.grid_rule, Incident.sure) == [
        (f"{community.code}001", "inside", True),
        (f"{community.code}004", "named", True),
        (None, "community_fallback", True),
    ]


def test_the_place_overrules_the_grid_that_the_file_names_and_keeps_its_word(session: Session) -> None:
    community, _ = make.town(session)
    rows = sheet(found_at=[FOUND], lon=[WEST + 0.0005], lat=[SOUTH + 0.0015], 网格=[f"{community.code}006"])

    intake.import_incidents(session, rows, community, at=AT)

    assert stored(session, Incident.grid_code, Incident.extra) == [
        (f"{community.code}001", {"grid_given": f"{community.code}006"})
    ]


def test_each_incident_gets_the_grids_of_its_own_day(session: Session) -> None:
    community, edition = make.town(session)
    rows = sheet(found_at=["2025-06-01 08:00", FOUND], lon=[WEST + 0.0005] * 2, lat=[SOUTH + 0.0015] * 2)

    found = intake.import_incidents(session, rows, community, at=AT)

    assert [str(note) for note in found.notes] == [
        "事件.csv: 1 incidents lie in no grid: the community itself answers for them."
    ]
    assert stored(session, Incident.edition_id, Incident.grid_rule) == [
        (None, "community_fallback"),
        (edition.id, "inside"),
    ]


def test_the_same_file_again_changes_nothing_with_or_without_numbers(session: Session) -> None:
    community, _ = make.town(session)
    for numbers in (["A1", "A2"], ["", ""]):
        rows = sheet(number=numbers, found_at=[FOUND] * 2, description=["x", "y"])
        first = intake.import_incidents(session, rows, community, at=AT)
        again = intake.import_incidents(session, rows, community, at=AT)
        assert (first.stored, first.unchanged, again.stored, again.unchanged) == (2, 0, 0, 2)


def test_a_file_does_not_rewrite_what_happened(session: Session) -> None:
    community, _ = make.town(session)
    intake.import_incidents(session, sheet(number=["A1"], found_at=[FOUND], description=["x"]), community, at=AT)

    with pytest.raises(RowsRefused, match="A1 is stored already, with another time or description"):
        intake.import_incidents(session, sheet(number=["A1"], found_at=[FOUND], description=["y"]), community, at=AT)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"found_at": [""]}, "事件.csv:2:found_at: This must not be empty."),
        ({"found_at": ["yesterday"]}, "yesterday is not a date and time. Write it like 2026-11-22 14:30."),
        ({"found_at": ["2026-09-15 08:00"]}, "2026-09-15T00:00:00+00:00 lies in the future."),
        ({"closed_at": ["2026-08-01 08:00"]}, "事件.csv:2:closed_at: This is before it was found."),
        ({"lon": [str(SOUTH)], "lat": [str(WEST)]}, "116.3 lies outside of what is possible here, -90 to 90."),
        ({"lon": ["117.3"], "lat": ["40.0"]}, "m outside of 民悦社区. Check the datum, and which is longitude."),
        ({"lon": ["116.3"]}, "Longitude and latitude belong together."),
        ({"网格": ["no such grid"]}, "事件.csv:2:网格: There was no grid no such grid on that day."),
        ({"category": ["09"]}, "There is no category 09."),
        ({"category": ["04"]}, "2 categories are called 04: say family and kind too."),
        ({"handler": ["P9"]}, "The community has nobody and no office called P9."),
        ({"stage": ["finished"]}, "finished is not one of reported, accepted,"),
        ({"number": ["A" * 65]}, "This is longer than the 64 characters that are kept."),
    ],
)
def test_what_does_not_fit_is_refused_with_row_and_heading(
    spatialite_session: Session, columns: dict[str, list[str]], reason: str
) -> None:
    session = spatialite_session
    community, _ = make.town(session)
    for family in ("chengguan", "shequ"):
        make.add(session, Category(family=family, kind="incident", code="04", zh=family, en=family))

    with pytest.raises(RowsRefused) as refused:
        intake.import_incidents(session, sheet(**{"found_at": [FOUND], **columns}), community, at=AT)

    assert any(reason in str(one) for one in refused.value.refusals), [str(one) for one in refused.value.refusals]
    assert session.scalar(select(func.count()).select_from(Incident)) == 0


def test_categories_are_known_by_key_or_by_a_name_that_only_one_has(session: Session) -> None:
    community, _ = make.town(session)
    for family, zh in (("chengguan", "突发事件"), ("shequ", "街面秩序")):
        make.add(session, Category(family=family, kind="incident", code="04", zh=zh, en=family))
    rows = sheet(
        number=["a", "b", "c"],
        found_at=[FOUND] * 3,
        family=["shequ", "", ""],
        kind=["incident", "", ""],
        category=["04", "突发事件", ""],
    )

    intake.import_incidents(session, rows, community, at=AT)

    names = [row.category and row.category.zh for row in incident_lists.listing(session, EVERYTHING).items]
    assert set(names) == {None, "突发事件", "街面秩序"}


def test_the_number_of_queries_does_not_grow_with_the_rows(session: Session) -> None:
    community, _ = make.town(session)
    sent: list[str] = []
    event.listen(session.bind, "before_cursor_execute", lambda *args: sent.append(args[2]))

    def ask(size: int) -> int:
        rows = sheet(
            number=[f"{size}-{n}" for n in range(size)],
            found_at=[FOUND] * size,
            lon=[WEST + 0.0005] * size,
            lat=[SOUTH + 0.0015] * size,
            accuracy_m=["5" if n % 2 else "" for n in range(size)],
        )
        sent.clear()
        intake.import_incidents(session, rows, community, at=AT)
        return len(sent)

    assert ask(2) == ask(100)


def test_steps_are_taken_in_order_of_time_and_leave_the_incident_where_they_end(session: Session) -> None:
    community, _ = make.town(session)
    office = make.add(session, Organisation(community_id=community.id, name="和园物业"))
    worker = make.person(session, community)
    reports = sheet(number=["A1", "A2"], found_at=[FOUND] * 2)
    intake.import_incidents(session, reports, community, at=AT)
    steps = sheet(
        编号=["A1", "A1", "A2", "A1", "A1", "A1", "A1"],
        步骤=["办结", "受理", "就地办结", "分流", "派遣", "处置", "评价"],
        时间=[f"2026-09-0{day} 08:00" for day in (6, 2, 2, 3, 4, 5, 7)],
        处置单位=["", "", "", "和园物业", "", "", ""],
        处置人=["", "", "", "", "P001", "", ""],
        评价=["", "", "", "", "", "", "5"],
    )

    found = intake.import_steps(session, steps, community, at=AT)

    first, second = session.scalars(select(Incident).order_by(Incident.number))
    assert found.stored == 7
    assert (first.stage, first.rating, first.organisation_id, first.handler_id) == (
        Stage.CLOSED, 5, office.id, worker.id,
    )  # fmt: skip
    assert first.closed_at == datetime(2026, 9, 6, 0, tzinfo=UTC)
    assert [row.kind.value for row in first.steps] == [
        *("report", "accept", "triage", "dispatch"),
        *("resolve", "close", "rate"),
    ]
    assert first.steps[-1].note == "5/5"
    assert (second.stage, second.on_the_spot, second.closed_at) == (Stage.RESOLVED, True, None)


def test_a_step_that_may_not_follow_is_refused_with_all_that_come_after_it(session: Session) -> None:
    community, _ = make.town(session)
    intake.import_incidents(session, sheet(number=["A1", "A2"], found_at=[FOUND] * 2), community, at=AT)
    steps = sheet(
        number=["A1", "A1", "A2", "A3", "A2"],
        step=["close", "accept", "accept", "accept", "void"],
        at=["2026-09-02 08:00", "2026-09-03 08:00", "2026-09-02 08:00", "2026-09-02 08:00", "2026-09-03 08:00"],
    )

    with pytest.raises(RowsRefused) as refused:
        intake.import_steps(session, steps, community, at=AT)
    taken = intake.import_steps(session, steps, community, at=AT, skip_bad=True)

    assert [str(one) for one in refused.value.refusals] == [
        "事件.csv:2:step: The step close may not follow while the incident is reported.",
        "事件.csv:3:step: A step before this one was refused.",
        "事件.csv:5:number: There is no incident A3.",
        "事件.csv:6:step: The step void needs a reason.",
    ]
    assert taken.stored == 1
    assert stored(session, Incident.number, Incident.stage) == [("A1", Stage.REPORTED), ("A2", Stage.ACCEPTED)]


def test_steps_dated_before_the_last_are_refused(spatialite_session: Session) -> None:
    community, _ = make.town(spatialite_session)
    intake.import_incidents(spatialite_session, sheet(number=["A1"], found_at=[FOUND]), community, at=AT)
    early = (datetime(2026, 9, 1, 6, 30, tzinfo=UTC) - timedelta(minutes=1)).isoformat()

    with pytest.raises(RowsRefused, match="dated before the one it follows"):
        intake.import_steps(spatialite_session, sheet(number=["A1"], step=["accept"], at=[early]), community, at=AT)
