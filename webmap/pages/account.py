"""A person's own sign-in: the password."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user
from werkzeug.security import generate_password_hash

from webmap import access, errors, storage, trail
from webmap.language import gettext

pages = Blueprint("account", __name__)


@pages.get("/account")
@access.opened_to_signed_in
def account() -> str:
    """The page."""
    return render_template("account.html", refused="")


@pages.post("/account/password")
@access.opened_to_signed_in
def change_password() -> ResponseReturnValue:
    """A new password, for whoever knows the old one; it ends the sign-ins in every other browser."""
    me = access.me()
    if access.check_sign_in(me.login, request.form.get("old", "")) is None:
        return render_template("account.html", refused=gettext("The present password is not right.")), 422
    me = access.me()
    try:
        access.check_new_password(request.form.get("new", ""), me.login)
    except errors.BadInput as refusal:
        return render_template("account.html", refused=errors.tell(refusal)), 422
    me.password_hash = generate_password_hash(request.form["new"])
    trail.record("password.changed", object_kind="user", object_key=me.login)
    storage.session().commit()
    login_user(access.SignedIn(me))
    flash(gettext("The password is changed."), "good")
    return redirect(url_for("account.account"))
