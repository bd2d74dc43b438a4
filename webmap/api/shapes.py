"""What goes into the API and what comes out, field by field."""

from typing import Any

from apiflask import Schema, fields
from apiflask.validators import Length, Range

from data.models import IncidentSource, PatrolSource, Stage, StepKind
from webmap.api.fields import (
    Moment,
    Sentences,
    Text,
    accuracy,
    community_code,
    grid_code,
    key,
    latitude,
    longitude,
    words,
)


class CommunityQuery(Schema):
    """Which community; without it, the only or first one that may be seen."""

    community = community_code()


class AtQuery(CommunityQuery):
    """Which community, and when; without it, now."""

    at = Moment()


class PlaceQuery(Schema):
    """A place, and when."""

    lon = longitude(required=True)
    lat = latitude(required=True)
    at = Moment()
    accuracy_m = accuracy()


class PageQuery(Schema):
    """Which page of a list."""

    page = fields.Integer(load_default=1, validate=Range(1, 1_000_000))
    rows = fields.Integer(load_default=50, validate=Range(1, 200))


class IncidentQuery(PageQuery):
    """Which incidents."""

    community = community_code()
    grid = grid_code()
    stage = words(Stage)
    open = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})
    overdue = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})
    category = key()
    source = words(IncidentSource)
    since = Moment()
    until = Moment()
    text = Text(most=100)


class CategoryQuery(Schema):
    """Which categories."""

    family = Text(most=32)
    text = Text(most=40)


class PatrolQuery(PageQuery):
    """Which patrols."""

    community = community_code()
    grid = grid_code()
    since = Moment()
    until = Moment()


class Report(Schema):
    """A new incident."""

    community = community_code()
    description = Text(required=True, least=1, most=2000)
    source = words(IncidentSource)
    category = key()
    answers = fields.Dict(keys=Text(most=32))
    address = Text(most=255)
    lon = longitude()
    lat = latitude()
    accuracy_m = accuracy()


class NextStep(Schema):
    """A step of an incident. `seen` is the number of the last step you know: where there is a newer one, nothing
    is done.
    """

    kind = words(StepKind, required=True)
    note = Text(most=2000)
    to_person = key()
    to_organisation = key()
    rating = fields.Integer(validate=Range(1, 5))
    seen = fields.Integer(validate=Range(0, 1_000_000))


class CommunityOut(Schema):
    """A community."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    subdistrict = fields.String(attribute="subdistrict.name")
    timezone = fields.String()
    simulated = fields.Boolean()
    attribution = fields.String()


class CategoryOut(Schema):
    """A category; `asks` is the JSON Schema of what is asked about it besides, with Chinese and English titles."""

    id = fields.Integer()
    family = fields.String()
    kind = fields.String()
    code = fields.String()
    zh = fields.String()
    en = fields.String()
    group_zh = fields.String()
    group_en = fields.String()
    pinyin = fields.String()
    initials = fields.String()
    icon = fields.String()
    sensitive = fields.Boolean()
    asks = fields.Dict()


class LinkOut(Schema):
    """One link of the chain of people who answer, nearest first."""

    duty = fields.String()
    zh = fields.String()
    en = fields.String()
    place_kind = fields.String()
    place = fields.String()
    vacant = fields.Boolean()
    name = fields.String()
    phone = fields.String()


class AnswerOut(Schema):
    """Who answers for a place, by which rule, and how sure that is."""

    community = fields.String(attribute="community.code", allow_none=True)
    edition = fields.Integer(attribute="edition.number", allow_none=True)
    grid_code = fields.String(allow_none=True)
    rule = fields.String()
    border_m = fields.Float(allow_none=True)
    probability = fields.Float(allow_none=True)
    next_code = fields.String(allow_none=True)
    sure = fields.Boolean()
    explanation = Sentences()
    chain = fields.List(fields.Nested(LinkOut))


class StepOut(Schema):
    """One step of an incident's history."""

    number = fields.Integer()
    kind = words(StepKind)
    stage = words(Stage)
    at = Moment()
    note = fields.String()
    to_person = fields.Integer(attribute="to_person_id", allow_none=True)
    to_organisation = fields.Integer(attribute="to_organisation_id", allow_none=True)


class IncidentOut(Schema):
    """An incident, without whoever reported it."""

    number = fields.String()
    category = fields.Integer(attribute="category_id", allow_none=True)
    source = words(IncidentSource)
    description = fields.String()
    address = fields.String()
    found_at = Moment()
    grid_code = fields.String(allow_none=True)
    grid_rule = fields.String()
    border_m = fields.Float(allow_none=True)
    sure = fields.Boolean()
    stage = words(Stage)
    on_the_spot = fields.Boolean()
    due_at = Moment(allow_none=True)
    resolved_at = Moment(allow_none=True)
    closed_at = Moment(allow_none=True)
    rating = fields.Integer(allow_none=True)


class OneIncidentOut(IncidentOut):
    """An incident with its history, what was answered to its category's questions, and what may follow."""

    answers = fields.Dict()
    explanation = Sentences()
    steps = fields.List(fields.Nested(StepOut))
    next_steps = fields.List(words(StepKind))


class CreditOut(Schema):
    """Metres and minutes in one grid; null for who is not shown named tracks."""

    grid_code = fields.String(allow_none=True)
    metres = fields.Float(allow_none=True)
    minutes = fields.Float(allow_none=True)


class PatrolOut(Schema):
    """One outing, without whoever walked it."""

    id = fields.Integer()
    team = fields.String(attribute="team.name", allow_none=True)
    source = words(PatrolSource)
    started_at = Moment()
    ended_at = Moment()
    metres = fields.Float()
    minutes = fields.Float()
    credits = fields.List(fields.Nested(CreditOut))


class PagedOut(Schema):
    """One page of a list."""

    page = fields.Integer()
    pages = fields.Integer()
    total = fields.Integer()


class IncidentsOut(PagedOut):
    """One page of incidents."""

    items = fields.List(fields.Nested(IncidentOut))


class PatrolsOut(PagedOut):
    """One page of patrols."""

    items = fields.List(fields.Nested(PatrolOut))


class GridFigures(Schema):
    """What is counted in a grid, and why it was drawn so."""

    name = fields.String()
    kind = fields.String()
    households = fields.Integer()
    residents = fields.Integer()
    buildings = fields.Integer()
    compounds = fields.Integer()
    explanation = fields.String()


class GridProperties(GridFigures):
    """What is known of a grid."""

    grid_code = fields.String()


class GeoJson(Schema):
    """What a GeoJSON feature has besides its properties (RFC 7946: longitude, latitude, WGS 84)."""

    type = fields.String(validate=Length(1))
    geometry = fields.Dict(keys=fields.String())


class GridFeature(GeoJson):
    """A grid as a GeoJSON feature."""

    id = fields.String()
    properties = fields.Nested(GridProperties)


class GridsOut(Schema):
    """The grids in force as a GeoJSON feature collection."""

    type = fields.String()
    features = fields.List(fields.Nested(GridFeature))


PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "Stable name of the kind of problem, urn:gridpatrol:problem:..."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "fields": {"type": "object", "description": "By place and field, what was wrong"},
    },
}
"""An error as RFC 9457 tells it."""
