"""Every address of the website with an example in it, in both towns: from the url_map, so none can be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

import make
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session
from visit import AWAY, NOW, send
from werkzeug.routing import Rule

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
from webmap.access import BY_SIGNATURE, BY_TOKEN, OPEN, ROLES, SIGNED_IN, rule_of
from webmap.shares.link import SALT

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
UNGUARDED = {"static", "openapi.spec"}
OUTSIDER = "外人"
"""What stands in all things of the neighbour's that have words: a page which shows any of it gives itself away."""

REPORTER = ("李小明", "13912345678")
BY_ITSELF = {BY_TOKEN, BY_SIGNATURE}
"""What asks for no sign-in, but for a token or a signature over the message."""

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


def furnish(session: Session, code: str, incident: str, board: str) -> Examples:
    """Make one of everything in a town."""
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
            "/downloads/made/": {"word": "a-word-of-a-work"},
            "/draw/begun/": {"word": "a-word-of-a-work"},
            "/editions/": {"word": "a-word-of-a-work"},
            "/figures/made/": {"word": "a-word-of-a-work"},
            "/views/made/": {"word": "a-word-of-a-work"},
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
