"""Making a browser somebody's phone, and ending that."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from data.models import Community, User
from geo.errors import N_
from patrols import check_lists, walk_phones
from webmap import access, errors, language, storage, trail
from webmap.errors import Answer
from webmap.language import gettext
from webmap.walk import bearer, kit
from webmap.walk.fields import Fields, document

REFUSED = Answer(403, "sign-in-refused", N_("Name or password is not right"))


def add_to(walk: Blueprint) -> None:
    """Add these addresses."""
    walk.add_url_rule("/form", "form", form)
    walk.add_url_rule("/enrol", "enrol", enrol, methods=["POST"])
    walk.add_url_rule("/members", "members", members)
    walk.add_url_rule("/leave", "leave", leave, methods=["POST"])


@access.opened_to_all
def form() -> ResponseReturnValue:
    """What enrolling needs and a page that was kept cannot hold: the CSRF token, and who is signed in."""
    me = access.me() if access.is_signed_in() else None
    known = me and {"login": me.login, "name": me.person.name if me.person else me.login}
    return jsonify({"csrf": generate_csrf(), "signed_in": known, "language": language.current()})


@access.opened_to_all
def enrol() -> ResponseReturnValue:
    """Enrol this browser for who is signed in, or for another member who gives name and password."""
    fields = Fields(document(request))
    browser, team = fields.uuid("phone"), fields.whole("team")
    login, password = fields.text("login", most=64), fields.text("password", most=200)
    if login:
        user = access.check_sign_in(login, password)
        if user is None:
            return errors.problem(REFUSED, gettext("Name or password is not right, or the sign-in is locked."))
    elif access.is_signed_in():
        user = access.me()
    else:
        return errors.problem(errors.BY_STATUS[401], gettext("Sign in, or type name and password."))
    return _enrolled(user, browser, team)


def _enrolled(user: User, browser: str, team: int | None) -> ResponseReturnValue:
    opened, now = storage.session(), storage.now()
    phone, token = walk_phones.enrol(opened, user, browser, at=now, team_id=team)
    check_lists.begin(opened, opened.get_one(Community, phone.device.community_id), at=now)
    trail.record(
        "walk.enrolled", object_kind="device", object_key=str(phone.device_id), login=user.login, browser=browser
    )
    told = {
        "token": token,
        "device": phone.device_id,
        **kit.whose(opened, phone, at=now),
        "consent": kit.consent(opened, phone, at=now),
        "members": kit.told_members(phone),
    }
    opened.commit()
    return jsonify(told), 201


@bearer.of_phone
def members() -> ResponseReturnValue:
    """Who walks with this browser."""
    return jsonify({"members": kit.told_members(bearer.phone())})


@bearer.of_phone
def leave() -> ResponseReturnValue:
    """End this member's place on this browser; the token stops working."""
    opened = storage.session()
    walk_phones.leave(opened, bearer.phone(), at=storage.now())
    trail.record("walk.left", object_kind="device", object_key=str(bearer.device().id))
    opened.commit()
    return "", 204
