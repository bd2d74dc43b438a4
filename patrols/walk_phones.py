"""Volunteers' own phones: a browser enrolled by its person's sign-in, shared by members of one team."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from data.models import Community, Device, DeviceStage, Person, Team, TeamMember, User, WalkEnd, WalkPhone
from geo.errors import N_
from patrols import devices, walks
from patrols.days import local_day
from patrols.errors import PatrolError

MOST_MEMBERS = 20
"""Members on one browser: a team of five shares a phone, and an office lends one to a few teams."""

LABEL = "walk"
"""What such a phone is called in the list of phones, before somebody gives it a better name."""


class EnrolmentRefused(PatrolError):
    """A browser cannot become the phone of this person."""


def enrol(
    session: Session, user: User, browser: str, *, at: datetime, team_id: int | None = None
) -> tuple[WalkPhone, str]:
    """Make a browser the phone of the person of a sign-in; its fixes count at once, between start and stop.

    The same person on the same browser again gets a new token, and the old one stops working. A browser that carries
    other members already takes only who is in a team with one of them: one phone for five red caps, and not for a
    stranger who found it.

    Parameters
    ----------
    browser : str
        UUID that the browser made for itself.
    team_id : int, optional
        For which of the person's teams they walk; the first by name unless said.

    Returns
    -------
    tuple
        The phone, and its token, which is shown once and kept nowhere.

    Raises
    ------
    EnrolmentRefused
        The sign-in belongs to nobody of the roster; the team is not the person's; the others on this phone are of
        other teams; or there are too many of them.
    """
    person = session.get(Person, user.person_id) if user.person_id else None
    if person is None:
        raise EnrolmentRefused(
            N_("The sign-in %(login)s belongs to no person of the roster. The office can enter who it is."),
            login=user.login,
        )
    team = _team(session, person, team_id, at)
    others = [one for one in members(session, browser) if one.device.person_id != person.id]
    _check_company(session, person, others, at)
    known = _known(session, browser, person)
    if known is not None:
        known.device.team, known.user = team, user
        token = devices.renew_token(known.device)
        session.flush()
        return known, token
    community = session.get_one(Community, person.community_id)
    device, token = devices.add(session, community, at=at, label=LABEL, person=person, team=team)
    phone = WalkPhone(device=device, browser=browser, user=user)
    session.add(phone)
    session.flush()
    return phone, token


def leave(session: Session, phone: WalkPhone, *, at: datetime) -> None:
    """End a member's place on a browser: the token stops working, and a walk that was going on is over.

    The phone itself is not shut out, so that what it sent is still made into patrols.
    """
    walks.end_all(session, phone.device.person_id, at=at, why=WalkEnd.PERSON, device_id=phone.device_id)
    phone.browser, phone.device.token_hash = "", None
    session.flush()


def by_token(session: Session, token: str) -> WalkPhone | None:
    """The volunteer's phone that a token belongs to, shut out or not, with its person, community, team and sign-in."""
    wanted = (
        select(WalkPhone)
        .join(Device, Device.id == WalkPhone.device_id)
        .where(Device.token_hash == devices.hash_token(token))
        .options(
            joinedload(WalkPhone.user),
            joinedload(WalkPhone.device).options(
                joinedload(Device.person), joinedload(Device.community), joinedload(Device.team)
            ),
        )
    )
    return session.scalars(wanted).one_or_none()


def works(phone: WalkPhone) -> bool:
    """Whether a phone's token is good: not shut out, its person still in the roster, the sign-in not switched off."""
    return phone.device.stage is DeviceStage.ACCEPTED and phone.device.person_id is not None and phone.user.active


def members(session: Session, browser: str) -> list[WalkPhone]:
    """Who walks with a browser, the first enrolled first; who was shut out is left out."""
    wanted = (
        select(WalkPhone)
        .join(Device, Device.id == WalkPhone.device_id)
        .where(WalkPhone.browser == browser, Device.stage == DeviceStage.ACCEPTED, Device.person_id.is_not(None))
        .options(joinedload(WalkPhone.device).joinedload(Device.person))
        .order_by(Device.enrolled_at, Device.id)
    )
    return list(session.scalars(wanted))


def teams_of(session: Session, person: Person, *, at: datetime) -> list[Team]:
    """The teams that a person is in on a day, by name."""
    today = local_day(session.get_one(Community, person.community_id), at)
    mine = select(TeamMember.team_id).where(
        TeamMember.person_id == person.id,
        TeamMember.valid_from <= today,
        or_(TeamMember.valid_until.is_(None), TeamMember.valid_until > today),
    )
    return list(session.scalars(select(Team).where(Team.id.in_(mine)).order_by(Team.name, Team.id)))


def is_walk_phone(session: Session, device_id: int) -> bool:
    """Whether a phone walks between start and stop only."""
    return session.get(WalkPhone, device_id) is not None


def _team(session: Session, person: Person, team_id: int | None, at: datetime) -> Team | None:
    mine = teams_of(session, person, at=at)
    if team_id is None:
        return mine[0] if mine else None
    chosen = next((team for team in mine if team.id == team_id), None)
    if chosen is None:
        raise EnrolmentRefused(N_("%(name)s is not in this team."), name=person.name)
    return chosen


def _check_company(session: Session, person: Person, others: list[WalkPhone], at: datetime) -> None:
    if not others:
        return
    if len(others) >= MOST_MEMBERS:
        raise EnrolmentRefused(N_("At most %(most)s members share one phone."), most=MOST_MEMBERS)
    mine = {team.id for team in teams_of(session, person, at=at)}
    for other in others:
        if other.device.person is not None and mine & {
            team.id for team in teams_of(session, other.device.person, at=at)
        }:
            return
    raise EnrolmentRefused(
        N_("%(name)s is in no team with those who use this phone. Let them leave it first."), name=person.name
    )


def _known(session: Session, browser: str, person: Person) -> WalkPhone | None:
    return next((one for one in members(session, browser) if one.device.person_id == person.id), None)
