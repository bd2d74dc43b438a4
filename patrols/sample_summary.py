"""What building the sample town did, in figures that a newcomer can check, and one incident with its whole chain."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import geopandas as gpd
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from data import frames
from data.errors import NotFound
from data.models import Community, Duty, Incident, Patrol, PatrolCredit, Person, Posting, Stage
from geo.errors import N_
from patrols import responsibility
from patrols.responsibility import Answer

EXAMPLES = 40
"""How many incidents are looked at for one that shows the whole chain."""


class Sentence(str):
    """A sentence in English that remembers its template and facts, so that it can be said in another language."""

    __slots__ = ("facts", "template")
    template: str
    facts: dict[str, Any]

    def __new__(cls, template: str, **facts: Any) -> Self:
        made = super().__new__(cls, template % facts if facts else template)
        made.template, made.facts = template, facts
        return made


@dataclass(frozen=True)
class Example:
    """One incident and everybody who answers for it, nearest first."""

    number: str
    description: str
    address: str
    grid_code: str | None
    rule: str
    chain: list[dict[str, Any]]


@dataclass(frozen=True)
class Summary:
    """What building the town did, and who may stand for each role in it.

    `metres` and `minutes` are what all patrols walked, `metres_in_grids` the part that was credited to grids. `by_rule`
    counts incidents by the rule that decided whose ground they are on, `by_stage` by where they stand.
    """

    community_id: int
    manager_id: int
    walker_id: int
    walker_grid: str
    organisation_id: int
    band: tuple[int, int]
    grids: int
    in_band: int
    households: int
    people: int
    postings: int
    patrols: int
    fixes_kept: int
    fixes_dropped: int
    metres: float
    metres_in_grids: float
    minutes: float
    minutes_in_grids: float
    incidents: int
    by_rule: dict[str, int]
    unsure: int
    by_stage: dict[str, int]
    example: Example
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Everything in plain words, lists and numbers, as JSON takes it."""
        return asdict(self)

    def sentences(self) -> list[Sentence]:
        """The figures as sentences, each of which can be said in another language."""
        return say_summary(self.as_dict())


def sum_up(
    session: Session,
    community: Community,
    grids: gpd.GeoDataFrame,
    band: tuple[int, int],
    *,
    seconds: float,
) -> Summary:
    """What stands in the database now, in figures; `grids` has `households`."""
    mine = Patrol.community_id == community.id
    walked = session.execute(
        select(
            func.count(Patrol.id),
            func.sum(Patrol.metres),
            func.sum(Patrol.minutes),
            func.sum(Patrol.fixes_kept),
            func.sum(Patrol.fixes_dropped),
        ).where(mine)
    ).one()
    earned = session.execute(
        select(func.sum(PatrolCredit.metres), func.sum(PatrolCredit.minutes))
        .join(Patrol)
        .where(mine, PatrolCredit.grid_code.is_not(None))
    ).one()
    by_rule = _counts(session, community, Incident.grid_rule)
    walker_id, walker_grid = _busiest_walker(session, community)
    of_community = Person.community_id == community.id
    return Summary(
        community_id=community.id,
        manager_id=_first_on(session, community, Duty.GRID_MANAGER),
        walker_id=walker_id,
        walker_grid=walker_grid,
        organisation_id=_busiest_office(session, community),
        band=band,
        grids=len(grids),
        in_band=int(grids["households"].between(*band).sum()),
        households=int(grids["households"].sum()),
        people=session.scalar(select(func.count(Person.id)).where(of_community)) or 0,
        postings=session.scalar(select(func.count(Posting.id)).where(Posting.community_id == community.id)) or 0,
        patrols=walked[0],
        fixes_kept=int(walked[3] or 0),
        fixes_dropped=int(walked[4] or 0),
        metres=float(walked[1] or 0),
        metres_in_grids=float(earned[0] or 0),
        minutes=float(walked[2] or 0),
        minutes_in_grids=float(earned[1] or 0),
        incidents=sum(by_rule.values()),
        by_rule=by_rule,
        unsure=session.scalar(
            select(func.count(Incident.id)).where(Incident.community_id == community.id, Incident.sure.is_(False))
        )
        or 0,
        by_stage=_counts(session, community, Incident.stage),
        example=_example(session, community),
        seconds=round(seconds, 1),
    )


