"""Every address of the website, walked with every role and signed out: from the url_map, so none can be forgotten.

Whoever adds an address does three things, and a test here says which one is missing: the view says who may open it
(``access.needs`` and its kin), `_furnish` makes an example of what its ``<...>`` stands for in both towns, and if a
plain visit is answered by anything but a page, `ANSWERED` or `SHUT_TO` says by what and why. What is open to all is
named in `OPENED` too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

import make
import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeSerializer
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from visit import AWAY, BOARD, HOME, NOW, Town, send
from werkzeug.routing import Rule

from data.database import open_session
from data.models import (
    AccountKind,
    Community,
    Device,
    DeviceStage,
    Incident,
    KeptList,
    NoticeBoard,
    NoticeWay,
    Patrol,
    PatrolSource,
    Person,
    Photo,
    Platform,
    PointsAccount,
    PointsClaim,
    PointsGood,
    Role,
    SharedView,
    Team,
    Telling,
    User,
    ViewKind,
    WayKind,
)
from patrols import check_points, plan
from patrols.points import rules as points_rules
from webmap.access import BY_SIGNATURE, BY_TOKEN, OPEN, ROLES, SIGNED_IN, May, rule_of
from webmap.shares.link import SALT

Signed = Callable[[Role], FlaskClient]
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
UNGUARDED = {"static", "openapi.spec"}

OUTSIDER = "外人"
"""What stands in all things of the neighbour's that have words: a page which shows any of it gives itself away."""

REPORTER = ("李小明", "13912345678")

BY_ITSELF = {BY_TOKEN, BY_SIGNATURE}
"""What asks for no sign-in, but for a token or a signature over the message."""

OPENED = {
    "/sign-in": "nobody has signed in before it",
    "/language": "read by residents too",
    "/healthz": "asked by the machine that watches",
    "/readyz": "asked by the machine that watches",
    "/walk": "a shell without data, which come by the phone's token",
    "/walk/manifest.webmanifest": "as the shell",
    "/walk/worker.js": "as the shell",
    "/walk/form": "as the shell",
    "/walk/enrol": "takes the code that the office gave, once",
    "/r/<token>": "hangs at the house for whoever passes",
    "/r/<token>/report": "for residents, who have no sign-in",
    "/q": "asks for a resident's secret code",
    "/q/<code>": "goes by a resident's secret code",
    "/q/<code>/rate": "goes by a resident's secret code",
    "/q/<code>/forget-me": "goes by a resident's secret code",
    "/v/<token>": "goes by a signed link that somebody handed on",
    "/v/<token>/picture.png": "as the link",
    "/v/<token>/map.html": "as the link",
}
"""Every address that asks for no sign-in, and why it may."""

SHARED = ("/categories/", "/api/categories/")
"""What belongs to no community: where these addresses lead, there is nothing of the neighbour's."""

ANSWERED: dict[str, set[int]] = {
    # The grids in force were never a draft: whoever may draw is told so.
    "/api/drafts/<code>/<int:number>": {409},
    "/api/drafts/<code>/<int:number>/grids": {409},
    "/api/drafts/<code>/<int:number>/blocks": {409},
    "/api/drafts/<code>/<int:number>/edits": {200, 409},
    # The photo has a row but no file, and is none of a handler's; tests/webmap/walk/test_photos.py shows one.
    "/photos/<int:number>": {403, 404},
    "/photos/<int:number>/small": {403, 404},
    # Whoever has signed in goes home; a question without a place is refused.
    "/sign-in": {302},
    "/api/responsible": {422},
    # A picture of no window.
    "/api/v1/heat.png": {422},
    # Nobody told anything under the code of the example.
    "/q/<code>": {404},
}
"""By what a visit without anything else is answered, where that is no page."""


SHUT_TO: dict[str, set[Role]] = {
    # They see places where somebody walks, but not who is out now: that is for those who answer for walks.
    "/patrols/live": {Role.GRID_WORKER, Role.OFFICIAL},
    "/patrols/live/stream": {Role.GRID_WORKER, Role.OFFICIAL},
    # A walk is played again to its own walker, and to those who may say whose it is.
    "/patrols/<int:number>/replay": {Role.OFFICIAL},
}
"""Whom a page refuses although they have the right that stands above its view, and why."""


@dataclass(frozen=True)
class Examples:
    """What the pieces of addresses stand for, by piece, or by the beginning of the address where a piece means many."""

    pieces: dict[str, object]
    special: dict[str, dict[str, object]]

    def of(self, rule: Rule) -> dict[str, object]:
        """What is known of an address's pieces; the longest beginning that fits counts."""
        fits = sorted((begin for begin in self.special if rule.rule.startswith(begin)), key=len)
        known = {**self.pieces, **(self.special[fits[-1]] if fits else {})}
        return {name: known[name] for name in rule.arguments if name in known}


