"""Claims: what somebody says was done, until another confirms it and it earns, or declines it with a reason."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, joinedload

from data.errors import NotFound
from data.models import (
    AccountKind,
    ClaimStage,
    Community,
    ConfirmedBy,
    MemberRole,
    PointsAccount,
    PointsClaim,
    PointsEntry,
    PointsFact,
    PointsRule,
    Role,
    TeamMember,
    User,
)
from geo.errors import N_
from patrols.days import local_day
from patrols.points import ledger, rules
from patrols.points.ledger import Booking
from patrols.points.refusals import PointsRefused
from patrols.scope import Scope

OFFICE = frozenset({Role.GRID_MANAGER, Role.ADMINISTRATOR})
"""Who confirms every claim in their scope; team leaders confirm their members' of rules that say so."""


def claim(
    session: Session,
    community: Community,
    account: PointsAccount,
    rule: PointsRule,
    *,
    on: date,
    key: str,
    at: datetime,
    by: User,
    note: str = "",
) -> PointsClaim:
    """Say that something was done which earns points. Where nobody has to confirm it, it earns at once.

    Parameters
    ----------
    key : str
        Names the form, so that the same one sent twice is one claim.

    Raises
    ------
    PointsRefused
        The rule is not for such an account, not entered by hand, did not hold on the day, or the day is still to come;
        nothing was said about what was done; or it needs no confirmation and is for one's own account.
    """
    known = session.scalar(select(PointsClaim).where(PointsClaim.key == key))
    if known is not None:
        return known
    _check(community, account, rule, on, note, at)
    row = PointsClaim(
        account_id=account.id, rule_id=rule.id, fact_on=on, note=note.strip(), key=key, at=at, by_user_id=by.id
    )
    row.stage = ClaimStage.WAITING
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return session.scalars(select(PointsClaim).where(PointsClaim.key == key)).one()
    if rule.confirmed_by is ConfirmedBy.NOBODY:
        _earn(session, community, row, at=at, by=by)
    return row


def _check(community: Community, account: PointsAccount, rule: PointsRule, on: date, note: str, at: datetime) -> None:
    if rule.fact is not PointsFact.BY_HAND or not rules.serves(rule, account.kind):
        raise PointsRefused(N_("The rule %(code)s is not for an account of this kind."), code=rule.code)
    if account.closed_on is not None:
        raise PointsRefused(N_("The account %(number)s is closed."), number=account.number)
    if on > local_day(community, at):
        raise PointsRefused(N_("%(day)s is still to come."), day=on.isoformat())
    if on < rule.valid_from or (rule.valid_until is not None and on >= rule.valid_until):
        raise PointsRefused(N_("No rule %(code)s about points holds on %(day)s."), code=rule.code, day=on.isoformat())
    if not note.strip():
        raise PointsRefused(N_("Say what was done, and where."))


def confirm(session: Session, community: Community, row: PointsClaim, *, at: datetime, by: User) -> PointsEntry:
    """Confirm a claim: it earns what its rule says, under its caps.

    Raises
    ------
    PointsRefused
        It was decided already, or is not this person's to confirm: their own account, or entered by themselves.
    """
    _check_decider(session, community, row, at=at, by=by)
    return _earn(session, community, row, at=at, by=by)


def decline(session: Session, community: Community, row: PointsClaim, *, reason: str, at: datetime, by: User) -> None:
    """Decline a claim with a reason that whoever claimed can read.

    Raises
    ------
    PointsRefused
        As `confirm`, or without a reason.
    """
    if not reason.strip():
        raise PointsRefused(N_("Say why it is declined."))
    _check_decider(session, community, row, at=at, by=by)
    row.stage, row.decided_at, row.decided_by_id, row.reason = ClaimStage.DECLINED, at, by.id, reason.strip()
    session.flush()


