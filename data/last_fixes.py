"""Where phones that sent lately were last: one query for all of them, however many look."""

from typing import Any

import pandas as pd
from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session, aliased

from data.models import Community, Device, DevicePatrol, DeviceStage, Person, PhoneFix, Team, Walk, WalkPhone

COLUMNS = [
    *("device_id", "community_id", "person_id", "team_id", "person", "team", "label", "datum", "dialect", "heard_ms"),
    *("at_ms", "lat_e6", "lon_e6", "accuracy_m", "battery_percent", "clock_off_s"),
    *("walk_ms", "walk_ended_ms", "by_button"),
]

FUTURE_MS = 86_400_000
"""A fix that is later than its phone was heard by more than this (a receiver's mistake) is nobody's last."""


def last_fixes(session: Session, *, heard_since_ms: int) -> pd.DataFrame:
    """The last fix of every accepted phone that was heard since a moment, and the last patrol derived of it.

    Two places at the same moment are one fix, the first by latitude and longitude. Phones of no community are left out.

    Returns
    -------
    DataFrame
        `device_id`, `community_id`, `person_id`, `team_id` (objects, None where unknown), `person`, `team` (names, or
        None), `label`, `datum`, `dialect`, `heard_ms`; of the last fix `at_ms` (as the phone said), `lat_e6`, `lon_e6`
        (millionths of a degree of the phone's datum), `accuracy_m`, `battery_percent` (NaN: not said); `clock_off_s` of
        its last derived patrol; `by_button`: its walks begin and end by pressing a button, the last of them at
        `walk_ms` and `walk_ended_ms` by the phone's clock. NaN where there is none.
    """
    later, derived, walk = aliased(PhoneFix), aliased(DevicePatrol), aliased(Walk)
    heard_of = (later.device_id == Device.id) & (later.at_ms <= Device.heard_ms + FUTURE_MS)
    last = select(func.max(later.at_ms)).where(heard_of).correlate(Device).scalar_subquery()
    latest = select(func.max(derived.began_ms)).where(derived.device_id == Device.id).correlate(Device)
    newest = select(func.max(walk.started_ms)).where(walk.device_id == Device.id).correlate(Device)
    wanted = (
        select(
            *(Device.id, Device.community_id, Device.person_id, Device.team_id, Person.name, Team.name, Device.label),
            *(Device.datum, Device.dialect, Device.heard_ms, PhoneFix.at_ms, PhoneFix.lat_e6, PhoneFix.lon_e6),
            *(PhoneFix.accuracy_m, PhoneFix.battery_percent),
            *(DevicePatrol.clock_off_s, Walk.started_ms, Walk.ended_ms, WalkPhone.device_id.is_not(None)),
        )
        .join(Community, Community.id == Device.community_id)
        .join(PhoneFix, and_(PhoneFix.device_id == Device.id, PhoneFix.at_ms == last))
        .outerjoin(Person, Person.id == Device.person_id)
        .outerjoin(Team, Team.id == Device.team_id)
        .outerjoin(
            DevicePatrol,
            and_(DevicePatrol.device_id == Device.id, DevicePatrol.began_ms == latest.scalar_subquery()),
        )
        .outerjoin(WalkPhone, WalkPhone.device_id == Device.id)
        .outerjoin(Walk, and_(Walk.device_id == Device.id, Walk.started_ms == newest.scalar_subquery()))
        .where(Device.stage == DeviceStage.ACCEPTED, Device.heard_ms >= heard_since_ms)
        .order_by(Device.id, PhoneFix.lat_e6, PhoneFix.lon_e6, DevicePatrol.patrol_id, Walk.id)
    )
    return _table(session.execute(wanted).all())


def _table(rows: "list[Row[Any]] | Any") -> pd.DataFrame:
    table = pd.DataFrame([tuple(row) for row in rows], columns=COLUMNS).drop_duplicates("device_id")
    numbers = {name: table[name].astype(float) for name in COLUMNS[-6:-1]}
    known = {name: table[name].astype(object).where(table[name].notna(), None) for name in COLUMNS[2:6]}
    return table.assign(by_button=table["by_button"].astype(bool), **numbers, **known).reset_index(drop=True)


def times_since(session: Session, device_id: int, since_ms: int) -> pd.DataFrame:
    """The fixes of one phone from a moment on, in order of time: `at_ms`, `lat_e6`, `lon_e6`."""
    wanted = (
        select(PhoneFix.at_ms, PhoneFix.lat_e6, PhoneFix.lon_e6)
        .where(PhoneFix.device_id == device_id, PhoneFix.at_ms >= since_ms)
        .order_by(PhoneFix.at_ms, PhoneFix.lat_e6, PhoneFix.lon_e6)
    )
    return pd.DataFrame(session.execute(wanted).all(), columns=["at_ms", "lat_e6", "lon_e6"])
