"""Downloads: grids of any edition in the formats that others read, the atlas, incidents and patrols."""

from collections.abc import Callable
from typing import Any

import geopandas as gpd
from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.models import Community, GridEdition
from geo.errors import N_
from patrols import extracts, redraw
from patrols.telling import Tell
from webmap import access, files_beside, inputs, language, storage, takeaway, trail, waiting
from webmap.access import May
from webmap.errors import BadInput
from webmap.files_beside import Made
from webmap.kept_files import keep
from webmap.language import gettext
from webmap.sending import sent
from webmap.takeaway import Atlas

pages = Blueprint("downloads", __name__)

MAPS = (".gpkg", ".geojson", ".kml", ".zip", ".dxf", ".xlsx")
ROWS = (".xlsx", ".csv", ".gpkg", ".geojson", ".zip")
"""Formats offered, the usual one first. A .zip holds a Shapefile."""


@pages.get("/downloads")
@access.needs(May.SEE_PLACES)
def choose() -> str:
    """The forms."""
    community = access.community()
    return render_template(
        "downloads.html",
        community=community,
        communities=access.communities(),
        editions=_editions(community),
        maps=MAPS,
        rows=ROWS,
        encodings=takeaway.ENCODINGS,
    )


@pages.get("/downloads/grids")
@access.needs(May.SEE_PLACES)
def grids() -> Response:
    """The grids of an edition, as far as the person may see them."""
    opened, asked, community = storage.session(), request.args, access.community()
    edition, encoding = _edition(community), _one_of("encoding", takeaway.ENCODINGS)
    ending, metres = _one_of("format", MAPS), bool(asked.get("metres"))
    return sent(
        f"grids-{community.code}-{edition.number}-{{rows}}-rows{ending}",
        lambda path: takeaway.write_grids(
            opened,
            access.scope(),
            edition,
            path,
            translate=gettext,
            encoding=encoding,
            metres=metres,
            headings=language.current(),
        ),
    )


@pages.get("/downloads/atlas")
@access.needs(May.SEE_PEOPLE)
def atlas() -> ResponseReturnValue:
    """The atlas of an edition as a PDF; each page's code opens the grid on this website.

    A long one is made beside the requests, and taken from the address that this one leads to.
    """
    community, opened, at = access.community(), storage.session(), storage.now()
    edition = _edition(community)
    wanted = Atlas(edition.id, edition.revision, access.scope(), request.url_root.rstrip("/"))
    name = f"atlas-{community.code}-{edition.number}.pdf"
    if not (waiting.is_possible() and wanted.is_long(opened)):
        return sent(name, lambda path: wanted.write(opened, path, at), shown=True)

    def make(tell: Tell) -> Made:
        with storage.reading() as reader:
            return Made(keep(".pdf", lambda path: wanted.write(reader, path, at, tell)), name, shown=True)

    code = community.code
    return files_beside.begin(wanted, make, lambda word: url_for(".atlas_made", word=word, community=code))


@pages.get("/downloads/made/<word>")
@access.needs(May.SEE_PEOPLE)
@access.keeps_nobody_signed_in
def atlas_made(word: str) -> ResponseReturnValue:
    """A long atlas, once it is made, for the person who asked for it; until then, how far it has come."""
    back = url_for(".choose", community=request.args.get("community"))
    return files_beside.taken(word, here=url_for(".atlas_made", word=word), back=back)


@pages.post("/downloads/incidents")
@access.needs(May.SEE_INCIDENTS)
def incidents() -> Response:
    """Incidents found in a time; with the reporters for a reason, by those who may know them."""
    return _rows("incidents", extracts.incidents, named=May.SEE_REPORTER)


@pages.post("/downloads/patrols")
@access.needs(May.SEE_PATROLS)
def patrols() -> Response:
    """Patrols begun in a time; with the walkers and whole lines for a reason, by those who may know them."""
    return _rows("patrols", extracts.patrols, named=May.SEE_WALKERS)


def _rows(what: str, rows_of: Callable[..., gpd.GeoDataFrame], *, named: May) -> Response:
    form = request.form
    community, ending, reason = access.community(form.get("community")), _one_of("format", ROWS), _reason(named)
    encoding = _one_of("encoding", takeaway.ENCODINGS)
    found = rows_of(
        storage.session(),
        access.scope(),
        community,
        since=inputs.start_of(inputs.day(form, "since")),
        until=inputs.end_of(inputs.day(form, "until")),
        named=bool(reason),
    )
    answer = sent(
        f"{what}-{community.code}-{storage.today().isoformat()}-{{rows}}-rows{ending}",
        lambda path: takeaway.write_rows(
            found, path, translate=gettext, encoding=encoding, headings=language.current()
        ),
    )
    facts: dict[str, Any] = {"rows": len(found), "reason": reason, "file": ending}
    if "persons" in found.attrs:
        # Each of them can read who took their tracks away, and why.
        facts["persons"] = found.attrs["persons"]
    trail.record(f"{what}.exported", object_kind="community", object_key=community.code, **facts)
    storage.session().commit()
    return answer


def _reason(right: May) -> str:
    reason = inputs.text(request.form, "reason", most=200)
    if reason and not access.may(right):
        raise BadInput(N_("You may not see these names: leave the reason empty."))
    return reason


def _editions(community: Community) -> list[GridEdition]:
    """All editions for those who draw; for others those that were ever in force."""
    found = redraw.editions(storage.session(), community)
    return [one for one in found if access.may(May.DRAW_GRIDS) or one.valid_from is not None]


def _edition(community: Community) -> GridEdition:
    number = inputs.whole(request.args, "edition", least=1)
    if number is None:
        return redraw.require_edition(storage.session(), community, storage.now())
    found = redraw.edition(storage.session(), community, number)
    if found not in _editions(community):
        raise BadInput(N_("Edition %(number)s is still being drafted."), number=number)
    return found


def _one_of(name: str, allowed: tuple[str, ...]) -> str:
    value = (request.form if request.method == "POST" else request.args).get(name) or allowed[0]
    if value not in allowed:
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field=name, allowed=", ".join(allowed))
    return value
