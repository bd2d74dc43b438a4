"""Who may do what: signing in, roles, scope, and the rule that a page without a rule is shut."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar, cast

from flask import Flask, Request, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.security import check_password_hash, generate_password_hash

from data import users
from data.errors import NotFound
from data.models import Community, Role, User
from geo.errors import N_
from patrols.communities import communities_in_force, find_community
from patrols.scope import Scope
from webmap import storage, trail
from webmap.errors import BadInput

View = TypeVar("View", bound=Callable[..., Any])


class May(StrEnum):
    """What a role may or may not do."""

    SEE_PLACES = "see_places"
    SEE_INCIDENTS = "see_incidents"
    REPORT = "report"
    STEP = "step"
    SEE_REPORTER = "see_reporter"
    SEE_PATROLS = "see_patrols"
    SEE_WALKERS = "see_walkers"
    PLAN_PATROLS = "plan_patrols"
    UPLOAD_PATROLS = "upload_patrols"
    SEE_PEOPLE = "see_people"
    SEE_TEAMS = "see_teams"
    KEEP_TEAMS = "keep_teams"
    SEE_POINTS = "see_points"
    KEEP_POINTS = "keep_points"
    SEE_FIGURES = "see_figures"
    SHARE_VIEWS = "share_views"
    IMPORT = "import"
    DRAW_GRIDS = "draw_grids"
    PUT_UP_BOARDS = "put_up_boards"
    ENROL_PHONES = "enrol_phones"
    ADOPT_GRIDS = "adopt_grids"
    SET_HANDLING = "set_handling"
    SET_CATEGORIES = "set_categories"
    SEE_METRICS = "see_metrics"


ROLES: dict[Role, frozenset[May]] = {
    Role.ADMINISTRATOR: frozenset(May),
    Role.GRID_MANAGER: frozenset(May) - {May.ADOPT_GRIDS, May.SEE_METRICS, May.SET_CATEGORIES},
    Role.GRID_WORKER: frozenset(
        {
            *(May.SEE_PLACES, May.SEE_INCIDENTS, May.REPORT, May.STEP),
            *(May.SEE_PATROLS, May.UPLOAD_PATROLS, May.SEE_TEAMS),
        }
    ),
    Role.HANDLER: frozenset({May.SEE_PLACES, May.SEE_INCIDENTS, May.STEP}),
    Role.OFFICIAL: frozenset(
        {
            *(May.SEE_PLACES, May.SEE_INCIDENTS, May.STEP, May.SEE_PATROLS),
            *(May.SEE_PEOPLE, May.SEE_TEAMS, May.SEE_POINTS, May.SEE_FIGURES, May.SHARE_VIEWS),
        }
    ),
}
"""What each role may do. A role sees only what lies in its scope; this table does not widen that.

Who draws grids submits them; somebody else reviews, adopts and recalls them. Categories belong to all communities:
managers make rules about them for their own, but do not change them.
"""

SHORTEST_PASSWORD = 10
OPEN = "open"
SIGNED_IN = "signed_in"
BY_TOKEN = "by_token"  # noqa: S105  a rule, no secret
BY_SIGNATURE = "by_signature"


class SignedIn(UserMixin):  # type: ignore[misc]
    """The person behind this request."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.number = user.id

    @property
    def is_active(self) -> bool:
        return self.user.active

    def get_id(self) -> str:
        """The id with a piece of the password's hash: a new password ends every older sign-in."""
        return f"{self.user.id}.{self.user.password_hash[-12:]}"


def init_access(app: Flask) -> None:
    """Shut every page that does not say who may open it, and let flask-login find out who asks."""
    manager = LoginManager(app)
    manager.user_loader(_load)
    manager.request_loader(_load_from_password)
    manager.session_protection = "basic"
    app.before_request(_guard)


def opened_to_all(view: View) -> View:
    """Mark a page that needs no sign-in."""
    return _mark(view, OPEN)


def opened_to_signed_in(view: View) -> View:
    """Mark a page for everybody who has signed in."""
    return _mark(view, SIGNED_IN)


def keeps_nobody_signed_in(view: View) -> View:
    """Mark an address that a page asks by itself: it does not keep a sign-in alive that nobody uses."""
    cast(Any, view).keeps_nobody_signed_in = True
    return view


def opened_to_tokens(view: View) -> View:
    """Mark an address that asks for a phone's own token, and never for a sign-in."""
    return _mark(view, BY_TOKEN)


def opened_to_signatures(view: View) -> View:
    """Mark an address that asks for a platform's signature over the message, and never for a sign-in."""
    return _mark(view, BY_SIGNATURE)


def takes_token() -> bool:
    """Whether this request's address goes by a phone's token, or a platform's signature, alone."""
    return rule_of(current_app.view_functions.get(request.endpoint or "")) in {BY_TOKEN, BY_SIGNATURE}


def needs(right: May) -> Callable[[View], View]:
    """Mark a page for the roles that have this right. Put it nearest to the function."""
    return lambda view: _mark(view, right)


def _mark(view: View, rule: str) -> View:
    cast(Any, view).opened_to = rule
    return view


def rule_of(view: Callable[..., Any] | None) -> str | None:
    """Who may open a page: ``open``, ``signed_in``, ``by_token``, ``by_signature``, a right, or None: nobody said."""
    return getattr(view, "opened_to", None)


