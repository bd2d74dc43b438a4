"""Taking in files: outline, streets, buildings, compounds, grids, people and incidents; all or nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from data.errors import DataError, RowsRefused
from data.exchange.sources import read
from data.models import GridEdition
from geo.datum import DATUMS
from geo.errors import N_, GeoError
from patrols import intake
from webmap import access, errors, inputs, storage, trail, uploads
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext

pages = Blueprint("imports", __name__)


@dataclass(frozen=True)
class Kind:
    """One kind of file: what it is called, what it should hold, and who takes it in."""

    name: str
    advice: str
    take: Callable[..., intake.Intake]
    on_a_map: bool = True


KINDS: dict[str, Kind] = {
    "outline": Kind(N_("Outline"), N_("One area: the ground of the community."), intake.import_outline),
    "streets": Kind(
        N_("Streets"), N_("Lines with name and class; OpenStreetMap is understood."), intake.import_streets
    ),
    "buildings": Kind(
        N_("Buildings"), N_("Areas with households, or storeys to estimate them."), intake.import_buildings
    ),
    "compounds": Kind(N_("Compounds"), N_("Areas with a name; no grid will cut them."), intake.import_compounds),
    "grids": Kind(N_("Grids"), N_("Areas with the code of each grid; they become a draft."), intake.import_grids),
    "people": Kind(
        N_("People"), N_("A table: number, name, phone, duty, place."), intake.import_people, on_a_map=False
    ),
    "members": Kind(
        N_("Members of teams"),
        N_("A table: team, number, name, role, joined, left."),
        intake.import_members,
        on_a_map=False,
    ),
    "incidents": Kind(
        N_("Incidents"), N_("A table or a map of points: when, where, what."), intake.import_incidents, on_a_map=False
    ),
    "limits": Kind(
        N_("Limits"),
        N_("A table: category, office, and how long it has, like 2个工作日."),
        intake.import_limits,
        on_a_map=False,
    ),
    "cameras": Kind(
        N_("Cameras"),
        N_("A table or a map of points: code, name, who keeps it, where it looks."),
        intake.import_cameras,
    ),
}
"""What can be taken in, in the order a new community needs it."""


@pages.get("/import")
@access.needs(May.IMPORT)
def choose() -> str:
    """The form."""
    return _form(request.args.get("kind", "outline"))


@pages.post("/import")
@access.needs(May.IMPORT)
def take() -> ResponseReturnValue:
    """Take one file in, or say row by row why not."""
    opened, form = storage.session(), request.form
    kind, community = form.get("kind", ""), access.community(form.get("community"))
    access.scope().require(community.id)
    if kind not in KINDS:
        raise BadInput(N_("Choose what the file holds."))
    try:
        with uploads.saved("file") as files:
            done = _take(kind, files[0], community)
    except RowsRefused as refusal:
        return _form(kind, refusals=refusal.refusals), 422
    except (DataError, GeoError) as refusal:
        return _form(kind, refused=errors.tell(refusal)), errors.answer_for(refusal).status
    trail.record(f"{kind}.imported", object_kind="community", object_key=community.code, stored=done.stored)
    opened.commit()
    flash(gettext("%(kind)s: stored.", kind=gettext(KINDS[kind].name)), "good")
    return _form(kind, done=done, edition=done.edition_id and opened.get(GridEdition, done.edition_id))


def _take(kind: str, file: Path, community: Any) -> intake.Intake:
    datum = request.form.get("datum", "wgs84")
    reading = read(file, kind, datum=datum if datum in DATUMS else "wgs84", timezone=community.timezone)
    wanted = ("skip_bad", "draft", "repair") if kind == "grids" else ("skip_bad",)
    how = {name: bool(inputs.text(request.form, name)) for name in wanted}
    return KINDS[kind].take(storage.session(), reading, community, at=storage.now(), **how)


def _form(kind: str, **told: Any) -> str:
    return render_template(
        "imports.html",
        kinds=KINDS,
        kind=kind if kind in KINDS else "outline",
        datums=DATUMS,
        tell=errors.tell_refusal,
        communities=access.communities(),
        community=access.community(request.form.get("community")),
        **told,
    )
