"""A small town with sign-ins of every role, and how a browser visits its website."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import make
import shapely
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from data import users
from data.models import (
    Category,
    ChainLink,
    Community,
    Duty,
    IncidentSource,
    NoticeBoard,
    Organisation,
    Patrol,
    PatrolCredit,
    PatrolSource,
    Person,
    PlaceKind,
    Role,
    StepKind,
    Team,
    TeamMember,
)
from patrols import incident_lists, incidents, roster
from patrols.points import accounts, rules
from patrols.scope import EVERYTHING

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
"""14:30 on the wall of the office."""

PASSWORD = "walk every day 1"
HOME, AWAY = "110108001001", "110108001002"
"""The community everybody answers for, and a neighbour whose incidents are none of their business."""

BOARD = "the-board-of-the-first-grid"
"""What the code on a notice board of the small town ends in."""

LOGINS = {
    Role.ADMINISTRATOR: "admin",
    Role.GRID_MANAGER: "manager",
    Role.GRID_WORKER: "worker",
    Role.HANDLER: "handler",
    Role.OFFICIAL: "official",
}


@dataclass(frozen=True)
class Town:
    """Numbers of the incidents of the small town, by where they lie."""

    in_grid_1: str
    in_grid_2: str
    handed_over: str
    away: str


def sign_in(browser: FlaskClient, login: str, password: str = PASSWORD) -> TestResponse:
    """Send the form of the sign-in page."""
    return send(browser, "/sign-in", page="/sign-in", login=login, password=password)


def send(browser: FlaskClient, address: str, *, page: str = "/account", **fields: object) -> TestResponse:
    """Send a form as the page that holds it would: with its token."""
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get(page).text)
    assert token is not None
    return browser.post(address, data={"csrf_token": token[1], **fields})


def build(session: Session) -> Town:
    place, edition = make.town(session)
    away = make.community(session, AWAY, outline=make.degrees_square(10))
    make.edition(session, away, {f"{AWAY}001": make.degrees_square(10)})
    make.street(session, place, shapely.LineString([make.ORIGIN, (116.303, 40.001)]), name="学院路")
    person = make.person(session, place)
    office = make.add(session, Organisation(community_id=place.id, name="环卫所", code="1" * 18))
    category = make.add(session, Category(family="sample", kind="part", code="01", zh="暴露垃圾", en="litter"))
    links = [
        (Duty.GRID_WORKER, PlaceKind.GRID, "网格员", "grid worker"),
        ("secretary", PlaceKind.COMMUNITY, "书记", "secretary"),
    ]
    for position, (duty, kind, zh, en) in enumerate(links, start=1):
        make.add(session, ChainLink(community_id=place.id, position=position, duty=duty, place_kind=kind, zh=zh, en=en))
    roster.post(session, person, Duty.GRID_WORKER, PlaceKind.GRID, grid_code=f"{HOME}001", valid_from=date(2026, 1, 1))
    _add_users(session, place.id, person.id, office.id)
    _add_patrol(session, place.id, edition.id, person.id)
    _add_team(session, place, person)
    make.add(session, NoticeBoard(community_id=place.id, grid_code=f"{HOME}001", token=BOARD, created_at=NOW))
    south_east = (116.3025, 40.0005)

    def found(community: Community, point: tuple[float, float], description: str) -> str:
        return incidents.report(
            session,
            community,
            at=NOW - timedelta(days=1),
            source=IncidentSource.RESIDENT,
            description=description,
            point=point,
            category=category,
            reporter_name="李小明",
            reporter_phone="13912345678",
            due_at=NOW + timedelta(days=1),
        ).number

    handed = found(place, south_east, "下水道堵塞")
    incident = incident_lists.get(session, EVERYTHING, handed)
    admin = users.find_user(session, "admin")
    incidents.step(session, incident, StepKind.ACCEPT, by=admin, at=NOW - timedelta(hours=3))
    incidents.step(session, incident, StepKind.TRIAGE, by=admin, at=NOW - timedelta(hours=2), to_organisation=office)
    return Town(
        in_grid_1=found(place, (116.3005, 40.0015), "楼道堆放杂物"),
        in_grid_2=found(place, (116.3015, 40.0015), "路灯不亮 <script>alert(1)</script> ${alert(1)}"),
        handed_over=handed,
        away=found(away, (116.3105, 40.0005), "别人的事"),
    )


def _add_users(session: Session, community: int, person: int, office: int) -> None:
    places = {
        Role.GRID_MANAGER: [(community, None)],
        Role.GRID_WORKER: [(community, f"{HOME}001")],
        Role.HANDLER: [(community, None)],
        Role.OFFICIAL: [(community, None)],
    }
    for role, login in LOGINS.items():
        users.add_user(
            session,
            login=login,
            password_hash=hashed(PASSWORD),
            role=role,
            at=NOW - timedelta(days=30),
            places=places.get(role, ()),
            person_id=person if role is Role.GRID_WORKER else None,
            organisation_id=office if role is Role.HANDLER else None,
            language="en",
        )


def _add_patrol(session: Session, community: int, edition: int, person: int) -> None:
    patrol = Patrol(
        community_id=community,
        person_id=person,
        source=PatrolSource.FILE,
        source_key="first",
        started_at=NOW - timedelta(hours=5),
        ended_at=NOW - timedelta(hours=4),
        metres=1520.0,
        minutes=60.0,
        fixes_kept=240,
        fixes_dropped=3,
        track=shapely.MultiLineString([[make.ORIGIN, (116.302, 40.001)]]),
    )
    patrol.credits = [PatrolCredit(edition_id=edition, grid_code=f"{HOME}001", metres=1520.0, minutes=60.0)]
    make.add(session, patrol)


def _add_team(session: Session, place: Community, person: Person) -> None:
    """A team that the volunteer belongs to, and their account of points."""
    team = make.add(session, Team(community_id=place.id, name="东片小红帽"))
    make.add(session, TeamMember(team_id=team.id, person_id=person.id, valid_from=date(2026, 3, 1)))
    rules.begin(session, place, on=date(2026, 3, 1))
    accounts.of_person(session, person, on=date(2026, 3, 1))


def hashed(password: str) -> str:
    """A hash that is quick to check: tests sign in often, and nobody attacks them."""
    return generate_password_hash(password, method="pbkdf2:sha256:1")