def _guard() -> ResponseReturnValue | None:
    """Before every request: no rule, no entry."""
    if request.endpoint is None or request.endpoint in {"static", "openapi.spec"}:
        return None
    view = current_app.view_functions.get(request.endpoint)
    rule = rule_of(view)
    if rule in {OPEN, BY_TOKEN, BY_SIGNATURE}:
        return None
    _end_idle_sign_in(used=not getattr(view, "keeps_nobody_signed_in", False))
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    if rule is None or (rule != SIGNED_IN and not may(May(rule))):
        abort(403)
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.path.startswith("/api/") or request.method != "GET":
        abort(401)
    return redirect(url_for("sign_in.sign_in", next=request.full_path.rstrip("?")))


def _end_idle_sign_in(*, used: bool) -> None:
    """Forget a sign-in that nobody used for too long; the clock is moved once a minute, not with every request."""
    seen, now = session.get("seen"), int(storage.now().timestamp())
    idle = current_app.config["WEB"].idle_minutes * 60
    if "_user_id" in session and (seen is None or now - seen > idle):
        session.clear()
        g.pop("_login_user", None)
    elif used and "_user_id" in session and now - (seen or 0) > 60:
        session["seen"] = now


def _load(key: str) -> SignedIn | None:
    number, _, piece = key.partition(".")
    user = storage.session().get(User, int(number)) if number.isdigit() else None
    if user is None or not user.active or user.password_hash[-12:] != piece:
        return None
    return SignedIn(user)


def _load_from_password(asked: Request) -> SignedIn | None:
    """Programs sign in with each request of the API (HTTP Basic)."""
    sent = asked.authorization
    if sent is None or sent.type != "basic" or not asked.path.startswith(("/api/", "/metrics")):
        return None
    user = check_sign_in(sent.username or "", sent.password or "")
    g.signed_in_by_header = user is not None
    return SignedIn(user) if user else None


def check_sign_in(login: str, password: str) -> User | None:
    """The user, when name and password are right and the sign-in is neither locked nor switched off; else None.

    Wrong passwords are counted and lock the sign-in for a while; each refusal is in the audit. Takes as long for a name
    that does not exist as for one that does.
    """
    user = users.find_user(storage.session(), login)
    right = check_password_hash(user.password_hash if user else _nobodys_hash(), password)
    locked = bool(user and user.locked_until and user.locked_until > storage.now())
    if user and user.active and right and not locked:
        if user.failed_sign_ins or user.locked_until:
            _forget_failures(user.id)
        return user
    why = "locked" if locked else "unknown" if user is None else "password" if not right else "inactive"
    number = user.id if user else None
    if number and why == "password":
        _count_failure(number)
    trail.record_refusal("sign_in.refused", object_kind="user", object_key=login, user_id=number, why=why)
    return None


def _forget_failures(number: int) -> None:
    with storage.apart() as opened:
        user = opened.get_one(User, number)
        user.failed_sign_ins, user.locked_until = 0, None


def _count_failure(number: int) -> None:
    web = current_app.config["WEB"]
    with storage.apart() as opened:
        user = opened.get_one(User, number)
        user.failed_sign_ins += 1
        if user.failed_sign_ins >= web.sign_in_attempts:
            user.failed_sign_ins = 0
            user.locked_until = storage.now() + timedelta(minutes=web.lockout_minutes)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return generate_password_hash("nobody signs in with this")


def check_new_password(password: str, login: str) -> None:
    """Refuse a password that is short, all of one kind, or contains the login.

    Raises
    ------
    webmap.errors.BadInput
        Says what is missing.
    """
    kinds = sum(any(test(letter) for letter in password) for test in (str.isalpha, str.isdigit)) + any(
        not letter.isalnum() for letter in password
    )
    if len(password) < SHORTEST_PASSWORD or kinds < 2 or login.lower() in password.lower():
        raise BadInput(
            N_(
                "A password needs at least %(least)s characters, two kinds of them (letters, digits, others), "
                "and must not contain the sign-in name."
            ),
            least=SHORTEST_PASSWORD,
        )


def make_up_password(login: str) -> str:
    """A password made by chance that `check_new_password` takes: one in thirty made so is of letters alone."""
    while True:
        password = secrets.token_urlsafe(12)
        with suppress(BadInput):
            check_new_password(password, login)
            return password


def is_signed_in() -> bool:
    """Whether somebody is behind this request."""
    return bool(current_user.is_authenticated)


def signed_in_by_header() -> bool:
    """Whether this request brought name and password itself: no other site can make a browser do that."""
    return bool(current_user.is_authenticated) and bool(g.get("signed_in_by_header"))


def me() -> User:
    """The signed-in user's row."""
    return cast(User, current_user.user)


def may(right: May) -> bool:
    """Whether the role of the person behind this request has the right."""
    return is_signed_in() and right in ROLES[me().role]


def scope() -> Scope:
    """What the person behind this request may see."""
    if "scope" not in g:
        g.scope = Scope.of_user(me())
    return cast(Scope, g.scope)


def communities() -> list[Community]:
    """The communities of which the person behind this request may see anything, by code."""
    if "communities" not in g:
        seen = communities_in_force(storage.session(), on=storage.today())
        g.communities = [community for community in seen if scope().enters(community.id)]
    return cast(list[Community], g.communities)


def community(code: str | None = None) -> Community:
    """The community this request is about: the one named, else the one chosen before, else the first.

    Raises
    ------
    data.errors.NotFound
        There is none that this person may see.
    patrols.errors.OutOfScope
        It exists, but not for this person.
    """
    wanted = code or request.args.get("community")
    if wanted:
        found = find_community(storage.session(), wanted, on=storage.today())
        scope().require_entry(found.id)
        return found
    mine = communities()
    if not mine:
        raise NotFound(N_("There is no community that you may see yet. The administrator adds communities and rights."))
    return next((one for one in mine if one.code == session.get("community")), mine[0])
