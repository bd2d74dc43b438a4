"""A made-up town in which something happened: incidents in every stage, walks, postings, check-lists, new grids."""

from datetime import UTC, date, datetime, timedelta

import drawn_town
import make
import numpy as np
import shapely
from sqlalchemy.orm import Session

from data.models import (
    Category,
    ChainLink,
    CheckList,
    CheckListAnswer,
    CheckListItem,
    CheckListMark,
    Community,
    Duty,
    GridEdition,
    Incident,
    IncidentSource,
    IncidentStep,
    LimitUnit,
    Organisation,
    Outcome,
    Patrol,
    PatrolCredit,
    PatrolSource,
    Person,
    PlaceKind,
    Posting,
    Role,
    StepKind,
    Team,
    TeamMember,
    User,
)
from patrols import incidents
from patrols.deadlines import Limit
from patrols.moves import MOVES, OPEN_STAGES

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""A Friday noon."""

BEGAN = datetime(2025, 8, 1, tzinfo=UTC)
REDRAWN = date(2026, 10, 12)
"""From this day on the town has other grids, and some open incidents have changed hands."""

ABOVE = ("环卫所", "执法队")
"""Offices above the community; what their codes look like says nothing of it."""

NEVER = frozenset({StepKind.MERGE, StepKind.ESCALATE})
"""Steps that need another incident, or are the program's own."""

LIKELY = {
    **dict.fromkeys((StepKind.ACCEPT, StepKind.TRIAGE, StepKind.CLOSE), 4.0),
    **dict.fromkeys((StepKind.DISPATCH, StepKind.RESOLVE, StepKind.SEND_BACK, StepKind.RATE), 1.5),
    **dict.fromkeys((StepKind.SETTLE_ON_THE_SPOT, StepKind.PARK, StepKind.REDO, StepKind.EXTEND), 1.0),
}
"""How likely the steps are, beside each other."""


def build(session: Session, count: int = 90, *, seed: int = 11) -> Community:
    """The town, lived in for more than a year; the same seed gives the same life."""
    place, edition = drawn_town.build(session)
    random = np.random.default_rng(seed)
    users = _people(session, place)
    offices = [
        make.add(session, Organisation(community_id=place.id, name=name, code=code, in_community=name not in ABOVE))
        for name, code in (("物业", "5" * 18), ("环卫所", "6" * 18), ("执法队", ""))
    ]
    kinds = [
        make.add(session, Category(family="社区", kind="事件", code=f"0{n}", zh=zh, en=en, sensitive=n == 2))
        for n, (zh, en) in enumerate((("垃圾", "rubbish"), ("噪声", "noise"), ("纠纷", "dispute")))
    ]
    for number in range(count):
        _happen(session, random, place, offices, kinds, users[number % len(users)], number / count)
    _redraw(session, place, edition)
    _walk(session, random, place, edition)
    _tick(session, place)
    session.flush()
    session.expire_all()
    return place


def _people(session: Session, place: Community) -> list[User | None]:
    """Somebody of each group of reporters with a sign-in; two of them changed what they do."""
    found: list[User | None] = [None]
    posted = (
        (Duty.GRID_WORKER, date(2025, 1, 1), None),
        (Duty.BUILDING_HEAD, date(2025, 1, 1), date(2026, 10, 5)),
        (Duty.GRID_MANAGER, date(2026, 10, 5), None),
        ("邻长", date(2025, 1, 1), date(2026, 11, 3)),
        (None, None, None),
    )
    for number, (duty, begins, ends) in enumerate(posted):
        person = make.person(session, place, f"P{number}", name=f"人{number}")
        if duty is not None and begins is not None:
            session.add(
                Posting(
                    person_id=person.id,
                    community_id=place.id,
                    duty=str(duty),
                    place_kind=PlaceKind.GRID,
                    grid_code=drawn_town.code(number + 1),
                    valid_from=begins,
                    valid_until=ends,
                )
            )
        found.append(
            make.add(
                session,
                User(
                    login=f"u{number}", password_hash="x", role=Role.GRID_WORKER, person_id=person.id, created_at=BEGAN
                ),
            )
        )
    team = make.add(session, Team(community_id=place.id, name="小红帽一队"))
    last = session.query(Person).filter_by(number="P4").one()
    session.add(TeamMember(team_id=team.id, person_id=last.id, valid_from=date(2025, 1, 1)))
    for position, (duty, zh, en) in enumerate(
        ((Duty.GRID_WORKER, "网格员", "Grid worker"), (Duty.GRID_MANAGER, "网格长", "Grid manager")), start=1
    ):
        kind = PlaceKind.GRID
        session.add(ChainLink(community_id=place.id, position=position, duty=duty, place_kind=kind, zh=zh, en=en))
    session.flush()
    return found


def _happen(
    session: Session,
    random: np.random.Generator,
    place: Community,
    offices: list[Organisation],
    kinds: list[Category],
    by: User | None,
    share: float,
) -> None:
    """One incident and what became of it. Later ones lie nearer to each other, so that the last months have most."""
    at = BEGAN + (NOW - BEGAN) * share**0.4
    west, south = make.ORIGIN
    spot = (west + random.uniform(-0.0005, 0.003), south + random.uniform(0, 0.002))
    incident = incidents.report(
        session,
        place,
        at=at,
        source=list(IncidentSource)[random.integers(len(IncidentSource))],
        description="有人反映",
        category=None if random.random() < 0.1 else kinds[random.integers(len(kinds))],
        point=None if random.random() < 0.1 else spot,
        number=f"N{session.query(Incident).count():05}",
        found_at=at - timedelta(hours=float(random.uniform(0, 40))),
        due_at=None if random.random() < 0.3 else at + timedelta(hours=float(random.uniform(5, 400))),
        by=by,
    )
    for _ in range(int(random.integers(0, 11))):
        at += timedelta(hours=float(random.uniform(0.5, 90)))
        if at >= NOW:
            return
        _move_on(session, random, incident, offices, at)


