"""My data: what I agreed to, who looked at my tracks, taking everything away, deleting it; and the look itself."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from data import frames
from data.models import Community, Person
from geo.errors import N_
from patrols import consents, looks, outings, own_data
from patrols.looks import Looker
from webmap import access, inputs, storage, takeaway, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.pages import sketch
from webmap.sending import sent

pages = Blueprint("privacy", __name__)


@pages.get("/my-data")
@access.opened_to_signed_in
def mine() -> str:
    """The page."""
    return _page()


@pages.post("/my-data/consent")
@access.opened_to_signed_in
def agree() -> ResponseReturnValue:
    """Agree to the version that was read."""
    version = inputs.whole(request.form, "version", least=1) or 0
    opened, me = storage.session(), _me()
    consents.give(opened, me, version, at=storage.now())
    trail.record("consent.given", object_kind="person", object_key=str(me.id), version=version, by="page")
    opened.commit()
    flash(gettext("Thank you. You can withdraw this here at any time."), "good")
    return redirect(url_for(".mine"))


@pages.post("/my-data/withdraw")
@access.opened_to_signed_in
def withdraw() -> ResponseReturnValue:
    """Withdraw the consent."""
    opened, me = storage.session(), _me()
    consents.withdraw(opened, me, at=storage.now())
    trail.record("consent.withdrawn", object_kind="person", object_key=str(me.id))
    opened.commit()
    flash(gettext("Withdrawn. Nothing more is recorded, and nobody is shown your lines."), "good")
    return redirect(url_for(".mine"))


@pages.post("/my-data/export")
@access.opened_to_signed_in
def export() -> Response:
    """Everything that is kept about me."""
    opened, me = storage.session(), _me()
    own = own_data.collect(opened, me)
    answer = sent(f"my-data-{storage.today().isoformat()}.zip", lambda path: takeaway.write_own(own, path))
    trail.record("own_data.exported", object_kind="person", object_key=str(me.id))
    opened.commit()
    return answer


@pages.post("/my-data/delete")
@access.opened_to_signed_in
def delete() -> ResponseReturnValue:
    """Delete my tracks, for whoever knows the password."""
    if access.check_sign_in(access.me().login, request.form.get("password", "")) is None:
        return _page(refused=gettext("The password is not right.")), 422
    opened, me = storage.session(), _me()
    done = own_data.delete_tracks(opened, me, at=storage.now())
    trail.record(
        "own_data.deleted", object_kind="person", object_key=str(me.id), patrols=done.patrols, fixes=done.fixes
    )
    opened.commit()
    flash(gettext("Your tracks are deleted. Totals without your name stay."), "good")
    return redirect(url_for(".mine"))


@pages.get("/patrols/<int:number>/track")
@access.needs(May.SEE_WALKERS)
def ask_why(number: int) -> str:
    """Before a track is shown with its name: why?"""
    # Whose ground it is comes first: a form about a stranger's walk would say that there is one.
    outings.get(storage.session(), access.scope(), number)
    return render_template("track.html", number=number, track=None, drawn=None)


@pages.post("/patrols/<int:number>/track")
@access.needs(May.SEE_WALKERS)
def look(number: int) -> ResponseReturnValue:
    """One patrol's whole track with the walker's name; the reason is kept, and the walker can read it."""
    opened = storage.session()
    by = Looker(trail.asker(), request.remote_addr or "")
    reason = inputs.text(request.form, "reason", most=200)
    track = looks.look(opened, access.scope(), number, reason=reason, at=storage.now(), by=by)
    drawn = None
    if track.line is not None:
        streets = frames.streets(opened, track.patrol.community_id, degrees=True)
        drawn = sketch.draw([], streets, None, track=track.line)
    page = render_template("track.html", number=number, track=track, drawn=drawn)
    opened.commit()
    return page


def _page(*, refused: str = "") -> str:
    opened, person = storage.session(), access.me().person
    if person is None:
        return render_template("my_data.html", person=None, refused=refused)
    community = opened.get_one(Community, person.community_id)
    return render_template(
        "my_data.html",
        person=person,
        text=consents.text_in_force(opened, community, at=storage.now()),
        agreed=consents.may_be_tracked(opened, person),
        withdrawn=person.id in consents.withdrawn(opened, community),
        history=consents.history(opened, person),
        looks=looks.looks_at(opened, person),
        refused=refused,
    )


def _me() -> Person:
    person = access.me().person
    if person is None:
        raise BadInput(N_("Your sign-in belongs to nobody in the roster, so nothing is recorded about you."))
    return person
