"""Requests that come with a phone's own token instead of somebody's sign-in."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import flask_babel
from flask import current_app, g, request, session
from flask.typing import ResponseReturnValue

from data.models import Device, Person, WalkPhone
from geo.errors import N_
from patrols import walk_phones
from webmap import access, errors, storage
from webmap.errors import Answer
from webmap.language import gettext
from webmap.settings import LANGUAGES
from webmap.walk.pace import Pace

View = TypeVar("View", bound=Callable[..., Any])

UNKNOWN = Answer(401, "phone-unknown", N_("This phone is not known"))
REVOKED = Answer(403, "phone-revoked", N_("This phone was shut out"))
DO_UNKNOWN = N_("Sign in on this phone once more. What was not sent yet stays on it, and can be saved as a file.")
DO_REVOKED = N_(
    "The office has shut this phone out. Ask there, then sign in once more. What was not sent yet stays on it, and can "
    "be saved as a file."
)

REQUESTS_A_MINUTE = 240
"""Four a second: far more than a phone with five members sends, and little for a server."""


def of_phone(view: View) -> View:
    """Mark an address that takes a phone's token and nothing else; the view asks `phone` whose it is."""

    @functools.wraps(view)
    def checked(*args: Any, **values: Any) -> ResponseReturnValue:
        refused = _find()
        if refused is not None:
            return refused
        with flask_babel.force_locale(_language()):
            answer: ResponseReturnValue = view(*args, **values)
            return answer

    return cast(View, access.opened_to_tokens(checked))


def phone() -> WalkPhone:
    """The phone behind this request."""
    return cast(WalkPhone, g.walk_phone)


def device() -> Device:
    """Its row among all phones."""
    return phone().device


def person() -> Person:
    """Whose it is."""
    return cast(Person, phone().device.person)


def _find() -> ResponseReturnValue | None:
    token = _token()
    if not token:
        return errors.problem(UNKNOWN, gettext(DO_UNKNOWN))
    wait_s = _pace().wait_s(token, storage.now())
    if wait_s:
        return errors.problem(
            errors.BY_STATUS[429], gettext(N_("Too much at once. Try again in a minute.")), retry_s=wait_s
        )
    found = walk_phones.by_token(storage.session(), token)
    if found is None:
        return errors.problem(UNKNOWN, gettext(DO_UNKNOWN))
    if not walk_phones.works(found):
        return errors.problem(REVOKED, gettext(DO_REVOKED))
    g.walk_phone = found
    return None


def _token() -> str:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def _pace() -> Pace:
    return cast(Pace, current_app.extensions.setdefault("gridpatrol.walk_pace", Pace(REQUESTS_A_MINUTE)))


def _language() -> str:
    """The language chosen in this browser, else that of the person's sign-in."""
    chosen = session.get("language")
    return str(chosen if chosen in LANGUAGES else phone().user.language)
