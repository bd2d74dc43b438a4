"""Photos of incidents, for who may see the incident: large, small, and taken away for good."""

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from data.errors import NotFound
from data.models import Photo
from geo.errors import N_
from patrols import photos
from webmap import access, inputs, storage, trail
from webmap.access import May
from webmap.errors import BadInput
from webmap.language import gettext
from webmap.walk.photos import store

pages = Blueprint("photos", __name__)


@pages.get("/photos/<int:number>")
@access.opened_to_signed_in
def whole(number: int) -> Response:
    """A photo. A look at one of a sensitive category leaves a row in the audit."""
    photo = photos.get(storage.session(), access.scope(), access.me(), number)
    answer = _picture(photo, little=False)
    if photos.is_sensitive(photo):
        trail.record_look("photo.seen", object_kind="photo", object_key=str(number))
    return answer


@pages.get("/photos/<int:number>/small")
@access.opened_to_signed_in
def small(number: int) -> Response:
    """The same, as small as a list shows it."""
    return _picture(photos.get(storage.session(), access.scope(), access.me(), number), little=True)


@pages.post("/photos/<int:number>/delete")
@access.needs(May.SEE_REPORTER)
def delete(number: int) -> ResponseReturnValue:
    """Delete a picture that should not be there: a face, a number plate, somebody's home; why is in the audit."""
    opened = storage.session()
    photo = photos.get(opened, access.scope(), access.me(), number)
    why = inputs.text(request.form, "why", most=200)
    if not why:
        raise BadInput(N_("Say why the photo is deleted."))
    incident = photo.incident
    file = photos.delete(opened, photo, at=storage.now())
    trail.record("photo.deleted", object_kind="photo", object_key=str(number), why=why)
    opened.commit()
    if file is not None:
        store().drop(file)
    flash(gettext("The photo is deleted."), "good")
    return redirect(url_for("incidents.show", number=incident.number) if incident else url_for("home.home"))


def _picture(photo: Photo, *, little: bool) -> Response:
    """The file itself, never kept by anything between us and the browser, and shown as nothing but a picture."""
    path = store().path(photo.file or "", small=little)
    if not path.is_file():
        raise NotFound(N_("The file of photo %(number)s is not there: bring it back from the backup."), number=photo.id)
    answer = Response(path.read_bytes(), mimetype="image/jpeg")
    answer.set_etag(path.name)
    answer.make_conditional(request)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
