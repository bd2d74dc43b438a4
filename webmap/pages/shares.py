"""Views handed on by a link, drawn as a picture for a report, taken away as a file: who may, and the list of links."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from data.models import Community, Role, SharedView, ViewKind
from geo.errors import N_
from patrols import areas, shares
from patrols.shares import Handed
from patrols.telling import Tell
from webmap import access, files_beside, headers, inputs, language, storage, trail, waiting
from webmap.access import May
from webmap.errors import BadInput
from webmap.files_beside import Made
from webmap.kept_files import keep
from webmap.language import gettext
from webmap.sending import sent
from webmap.settings import LANGUAGES
from webmap.shares import gather, link
from webmap.shares.ground import named, within
from webmap.shares.said import view_said
from webmap.shares.taken_away import Wanted

pages = Blueprint("shares", __name__)

DAYS = (1, 7, 30, 100)
"""For how many days a link may open, as offered; a community may allow fewer."""

USUAL_DAYS = 30
PAPERS = (
    ("a4-landscape", N_("A4, lying")),
    ("a4", N_("A4, upright")),
    ("slide", N_("slide, 16 : 9")),
)
PICTURES = (("png", N_("picture (PNG)")), ("pdf", N_("page (PDF)")))
INSIDE = "inside"
READERS = (("", N_("to be handed on: numbers above the floor")), (INSIDE, N_("inside the office: every number")))
OF_FILES = frozenset({"for", "paper", "format"})
"""What an address of a picture or a file says besides the view."""

LONGEST_VIEW = 8000
LONGEST_TITLE = 60
SEES_EVERY = frozenset({Role.ADMINISTRATOR, Role.GRID_MANAGER})
"""Who sees and takes back the links of others too, in communities they answer for as a whole."""


@dataclass(frozen=True)
class Row:
    """One link of the list."""

    share: SharedView
    address: str
    frame: str
    place: str
    said: str
    opens: bool


@pages.get("/shares")
@access.needs(May.SHARE_VIEWS)
def listing() -> str:
    """The links there are, and, where an address brings a view along, the form to hand it on."""
    opened, kind = storage.session(), inputs.word(request.args, "kind", ViewKind)
    places = _places(request.args, request.args.get("community")) if kind else [access.community()]
    community = places[0]
    address = gather.address_of(kind, request.args, community, storage.now()) if kind else None
    fields = address.to_query() if address else {}
    found = shares.listing(opened, access.scope(), community, access.me(), every=_every())
    most = shares.most_days(places)
    return render_template(
        "shares.html",
        community=community,
        place=named(places),
        several=len(places) > 1,
        communities=access.communities(),
        kind=kind,
        view=urlencode(fields),
        fields=fields,
        said=view_said(opened, address.view) if address else "",
        papers=[(one, gettext(said)) for one, said in PAPERS],
        readers=[(one, gettext(said)) for one, said in READERS] if access.may(May.SEE_INCIDENTS) else [],
        formats=[(one, gettext(said)) for one, said in PICTURES],
        days=[one for one in DAYS if one <= most] or [most],
        usual=USUAL_DAYS,
        languages=LANGUAGES,
        rows=[_row(one) for one in found],
        sites=headers.frame_sites(),
    )


@pages.post("/shares")
@access.needs(May.SHARE_VIEWS)
def hand_on() -> ResponseReturnValue:
    """Hand a view on; its link stands first in the list."""
    opened, form, at = storage.session(), request.form, storage.now()
    kind = inputs.word(form, "kind", ViewKind)
    if kind is None:
        raise BadInput(N_("Open the map or the heat, and share the view from there."))
    sent_along = dict(parse_qsl(inputs.text(form, "view", most=LONGEST_VIEW)))
    community, *beside = _places(sent_along, form.get("community"))
    fields = gather.address_of(kind, sent_along, community, at).to_query()
    how = Handed(
        days=inputs.whole(form, "days", least=1) or USUAL_DAYS,
        title=inputs.text(form, "title", most=LONGEST_TITLE),
        language=next((one for one in LANGUAGES if one == form.get("language")), language.current()),
        framed=bool(form.get("framed")),
    )
    share = shares.hand_on(opened, access.scope(), community, access.me(), kind, fields, how, at=at, beside=beside)
    _record("view.handed_on", share, beside=[one.code for one in beside], days=how.days, framed=how.framed, view=fields)
    opened.commit()
    flash(gettext("The link is ready. Whoever has it sees the view, without names and single incidents."), "good")
    return redirect(url_for(".listing", community=community.code))


@pages.post("/shares/<int:number>/take-back")
@access.needs(May.SHARE_VIEWS)
def take_back(number: int) -> ResponseReturnValue:
    """Take a link back: it opens nothing from now on."""
    opened = storage.session()
    share = shares.get(opened, access.scope(), number, access.me(), every=_every())
    shares.take_back(opened, share, at=storage.now())
    _record("view.taken_back", share)
    opened.commit()
    flash(gettext("The link is taken back. It opens nothing any more."), "good")
    return redirect(url_for(".listing", community=share.community.code))


@pages.get("/views/picture")
@access.needs(May.SHARE_VIEWS)
def picture() -> ResponseReturnValue:
    """The view as a picture with heading, legend, scale and sources: a PNG, or a page of PDF."""
    paper, ending, for_inside = _one_of("paper", PAPERS), _one_of("format", PICTURES), request.args.get("for") == INSIDE
    if for_inside and not access.may(May.SEE_INCIDENTS):
        abort(403)
    return _taken_away(f".{ending}", paper=paper, for_inside=for_inside)


@pages.get("/views/file")
@access.needs(May.SHARE_VIEWS)
def file() -> ResponseReturnValue:
    """The view as one file that opens without internet; whoever gets it sees what a link would show."""
    return _taken_away(".html")


@pages.get("/views/made/<word>")
@access.needs(May.SHARE_VIEWS)
@access.keeps_nobody_signed_in
def view_made(word: str) -> ResponseReturnValue:
    """A view of several communities as a file, once it is made, for the person who asked; the rest leads back."""
    back = f"{url_for('.listing')}?{urlencode(request.args)}"
    return files_beside.taken(word, here=url_for(".view_made", word=word), back=back)


def _taken_away(ending: str, *, paper: str = "", for_inside: bool = False) -> ResponseReturnValue:
    """The view as a file; one of several communities takes seconds, which whoever can be shown so waits for."""
    opened, at, kind = storage.session(), storage.now(), inputs.word(request.args, "kind", ViewKind) or ViewKind.MAP
    places = _places(request.args, request.args.get("community"))
    fields = {name: value for name, value in request.args.items() if name not in OF_FILES}
    shown = tuple(one.id for one in places)
    wanted = Wanted(kind, shown, tuple(sorted(fields.items())), access.scope(), ending, paper, for_inside)
    if len(places) == 1 or not waiting.is_possible():
        return headers.ask_again(sent(wanted.name, lambda path: wanted.write(opened, path, at), shown=wanted.shown))

    def make(tell: Tell) -> Made:
        with storage.reading() as reader:
            kept = keep(ending, lambda path: wanted.write(reader, path, at, tell))
            return Made(kept, wanted.name, shown=wanted.shown)

    return files_beside.begin(wanted, make, lambda word: f"{url_for('.view_made', word=word)}?{urlencode(fields)}")


def _places(fields: Mapping[str, str], code: str | None) -> list[Community]:
    """The communities of a view: those of its subdistrict or county, where its place is one, else the one of `code`."""
    place = fields.get("place", "")
    if not 0 < len(place) < areas.COMMUNITY:
        return [access.community(code)]
    return within(storage.session(), access.scope(), place, on=storage.today())


def _one_of(name: str, allowed: tuple[tuple[str, str], ...]) -> str:
    known = [one for one, _said in allowed]
    value = request.args.get(name) or known[0]
    if value not in known:
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field=name, allowed=", ".join(known))
    return value


def _every() -> bool:
    return access.me().role in SEES_EVERY


def _row(share: SharedView) -> Row:
    view = gather.address_of(share.kind, share.query, share.community, storage.now()).view
    address = url_for("shared.opened", token=link.end_of(share), _external=True)
    place = named(shares.communities_of(share, on=storage.today()) or [share.community])
    title = share.title or place
    return Row(
        share=share,
        address=address,
        frame=str(Markup('<iframe src="{}" title="{}" width="100%" height="600"></iframe>').format(address, title)),
        place=place if share.beside else "",
        said=view_said(storage.session(), view),
        opens=shares.opens(share, at=storage.now()),
    )


def _record(action: str, share: SharedView, **facts: object) -> None:
    trail.record(action, object_kind="shared_view", object_key=str(share.id), community=share.community.code, **facts)
