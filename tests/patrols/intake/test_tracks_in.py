"""Taking in patrols: fixes kept with what dropped them, lines that earn the grids."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import make
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from data import frames
from data.errors import RowsRefused
from data.exchange.reading import Reading
from data.models import Community, Fix, Patrol, PatrolCredit, PatrolSource, Team
from patrols import consents, intake, outings

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
WEST, SOUTH = make.ORIGIN
BEGIN = datetime(2026, 9, 13, 8, tzinfo=UTC)


def walk(
    name: str = "walk",
    *,
    begin: datetime = BEGIN,
    start: tuple[float, float] = (50, 150),
    step: float = 5,
    count: int = 41,
) -> pd.DataFrame:
    """Fixes every 5 s going east by `step` hundredths of a grid's side (0.85 m each), from a place on the lattice."""
    east = start[0] + step * np.arange(count)
    return pd.DataFrame(
        {
            "patrol": name,
            "at": pd.to_datetime([begin + timedelta(seconds=5 * n) for n in range(count)], utc=True),
            "lon": WEST + east * 1e-5,
            "lat": SOUTH + start[1] * 1e-5,
            "ele": np.nan,
            "accuracy_m": 5.0,
        }
    )


def reading(*walks: pd.DataFrame) -> Reading[Any]:
    frame = pd.concat(walks, ignore_index=True)
    frame["source_row"] = range(1, len(frame) + 1)
    frame.attrs = {"file": "walk.gpx", "notes": []}
    return Reading(frame, [])


def credits(session: Session) -> list[tuple[str | None, float, float]]:
    rows = session.execute(
        select(PatrolCredit.grid_code, PatrolCredit.metres, PatrolCredit.minutes).order_by("grid_code")
    )
    return [(code, round(metres, 1), round(minutes, 2)) for code, metres, minutes in rows]


def test_a_walk_through_three_grids_earns_each_its_metres_and_minutes(session: Session) -> None:
    community, edition = make.town(session)

    found = intake.import_patrols(session, reading(walk()), community, at=AT)

    patrol = session.scalars(select(Patrol)).one()
    assert found.stored == 1
    assert (patrol.started_at, patrol.ended_at) == (BEGIN, BEGIN + timedelta(seconds=200))
    assert (patrol.fixes_kept, patrol.fixes_dropped, patrol.source) == (41, 0, PatrolSource.FILE)
    assert patrol.metres == pytest.approx(170.8, abs=0.5)
    assert credits(session) == [
        (f"{community.code}001", 42.7, 0.83),
        (f"{community.code}002", 85.4, 1.67),
        (f"{community.code}003", 42.7, 0.83),
    ]
    assert {row.edition_id for row in session.scalars(select(PatrolCredit))} == {edition.id}


@pytest.mark.parametrize("said_by", ["file", "office"])
def test_a_walk_of_somebody_who_withdrew_their_consent_is_refused(session: Session, said_by: str) -> None:
    community, _ = make.town(session)
    gone, other = make.person(session, community, "P1"), make.person(session, community, "P2")
    consents.withdraw(session, gone, at=BEGIN)
    theirs = walk("hers").assign(person="P1" if said_by == "file" else None)
    others = walk("his", begin=BEGIN + timedelta(hours=1)).assign(person="P2")

    with pytest.raises(RowsRefused) as refused:
        intake.import_patrols(session, reading(others, theirs), community, at=AT, person=gone)
    found = intake.import_patrols(session, reading(others, theirs), community, at=AT, person=gone, skip_bad=True)

    assert [refusal.template for refusal in refused.value.refusals] == [
        "Whoever walked %(patrol)s has withdrawn their consent: it is not recorded."
    ]
    assert refused.value.refusals[0].row == 42
    assert found.stored == 1
    assert session.scalars(select(Patrol.person_id)).all() == [other.id]


