"""What goes into the API of editions and what comes out, field by field."""

from apiflask import Schema, fields
from apiflask.validators import Range, Regexp

from data.models import EditionStage, GridKind, LineageKind
from patrols.editions import EditionMove
from webmap.api.fields import DAY, LARGEST_KEY, Moment, Text, words


class AgainstQuery(Schema):
    """Which edition to compare with; else the one in force, or the one it took over from."""

    against = fields.Integer(validate=Range(1, LARGEST_KEY))


class Reason(Schema):
    """Why a grid has no successor."""

    grid_code = fields.String(required=True, validate=Regexp(r"^[0-9A-Za-z]{1,20}$"))
    reason = Text(required=True, least=1, most=255)


class NextEditionStep(Schema):
    """A step of an edition.

    `seen` is the revision of the edition that you saw: where there is a newer one, nothing is submitted, reviewed, sent
    back, adopted or discarded. To adopt, `valid_from` and `filing_number` are needed.
    """

    move = words(EditionMove, required=True)
    note = Text(most=2000)
    seen = fields.Integer(validate=Range(0, LARGEST_KEY))
    valid_from = fields.String(validate=Regexp(f"^{DAY}$"))
    filing_number = Text(most=64)
    allow_flaws = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    reasons = fields.List(fields.Nested(Reason))


class EditionOut(Schema):
    """An edition of a community's grids."""

    number = fields.Integer()
    name = fields.String()
    stage = words(EditionStage)
    filing_number = fields.String()
    valid_from = fields.Date(allow_none=True)
    valid_until = fields.Date(allow_none=True)
    created_at = Moment()
    revision = fields.Integer()


class EditionStepOut(Schema):
    """One step of an edition's history."""

    move = words(EditionMove)
    stage = words(EditionStage)
    at = Moment()
    note = fields.String()


class OneEditionOut(EditionOut):
    """An edition with its history and what may follow."""

    steps = fields.List(fields.Nested(EditionStepOut))
    next_steps = fields.List(words(EditionMove))


class SideOut(Schema):
    """What a grid has, or will have."""

    area_m2 = fields.Float()
    households = fields.Integer()
    residents = fields.Integer()
    buildings = fields.Integer()
    street_metres = fields.Float()
    open_incidents = fields.Integer()
    patrol_metres = fields.Float()
    patrol_minutes = fields.Float()
    postings = fields.Integer()


class GridChangeOut(Schema):
    """A grid before and after; nothing where it does not exist. Without a code: what lies in no grid."""

    grid_code = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    kind = words(GridKind, allow_none=True)
    change = words(LineageKind, allow_none=True)
    before = fields.Nested(SideOut, allow_none=True)
    after = fields.Nested(SideOut, allow_none=True)


class MoveOut(Schema):
    """What passes from one grid to another; without a code: from or to no grid."""

    from_code = fields.String(allow_none=True)
    to_code = fields.String(allow_none=True)
    households = fields.Integer()
    residents = fields.Integer()
    buildings = fields.Integer()
    open_incidents = fields.Integer()
    area_m2 = fields.Float()


class LeftPostingOut(Schema):
    """A posting on a grid that the edition does not have, without who holds it; `heir` has most of its ground."""

    grid_code = fields.String()
    heir = fields.String(allow_none=True)
    duty = fields.String()


class PreviewOut(Schema):
    """What an edition changes against another."""

    edition = fields.Integer()
    against = fields.Integer(allow_none=True)
    grids = fields.List(fields.Nested(GridChangeOut))
    moves = fields.List(fields.Nested(MoveOut))
    left_postings = fields.List(fields.Nested(LeftPostingOut))
    before = fields.Nested(SideOut)
    after = fields.Nested(SideOut)
