"""Signing in and out, and choosing a language."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from webmap import access, storage, trail
from webmap.settings import LANGUAGES

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
@access.opened_to_all
def sign_in() -> ResponseReturnValue:
    """The form."""
    if access.is_signed_in():
        return redirect(_next())
    return _form()


@pages.post("/sign-in")
@access.opened_to_all
def check() -> ResponseReturnValue:
    """Name and password: in, or back to the form with one sentence that does not say which of the two was wrong."""
    user = access.check_sign_in(request.form.get("login", ""), request.form.get("password", ""))
    if user is None:
        return _form(refused=True), 401
    chosen = session.get("language")
    session.clear()
    session.permanent = True
    session["seen"] = int(storage.now().timestamp())
    if chosen:
        session["language"] = chosen
    login_user(access.SignedIn(user))
    trail.record("sign_in.accepted", object_kind="user", object_key=user.login)
    storage.session().commit()
    return redirect(_next())


@pages.post("/sign-out")
@access.opened_to_signed_in
def sign_out() -> ResponseReturnValue:
    """End the sign-in in this browser."""
    trail.record("sign_in.ended", object_kind="user", object_key=access.me().login)
    storage.session().commit()
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.sign_in"))


@pages.post("/language")
@access.opened_to_all
def choose_language() -> ResponseReturnValue:
    """Read on in the other language; remembered for this browser and, when signed in, for the person."""
    wanted = request.form.get("language", "")
    if wanted in LANGUAGES:
        session["language"] = wanted
        if access.is_signed_in():
            access.me().language = wanted
            storage.session().commit()
    return redirect(_next())


def _form(*, refused: bool = False) -> str:
    web = current_app.config["WEB"]
    return render_template(
        "sign_in.html", refused=refused, next=_next(), lockout_minutes=web.lockout_minutes, demo=web.demo
    )


def _next() -> str:
    """Where to go on: an address of this site only, whatever the request says."""
    wanted = request.values.get("next", "")
    parts = urlsplit(wanted)
    safe = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if safe and not parts.netloc and not parts.scheme and wanted.isprintable() else url_for("home.home")
