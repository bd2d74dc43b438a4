"""Whose ground it is and who answers: decided here, once, for single points and for whole files alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames, nearby
from data.models import Building, Community, Compound, GridEdition, Incident
from patrols import chains
from patrols.chains import Link
from patrols.days import local_day
from patrols.explanations import Sentence, explain, facts_of
from patrols.locating import Rule, check_positions, communities_near, editions_at, locate_many

__all__ = [
    "NOBODY",
    "Answer",
    "Rule",
    "chain_of",
    "check_positions",
    "editions_at",
    "find_responsible",
    "locate_many",
    "recompute",
]


@dataclass(frozen=True)
class Answer:
    """Who answers for a point, and why.

    `rule` is `inside` a grid, `border_tie` (on a shared border: the smallest code), `within_reach` (outside of every
    grid, but near one), `override` (in an object that another grid serves), `community_fallback` (the community's
    ground, no grid near: the community answers, 属地兜底) or `none`. `border_m` is the distance to the nearest border
    of that grid's ground; `probability` that the true position lies on it, given the accuracy; `sure` when that is high
    enough for the community's rules. `chain` is nearest first. `facts` is what else is kept to explain it by.
    """

    community: Community | None
    edition: GridEdition | None
    grid_code: str | None
    rule: Rule
    border_m: float | None
    probability: float | None
    next_code: str | None
    sure: bool
    building_id: int | None
    compound_id: int | None
    chain: list[Link]
    day: date = date.min
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def explanation(self) -> list[Sentence]:
        """Why, and how sure: sentences to be shown one after the other."""
        return explain(
            rule=self.rule,
            grid_code=self.grid_code,
            border_m=self.border_m,
            sure=self.sure,
            community=self.community,
            edition=self.edition,
            day=self.day,
            facts=self.facts,
        )

    @property
    def answering(self) -> Link | None:
        """The first of the chain who is really there; None when the community office has to answer."""
        return chains.answering(self.chain)


NOBODY = Answer(None, None, None, Rule.NONE, None, None, None, False, None, None, [])
"""The answer for ground of no community that is stored here."""


def find_responsible(
    session: Session,
    point: tuple[float, float],
    *,
    at: datetime,
    accuracy_m: float | None = None,
    communities: Sequence[Community] | None = None,
    edition: GridEdition | None = None,
) -> Answer:
    """Who answers for a place at a time: the grid, the rule that decided, how sure that is, and the chain of people.

    The edition, the overrides and the postings in force on that day decide. Where 专属 grids lie over 综合 ones, these
    answer for the ground; a 专属 grid answers only where no other lies under it. Where two communities meet, all their
    grids are weighed together, so that exactly one of them answers. In a building or compound, its own people head the
    chain.

    Parameters
    ----------
    point : (float, float)
        Longitude, latitude, WGS 84.
    at : datetime
        When, aware.
    accuracy_m : float, optional
        Radius in which the true position lies in 68 of 100 cases, as phones say it; unknown:
        `Rules.assumed_accuracy_m`.
    communities : sequence of Community, optional
        Ask only these; by default all whose outline is near.
    edition : GridEdition, optional
        Decide by this edition instead of the one in force: what if. The people are still those of the day.

    Raises
    ------
    BadGeometry
        If the point is no position on the globe.
    """
    lon, lat = point
    check_positions([lon], [lat])
    asked = pd.DataFrame({"lon": [lon], "lat": [lat], "at": pd.to_datetime([at], utc=True), "accuracy_m": [accuracy_m]})
    near = communities_near(session, asked) if communities is None else list(communities)
    found = locate_many(session, asked, communities=near, edition=edition).iloc[0]
    answering = found["community_id"]
    community = None if answering is None else session.get(Community, int(answering))
    if community is None:
        return NOBODY
    grid_code = found["grid_code"]
    building_id = _standing_in(session, Building, community, lon, lat)
    compound_id = _compound_of(session, community, building_id, lon, lat)
    chain = chains.chain_for(session, community, grid_code, at=at, compound_id=compound_id, building_id=building_id)
    edition_id = found["edition_id"]
    return Answer(
        community=community,
        edition=None if edition_id is None else session.get(GridEdition, edition_id),
        grid_code=grid_code,
        rule=Rule(found["rule"]),
        border_m=_number(found["border_m"]),
        probability=_number(found["probability"]),
        next_code=found["next_code"],
        sure=bool(found["sure"]),
        building_id=building_id,
        compound_id=compound_id,
        chain=chain,
        day=local_day(community, at),
        facts=facts_of(found.to_dict(), stated=accuracy_m is not None),
    )


def chain_of(session: Session, incident: Incident, *, at: datetime) -> list[Link]:
    """Who answers for an incident at a time: for the grid decided when it was found, the people of that time.

    The building or compound that its point stands in heads the chain.
    """
    community = session.get_one(Community, incident.community_id)
    shape = None if incident.geom is None else session.scalar(select(Incident.geom).where(Incident.id == incident.id))
    building_id = compound_id = None
    if shape is not None:
        lon, lat = shapely.get_coordinates(frames.decode([shape])[0])[0]
        building_id = _standing_in(session, Building, community, lon, lat)
        compound_id = _compound_of(session, community, building_id, lon, lat)
    return chains.chain_for(
        session, community, incident.grid_code, at=at, compound_id=compound_id, building_id=building_id
    )


def recompute(session: Session, incidents: Sequence[Incident], *, edition: GridEdition | None = None) -> pd.DataFrame:
    """What would be decided about incidents today, beside what was decided; nothing is changed.

    Parameters
    ----------
    incidents : sequence of Incident
        Those without a place are left out.
    edition : GridEdition, optional
        Decide by this edition. Without it each keeps the edition of the day it was found, so that only corrected ground
        or overrides entered afterwards make a difference.

    Returns
    -------
    DataFrame
        Indexed by the incidents' ids: the columns of `locate_many`, with `was_grid_code`, `was_rule` and
        `was_edition_id`.
    """
    ids = [row.id for row in incidents]
    kept = [row for row in incidents if row.geom is not None]
    shapes = dict(session.execute(select(Incident.id, Incident.geom).where(Incident.id.in_(ids))).all())
    spots = shapely.get_coordinates(frames.decode([shapes[row.id] for row in kept]))
    asked = pd.DataFrame(
        {
            "lon": spots[:, 0],
            "lat": spots[:, 1],
            "at": pd.to_datetime([row.found_at for row in kept], utc=True),
            "accuracy_m": pd.Series([row.accuracy_m for row in kept], dtype=float),
        }
    ).set_axis([row.id for row in kept], axis=0)
    parts = [
        locate_many(session, asked.loc[theirs], communities=[session.get_one(Community, number)], edition=edition)
        for number in sorted({row.community_id for row in kept})
        if (theirs := [row.id for row in kept if row.community_id == number])
    ]
    now = pd.concat(parts) if parts else locate_many(session, asked, communities=[])
    was = {row.id: (row.grid_code, row.grid_rule, row.edition_id) for row in kept}
    for column, name in enumerate(("was_grid_code", "was_rule", "was_edition_id")):
        now[name] = pd.Series({number: cells[column] for number, cells in was.items()}, dtype=object).reindex(now.index)
    return now.reindex([row.id for row in kept])


def _standing_in(session: Session, model: Any, community: Community, lon: float, lat: float) -> int | None:
    """The building or compound that a point stands in (the smallest id where several lie over each other)."""
    near = select(model.id, model.geom).where(
        model.community_id == community.id, nearby.meets_box(model.geom, (lon, lat, lon, lat))
    )
    rows = session.execute(near).all()
    inside = shapely.intersects(frames.decode([geom for _, geom in rows]), shapely.points(lon, lat))
    return min((key for (key, _), hit in zip(rows, inside, strict=True) if hit), default=None)


def _compound_of(session: Session, community: Community, building_id: int | None, lon: float, lat: float) -> int | None:
    if building_id is not None:
        known: int | None = session.scalar(select(Building.compound_id).where(Building.id == building_id))
        if known is not None:
            return known
    return _standing_in(session, Compound, community, lon, lat)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
