"""What is kept about one person: taken away as files, and deleted. Totals stay, and belong to nobody."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session, joinedload

from data import frames
from data.models import (
    WGS84,
    Device,
    DevicePatrol,
    DeviceStage,
    Fix,
    Patrol,
    Person,
    PhoneFix,
    Posting,
    TeamMember,
    User,
)
from patrols import consents, looks, own_check_ins, own_walks, privacy
from patrols.points import own as own_points

PATROL: Table = Patrol.__table__  # type: ignore[assignment]


@dataclass(frozen=True)
class OwnData:
    """Everything about one person: facts (JSON values only), patrols with whole lines, and fixes; WGS 84, UTC."""

    facts: dict[str, Any]
    patrols: gpd.GeoDataFrame
    fixes: pd.DataFrame


@dataclass(frozen=True)
class Deleted:
    """What deleting came to: patrols that belong to nobody now, deleted fixes, phones that were shut out."""

    patrols: int
    fixes: int
    phones: int


def collect(session: Session, person: Person) -> OwnData:
    """Everything that is kept about a person and their walks.

    Returns
    -------
    OwnData
        ``patrols``: `patrol`, `started_at`, `ended_at`, `metres`, `minutes`, `geometry`. ``fixes``: `patrol`, `at`,
        `lon`, `lat`, `accuracy_m`, `dropped_by`.
    """
    columns = (Patrol.started_at, Patrol.ended_at, Patrol.metres, Patrol.minutes, frames.as_wkb(Patrol.track))
    wanted = select(Patrol.id.label("patrol"), *columns).where(Patrol.person_id == person.id).order_by(Patrol.id)
    table = pd.DataFrame(session.execute(wanted).all(), columns=list(wanted.selected_columns.keys()))
    lines = shapely.from_wkb(table.pop("geometry").to_numpy(dtype=object))
    fix_columns = (Fix.at, Fix.lon, Fix.lat, Fix.accuracy_m, Fix.dropped_by)
    sent = select(Fix.patrol_id.label("patrol"), *fix_columns).join(Patrol, Patrol.id == Fix.patrol_id)
    sent = sent.where(Patrol.person_id == person.id).order_by(Fix.patrol_id, Fix.at, Fix.id)
    fixes = pd.DataFrame(session.execute(sent).all(), columns=list(sent.selected_columns.keys()))
    return OwnData(_facts(session, person), gpd.GeoDataFrame(table, geometry=lines, crs=WGS84), fixes)


def _facts(session: Session, person: Person) -> dict[str, Any]:
    users = session.scalars(select(User).where(User.person_id == person.id).order_by(User.id))
    posted = session.scalars(select(Posting).where(Posting.person_id == person.id).order_by(Posting.id))
    teams = session.scalars(
        select(TeamMember).options(joinedload(TeamMember.team)).where(TeamMember.person_id == person.id)
    )
    phones = session.scalars(select(Device).where(Device.person_id == person.id).order_by(Device.id))
    return {
        "number": person.number,
        "name": person.name,
        "phone": person.phone,
        "sign_ins": [{"login": one.login, "role": one.role.value} for one in users],
        "postings": [
            {"duty": one.duty, "on": one.place_kind.value, "grid": one.grid_code, **_days(one)} for one in posted
        ],
        "teams": [{"team": one.team.name, "role": one.role.value, **_days(one)} for one in teams],
        "points": own_points.told(session, person),
        "phones": [{"label": one.label, "since": one.enrolled_at.isoformat()} for one in phones],
        "consents": [
            {
                "version": one.text.version,
                "text": one.text.zh,
                "given_at": one.given_at.isoformat(),
                "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
            }
            for one in consents.history(session, person)
        ],
        "check_ins": own_check_ins.told(session, person),
        **own_walks.told(session, person),
        "looks": [{**asdict(one), "at": one.at.isoformat()} for one in looks.looks_at(session, person)],
    }


def _days(row: Any) -> dict[str, str | None]:
    until = row.valid_until
    return {"from": row.valid_from.isoformat(), "until": until.isoformat() if until else None}


def delete_tracks(session: Session, person: Person, *, at: datetime) -> Deleted:
    """Delete where a person walked, for good, and withdraw the consent.

    Fixes, lines and curtains go. Metres, minutes, what each grid earned, visits of check-points and what was found on
    check-lists stay with the day and the team, as those of nobody: they are the community's figures, and lead to no
    person. Phones handed to the person alone are shut out, so that nothing new comes. The entry in the roster, postings
    and points are the office's and stay; so do the rows of the audit, which the law wants kept.
    """
    own_walks.forget_person(session, person, at=at)
    mine = list(session.scalars(select(Patrol.id).where(Patrol.person_id == person.id)))
    fixes = 0
    for start in range(0, len(mine), 500):
        part = mine[start : start + 500]
        fixes += _forget_phone_fixes(session, part)
        fixes += _count(session.execute(delete(Fix).where(Fix.patrol_id.in_(part))))
        session.execute(delete(DevicePatrol).where(DevicePatrol.patrol_id.in_(part)))
        nobody = {"person_id": None, "track": None, "ends_cut_at": at}
        session.execute(update(PATROL).where(PATROL.c.id.in_(part)).values(**nobody))
    phones = list(session.scalars(select(Device).where(Device.person_id == person.id)))
    for phone in phones:
        fixes += _count(session.execute(delete(PhoneFix).where(PhoneFix.device_id == phone.id)))
        phone.stage, phone.person_id, phone.decided_at = DeviceStage.REVOKED, None, at
        phone.label = ""
    privacy.forget_doors(session, person.id)
    own_check_ins.forget_person(session, person)
    consents.withdraw(session, person, at=at)
    session.flush()
    session.expire_all()
    return Deleted(len(mine), fixes, len(phones))


def _forget_phone_fixes(session: Session, patrols: list[int]) -> int:
    """Delete what phones sent for some patrols, whoever carries the phone now."""
    links = session.scalars(select(DevicePatrol).where(DevicePatrol.patrol_id.in_(patrols))).all()
    return sum(
        _count(
            session.execute(
                delete(PhoneFix).where(
                    PhoneFix.device_id == one.device_id, PhoneFix.at_ms >= one.began_ms, PhoneFix.at_ms <= one.ended_ms
                )
            )
        )
        for one in links
    )


def _count(done: Any) -> int:
    return int(done.rowcount)
