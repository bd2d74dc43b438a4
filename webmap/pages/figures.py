"""Figures: what a day, week, month, quarter or year of a community came to, to read and to take away."""

from datetime import date

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.models import Community
from geo.errors import N_
from patrols import redraw
from patrols.periodic import Period, PeriodKind, period
from patrols.telling import silent
from webmap import access, background, files_beside, inputs, storage
from webmap.access import May
from webmap.documents import document
from webmap.documents.as_html import shown
from webmap.documents.files import ENDINGS
from webmap.documents.making import Wanted, made, make
from webmap.documents.wording import sheet_name
from webmap.errors import BadInput
from webmap.language import gettext

pages = Blueprint("figures", __name__)

CALLED = {".pdf": "PDF", ".docx": "Word", ".xlsx": "Excel", ".html": N_("Web page")}
"""What people call each kind of file."""


@pages.get("/figures")
@access.needs(May.SEE_FIGURES)
def show() -> str:
    """The sheet of a period: of this week, unless ``?kind=`` and ``?day=`` say another."""
    community, asked = access.community(), _asked()
    told = made(storage.session(), community, asked, access.scope(), storage.now(), silent)
    edition = redraw.edition_in_force(storage.session(), community.id, told.sheet.as_of)
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
        files=[_file(community, asked, ending) for ending in ENDINGS],
        gridless=edition is None,
        document=told,
        shown=shown(told),
    )


@pages.get("/figures/file")
@access.needs(May.SEE_FIGURES)
def file() -> ResponseReturnValue:
    """The same sheet as a file: it is made beside the requests, and taken from the address that this one leads to."""
    ending = request.args.get("format", ENDINGS[0])
    if ending not in ENDINGS:
        raise BadInput(N_("%(field)s must be one of: %(allowed)s."), field="format", allowed=", ".join(ENDINGS))
    wanted, engine, at = _wanted(access.community(), _asked(), ending), storage.engine(), storage.now()
    community = access.community()
    return files_beside.begin(
        wanted, lambda tell: make(engine, wanted, at, tell), lambda word: _made_address(word, community, wanted.period)
    )


@pages.get("/figures/made/<word>")
@access.needs(May.SEE_FIGURES)
@access.keeps_nobody_signed_in
def file_made(word: str) -> ResponseReturnValue:
    """The file, once it is made, for the person who asked for it; until then, how far it has come."""
    community, kind, day = (request.args.get(name) for name in ("community", "kind", "day"))
    back = url_for(".show", community=community, kind=kind, day=day)
    return files_beside.taken(word, here=url_for(".file_made", word=word), back=back)


def _wanted(community: Community, asked: Period, ending: str) -> Wanted:
    return Wanted(community.id, asked, ending, access.scope())


def _file(community: Community, asked: Period, ending: str) -> dict[str, str]:
    """A kind of file: what it is called, where it is asked for, and where one hears of it while it is being made."""
    work = background.find(_wanted(community, asked, ending))
    return {
        "name": gettext(CALLED[ending]),
        "address": _file_address(community, asked, ending),
        "making": _made_address(work.word, community, asked) if work else "",
    }


def _made_address(word: str, community: Community, asked: Period) -> str:
    """Where one hears of a file and takes it; which period it is of leads the page that waits back."""
    kind, day = asked.kind.value, asked.first.isoformat()
    return url_for(".file_made", word=word, community=community.code, kind=kind, day=day)


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
