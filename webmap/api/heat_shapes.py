"""What is asked of heat over the API, and what is answered."""

from apiflask import Schema, fields
from apiflask.validators import Range, Regexp

from data.models import IncidentSource
from patrols.incident_density import LEAST_REACH_M, MOST_REACH_M, REACH_M
from patrols.incident_view import Which
from webmap.api.fields import DAY, words
from webmap.api.shapes import CommunityQuery

NUMBER = r"-?[0-9]{1,3}(?:\.[0-9]{1,12})?"
WINDOW = rf"^{NUMBER},{NUMBER},{NUMBER},{NUMBER}\Z"
HOUR = "(?:[01]?[0-9]|2[0-3])"
WORD = r"[^\x00-\x20\x7f-\xa0,]{1,32}"
MOST = 200


def _list(item: str) -> fields.String:
    """Words with commas between them; an empty list is none."""
    return fields.String(validate=Regexp(rf"^(?:(?:{item})(?:,(?:{item})){{0,{MOST - 1}}})?\Z"))


def _day() -> fields.String:
    return fields.String(validate=Regexp(rf"^(?:{DAY})?\Z"))


class HeatQuery(CommunityQuery):
    """Which incidents, in which window of the map.

    ``area`` is the beginning of the codes of communities (a county's or subdistrict's) instead of one community.
    ``against_since`` and ``against_until`` ask for the change against an earlier time. ``top`` is what a picture before
    began its last class with, so that colours go on meaning the same. ``floor`` tells what a shared view would.
    """

    area = fields.String(validate=Regexp(r"^[0-9]{0,12}\Z"))
    since = _day()
    until = _day()
    category = _list("[1-9][0-9]{0,8}")
    family = _list(WORD)
    source = _list("|".join(IncidentSource))
    hours = _list(rf"{HOUR}(?:-{HOUR})?")
    weekdays = _list("[1-7](?:-[1-7])?")
    grid = _list("[0-9A-Za-z]{1,20}")
    stage = words(Which)
    bbox = fields.String(validate=Regexp(WINDOW))
    width = fields.Integer(load_default=1024, validate=Range(1, 10_000))
    height = fields.Integer(load_default=768, validate=Range(1, 10_000))
    reach = fields.Float(load_default=REACH_M, validate=Range(LEAST_REACH_M, MOST_REACH_M), allow_nan=False)
    top = fields.Float(validate=Range(1e-6, 1e6), allow_nan=False)
    against_since = _day()
    against_until = _day()
    floor = fields.Boolean(load_default=False, truthy={"true", "1"}, falsy={"false", "0"})


class PictureQuery(HeatQuery):
    """Which incidents, in which window of the map; a picture needs one."""

    bbox = fields.String(required=True, validate=Regexp(WINDOW))


class LegendClass(Schema):
    """A class of the picture: from how many incidents a hectare on, and its colour."""

    begins = fields.Float()
    colour = fields.String()
    opacity = fields.Float()


class PictureOut(Schema):
    """What the picture of the window means.

    ``counted`` incidents are in it, inside the window and out; ``elsewhere`` are meant but have no place on it.
    ``per`` is ``hectare`` in the whole time, or of a change ``hectare_in_four_weeks``.
    """

    top = fields.Float()
    peak = fields.Float()
    per = fields.String()
    reach_m = fields.Float()
    counted = fields.Integer()
    elsewhere = fields.Integer()
    classes = fields.List(fields.Nested(LegendClass))


class SpanOut(Schema):
    """Incidents of a time."""

    first = fields.String()
    days = fields.Integer()
    count = fields.Integer()


class DaysOut(Schema):
    """Incidents day by day from a first one on."""

    first = fields.String(allow_none=True)
    counts = fields.List(fields.Integer())


class HeatOut(Schema):
    """How many incidents a view means.

    Counts by a filter are those of the view as if that filter were not set. Above a ``floor`` only ``spans`` tell the
    time, longer ones beside the shorter ones in them, nothing is told after ``until``, and what is null is not told.
    """

    view = fields.Dict(keys=fields.String(), values=fields.String())
    total = fields.Integer()
    floor = fields.Integer()
    until = fields.String(allow_none=True)
    days = fields.Nested(DaysOut, allow_none=True)
    spans = fields.List(fields.Nested(SpanOut), allow_none=True)
    when = fields.List(fields.List(fields.Integer()), allow_none=True)
    categories = fields.Dict(keys=fields.String(), values=fields.Integer())
    families = fields.Dict(keys=fields.String(), values=fields.Integer())
    sources = fields.Dict(keys=fields.String(), values=fields.Integer(), allow_none=True)
    stages = fields.Dict(keys=fields.String(), values=fields.Integer(), allow_none=True)
    grids = fields.Dict(keys=fields.String(), values=fields.Integer())
    picture = fields.Nested(PictureOut, allow_none=True)
