"""Areas and rules: what earns how many points, at most how many, confirmed by whom. A community's rows, not code."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager

from data.errors import NotFound
from data.models import AccountKind, Community, ConfirmedBy, PointsArea, PointsEntry, PointsFact, PointsRule
from geo.errors import N_
from patrols import validity
from patrols.points.refusals import BadPointsRule

MOST_POINTS = 10_000
"""What one fact earns at the most; a slip of the finger earns more."""

AREAS = (
    ("volunteering", "志愿服务", "Volunteering"),
    ("governance", "参与治理", "Taking part in governance"),
    ("civility", "文明新风", "Civility"),
)
"""The three areas that a community begins with; it gives them its own names."""


@dataclass(frozen=True)
class Terms:
    """What one rule says.

    Parameters
    ----------
    code : str
        What stays the same when the rule changes.
    area : str
        Code of the area it earns in.
    zh, en : str
        What it rewards, in the community's words.
    fact : PointsFact
        What the program looks for; `PointsFact.BY_HAND` is entered by somebody.
    points : int
        What one fact earns.
    least : int
        Minutes that a patrol must have taken.
    cap_day, cap_month, cap_year : int or None
        Points an account earns by this rule at the most, in a calendar day, month and year; None: any number.
    confirmed_by : ConfirmedBy
        Who confirms what is entered by hand. Somebody else than who entered it, and never for the own account.
    """

    code: str
    area: str
    zh: str
    en: str
    points: int
    fact: PointsFact = PointsFact.BY_HAND
    least: int = 0
    cap_day: int | None = None
    cap_month: int | None = None
    cap_year: int | None = None
    confirmed_by: ConfirmedBy = ConfirmedBy.MANAGER
    for_persons: bool = True
    for_households: bool = False
    for_shops: bool = False


_AUTOMATIC = ConfirmedBy.NOBODY

RULES = (
    Terms(
        *("patrol_kept", "volunteering", "巡逻满20分钟", "A patrol of 20 minutes", 2, PointsFact.PATROL_KEPT, 20),
        *(4, 60, None, _AUTOMATIC),
    ),
    Terms(
        *("valid_report", "governance", "上报事件经核实有效", "A report found valid", 3, PointsFact.VALID_REPORT, 0),
        *(9, 60, None, _AUTOMATIC),
    ),
    Terms(
        *("clean_up", "volunteering", "参加环境整治", "Taking part in a clean-up", 5),
        cap_day=5,
        cap_month=20,
        confirmed_by=ConfirmedBy.LEADER,
        for_households=True,
    ),
    Terms("meeting", "governance", "参加居民议事", "Taking part in a residents' meeting", 3, cap_month=12),
    Terms(
        *("neighbours", "civility", "邻里互助", "Helping a neighbour", 3),
        cap_month=15,
        confirmed_by=ConfirmedBy.LEADER,
        for_households=True,
    ),
    Terms(
        *("good_family", "civility", "获评文明家庭", "Named a model household", 20),
        cap_year=20,
        for_persons=False,
        for_households=True,
    ),
    Terms(
        *("frontage", "civility", "“门前三包”月度检查合格", "A shop front that passes the monthly check", 10),
        cap_month=10,
        for_persons=False,
        for_shops=True,
    ),
)
"""The rules that a community may begin with."""


def begin(session: Session, community: Community, *, on: date) -> bool:
    """Give a community without areas the three it begins with, and rules from a day on; whether it had none."""
    if areas(session, community):
        return False
    for position, (code, zh, en) in enumerate(AREAS, start=1):
        session.add(PointsArea(community_id=community.id, code=code, zh=zh, en=en, position=position))
    session.flush()
    for terms in RULES:
        set_rule(session, community, terms, on=on)
    return True


def areas(session: Session, community: Community) -> list[PointsArea]:
    """The community's areas in their order."""
    wanted = select(PointsArea).where(PointsArea.community_id == community.id)
    return list(session.scalars(wanted.order_by(PointsArea.position, PointsArea.id)))


def area(session: Session, community: Community, code: str) -> PointsArea:
    """One area by its code.

    Raises
    ------
    NotFound
        The community has none of that code.
    """
    found = session.scalar(select(PointsArea).where(PointsArea.community_id == community.id, PointsArea.code == code))
    if found is None:
        raise NotFound(N_("There is no area of points called %(code)s."), code=code)
    return found


def rename_area(session: Session, area: PointsArea, *, zh: str, en: str) -> None:
    """Give an area another name; what was earned in it stays in it."""
    if not zh.strip():
        raise BadPointsRule(N_("An area of points needs a name."))
    area.zh, area.en = zh.strip(), en.strip() or zh.strip()
    session.flush()