def test_credits_add_up_to_the_patrol_also_outside_of_every_grid(session: Session) -> None:
    community, _ = make.town(session)
    out_and_in = walk(start=(-100, 150))

    intake.import_patrols(session, reading(out_and_in), community, at=AT)

    patrol = session.scalars(select(Patrol)).one()
    rows = credits(session)
    assert {code for code, *_ in rows} == {None, f"{community.code}001"}
    assert sum(metres for _, metres, _ in rows) == pytest.approx(patrol.metres, abs=0.1)
    assert sum(minutes for *_, minutes in rows) == pytest.approx(patrol.minutes, abs=0.01)


def test_dropped_fixes_are_kept_with_the_rule_that_dropped_them(session: Session) -> None:
    community, _ = make.town(session)
    fixes = walk()
    fixes.loc[10, "accuracy_m"] = 500.0
    fixes.loc[20, ["lon", "lat"]] = [0.0, 0.0]
    fixes.loc[30, "at"] = pd.NaT

    intake.import_patrols(session, reading(fixes), community, at=AT)

    patrol = session.scalars(select(Patrol)).one()
    dropped = session.scalars(select(Fix.dropped_by).where(Fix.dropped_by.is_not(None)).order_by(Fix.at)).all()
    assert dropped == ["accuracy", "zero"]
    assert (patrol.fixes_kept, patrol.fixes_dropped) == (38, 3)
    assert session.scalar(select(func.count()).select_from(Fix)) == 40


def test_the_same_walk_again_changes_nothing_whatever_it_is_called(session: Session) -> None:
    community, _ = make.town(session)
    intake.import_patrols(session, reading(walk("Track 1")), community, at=AT)

    again = intake.import_patrols(session, reading(walk("副本"), walk("副本 2")), community, at=AT)

    assert (again.stored, again.unchanged) == (0, 2)
    assert session.scalar(select(func.count()).select_from(Patrol)) == 1


def test_another_walk_under_the_same_name_is_another_patrol(session: Session) -> None:
    community, _ = make.town(session)
    intake.import_patrols(session, reading(walk("Track 1")), community, at=AT)

    later = intake.import_patrols(session, reading(walk("Track 1", begin=BEGIN + timedelta(hours=2))), community, at=AT)

    assert later.stored == 1


def test_a_patrol_is_credited_by_the_grids_of_its_day(session: Session) -> None:
    community = make.community(session, outline=make.degrees_square(0, 1))
    old = make.edition(session, community, {"1": make.degrees_square(0, 1)}, valid_until=date(2026, 9, 13))
    new = make.edition(session, community, {"2": make.degrees_square(0, 1)}, number=2, valid_from=date(2026, 9, 13))
    over_midnight = walk("a", begin=datetime(2026, 9, 12, 15, 59, tzinfo=UTC), count=20)
    after = walk("b", begin=datetime(2026, 9, 12, 16, 0, tzinfo=UTC), count=20)
    before_any = walk("c", begin=datetime(2025, 9, 12, 16, 0, tzinfo=UTC), count=20)

    intake.import_patrols(session, reading(over_midnight, after, before_any), community, at=AT)

    found = session.execute(
        select(PatrolCredit.edition_id, PatrolCredit.grid_code)
        .join(Patrol)
        .where(PatrolCredit.grid_code.is_not(None))
        .order_by(Patrol.started_at)
    ).all()
    assert found == [(old.id, "1"), (new.id, "2")]
    without = session.scalars(select(PatrolCredit).where(PatrolCredit.edition_id.is_(None))).one()
    assert without.metres == pytest.approx(81.1, abs=0.5)


