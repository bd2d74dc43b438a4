"""What a phone's queue brings: taken one by one, each on the disk before the answer, each once."""

import logging
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError, OperationalError

from geo.errors import N_, Fault
from patrols import sent_things
from patrols.rules import Rules
from webmap import errors, storage
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.walk import bearer, kit, things
from webmap.walk.fields import Fields, document

log = logging.getLogger(__name__)

MOST_A_DAY = 5000
"""Things of one phone within a day: a hundred times what five red caps do."""


def add_to(walk: Blueprint) -> None:
    """Add this address."""
    walk.add_url_rule("/things", "things", take, methods=["POST"])


@bearer.of_phone
def take() -> ResponseReturnValue:
    """Take a list of things, in its order."""
    said = document(request)
    if not isinstance(said, list) or len(said) > kit.MOST_THINGS:
        raise BadInput(N_("A list of at most %(most)s things is expected."), most=kit.MOST_THINGS)
    now = storage.now()
    if sent_things.count(storage.session(), bearer.device(), since=now - timedelta(days=1)) >= MOST_A_DAY:
        return errors.problem(errors.BY_STATUS[429], gettext("Too much within one day."), retry_s=3600)
    clock_off = _clock_off(now)
    items = [_answer(one, now, clock_off) for one in said]
    walk = kit.walk_now(storage.session(), bearer.phone(), at=now)
    return jsonify({"now": now.isoformat(), "walk": walk, "items": items})


def _clock_off(now: datetime) -> timedelta:
    """What must be added to the phone's clock; small differences are the way of the message, and nothing."""
    try:
        phone_now = Fields({"now": request.headers.get("X-Phone-Now")}).moment("now")
    except BadInput:
        return timedelta()
    community = bearer.device().community
    rules = Rules.for_community(community.rules if community else {})
    off = now - phone_now
    return off if abs(off) > timedelta(seconds=rules.clock_off_s) else timedelta()


def _answer(said: Any, now: datetime, clock_off: timedelta) -> dict[str, Any]:
    """What became of one thing. A thing that is refused leaves nothing behind."""
    told: dict[str, Any] = {"id": said.get("id") if isinstance(said, dict) else None}
    opened = storage.session()
    try:
        thing = things.read(said, now, clock_off)
        told["id"] = thing.key
        outcome = _once(thing)
    except Fault as fault:
        opened.rollback()
        refusal = things.refusal(fault)
        return told | {"status": "refused", "code": refusal.code, "reason": errors.tell(fault), "again": refusal.again}
    except OperationalError:
        # The database is busy: the whole sending comes again, and finds what is stored by then.
        raise
    except Exception:
        # One thing that nobody foresaw must not keep those behind it on the phone for ever.
        log.exception("a thing of phone %s could not be taken", bearer.device().id)
        opened.rollback()
        reason = gettext("Something went wrong on our side. Keep this, and tell the office.")
        return told | {"status": "refused", "code": "our-fault", "reason": reason, "again": True}
    number = things.number_of(outcome.thing)
    return told | {"status": outcome.status} | ({"number": number} if number else {})


def _once(thing: things.Thing) -> sent_things.Outcome:
    """Store a thing, unless it is stored already: whoever sends it twice at once is told of the first."""
    opened, phone = storage.session(), bearer.phone()
    known = sent_things.find(opened, phone.device, thing.key)
    if known is None:
        try:
            row = sent_things.note(opened, phone.device, thing.key, thing.kind, at=thing.at, now=thing.now)
            row.made_id = things.do(opened, phone, thing)
            opened.commit()
            return sent_things.Outcome("stored", row)
        except IntegrityError:
            opened.rollback()
            known = sent_things.find(opened, phone.device, thing.key)
            if known is None:
                raise
    return sent_things.Outcome("known", known)