@dataclass(frozen=True)
class Towns:
    """Examples of the own town, and of the neighbour's, where only the administrator has any business."""

    ours: Examples
    theirs: Examples


@pytest.fixture
def towns(town_engine: Engine, town: Town) -> Towns:
    """One of everything in both towns."""
    with open_session(town_engine, writing=True) as session:
        ours = _furnish(session, HOME, town.in_grid_1, BOARD)
        theirs = _furnish(session, AWAY, town.away, "a-board-of-the-neighbours")
        session.commit()
    return Towns(ours, theirs)


def _furnish(session: Session, code: str, incident: str, board: str) -> Examples:
    place = session.scalars(select(Community).where(Community.code == code)).one()
    stranger = code == AWAY
    word = OUTSIDER if stranger else "自己人"
    person = session.scalars(select(Person).where(Person.community_id == place.id)).first()
    person = person or make.person(session, place, "A001", name=f"{word}甲", phone="13700000009")
    row = session.scalars(select(Incident).where(Incident.number == incident, Incident.community_id == place.id)).one()
    if stranger:
        # Numbers are a community's own: this one must not be one of ours too.
        row.number, row.description = f"{row.number}-9", word
    team = session.scalars(select(Team).where(Team.community_id == place.id)).first()
    team = team or make.add(session, Team(community_id=place.id, name=f"{word}队"))
    point = check_points.add(session, place, f"{word}门", (116.3105 if stranger else 116.3005, 40.0005), at=NOW)
    when = plan.When((1,), time(8), time(10), date(2026, 11, 1))
    (window,) = plan.plan(session, place, person, when, plan.Where(f"{code}001"))
    if stranger:
        points_rules.begin(session, place, on=date(2026, 3, 1))
        make.add(session, NoticeBoard(community_id=place.id, grid_code=f"{code}001", token=board, created_at=NOW))
    walked = session.scalars(select(Patrol).where(Patrol.community_id == place.id)).first()
    patrol = walked or Patrol(
        community_id=place.id,
        person_id=person.id,
        source=PatrolSource.FILE,
        source_key=f"of {code}",
        started_at=NOW - timedelta(hours=5),
        ended_at=NOW - timedelta(hours=4),
        metres=100.0,
        minutes=60.0,
    )
    account = PointsAccount(
        community_id=place.id, kind=AccountKind.SHOP, number="S1", name=f"{word}店", opened_on=date(2026, 3, 1)
    )
    good = PointsGood(community_id=place.id, name=f"{word}伞", points=5)
    device = Device(stage=DeviceStage.PENDING, identity=code, label=word, community_id=place.id, enrolled_at=NOW)
    photo = Photo(community_id=place.id, incident_id=row.id, at=NOW, file=("b" if stranger else "a") * 64)
    way = NoticeWay(community_id=place.id, kind=WayKind.MAIL, address=f"{word}@example.org")
    for one in (patrol, account, good, device, photo, way):
        make.add(session, one)
    rule = points_rules.rules(session, place, on=NOW.date())[0]
    claim = PointsClaim(account_id=account.id, rule_id=rule.id, fact_on=NOW.date(), note=word, key=code, at=NOW)
    make.add(session, claim)
    share = SharedView(
        key=f"of {code}",
        community_id=place.id,
        by_user_id=session.scalars(select(User.id).where(User.login == "admin")).one(),
        kind=ViewKind.MAP,
        query={},
        made_at=NOW,
        ends_at=NOW + timedelta(days=7),
    )
    make.add(session, share)
    ends = int(share.ends_at.timestamp())
    # Nobody's list is a neighbour's: the administrator keeps both.
    kept = make.add(session, KeptList(user_id=share.by_user_id, name=word, query="show=all"))
    platform = Platform(
        community_id=place.id, name=f"{word}平台", address="", secret_out="", secret_in="", added_at=NOW
    )
    make.add(session, platform)
    telling = Telling(platform_id=platform.id, incident_id=row.id, number=1, body={}, at=NOW, given_up_at=NOW)
    make.add(session, telling)
    return Examples(
        {"community": code, "edition": 1, "token": board, "number": 1, "ending": "csv", "filename": "css/tokens.css"},
        {
            "/incidents/": {"number": row.number},
            "/api/incidents/": {"number": row.number},
            "/grids/": {"code": f"{code}001"},
            "/check-lists/": {"code": "floor"},
            "/shares/": {"number": share.id},
            "/v/": {"token": URLSafeSerializer("a key for tests only", salt=SALT).dumps([share.key, ends])},
            "/api/drafts/": {"code": code, "number": 1, "key": "flaw"},
            "/draw/progress/": {"word": "a-word-that-a-page-made"},
            "/figures/made/": {"word": "a-word-of-a-work"},
            "/teams/": {"number": team.id, "person": person.id},
            "/points/": {"number": account.id, "entry": 1},
            "/points/goods/": {"number": good.id},
            "/points/claims/": {"number": claim.id},
            "/patrols/": {"number": patrol.id},
            "/patrols/plan/windows/": {"number": window.id},
            "/patrols/check-points/": {"number": point.id},
            "/devices/": {"number": device.id},
            "/notices/ways/": {"number": way.id},
            "/incidents/lists/": {"key": kept.id},
            "/exchange/platforms/": {"number": platform.id},
            "/exchange/tellings/": {"number": telling.id},
            "/api/exchange/hooks/": {"number": platform.id},
            "/photos/": {"number": photo.id},
            "/walk/photos/": {"key": "a-key-of-a-photo"},
            "/q/": {"code": "AAAA-AAAA-AAAA"},
            "/categories/": {"family": "sample", "key": 1},
            "/map/parts/": {"word": "incidents"},
        },
    )


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in UNGUARDED]