def _earn(session: Session, community: Community, row: PointsClaim, *, at: datetime, by: User) -> PointsEntry:
    booking = Booking(row.account, row.rule, f"claim/{row.id}", row.fact_on, row.note)
    booked = ledger.book(session, community, [booking], at=at, by=by)
    if not booked.entries:
        raise PointsRefused(N_("This claim was decided already."))
    row.stage, row.decided_at, row.decided_by_id = ClaimStage.CONFIRMED, at, by.id
    session.flush()
    return booked.entries[0]


def _check_decider(session: Session, community: Community, row: PointsClaim, *, at: datetime, by: User) -> None:
    ledger.require_others(row.account, by)
    # Two people may decide at once; the second waits here and sees what the first did.
    session.refresh(row, with_for_update=True)
    if row.stage is not ClaimStage.WAITING:
        raise PointsRefused(N_("This claim was decided already."))
    if row.by_user_id == by.id:
        raise PointsRefused(N_("You entered this yourself: somebody else confirms it."))
    mine = select(PointsClaim.id).join(PointsClaim.account).join(PointsClaim.rule).where(PointsClaim.id == row.id)
    if session.scalar(mine.where(_may_decide(by, local_day(community, at)))) is None:
        raise PointsRefused(N_("Claims of this kind are confirmed by somebody else."))


def get(session: Session, number: int) -> PointsClaim:
    """One claim by its id.

    Raises
    ------
    NotFound
        There is none.
    """
    found = session.get(PointsClaim, number)
    if found is None:
        raise NotFound(N_("There is no claim %(number)s."), number=number)
    return found


def waiting(session: Session, community: Community, by: User, *, at: datetime) -> list[PointsClaim]:
    """The claims that this person may decide, the oldest first, with account, person and rule at hand; one query."""
    wanted = (
        select(PointsClaim)
        .join(PointsClaim.account)
        .join(PointsClaim.rule)
        .where(
            PointsAccount.community_id == community.id,
            PointsClaim.stage == ClaimStage.WAITING,
            PointsClaim.by_user_id.is_distinct_from(by.id),
            PointsAccount.person_id.is_distinct_from(by.person_id) if by.person_id is not None else PointsClaim.id > 0,
            _may_decide(by, local_day(community, at)),
        )
        .options(
            joinedload(PointsClaim.account).joinedload(PointsAccount.person),
            joinedload(PointsClaim.rule).joinedload(PointsRule.area),
        )
        .order_by(PointsClaim.at, PointsClaim.id)
    )
    return list(session.scalars(wanted))


def of_account(session: Session, account: PointsAccount, *, most: int = 20) -> list[PointsClaim]:
    """An account's claims, the newest first, with their rules at hand."""
    wanted = select(PointsClaim).where(PointsClaim.account_id == account.id).options(joinedload(PointsClaim.rule))
    return list(session.scalars(wanted.order_by(PointsClaim.at.desc(), PointsClaim.id.desc()).limit(most)))


def _may_decide(by: User, day: date) -> ColumnElement[bool]:
    """The office decides what lies in its scope; a leader what a member of the own team did, where the rule says so."""
    ground = Scope.of_user(by).condition(PointsAccount) if by.role in OFFICE else false()
    if by.person_id is None:
        return ground
    member, leader = aliased(TeamMember), aliased(TeamMember)
    leads = exists().where(
        member.person_id == PointsAccount.person_id,
        leader.team_id == member.team_id,
        leader.person_id == by.person_id,
        leader.role == MemberRole.LEADER,
        *(_holds(one, day) for one in (member, leader)),
    )
    own_team = and_(PointsAccount.kind == AccountKind.PERSON, PointsRule.confirmed_by == ConfirmedBy.LEADER, leads)
    return or_(ground, own_team)


def _holds(row: type[TeamMember], day: date) -> ColumnElement[bool]:
    return and_(row.valid_from <= day, or_(row.valid_until.is_(None), row.valid_until > day))