def say_summary(facts: Mapping[str, Any]) -> list[Sentence]:
    """A summary's figures (as `Summary.as_dict` gives them) as sentences, the example's chain last."""
    example = facts["example"]
    said = [
        Sentence(
            N_("%(grids)s grids for %(households)s households; %(in_band)s have %(low)s to %(high)s households."),
            low=facts["band"][0],
            high=facts["band"][1],
            **{name: facts[name] for name in ("grids", "households", "in_band")},
        ),
        Sentence(
            N_(
                "%(patrols)s patrols: %(metres)s m and %(minutes)s minutes walked, %(metres_in_grids)s m and "
                "%(minutes_in_grids)s minutes of them credited to grids; %(fixes_dropped)s of %(fixes)s fixes dropped."
            ),
            patrols=facts["patrols"],
            fixes=facts["fixes_kept"] + facts["fixes_dropped"],
            fixes_dropped=facts["fixes_dropped"],
            **{name: round(facts[name]) for name in ("metres", "minutes", "metres_in_grids", "minutes_in_grids")},
        ),
        Sentence(
            N_("%(incidents)s incidents located, by rule: %(by_rule)s; %(unsure)s near a border are unsure."),
            incidents=facts["incidents"],
            unsure=facts["unsure"],
            by_rule=facts["by_rule"],
        ),
        Sentence(
            N_("One of them: %(number)s %(description)s (grid %(grid_code)s, %(rule)s)"),
            **{name: example[name] for name in ("number", "description", "grid_code", "rule")},
        ),
    ]
    for link in example["chain"]:
        who = f"{link['name']} {link['phone']}" if not link["vacant"] else "-"
        said.append(Sentence("  %(duty)s · %(place)s: %(who)s", duty=link["zh"], place=link["place"], who=who))
    return said


def _counts(session: Session, community: Community, column: InstrumentedAttribute[Any]) -> dict[str, int]:
    """How many incidents of the community hold each value of a column, the most first."""
    statement = select(column, func.count()).where(Incident.community_id == community.id).group_by(column)
    rows = session.execute(statement).all()
    return {str(value): count for value, count in sorted(rows, key=lambda row: (-row[1], str(row[0])))}


def _first_on(session: Session, community: Community, duty: Duty) -> int:
    """The first person by number who does a duty."""
    statement = (
        select(Person.id)
        .join(Posting)
        .where(Person.community_id == community.id, Posting.duty == duty)
        .order_by(Person.number)
        .limit(1)
    )
    return session.scalars(statement).one()


def _busiest_walker(session: Session, community: Community) -> tuple[int, str]:
    """The Red Cap who walked most in one grid, and that grid's code."""
    statement = (
        select(Patrol.person_id, PatrolCredit.grid_code)
        .join(PatrolCredit)
        .where(
            Patrol.community_id == community.id,
            Patrol.team_id.is_not(None),
            Patrol.person_id.is_not(None),
            PatrolCredit.grid_code.is_not(None),
        )
        .group_by(Patrol.person_id, PatrolCredit.grid_code)
        .order_by(func.sum(PatrolCredit.metres).desc())
        .limit(1)
    )
    person_id, grid_code = session.execute(statement).one()
    return person_id or 0, grid_code or ""


def _busiest_office(session: Session, community: Community) -> int:
    """The office with most incidents in its hands."""
    statement = (
        select(Incident.organisation_id)
        .where(Incident.community_id == community.id, Incident.organisation_id.is_not(None))
        .group_by(Incident.organisation_id)
        .order_by(func.count().desc(), Incident.organisation_id)
        .limit(1)
    )
    found = session.scalars(statement).one()
    return found or 0


def _example(session: Session, community: Community) -> Example:
    """The newest incident in somebody's hands whose chain has no gap down to its building, or else the best of some."""
    statement = (
        select(Incident)
        .where(Incident.community_id == community.id, Incident.stage == Stage.DISPATCHED, Incident.geom.is_not(None))
        .order_by(Incident.found_at.desc())
        .limit(EXAMPLES)
    )
    best: tuple[Incident, Answer] | None = None
    for incident in session.scalars(statement).all():
        spot = frames.decode([incident.geom])[0]
        answer = responsibility.find_responsible(
            session, (spot.x, spot.y), at=incident.found_at, accuracy_m=incident.accuracy_m, communities=[community]
        )
        if best is None or _completeness(answer) > _completeness(best[1]):
            best = (incident, answer)
        if answer.building_id is not None and answer.compound_id is not None and _completeness(answer)[1] == 0:
            break
    if best is None:
        raise NotFound(N_("There is no incident %(number)s."), number="")
    incident, answer = best
    told = ("zh", "en", "place", "name", "phone", "vacant")
    return Example(
        number=incident.number,
        description=incident.description,
        address=incident.address,
        grid_code=incident.grid_code,
        rule=incident.grid_rule,
        chain=[{name: getattr(link, name) for name in told} for link in answer.chain],
    )


def _completeness(answer: Answer) -> tuple[int, int]:
    """How many duties of the chain somebody does, and (negative) how many links are vacant."""
    gaps = sum(link.vacant for link in answer.chain)
    return (len({link.duty for link in answer.chain if not link.vacant}), -gaps)