def walks(app: Flask, examples: Examples, *, methods: frozenset[str] = METHODS) -> Iterator[tuple[Rule, str, str]]:
    """Each address with an example in it and each of its methods; leaving the website comes last."""
    for rule in sorted(rules(app), key=lambda rule: (rule.rule == "/sign-out", rule.rule)):
        values = examples.of(rule)
        if set(values) != set(rule.arguments):
            # One test says which are missing; the others walk the rest.
            continue
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **values)
        for method in sorted((rule.methods or set()) & methods):
            yield rule, address, method


def right_of(app: Flask, rule: Rule) -> str | None:
    return rule_of(app.view_functions[rule.endpoint])


def opens(app: Flask, rule: Rule, role: Role, method: str = "POST") -> bool:
    if method == "GET" and role in SHUT_TO.get(rule.rule, ()):
        return False
    return right_of(app, rule) in {OPEN, SIGNED_IN, *ROLES[role]}


def ask(browser: FlaskClient, method: str, address: str) -> tuple[int, str]:
    """Visit as a page of ours would: a form brings its token and nothing else."""
    if method == "GET":
        answer = browser.get(address)
    elif method == "POST":
        answer = send(browser, address)
    else:
        answer = browser.open(address, method=method, headers={"Sec-Fetch-Site": "same-origin"})
    # Files are no text; whatever else is answered has to be.
    readable = answer.mimetype.startswith(("text/", "application/json", "application/problem", "application/geo"))
    if not readable or answer.mimetype == "text/event-stream":
        return answer.status_code, ""
    # Tables for spreadsheets may come in another encoding.
    return answer.status_code, answer.data.decode(errors="replace")


def test_every_view_says_who_may_open_it(app: Flask) -> None:
    unsaid = [rule.rule for rule in rules(app) if right_of(app, rule) not in {OPEN, SIGNED_IN, *BY_ITSELF, *May}]

    assert unsaid == [], "say it above the view: @access.needs(May...), or one of access.opened_to_..."


def test_only_these_addresses_are_open_to_all(app: Flask) -> None:
    opened = {rule.rule for rule in rules(app) if right_of(app, rule) == OPEN}

    assert opened - set(OPENED) == set(), "open to everybody in the world: say in OPENED why it may be"
    assert set(OPENED) - opened == set(), "no longer there, or no longer open"


def test_every_piece_of_every_address_has_an_example(app: Flask, towns: Towns) -> None:
    unknown = {rule.rule: set(rule.arguments) - set(towns.ours.of(rule)) for rule in rules(app)}

    assert {rule: names for rule, names in unknown.items() if names} == {}, "make one of each in _furnish"


def test_what_is_said_of_addresses_is_said_of_some_that_are_there(app: Flask) -> None:
    assert {*ANSWERED, *SHUT_TO} <= {rule.rule for rule in rules(app)}


def test_signed_out_nothing_is_shown_and_nothing_is_done(app: Flask, client: FlaskClient, towns: Towns) -> None:
    for rule, address, method in walks(app, towns.ours):
        answer = client.open(address, method=method)
        if right_of(app, rule) == OPEN:
            shown = answer.data.decode(errors="replace")
            assert not any(word in shown for word in REPORTER), rule.rule
            assert answer.status_code < 500, rule.rule
            continue
        if right_of(app, rule) == BY_SIGNATURE:
            assert answer.status_code == 403, rule.rule
            continue
        assert answer.status_code in {302, 401}, (method, rule.rule)
        assert "/sign-in" in answer.headers.get("Location", "/sign-in"), rule.rule
        assert "自己人" not in answer.text, rule.rule


