"""Patrols: the list of walks, and taking in the track of one."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data.errors import DataError, Refusal, RowsRefused
from data.exchange.sources import read
from data.models import Person, Role
from patrols import live, outings
from patrols.intake import import_patrols
from webmap import access, errors, inputs, storage, trail, uploads
from webmap.access import May
from webmap.language import gettext, ngettext

pages = Blueprint("patrols", __name__)


@pages.get("/patrols")
@access.needs(May.SEE_PATROLS)
def listing() -> str:
    """The list, the latest first."""
    opened, asked = storage.session(), request.args
    filters = outings.Filters(
        community_id=access.community().id if asked.get("community") else None,
        grid_code=inputs.text(asked, "grid", most=20) or None,
        since=inputs.start_of(inputs.day(asked, "since")),
        until=inputs.end_of(inputs.day(asked, "until")),
    )
    found = outings.listing(opened, access.scope(), filters, page=inputs.page(asked))
    return render_template(
        "patrols.html",
        found=found,
        credits=outings.credits(opened, found.items),
        own=access.me().person_id,
        leads=live.led_teams(opened, access.me().person_id, at=storage.now()),
        communities=access.communities(),
        address=lambda page: url_for(".listing", **{**asked.to_dict(), "page": page}),
    )


@pages.get("/patrols/upload")
@access.needs(May.UPLOAD_PATROLS)
def upload() -> str:
    """The form to hand in a track."""
    return _form()


@pages.post("/patrols/upload")
@access.needs(May.UPLOAD_PATROLS)
def take() -> ResponseReturnValue:
    """Take in the tracks of one or more files, all or nothing."""
    opened, community = storage.session(), access.community(request.form.get("community"))
    stored = known = 0
    try:
        with uploads.saved("files") as files:
            for file in files:
                reading = read(file, "patrols", timezone=community.timezone)
                done = import_patrols(opened, reading, community, at=storage.now(), person=_walker(community.id))
                stored, known = stored + done.stored, known + done.unchanged
    except RowsRefused as refusal:
        return _form(refusals=refusal.refusals), 422
    except DataError as refusal:
        return _form(refused=errors.tell(refusal)), errors.answer_for(refusal).status
    trail.record("patrols.imported", object_kind="community", object_key=community.code, stored=stored)
    opened.commit()
    if stored:
        flash(
            ngettext("%(num)s patrol is stored. Thank you!", "%(num)s patrols are stored. Thank you!", stored), "good"
        )
    if known:
        flash(gettext("%(count)s were here already and were not counted twice.", count=known), "wait")
    return redirect(url_for(".listing"))


def _walker(community_id: int) -> Person | None:
    """Who hands in a track has walked it, unless the file or the office says otherwise."""
    me = access.me()
    walks = me.role is Role.GRID_WORKER and me.person is not None and me.person.community_id == community_id
    return me.person if walks else None


def _form(*, refused: str = "", refusals: Sequence[Refusal] = ()) -> str:
    return render_template(
        "upload.html",
        refused=refused,
        refusals=refusals,
        tell=errors.tell_refusal,
        communities=access.communities(),
        community=access.community(),
    )