def rules(session: Session, community: Community, *, on: date) -> list[PointsRule]:
    """The rules that hold on a day, by area and name, with their areas at hand."""
    held = or_(PointsRule.valid_until.is_(None), PointsRule.valid_until > on)
    wanted = select(PointsRule).join(PointsRule.area).options(contains_eager(PointsRule.area))
    wanted = wanted.where(PointsRule.community_id == community.id, PointsRule.valid_from <= on, held)
    return list(session.scalars(wanted.order_by(PointsArea.position, PointsRule.id)))


def rule(session: Session, community: Community, code: str, *, on: date) -> PointsRule:
    """The rule of a code that holds on a day.

    Raises
    ------
    NotFound
        None does.
    """
    found = next((one for one in rules(session, community, on=on) if one.code == code), None)
    if found is None:
        raise NotFound(N_("No rule %(code)s about points holds on %(day)s."), code=code, day=on.isoformat())
    return found


def versions(session: Session, community: Community) -> list[PointsRule]:
    """All rules there ever were, the newest version of each first."""
    wanted = select(PointsRule).where(PointsRule.community_id == community.id)
    return list(session.scalars(wanted.order_by(PointsRule.code, PointsRule.valid_from.desc())))


def set_rule(session: Session, community: Community, terms: Terms, *, on: date) -> PointsRule:
    """Put a rule in force from a day on, in the place of what held under its code.

    What was earned under the old one stays as it was earned.

    Parameters
    ----------
    on : date
        Today or a later day: what happened before keeps the rule it had.

    Raises
    ------
    BadPointsRule
        The rule makes no sense, or something was already earned under a version that begins on that day or later.
    NotFound
        There is no such area.
    """
    check(terms)
    place = area(session, community, terms.area)
    values = {name: value for name, value in asdict(terms).items() if name != "area"}
    newest = session.scalar(
        select(PointsRule)
        .where(PointsRule.community_id == community.id, PointsRule.code == terms.code)
        .order_by(PointsRule.valid_from.desc())
        .limit(1)
    )
    if newest is not None and newest.valid_from >= on:
        return _correct(session, newest, values | {"area_id": place.id}, on)
    if newest is not None and (newest.valid_until is None or newest.valid_until > on):
        newest.valid_until = on
    row = PointsRule(community_id=community.id, area_id=place.id, valid_from=on, **values)
    session.add(row)
    session.flush()
    return row


def _correct(session: Session, newest: PointsRule, values: dict[str, object], on: date) -> PointsRule:
    """Change a version that nobody has earned by yet, in place."""
    used = session.scalar(select(PointsEntry.id).where(PointsEntry.rule_id == newest.id).limit(1))
    if used is not None or newest.valid_from != on:
        raise BadPointsRule(
            N_("A version of this rule that begins on %(begins)s is in use: choose %(next)s or later."),
            begins=newest.valid_from.isoformat(),
            next=(newest.valid_from + timedelta(days=1)).isoformat(),
        )
    for name, value in values.items():
        setattr(newest, name, value)
    newest.valid_until = None
    session.flush()
    return newest


def end_rule(session: Session, rule: PointsRule, until: date) -> None:
    """End a rule: `until` is the first day on which it earns nothing any more."""
    validity.end(rule, until, BadPointsRule)
    session.flush()


def check(terms: Terms) -> None:
    """Refuse terms that make no sense.

    Raises
    ------
    BadPointsRule
        Says what is wrong.
    """
    if not terms.code or not terms.zh.strip():
        raise BadPointsRule(N_("A rule needs a code and a name."))
    if not 1 <= terms.points <= MOST_POINTS:
        raise BadPointsRule(N_("One fact earns 1 to %(most)s points."), most=MOST_POINTS)
    caps = [cap for cap in (terms.cap_day, terms.cap_month, terms.cap_year) if cap is not None]
    if any(cap < terms.points for cap in caps):
        raise BadPointsRule(
            N_("A cap below the %(points)s points of one fact would never let it earn them."), points=terms.points
        )
    if caps != sorted(caps):
        raise BadPointsRule(N_("The cap of a month is at least that of a day, and that of a year that of a month."))
    if not (terms.for_persons or terms.for_households or terms.for_shops):
        raise BadPointsRule(N_("Say for whom the rule is: persons, households or shops."))
    if terms.fact is not PointsFact.BY_HAND and (
        terms.confirmed_by is not ConfirmedBy.NOBODY or terms.for_households or terms.for_shops
    ):
        raise BadPointsRule(N_("Patrols and reports are persons', and are confirmed by what they are."))


def serves(rule: PointsRule, kind: AccountKind) -> bool:
    """Whether a rule is for accounts of a kind."""
    return {
        AccountKind.PERSON: rule.for_persons,
        AccountKind.HOUSEHOLD: rule.for_households,
        AccountKind.SHOP: rule.for_shops,
    }[kind]
