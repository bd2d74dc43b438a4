"""What goes into the API of drafts and what comes out, field by field."""

from typing import Any

from apiflask import Schema, fields
from apiflask.validators import Length, OneOf, Range, Regexp

from patrols.draft_edits import KINDS
from patrols.drafts import DRAWN, IN_FORCE
from webmap.api.fields import Moment, Text, community_code, grid_code, latitude, longitude
from webmap.api.shapes import GeoJson, GridFigures

MOST_BLOCKS = 20_000
MOST_PLACES = 5_000
"""Corners of one drawn line or outline."""


class RevisionHeader(Schema):
    """Which revision of the draft the edit was made on: the number that its ETag begins with."""

    if_match = fields.String(data_key="If-Match", validate=Regexp(r'^(W/)?"?[0-9]{1,9}(-[0-9a-f]+)?(:[a-z]+)?"?$'))


class SinceQuery(Schema):
    """Only what changed after this revision."""

    since = fields.Integer(validate=Range(0, 1_000_000_000))


class NewDraft(Schema):
    """A new draft: from the grids in force, or drawn anew for a band of households."""

    community = community_code()
    source = fields.String(load_default=IN_FORCE, validate=OneOf([IN_FORCE, DRAWN]))
    households = fields.List(fields.Integer(validate=Range(1, 100_000)), validate=Length(equal=2))
    seed = fields.Integer(load_default=0, validate=Range(0, 1_000_000_000))


class Drawn(Schema):
    """A drawn GeoJSON geometry, in degrees."""

    type = fields.String(required=True, validate=OneOf(["LineString", "MultiLineString", "Polygon", "MultiPolygon"]))
    coordinates = fields.List(fields.Raw(), required=True, validate=Length(1, MOST_PLACES))


def _place(**settings: Any) -> Any:
    return fields.List(fields.Float(validate=Range(-180, 180), allow_nan=False), validate=Length(equal=2), **settings)


class Paint(Schema):
    """Give blocks to a grid; without one, to a new grid."""

    blocks = fields.List(fields.Integer(validate=Range(0, 10_000_000)), required=True, validate=Length(1, MOST_BLOCKS))
    to = grid_code(allow_none=True)


class Plots(Schema):
    """Give buildings, by their keys, to a grid with the plots around them; without one, to a new grid."""

    buildings = fields.List(fields.Integer(validate=Range(1)), required=True, validate=Length(1, MOST_BLOCKS))
    to = grid_code(allow_none=True)


class Give(Schema):
    """Give drawn ground to a grid; without one, to a new grid."""

    ground = fields.Nested(Drawn, required=True)
    to = grid_code(allow_none=True)


class Split(Schema):
    """Cut a grid in two along a line; with `snap`, along streets at most so many metres away."""

    code = grid_code(required=True)
    line = fields.Nested(Drawn, required=True)
    snap = fields.Float(validate=Range(0, 50), allow_nan=False)


class Merge(Schema):
    """Make one grid of several."""

    codes = fields.List(grid_code(), required=True, validate=Length(2, 1000))
    into = grid_code()


class Reshape(Schema):
    """Draw a shared border anew; with `snap`, along streets at most so many metres away."""

    line = fields.Nested(Drawn, required=True)
    snap = fields.Float(validate=Range(0, 50), allow_nan=False)
    between = fields.List(grid_code(), validate=Length(2, 2))


class MoveVertex(Schema):
    """Move a corner that grids share."""

    at = _place(required=True)
    to = _place(required=True)
    reach_m = fields.Float(validate=Range(0, 100), allow_nan=False)


class LayOver(Schema):
    """Lay a special grid over the others."""

    ground = fields.Nested(Drawn, required=True)
    name = Text(most=128)
    code = grid_code()


class Repair(Schema):
    """Mend a flaw in one of the ways offered."""

    flaw = fields.String(required=True, validate=Length(1, 128))
    choice = fields.String(required=True, validate=Length(1, 64))


class Rename(Schema):
    """Give a grid another name."""

    code = grid_code(required=True)
    name = Text(required=True, most=128)


class Void(Schema):
    """Give a grid up; its ground goes to a neighbour."""

    code = grid_code(required=True)
    reason = Text(required=True, least=1, most=500)
    into = grid_code()


