"""The things that a phone sends, each read from its fields and handed to what the rules say of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from data.errors import Conflict, NotFound
from data.models import (
    Category,
    Community,
    Device,
    Incident,
    IncidentSource,
    Person,
    PhotoRole,
    ThingKind,
    WalkEnd,
    WalkPhone,
    WalkThing,
)
from geo.errors import N_, Fault
from patrols import check_lists, check_points, consents, incidents, photos, told_walks, walks
from patrols.errors import ConsentRefused, PatrolError
from patrols.rules import Rules
from webmap import storage, trail
from webmap.errors import BadInput
from webmap.walk.fields import Fields, lines
from webmap.walk.kit import MOST_WORDS

TRIES = 5
"""So many who report at the same moment get the numbers after each other's."""


class ConsentNeeded(PatrolError):
    """Something that says where a person was, of somebody who has not agreed to that."""


class Thing(NamedTuple):
    """One thing: its key, kind and fields; when it was done by the phone's clock, put right, and when it came."""

    key: str
    kind: ThingKind
    said: Fields
    phone_at: datetime
    clock_off: timedelta
    at: datetime
    now: datetime


class Refusal(NamedTuple):
    """How the page is told: a stable word, and whether it may send the same thing again later."""

    code: str
    again: bool


_REFUSALS: list[tuple[type[Fault], Refusal]] = [
    (ConsentNeeded, Refusal("consent-needed", True)),
    (ConsentRefused, Refusal("consent-outdated", False)),
    (walks.WalkRefused, Refusal("walk-refused", False)),
    (photos.PhotoRefused, Refusal("photo-refused", False)),
    (Conflict, Refusal("conflict", True)),
    (NotFound, Refusal("not-found", False)),
    (BadInput, Refusal("bad-input", False)),
]


def refusal(fault: Fault) -> Refusal:
    """How a fault is told to the page."""
    return next((told for kind, told in _REFUSALS if isinstance(fault, kind)), Refusal("not-allowed", False))


def read(said: Any, now: datetime, clock_off: timedelta) -> Thing:
    """What every thing has.

    Raises
    ------
    webmap.errors.BadInput
    """
    fields = Fields(said)
    key, kind, at = fields.uuid("id"), fields.word("kind", ThingKind), fields.moment("at")
    if kind is None:
        raise BadInput(N_("%(field)s is missing."), field="kind")
    return Thing(key, kind, fields, at, clock_off, min(at + clock_off, now), now)