def test_a_walk_past_the_midnight_of_a_new_edition_earns_the_grids_of_both(session: Session) -> None:
    community = make.community(session, outline=make.degrees_square(0, 1))
    old = make.edition(session, community, {"1": make.degrees_square(0, 1)}, valid_until=date(2026, 9, 13))
    new = make.edition(session, community, {"2": make.degrees_square(0, 1)}, number=2, valid_from=date(2026, 9, 13))
    # In China from 23:59:10 to 00:00:50.
    begin = datetime(2026, 9, 12, 15, 59, 10, tzinfo=UTC)

    intake.import_patrols(session, reading(walk(begin=begin, start=(20, 150), step=3, count=21)), community, at=AT)

    rows = session.execute(select(PatrolCredit.edition_id, PatrolCredit.grid_code, PatrolCredit.metres)).all()
    earned = {(edition, code): metres for edition, code, metres in rows}
    assert set(earned) == {(old.id, "1"), (new.id, "2")}
    assert earned[old.id, "1"] == pytest.approx(earned[new.id, "2"], rel=1e-3)


def test_a_grid_that_keeps_its_code_in_a_new_edition_earns_under_each_what_was_walked_under_it(
    session: Session,
) -> None:
    community = make.community(session, outline=make.degrees_square(0, 1))
    whole, west = make.degrees_square(0, 1), shapely.box(WEST, SOUTH + 0.001, WEST + 0.0005, SOUTH + 0.002)
    old = make.edition(session, community, {"1": whole}, valid_until=date(2026, 9, 13))
    rest = shapely.difference(whole, west)
    new = make.edition(session, community, {"1": west, "2": rest}, number=2, valid_from=date(2026, 9, 13))
    # In China from 23:59:10 to 00:00:50, at midnight in the middle; 12.8 m of the new grid 1 are left to walk then.
    begin = datetime(2026, 9, 12, 15, 59, 10, tzinfo=UTC)
    past_midnight = walk(begin=begin, start=(5, 150), step=3, count=21)

    intake.import_patrols(session, reading(past_midnight), community, at=AT)

    patrol = session.scalars(select(Patrol)).one()
    earned = {(row.edition_id, row.grid_code): row for row in session.scalars(select(PatrolCredit))}
    assert set(earned) == {(old.id, "1"), (new.id, "1"), (new.id, "2")}
    assert earned[old.id, "1"].minutes == pytest.approx(50 / 60)
    assert earned[new.id, "1"].metres == pytest.approx(earned[old.id, "1"].metres / 2, rel=1e-3)
    assert sum(row.metres for row in earned.values()) == pytest.approx(patrol.metres)
    assert sum(row.minutes for row in earned.values()) == pytest.approx(patrol.minutes)
    told = {row.grid_code: row.metres for row in outings.credits(session, [patrol])[patrol.id]}
    assert told == pytest.approx({"1": earned[old.id, "1"].metres * 1.5, "2": earned[new.id, "2"].metres})


def test_what_was_walked_before_the_first_edition_is_not_named_with_it(session: Session) -> None:
    community = make.community(session, outline=make.degrees_square(0, 1))
    far = make.edition(session, community, {"1": make.degrees_square(0, 0)}, valid_from=date(2026, 9, 13))
    begin = datetime(2026, 9, 12, 15, 59, 10, tzinfo=UTC)

    intake.import_patrols(session, reading(walk(begin=begin, step=3, count=21)), community, at=AT)

    rows = session.execute(select(PatrolCredit.edition_id, PatrolCredit.grid_code, PatrolCredit.minutes)).all()
    assert {(edition, code): round(minutes, 3) for edition, code, minutes in rows} == {
        (None, None): 0.833,
        (far.id, None): 0.833,
    }


def test_who_walked_is_the_files_word_or_else_the_uploaders(session: Session) -> None:
    community, _ = make.town(session)
    named, uploader = make.person(session, community, "P1"), make.person(session, community, "P2")
    team = make.add(session, Team(community_id=community.id, name="东片小红帽"))
    told = walk("a").assign(person="P1", team="东片小红帽")
    untold = walk("b", begin=BEGIN + timedelta(hours=1)).assign(person=None, team=None)

    intake.import_patrols(session, reading(told, untold), community, at=AT, person=uploader)

    patrols = session.scalars(select(Patrol).order_by(Patrol.started_at)).all()
    assert [(row.person_id, row.team_id) for row in patrols] == [(named.id, team.id), (uploader.id, None)]


