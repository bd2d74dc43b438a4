"""Open incidents change hands with the ground: who answers for them from the day a new edition begins.

An incident's grid is decided once, by the grids of the day on which it was found. What is still open when an edition
begins is decided anew by that edition: the grid that answers for the place now has it. A step in the incident's history
says so, and what was before is kept beside it (`Incident.grid_facts["hand_overs"]`), so that figures of earlier days
stay what they were. What is closed or voided by then keeps its grid for good.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
import shapely
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, GridEdition, Incident, IncidentStep, StepKind, User
from patrols.explanations import facts_of
from patrols.lineage import heirs
from patrols.locating import Rule, locate_many
from patrols.moves import OPEN_STAGES

HAND_OVERS = "hand_overs"
"""Under which name an incident's facts keep its earlier grids: a list of `day`, `from`, `to`, `rule`, `edition_id`."""


def hand_over(
    session: Session, edition: GridEdition, lineage: pd.DataFrame, *, day: date, at: datetime, by: User | None
) -> int:
    """Hand the open incidents whose place now belongs to another grid over to it; the number of them.

    Offices and handlers keep what they are working on: only the grid that answers changes.

    Parameters
    ----------
    lineage : DataFrame
        As `patrols.lineage.compare` makes it: incidents without a place follow their grid's ground.
    day : date
        From which the edition answers.
    """
    session.flush()
    found = destinations(session, edition, lineage, at=at)
    # Without a grid before and after is no change, though pandas calls two missing values different.
    moved = found[found["was_code"].fillna("") != found["grid_code"].fillna("")]
    if moved.empty:
        return 0
    last = dict(
        session.execute(
            select(IncidentStep.incident_id, func.max(IncidentStep.number))
            .join(Incident, Incident.id == IncidentStep.incident_id)
            .where(Incident.community_id == edition.community_id, Incident.stage.in_(OPEN_STAGES))
            .group_by(IncidentStep.incident_id)
        ).all()
    )
    rows = [{**row, "id": key} for key, row in zip(moved.index.tolist(), moved.to_dict("records"), strict=True)]
    session.execute(insert(IncidentStep), [_step(row, last.get(row["id"], 0) + 1, at, by) for row in rows])
    session.execute(update(Incident), [_changed(row, edition, day) for row in rows])
    # The rows were written past the objects that the session holds.
    session.expire_all()
    return len(rows)


def destinations(session: Session, edition: GridEdition, lineage: pd.DataFrame, *, at: datetime) -> pd.DataFrame:
    """Every open incident of an edition's community, with the grid it has and the one it would have by this edition.

    Returns
    -------
    DataFrame
        Indexed by the incidents' ids: `number`, `stage`, `was_code`, `was_rule`, `was_edition_id`, `facts` (as stored),
        and by this edition `grid_code` (None: the community itself), `rule`, `border_m`, `sure`, `grid_facts`.
    """
    community = session.get_one(Community, edition.community_id)
    rows = _open_incidents(session, community)
    placed = rows["geometry"].notna().to_numpy()
    follows = heirs(lineage)
    rows["grid_code"] = pd.Series([follows.get(code, code) for code in rows["was_code"]], rows.index, dtype=object)
    if placed.any():
        _locate(session, community, edition, rows, placed, at)
    return rows.drop(columns="geometry")


def _open_incidents(session: Session, community: Community) -> pd.DataFrame:
    wanted = select(
        Incident.id,
        Incident.number,
        Incident.stage,
        Incident.grid_code.label("was_code"),
        Incident.grid_rule.label("was_rule"),
        Incident.edition_id.label("was_edition_id"),
        Incident.grid_facts.label("facts"),
        Incident.accuracy_m,
        Incident.border_m,
        Incident.sure,
        frames.as_wkb(Incident.geom),
    ).where(Incident.community_id == community.id, Incident.stage.in_(OPEN_STAGES))
    result = session.execute(wanted.order_by(Incident.id))
    rows = pd.DataFrame(result.all(), columns=list(result.keys())).astype(object).set_index("id")
    rows["rule"], rows["grid_facts"] = rows["was_rule"], rows["facts"]
    # None, not NaN: what is compared and stored must be able to say that there is no grid.
    return rows.where(rows.notna(), None)


def _locate(
    session: Session, community: Community, edition: GridEdition, rows: pd.DataFrame, placed: Any, at: datetime
) -> None:
    """Decide by the edition, for the incidents that have a place; those whose grid stays keep how it was decided."""
    spots = shapely.get_coordinates(shapely.from_wkb(rows.loc[placed, "geometry"].to_numpy(dtype=object)))
    index = rows.index[placed]
    asked = pd.DataFrame(
        {
            "lon": spots[:, 0],
            "lat": spots[:, 1],
            "at": pd.to_datetime([at] * len(index), utc=True),
            "accuracy_m": pd.to_numeric(rows.loc[placed, "accuracy_m"]).to_numpy(dtype=float),
        },
        index=index,
    )
    found = locate_many(session, asked, communities=[community], edition=edition)
    changed = index[(found["grid_code"].to_numpy(dtype=object) != rows.loc[index, "was_code"].to_numpy(dtype=object))]
    rows.loc[changed, "grid_code"] = found.loc[changed, "grid_code"]
    rows.loc[index.difference(changed), "grid_code"] = rows.loc[index.difference(changed), "was_code"]
    rule = found["rule"].replace({Rule.NONE.value: Rule.COMMUNITY_FALLBACK.value})
    for column, values in (("rule", rule), ("border_m", found["border_m"]), ("sure", found["sure"])):
        rows.loc[changed, column] = values.loc[changed].astype(object)
    stated = asked["accuracy_m"].notna()
    facts = [
        facts_of(row, stated=bool(stated[key]))
        for key, row in zip(changed, found.loc[changed].to_dict("records"), strict=True)
    ]
    rows.loc[changed, "grid_facts"] = pd.Series(facts, index=changed, dtype=object)


def _step(row: Mapping[Any, Any], number: int, at: datetime, by: User | None) -> dict[str, Any]:
    return {
        "incident_id": row["id"],
        "number": number,
        "kind": StepKind.HAND_OVER,
        "stage": row["stage"],
        "at": at,
        "by_user_id": None if by is None else by.id,
        "note": f"{row['was_code'] or '–'} → {row['grid_code'] or '–'}",
    }


def _changed(row: Mapping[Any, Any], edition: GridEdition, day: date) -> dict[str, Any]:
    earlier = {
        "day": day.isoformat(),
        "from": row["was_code"],
        "to": row["grid_code"],
        "rule": row["was_rule"],
        "edition_id": row["was_edition_id"],
    }
    border_m = row["border_m"]
    return {
        "id": row["id"],
        "edition_id": edition.id,
        "grid_code": row["grid_code"],
        "grid_rule": row["rule"],
        "border_m": None if border_m is None or pd.isna(border_m) else float(border_m),
        "sure": bool(row["sure"]),
        "grid_facts": {**row["grid_facts"], HAND_OVERS: [*row["facts"].get(HAND_OVERS, []), earlier]},
    }