ARGUMENTS: dict[str, type[Schema]] = {
    "paint": Paint,
    "plots": Plots,
    "give": Give,
    "split": Split,
    "merge": Merge,
    "reshape": Reshape,
    "move_vertex": MoveVertex,
    "lay_over": LayOver,
    "repair": Repair,
    "rename": Rename,
    "void": Void,
}
"""What each kind of edit needs to know."""


class EditIn(Schema):
    """An edit: its kind, and what that kind needs to know beside it."""

    class Meta:
        """Arguments depend on the kind."""

        unknown = "include"

    kind = fields.String(required=True, validate=OneOf(sorted(KINDS)))


class AcceptIn(Schema):
    """Why a flaw is accepted as it is; empty: it is not accepted any more."""

    reason = Text(required=True, most=500)


class DraftOut(Schema):
    """A draft in the list."""

    number = fields.Integer()
    name = fields.String()
    community = fields.String()
    stage = fields.String()
    revision = fields.Integer()
    created_at = Moment()


class TableRow(GridFigures):
    """One line of the table of grids."""

    code = fields.String()
    open_incidents = fields.Integer()
    street_metres = fields.Float()
    in_band = fields.Boolean()
    colour = fields.Integer()


class FlawOut(Schema):
    """A flaw, where it is, whether somebody accepted it, and the ways in which it can be mended."""

    key = fields.String()
    kind = fields.String()
    severity = fields.String()
    grid_code = fields.String()
    other_code = fields.String()
    area_m2 = fields.Float()
    lon = longitude()
    lat = latitude()
    accepted = fields.String(allow_none=True)
    repairs = fields.List(fields.String())


class ListedFlawOut(FlawOut):
    """A flaw in the list of all."""


class WholeDraftOut(DraftOut):
    """A draft with its table and flaws."""

    band = fields.List(fields.Integer())
    can_undo = fields.Boolean()
    can_redo = fields.Boolean()
    table = fields.List(fields.Nested(TableRow))
    flaws = fields.List(fields.Nested(FlawOut))


class DraftGridProperties(Schema):
    """What the map says of a drafted grid."""

    code = fields.String()
    name = fields.String()
    kind = fields.String()
    colour = fields.Integer()
    households = fields.Integer()


class DraftGridFeature(GeoJson):
    """A drafted grid as a GeoJSON feature."""

    id = fields.String()
    properties = fields.Nested(DraftGridProperties)


class Collection(Schema):
    """What a GeoJSON feature collection of a draft has besides its features."""

    type = fields.String()
    revision = fields.Integer()


class DraftGridsOut(Collection):
    """Drafted grids as a GeoJSON feature collection, at a revision; `gone` are those that are no more."""

    gone = fields.List(fields.String())
    features = fields.List(fields.Nested(DraftGridFeature))


class BlockProperties(Schema):
    """What the map says of a block."""

    number = fields.Integer()
    households = fields.Integer()
    code = fields.String(allow_none=True)


class BlockFeature(GeoJson):
    """A block as a GeoJSON feature."""

    id = fields.Integer()
    properties = fields.Nested(BlockProperties)


class BlocksOut(Collection):
    """The blocks of a draft as a GeoJSON feature collection."""

    features = fields.List(fields.Nested(BlockFeature))


class BlockOwner(Schema):
    """A block that lies in another grid now."""

    number = fields.Integer()
    code = fields.String(allow_none=True)


class ChangedGridsOut(DraftGridsOut):
    """The grids that changed."""


class AppliedOut(Schema):
    """What an edit has led to."""

    revision = fields.Integer()
    rebased = fields.Boolean()
    changed = fields.Nested(ChangedGridsOut)
    gone = fields.List(fields.String())
    blocks = fields.List(fields.Nested(BlockOwner))
    table = fields.List(fields.Nested(TableRow))
    flaws = fields.List(fields.Nested(FlawOut))
    can_undo = fields.Boolean()
    can_redo = fields.Boolean()


class ChangeOut(Schema):
    """What happened to a draft at one revision."""

    revision = fields.Integer()
    action = fields.String()
    kind = fields.String()
    codes = fields.List(fields.String())
    at = Moment()
    by = fields.String()
