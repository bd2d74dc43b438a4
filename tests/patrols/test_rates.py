"""The rates of handling: to the printed digit, and as they stood at the end of their period."""

from datetime import UTC, datetime, timedelta

import make
from sqlalchemy.orm import Session

from data.models import Community, Incident, IncidentSource, Outcome, StepKind
from patrols import incidents
from patrols.rates import Rate, rates
from patrols.scope import EVERYTHING

SINCE = datetime(2026, 8, 31, 16, tzinfo=UTC)
UNTIL = datetime(2026, 9, 30, 16, tzinfo=UTC)
DUE = SINCE + timedelta(days=10)


def found(
    session: Session, community: Community, source: IncidentSource = IncidentSource.PATROL, due: datetime = DUE
) -> Incident:
    at = SINCE + timedelta(hours=1)
    return incidents.report(session, community, at=at, source=source, description="乱堆放", due_at=due)


def go(session: Session, row: Incident, *kinds: StepKind, days: float, outcome: Outcome | None = None) -> None:
    for kind in kinds:
        settles = kind is StepKind.SETTLE_ON_THE_SPOT
        incidents.step(
            session,
            row,
            kind,
            by=None,
            at=SINCE + timedelta(days=days),
            note="说明",
            outcome=outcome if settles else None,
        )


SETTLE, CLOSE = StepKind.SETTLE_ON_THE_SPOT, StepKind.CLOSE


def test_the_printed_rates_of_real_places_come_out_to_the_digit(session: Session) -> None:
    assert [Rate(911, 972).said, Rate(737, 972).said, Rate(400, 438).said, Rate(112, 135).said] == [
        "93.72 %",
        "75.82 %",
        "91.32 %",
        "82.96 %",
    ]
    assert Rate(1, 32).said == "3.13 %"


def test_each_rate_is_of_what_its_formula_says(session: Session) -> None:
    community, _ = make.town(session)
    go(session, found(session, community), SETTLE, CLOSE, days=5, outcome=Outcome.SETTLED)
    go(session, found(session, community), SETTLE, CLOSE, days=12, outcome=Outcome.TO_COURT)
    redone = found(session, community, IncidentSource.RESIDENT)
    go(session, redone, SETTLE, StepKind.REDO, SETTLE, days=6)
    go(session, found(session, community), StepKind.ACCEPT, StepKind.PARK, days=3)
    go(session, found(session, community), StepKind.DECLINE, days=3)
    found(session, community, IncidentSource.HOTLINE, due=UNTIL + timedelta(days=3))

    said = rates(session, EVERYTHING, community, SINCE, UNTIL)

    assert said == {
        "closed": Rate(2, 3),
        "on_time": Rate(1, 3),
        "done": Rate(2, 6),
        "valid": Rate(5, 6),
        "missed": Rate(2, 5),
        "redone": Rate(1, 3),
        "settled": Rate(1, 2),
    }


def test_what_happens_later_changes_no_earlier_figure(session: Session) -> None:
    community, _ = make.town(session)
    rows = [found(session, community) for _ in range(3)]
    go(session, rows[0], SETTLE, CLOSE, days=5)
    before = rates(session, EVERYTHING, community, SINCE, UNTIL)

    go(session, rows[0], StepKind.REOPEN, SETTLE, CLOSE, days=40)
    go(session, rows[1], SETTLE, CLOSE, days=41)
    go(session, rows[2], StepKind.DECLINE, days=42)

    assert rates(session, EVERYTHING, community, SINCE, UNTIL) == before
    assert (before["closed"], before["on_time"]) == (Rate(1, 3), Rate(1, 3))


def test_of_nothing_there_is_no_rate(session: Session) -> None:
    community, _ = make.town(session)

    said = rates(session, EVERYTHING, community, SINCE, UNTIL)

    assert {rate.said for rate in said.values()} == {"–"}
    assert all(rate.share is None for rate in said.values())