def _move_on(
    session: Session, random: np.random.Generator, incident: Incident, offices: list[Organisation], at: datetime
) -> None:
    """Any step that may follow; those that lead on are likelier than those beside the way."""
    kinds = [kind for kind in MOVES[incident.stage] if kind not in NEVER]
    weights = np.array([LIKELY.get(kind, 0.3) for kind in kinds])
    kind = kinds[random.choice(len(kinds), p=weights / weights.sum())]
    move = MOVES[incident.stage][kind]
    limit = Limit(int(random.integers(1, 6)), LimitUnit.WORKING_DAYS)
    limited = move.needs_limit or (move.takes_limit and random.random() < 0.5)
    mediated = move.takes_outcome and random.random() < 0.6
    incidents.step(
        session,
        incident,
        kind,
        by=None,
        at=at,
        note="" if kind is StepKind.RATE else "说明",
        to_person=session.query(Person).first() if move.needs_person else None,
        to_organisation=offices[random.integers(len(offices))] if move.needs_organisation else None,
        limit=limit if limited else None,
        outcome=list(Outcome)[random.integers(len(Outcome))] if mediated else None,
        rating=int(random.integers(1, 6)) if kind is StepKind.RATE else None,
    )


def _redraw(session: Session, place: Community, edition: GridEdition) -> None:
    """From `REDRAWN` on the first two grids are one with another code, and what was open in the first goes to it."""
    edition.valid_until = REDRAWN
    joined = shapely.box(*make.degrees_square(0, 1).bounds[:2], *make.degrees_square(1, 1).bounds[2:])
    rest = [(2, 1), (0, 0), (1, 0), (2, 0)]
    grids = {drawn_town.code(7): joined} | {
        drawn_town.code(number): make.degrees_square(*cell) for number, cell in enumerate(rest, start=3)
    }
    later = make.edition(
        session, place, grids, number=2, valid_from=REDRAWN, name="第二版", filing_number="〔2026〕2号"
    )
    moment = datetime(2026, 10, 11, 16, 0, tzinfo=UTC)
    for incident in session.query(Incident).filter(Incident.grid_code == drawn_town.code(1)):
        then = [step for step in incident.steps if step.at <= moment]
        if not then or then[-1].stage not in OPEN_STAGES or then != incident.steps:
            continue
        incident.steps.append(
            IncidentStep(number=len(then) + 1, kind=StepKind.HAND_OVER, stage=then[-1].stage, at=moment, note="")
        )
        facts = {"day": REDRAWN.isoformat(), "from": incident.grid_code, "to": drawn_town.code(7)}
        incident.grid_facts = {**incident.grid_facts, "hand_overs": [facts]}
        incident.grid_code, incident.edition_id = drawn_town.code(7), later.id
    session.flush()


def _walk(session: Session, random: np.random.Generator, place: Community, edition: GridEdition) -> None:
    """Walks of the last months along the streets, some of them cut into what several grids earned."""
    west, south = make.ORIGIN
    for number in range(40):
        began = NOW - timedelta(days=float(random.uniform(0, 70)))
        row = int(random.integers(0, 3))
        xs = np.linspace(west, west + 0.001 * int(random.integers(1, 4)), 30)
        line = np.column_stack([xs, np.full(30, south + row * 0.001)])
        walk = Patrol(
            community_id=place.id,
            source=PatrolSource.PHONE,
            source_key=f"w{number}",
            started_at=began,
            ended_at=began + timedelta(minutes=40),
            metres=float(round(random.uniform(100, 900))),
            minutes=40.0,
            track=shapely.MultiLineString([line]),
        )
        codes = {drawn_town.code(int(random.integers(1, 8))) for _ in range(2)}
        minutes = [0.5, 20.0]
        walk.credits = [
            PatrolCredit(edition_id=edition.id, grid_code=code, metres=walk.metres / 4, minutes=minutes.pop())
            for code in sorted(codes)
        ] + [PatrolCredit(edition_id=edition.id, grid_code=None, metres=walk.metres / 2, minutes=19.5)]
        session.add(walk)
    session.flush()


def _tick(session: Session, place: Community) -> None:
    """A check-list that was answered on some days."""
    items = [CheckListItem(position=n, zh=zh, en=en) for n, (zh, en) in enumerate((("路平", "even"), ("灯亮", "lit")))]
    kept = make.add(
        session,
        CheckList(community_id=place.id, code="four", version=1, zh="四必", en="musts", created_at=BEGAN, items=items),
    )
    for number in range(24):
        marks = [
            CheckListMark(item_id=item.id, ok=(True, False, None)[(number + place_) % 3])
            for place_, item in enumerate(items)
        ]
        at = NOW - timedelta(days=3 * number, hours=1)
        session.add(CheckListAnswer(list_id=kept.id, community_id=place.id, at=at, marks=marks))
    session.flush()
