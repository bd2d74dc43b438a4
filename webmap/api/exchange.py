"""Exchange over the API: another platform fetches what it is told, and sends what it did."""

from typing import Any

from apiflask import APIBlueprint, Schema, fields
from apiflask.validators import Regexp
from flask import request
from marshmallow import EXCLUDE

from patrols.exchange.giving import give
from patrols.exchange.hearing import hear
from patrols.exchange.sent import sent_of
from patrols.exchange.taking import take
from webmap import access, errors, storage, trail
from webmap.access import May
from webmap.api.fields import Moment, community_code

api = APIBlueprint("api_exchange", __name__, url_prefix="/api/exchange", tag="Incidents")

PLATFORM = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"


class ExchangeQuery(Schema):
    """Which community's incidents, and with whom they are exchanged."""

    community = community_code()
    platform = fields.String(load_default="upstream", validate=Regexp(PLATFORM))


class GiveQuery(ExchangeQuery):
    """Which of them: only those that have had a step since then."""

    since = Moment()


class Exchange(Schema):
    """Incidents as they are exchanged; the readme tells their fields."""

    class Meta:
        unknown = EXCLUDE

    format = fields.String(required=True)
    version = fields.Integer(required=True)
    platform = fields.String()
    community = fields.String()
    crs = fields.String(required=True)
    incidents = fields.List(fields.Dict(keys=fields.String()), required=True)


class ExchangeOut(Exchange):
    """The same as it is given, and what was left out because a mandatory field is missing."""

    left_out = fields.List(fields.String())
    without_department = fields.Integer()


class TakenOut(Schema):
    """What became of what was sent."""

    stored = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    notes = fields.List(fields.String())


class HeardOut(Schema):
    """How many incidents of a message were new, moved on, or stayed as they were."""

    stored = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()


@api.post("/hooks/<int(max=2147483647):number>")
@api.doc(hide=True)
@api.output(HeardOut)
@access.opened_to_signatures
def hook(number: int) -> dict[str, Any]:
    """A platform tells a step at once; the same message again is answered the same.

    Its headers: ``X-Gridpatrol-Timestamp`` (seconds, at most five minutes off), ``Idempotency-Key``, and
    ``X-Gridpatrol-Signature``, as `patrols.exchange.signing.sign` makes it.
    """
    headers = request.headers
    heard = hear(
        storage.session(),
        number,
        request.get_data(),
        key=headers.get("Idempotency-Key", ""),
        moment=headers.get("X-Gridpatrol-Timestamp", ""),
        signature=headers.get("X-Gridpatrol-Signature", ""),
        at=storage.now(),
    )
    if not heard.before:
        trail.record("exchange.heard", object_kind="platform", object_key=str(number), **heard.answer)
    storage.session().commit()
    return heard.answer


@api.get("")
@api.input(GiveQuery, location="query", arg_name="asked")
@api.output(ExchangeOut)
@access.needs(May.IMPORT)
def listing(asked: dict[str, Any]) -> dict[str, Any]:
    """Incidents that a department has, whole: the six mandatory fields, every step; nobody is named."""
    community = access.community(asked.get("community"))
    found = give(
        storage.session(),
        access.scope(),
        community,
        asked["platform"],
        since=asked.get("since"),
        skip_bad=True,
    )
    left_out = [errors.tell_refusal(one) for one in found.refusals]
    return {**found.document, "left_out": left_out, "without_department": found.without_department}


@api.post("")
@api.doc(hide=True)
@api.input(ExchangeQuery, location="query", arg_name="asked")
@api.input(Exchange, arg_name="told")
@api.output(TakenOut)
@access.needs(May.IMPORT)
def taken(asked: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Take in incidents and steps, all or nothing; the same again changes nothing."""
    community, platform = access.community(asked.get("community")), asked["platform"]
    access.scope().require(community.id)
    done = take(storage.session(), sent_of(told, file="body.json"), community, platform, at=storage.now())
    facts: dict[str, Any] = {"platform": platform, "stored": done.stored, "updated": done.updated}
    trail.record("exchange.imported", object_kind="community", object_key=community.code, **facts)
    storage.session().commit()
    counts = {name: getattr(done, name) for name in ("stored", "updated", "unchanged")}
    return {**counts, "notes": [errors.tell_refusal(one) for one in done.notes]}