def test_what_goes_by_a_phones_token_is_shut_to_sign_ins(app: Flask, as_role: Signed, towns: Towns) -> None:
    browser, found = as_role(Role.ADMINISTRATOR), 0

    for rule, address, method in walks(app, towns.ours):
        if right_of(app, rule) == BY_TOKEN:
            answer, found = browser.open(address, method=method), found + 1
            assert answer.status_code == 401, (method, rule.rule)
            assert answer.json is not None
            assert answer.json["type"] == "urn:gridpatrol:problem:phone-unknown"
    assert found >= 5


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_for_the_roles_that_have_the_right_and_for_no_other(
    app: Flask, as_role: Signed, town: Town, towns: Towns, role: Role
) -> None:
    browser, wrong = as_role(role), []
    for rule, address, method in walks(app, towns.ours, methods=frozenset({"GET"})):
        if right_of(app, rule) in BY_ITSELF:
            continue
        # A handler is shown what was handed to the office, nothing else.
        address = address.replace(town.in_grid_1, town.handed_over) if role is Role.HANDLER else address
        expected = ANSWERED.get(rule.rule, {200}) if opens(app, rule, role, method) else {403}
        status, shown = ask(browser, method, address)
        if status not in expected:
            wrong.append((rule.rule, status, expected))
        if any(word in shown for word in REPORTER):
            wrong.append((rule.rule, "shows who reported"))
    assert wrong == [], wrong


@pytest.mark.parametrize("role", list(Role))
def test_every_form_is_shut_to_roles_without_the_right_and_bears_being_empty(
    app: Flask, as_role: Signed, town: Town, towns: Towns, role: Role
) -> None:
    browser, wrong = as_role(role), []
    for rule, address, method in walks(app, towns.ours, methods=METHODS - {"GET"}):
        if right_of(app, rule) in BY_ITSELF:
            continue
        address = address.replace(town.in_grid_1, town.handed_over) if role is Role.HANDLER else address
        status, _shown = ask(browser, method, address)
        if opens(app, rule, role) and status >= 500:
            wrong.append((method, rule.rule, status))
        if not opens(app, rule, role) and status != 403:
            wrong.append((method, rule.rule, status))
    assert wrong == [], wrong


BOUND = [role for role in Role if role is not Role.ADMINISTRATOR]
"""Those whose sign-ins are bound to places in the small town."""


@pytest.mark.parametrize("role", BOUND)
def test_nothing_of_the_neighbours_is_shown_or_changed_by_its_address(
    app: Flask, as_role: Signed, towns: Towns, role: Role, town_engine: Engine
) -> None:
    browser, wrong = as_role(role), []
    for rule, address, method in walks(app, towns.theirs):
        if right_of(app, rule) in {OPEN, *BY_ITSELF} or not rule.arguments - {"ending", "word"}:
            continue
        if rule.rule.startswith(SHARED):
            continue
        status, shown = ask(browser, method, address)
        # A form may be refused for what it lacks before it is asked whose it is; then nothing has happened either.
        refused = {403, 404} if method == "GET" else {400, 403, 404, 409, 412, 415, 422, 428}
        if status not in refused or OUTSIDER in shown:
            wrong.append((method, rule.rule, status))
    assert wrong == [], wrong
    assert _neighbours(town_engine) == ["pending", "waiting", True, None, None, "reported"]


@pytest.mark.parametrize("role", BOUND)
def test_nothing_of_the_neighbours_is_shown_by_asking_for_their_community(
    app: Flask, as_role: Signed, town: Town, towns: Towns, role: Role
) -> None:
    browser, wrong = as_role(role), []
    for rule, address, method in walks(app, towns.ours, methods=frozenset({"GET"})):
        if right_of(app, rule) in {OPEN, *BY_ITSELF} or not opens(app, rule, role):
            continue
        address = address.replace(town.in_grid_1, town.handed_over) if role is Role.HANDLER else address
        status, shown = ask(browser, method, f"{address}?community={AWAY}")
        if status >= 500 or OUTSIDER in shown or f"{AWAY}001" in shown:
            wrong.append((rule.rule, status))
    assert wrong == [], wrong


def _neighbours(engine: Engine) -> list[object]:
    """How the neighbour's things stand that a form could have changed."""
    with open_session(engine) as session:
        place = session.scalars(select(Community).where(Community.code == AWAY)).one()
        device = session.scalars(select(Device).where(Device.community_id == place.id)).one()
        good = session.scalars(select(PointsGood).where(PointsGood.community_id == place.id)).one()
        claim = session.scalars(select(PointsClaim).where(PointsClaim.key == AWAY)).one()
        board = session.scalars(select(NoticeBoard).where(NoticeBoard.community_id == place.id)).one()
        photo = session.scalars(select(Photo).where(Photo.community_id == place.id)).one()
        stage = session.scalars(select(Incident.stage).where(Incident.community_id == place.id)).one()
        return [device.stage.value, claim.stage.value, good.offered, board.revoked_at, photo.deleted_at, stage.value]
