"""Figures: what a day, week, month, quarter or year of a community came to, to read and to take away."""

import json
from datetime import date

from flask import Blueprint, Response, render_template, request, url_for

from data.models import Community
from geo.errors import N_
from patrols import periodic, redraw
from patrols.periodic import Period, PeriodKind, Sheet, period
from patrols.telling import Tell, silent
from webmap import access, inputs, progress, storage
from webmap.access import May
from webmap.documents import document
from webmap.documents.as_html import shown
from webmap.documents.document import Document
from webmap.documents.files import ENDINGS, write
from webmap.documents.wording import sheet_name
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.sending import sent

pages = Blueprint("figures", __name__)

CALLED = {".pdf": "PDF", ".docx": "Word", ".xlsx": "Excel", ".html": N_("Web page")}
"""What people call each kind of file."""


@pages.get("/figures")
@access.needs(May.SEE_FIGURES)
def show() -> str:
    """The sheet of a period: of this week, unless ``?kind=`` and ``?day=`` say another."""
    community, asked = access.community(), _asked()
    made = _made(community, asked)
    edition = redraw.edition_in_force(storage.session(), community.id, made.sheet.as_of)
    return render_template(
        "figures.html",
        community=community,
        communities=access.communities(),
        kind=asked.kind,
        day=_day(asked.kind).isoformat(),
        today=storage.today().isoformat(),
        kinds=[
            {
                "name": sheet_name(kind),
                "address": _address(community, kind, request.args.get("day")),
                "here": kind is asked.kind,
            }
            for kind in PeriodKind
        ],
        earlier=_address(community, asked.kind, asked.before().first),
        later=_address(community, asked.kind, asked.until) if asked.until <= storage.today() else "",
        files=[(gettext(CALLED[ending]), _file_address(community, asked, ending)) for ending in ENDINGS],
        gridless=edition is None,
        document=made,
        shown=shown(made),
    )


@pages.get("/figures/file")
@access.needs(May.SEE_FIGURES)
def file() -> Response:
    """The same sheet as a file; how far it has come is told to the page that asked."""
    community, asked, tell = access.community(), _asked(), progress.teller()
    ending = request.args.get("format", ENDINGS[0])
    if ending not in ENDINGS:
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="format", allowed=", ".join(ENDINGS))
    made = _made(community, asked, tell)
    name = f"figures-{community.code}-{asked.kind.value}-{asked.first.isoformat()}{ending}"
    return sent(name, lambda path: write(made, path, tell=tell))


@pages.get("/figures/progress/<word>")
@access.needs(May.SEE_FIGURES)
def progressed(word: str) -> Response:
    """How far the file has come that a page of this person named so; nothing where nothing was told."""
    told = progress.heard(word)
    body = {} if told is None else {"doing": gettext(told.doing), "share": round(told.share, 3)}
    return Response(json.dumps(body), mimetype="application/json")


def _made(community: Community, asked: Period, tell: Tell = silent) -> Document:
    tell(N_("Counting"), 0.1)
    sheet: Sheet = periodic.sheet(storage.session(), access.scope(), community, asked.kind, asked.first, storage.now())
    tell(N_("Drawing maps and charts"), 0.6)
    return document.compose(storage.session(), sheet, community)


def _day(kind: PeriodKind) -> date:
    """The day that is asked for, or the usual one; later ones than today have not happened."""
    asked = inputs.day(request.args, "day") or document.usual_day(kind, storage.today())
    return min(asked, storage.today())


def _asked() -> Period:
    word = request.args.get("kind") or PeriodKind.WEEK.value
    if word not in set(PeriodKind):
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="kind", allowed=", ".join(PeriodKind))
    return period(PeriodKind(word), _day(PeriodKind(word)))


def _address(community: Community, kind: PeriodKind, day: date | str | None) -> str:
    return url_for(".show", community=community.code, kind=kind.value, day=str(day) if day else None)


def _file_address(community: Community, asked: Period, ending: str) -> str:
    return url_for(".file", community=community.code, kind=asked.kind.value, day=asked.first.isoformat(), format=ending)
