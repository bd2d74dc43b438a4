"""A view that was handed on, for whoever has its link: no sign-in, no names, no single incident."""

import logging
from collections.abc import Callable
from functools import wraps

from flask import Blueprint, Response, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from sqlalchemy.exc import OperationalError

from data.errors import NotFound
from data.models import SharedView
from geo.errors import N_
from patrols import shares
from webmap import access, errors, headers, storage
from webmap.access import ROLES, May
from webmap.language import gettext
from webmap.maps.base import render
from webmap.maps.export import standalone
from webmap.shares import handed, link
from webmap.shares.drawn import view_map

pages = Blueprint("shared", __name__)
log = logging.getLogger(__name__)

KEPT_S = 300
"""Every reader of a page that shows a shared picture asks for it; five minutes later is soon enough to ask again."""

View = Callable[[SharedView], Response | str]


def _of_link(view: View) -> Callable[[str], ResponseReturnValue]:
    """Find the view behind the end of an address, and answer in its language; a link that is over says so."""

    @wraps(view)
    def answer(token: str) -> ResponseReturnValue:
        try:
            share = _find(token)
        except NotFound as refusal:
            headers.let_others_show()
            page = render_template("shared_over.html", said=errors.tell(refusal))
            return page, 404, {"Cache-Control": "no-store"}
        if share.framed:
            headers.let_others_show()
        with force_locale(share.language):
            made = make_response(view(share))
        made.headers["X-Robots-Tag"] = "noindex, nofollow"
        return made

    return access.opened_to_all(answer)


def _find(token: str) -> SharedView:
    at = storage.now()
    share = shares.find(storage.session(), link.key_of(token, at=at), at=at)
    if May.SHARE_VIEWS not in ROLES[share.by.role]:
        raise NotFound(N_("This link no longer opens anything. Ask whoever gave it to you for a new one."))
    return share


@pages.get("/v/<token>")
@_of_link
def opened(share: SharedView) -> Response | str:
    """The view as a map."""
    contents, address = handed.contents_of(storage.session(), share, at=storage.now())
    token = link.end_of(share)
    links = (
        (url_for(".picture", token=token), gettext("As a picture")),
        (url_for(".file", token=token), gettext("As a file that opens without internet")),
    )
    drawn = view_map(contents, window=address.window, links=links)
    pieces = render(drawn, nonce=headers.nonce(), asset=lambda name: url_for("static", filename=name))
    page = render_template("shared.html", title=contents.title, pieces=pieces)
    _count(share.id)
    return page


@pages.get("/v/<token>/picture.png")
@_of_link
def picture(share: SharedView) -> Response:
    """The view as a picture, for a page or a report that shows no map."""
    answer = Response(handed.picture_of(storage.session(), share, at=storage.now()), mimetype="image/png")
    return headers.ask_again(answer, after_s=KEPT_S)


@pages.get("/v/<token>/map.html")
@_of_link
def file(share: SharedView) -> Response:
    """The view as one file that opens without internet, and without us."""
    contents, address = handed.contents_of(storage.session(), share, at=storage.now())
    text = standalone(view_map(contents, window=address.window), title=contents.title)
    answer = Response(text, mimetype="text/html")
    # Never opened here: a file of ours must not run under our own address.
    answer.headers["Content-Disposition"] = f"attachment; filename=map-{share.community.code}.html"
    return headers.ask_again(answer, after_s=KEPT_S)


def _count(number: int) -> None:
    try:
        with storage.apart() as apart:
            shares.count_look(apart, number, at=storage.now())
    except OperationalError:
        # Somebody else writes for long: a look that is not counted is better than a view that is not shown.
        log.warning("a look at shared view %s was not counted", number, exc_info=True)