def test_somebody_who_stood_still_is_stored_without_a_line_but_with_the_minutes(session: Session) -> None:
    community, _ = make.town(session)

    intake.import_patrols(session, reading(walk(step=0)), community, at=AT)

    patrol = session.scalars(select(Patrol)).one()
    assert (patrol.track, patrol.metres) == (None, 0.0)
    assert credits(session) == [(f"{community.code}001", 0.0, 3.33)]


@pytest.mark.parametrize(
    ("fixes", "reason"),
    [
        (walk().assign(at=pd.Series([pd.NaT] * 41, dtype="datetime64[us, UTC]")), "No fix of walk has a time"),
        (walk(begin=AT + timedelta(days=1)), "walk ends in the future (2026-09-15T04:03:20+00:00)"),
        (walk(start=(50000, 150)), "walk never touches 民悦社区"),
        (walk(count=1, start=(50000, 150)), "walk never touches"),
        (
            walk().assign(name="东片周一", lon=0.0, lat=0.0),
            "None of the fixes of 东片周一 can be used: they were dropped as zero.",
        ),
        (walk().assign(person="P9"), "nobody and no office called P9"),
    ],
)
def test_a_patrol_that_cannot_be_meant_is_refused_and_nothing_is_stored(
    spatialite_session: Session, fixes: pd.DataFrame, reason: str
) -> None:
    community, _ = make.town(spatialite_session)
    good = walk("good").assign(person=None)

    with pytest.raises(RowsRefused) as refused:
        intake.import_patrols(spatialite_session, reading(good, fixes), community, at=AT)
    assert any(reason in str(one) for one in refused.value.refusals), [str(one) for one in refused.value.refusals]
    assert spatialite_session.scalar(select(func.count()).select_from(Patrol)) == 0

    taken = intake.import_patrols(spatialite_session, reading(good, fixes), community, at=AT, skip_bad=True)
    assert taken.stored == 1


def test_the_number_of_queries_does_not_grow_with_the_patrols(session: Session) -> None:
    community, _ = make.town(session)
    sent: list[str] = []
    event.listen(session.bind, "before_cursor_execute", lambda *args: sent.append(args[2]))

    def ask(day: int, count: int) -> int:
        begin = BEGIN - timedelta(days=day)
        walks = [walk(f"{day}-{n}", begin=begin + timedelta(minutes=10 * n)) for n in range(count)]
        sent.clear()
        assert intake.import_patrols(session, reading(*walks), community, at=AT).stored == count
        return len(sent)

    # The first walk from a door has one row more to write: the door's curtain.
    assert ask(1, 1) >= ask(2, 20)


def test_stored_tracks_lie_where_they_were_walked(session: Session) -> None:
    community, _ = make.town(session)
    intake.import_patrols(session, reading(walk()), community, at=AT)

    line = frames.decode([session.scalar(select(Patrol.track))])[0]

    assert line.bounds == pytest.approx((WEST + 0.0005, SOUTH + 0.0015, WEST + 0.0025, SOUTH + 0.0015), abs=1e-8)


def test_a_single_fix_is_a_patrol_of_no_length(session: Session) -> None:
    community, _ = make.town(session)

    assert intake.import_patrols(session, reading(walk(count=1)), community, at=AT).stored == 1
    assert credits(session) == []


def test_communities_do_not_share_patrols(session: Session) -> None:
    towns: list[Community] = [make.town(session)[0]]
    other = make.community(session, "110108001002", outline=make.degrees_square(0, 1))
    towns.append(other)

    stored = [intake.import_patrols(session, reading(walk()), community, at=AT).stored for community in towns]

    assert stored == [1, 1]
