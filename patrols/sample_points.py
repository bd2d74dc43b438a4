"""Points and teams' leaders of the sample town, by the ways an office would go."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import AccountKind, Community, MemberRole, PointsAccount, Team, TeamMember
from patrols import teams
from patrols.points import accounts, earning, goods, ledger, rules
from patrols.points.earning import Earned
from patrols.points.ledger import Booking

SHOPS = ("照澜院菜市场面馆（模拟）", "紫荆便利店（模拟）", "清华园修车铺（模拟）")
HOUSEHOLDS = ("西南小区3号楼2单元501（模拟）", "西南小区7号楼1单元302（模拟）", "荷清苑2号楼4单元101（模拟）")
GOODS = (("垃圾袋（一卷）", 5, 200), ("洗衣液（1升）", 20, 60), ("雨伞", 40, 25), ("保温杯", 80, 10))
"""What points buy: name, points, pieces that came."""

HANDED_OUT = (0, 0, 1, 0, 2)
"""Which goods some people have taken by now, by their place in `GOODS`."""


def begin(session: Session, community: Community, *, first_day: date, at: datetime) -> Earned:
    """Name a leader of each team, set the usual rules from a day on, and let the simulated year earn."""
    _lead(session, community)
    rules.begin(session, community, on=first_day)
    done = earning.earn(session, community, at=at, since=first_day)
    held = _open(session, community, first_day)
    _reward(session, community, held, at)
    _hand_out(session, community, at)
    return done


def _lead(session: Session, community: Community) -> None:
    """Let whoever stands first on the roster of each team lead it."""
    for team in session.scalars(select(Team).where(Team.community_id == community.id).order_by(Team.id)).all():
        first = session.scalars(select(TeamMember).where(TeamMember.team_id == team.id).order_by(TeamMember.id)).first()
        if first is not None:
            teams.join(session, team, first.person, on=first.valid_from, role=MemberRole.LEADER)


def _open(session: Session, community: Community, on: date) -> list[PointsAccount]:
    kinds = (AccountKind.SHOP, "S", SHOPS), (AccountKind.HOUSEHOLD, "H", HOUSEHOLDS)
    return [
        accounts.open_account(session, community, kind, number=f"{letter}{number:03}", name=name, on=on)
        for kind, letter, names in kinds
        for number, name in enumerate(names, start=1)
    ]


def _reward(session: Session, community: Community, held: list[PointsAccount], at: datetime) -> None:
    """Checks of shop fronts and days of cleaning, month by month, as the office entered them."""
    bookings = []
    for months_ago in range(6, 0, -1):
        on = (at - timedelta(days=30 * months_ago)).date()
        for account in held:
            code = "frontage" if account.kind is AccountKind.SHOP else "clean_up"
            rule = rules.rule(session, community, code, on=on)
            bookings.append(Booking(account, rule, f"sample/{account.number}/{on.isoformat()}", on))
    ledger.book(session, community, bookings, at=at)


def _hand_out(session: Session, community: Community, at: datetime) -> None:
    """Put goods into the catalogue, and hand some to those who have points enough."""
    for name, points, pieces in GOODS:
        goods.deliver(session, goods.set_good(session, community, name, points), pieces, at=at)
    offers = {offer.good.name: offer.good for offer in goods.catalogue(session, community)}
    people = session.scalars(
        select(PointsAccount).where(PointsAccount.community_id == community.id).order_by(PointsAccount.number)
    ).all()
    for number, (account, choice) in enumerate(zip(people, HANDED_OUT, strict=False)):
        good = offers[GOODS[choice][0]]
        if sum(ledger.balance(session, account.id).values()) >= good.points:
            goods.redeem(session, account, good, 1, key=f"sample-redemption-{number}", at=at)