def do(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    """Do what a thing says; nothing is committed here.

    Returns
    -------
    int or None
        The key of the row that came of it.
    """
    return _DOES[thing.kind](opened, phone, thing)


def number_of(row: WalkThing) -> str | None:
    """The number of the incident that came of a report; None of anything else."""
    if row.kind is not ThingKind.REPORT or row.made_id is None:
        return None
    return storage.session().get_one(Incident, row.made_id).number


def _consent(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    version = thing.said.whole("version", least=1) or 0
    given = consents.give(opened, _person(phone), version, at=thing.at)
    trail.record("consent.given", object_kind="person", object_key=str(given.person_id), version=version, by="walk")
    return given.id


def _withdraw(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    person = _person(phone)
    consents.withdraw(opened, person, at=thing.at)
    trail.record("consent.withdrawn", object_kind="person", object_key=str(person.id), by="walk")
    return None


def _start(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    _need_consent(opened, phone, thing)
    key = thing.said.uuid("walk")
    return walks.start(opened, phone, key, at=thing.phone_at, clock_off=thing.clock_off, now=thing.now).id


def _stop(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    why = thing.said.word("why", WalkEnd) or WalkEnd.PERSON
    key = thing.said.uuid("walk")
    return walks.stop(opened, phone, key, at=thing.phone_at, clock_off=thing.clock_off, now=thing.now, why=why).id


def _check_in(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    _need_consent(opened, phone, thing)
    row = check_points.check_in(
        opened,
        _person(phone),
        key=thing.key,
        at=thing.at,
        code=thing.said.text("code", most=500) or None,
        point=thing.said.place(),
        accuracy_m=thing.said.number("accuracy_m", least=0, most=100_000),
        team=phone.device.team,
        walk=_walk(thing),
        heard_at=thing.now,
    )
    return row.id


def _check_list(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    marks = [_mark(Fields(one)) for one in thing.said.items("marks", most=check_lists.MOST_ITEMS)]
    # Without consent the answer counts all the same, but not where it was given.
    agreed = _agreed(opened, phone, thing)
    row = check_lists.answer(
        opened,
        phone.device,
        thing.said.whole("list") or 0,
        marks,
        at=thing.at,
        note=thing.said.text("note", most=MOST_WORDS),
        point=thing.said.place() if agreed else None,
        walk=_walk(thing),
    )
    return row.id


def _mark(said: Fields) -> check_lists.Found:
    return check_lists.Found(said.whole("item") or 0, said.truth("ok"), said.text("note"))


def _report(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    said, person = thing.said, _person(phone)
    named = [_photo(one) for one in said.items("photos", most=photos.MOST_A_REPORT)]
    description = said.text("words", most=MOST_WORDS)
    category = _category(opened, said)
    if not description and category is None and not named:
        raise BadInput(N_("Say in a few words what you found."))
    incident = _reported(
        opened,
        phone,
        at=thing.now,
        found_at=thing.at,
        description=description,
        point=said.place(),
        accuracy_m=said.number("accuracy_m", least=0, most=100_000),
        category=category,
        address=said.text("address"),
        reporter_name=person.name,
        reporter_phone=person.phone,
        extra={"walk": _walk(thing)} if _walk(thing) else None,
    )
    photos.attach(opened, incident, phone.device, named, at=thing.at, by=phone.user)
    return incident.id


def _reported(opened: Session, phone: WalkPhone, **facts: Any) -> Incident:
    community = opened.get_one(Community, phone.device.community_id)
    for _ in range(TRIES - 1):
        try:
            return incidents.report(opened, community, source=IncidentSource.PATROL, by=phone.user, **facts)
        except Conflict:
            # Somebody else took the next number of the day at this moment.
            continue
    return incidents.report(opened, community, source=IncidentSource.PATROL, by=phone.user, **facts)


def _photo(said: Any) -> photos.Named:
    fields = Fields({"id": said} if isinstance(said, str) else said)
    return photos.Named(fields.uuid("id"), fields.word("role", PhotoRole) or PhotoRole.SCENE)


def _category(opened: Session, said: Fields) -> Category | None:
    key = said.whole("category")
    found = opened.get(Category, key) if key else None
    if key and found is None:
        raise NotFound(N_("There is no such category any more. Choose another."))
    return found


def _drawn_walk(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    _need_consent(opened, phone, thing)
    patrol = told_walks.draw(
        opened,
        phone.device,
        thing.key,
        began=thing.said.moment("began"),
        minutes=thing.said.number("minutes", least=1, most=24 * 60) or 0.0,
        lines=lines(thing.said.items("line", most=told_walks.MOST_PLACES)),
        at=thing.now,
    )
    return patrol.id


def _paper_walk(opened: Session, phone: WalkPhone, thing: Thing) -> int | None:
    _need_consent(opened, phone, thing)
    patrol = told_walks.type_in(
        opened,
        phone.device,
        thing.key,
        day=thing.said.day("date"),
        begins=thing.said.clock("from"),
        ends=thing.said.clock("to"),
        streets=[_street(one) for one in thing.said.items("streets", most=told_walks.MOST_STREETS)],
        at=thing.now,
    )
    return patrol.id


def _street(said: Any) -> int:
    return Fields({"streets": said}).whole("streets") or 0


def _need_consent(opened: Session, phone: WalkPhone, thing: Thing) -> None:
    if not _agreed(opened, phone, thing):
        raise ConsentNeeded(N_("First agree to be recorded while you walk; then this can be sent again."))


def _agreed(opened: Session, phone: WalkPhone, thing: Thing) -> bool:
    """Whether the person had agreed by then; clocks may differ as much as is not put right."""
    person = _person(phone)
    rules = Rules.for_community(opened.get_one(Community, phone.device.community_id).rules)
    later = min(thing.at + timedelta(seconds=rules.clock_off_s), thing.now)
    return consents.covers(opened, person, thing.at) or consents.covers(opened, person, later)


def _walk(thing: Thing) -> str:
    return thing.said.uuid("walk") if thing.said.has("walk") else ""


def _person(phone: WalkPhone) -> Person:
    device: Device = phone.device
    if device.person is None:
        raise LookupError("a phone that works is somebody's")
    return device.person


_DOES: dict[ThingKind, Callable[[Session, WalkPhone, Thing], int | None]] = {
    ThingKind.CONSENT: _consent,
    ThingKind.WITHDRAW: _withdraw,
    ThingKind.START: _start,
    ThingKind.STOP: _stop,
    ThingKind.CHECK_IN: _check_in,
    ThingKind.CHECK_LIST: _check_list,
    ThingKind.REPORT: _report,
    ThingKind.DRAWN_WALK: _drawn_walk,
    ThingKind.PAPER_WALK: _paper_walk,
}
