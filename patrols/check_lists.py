"""Check-lists that walkers tick: a community's own rows, in versions, and what they answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, selectinload

from data.database.turns import take_turn
from data.errors import NotFound
from data.models import CheckList, CheckListAnswer, CheckListItem, CheckListMark, Community, Device
from geo.errors import N_
from patrols.check_points import grids_of
from patrols.errors import PatrolError

MOST_ITEMS = 40
"""Nobody ticks a longer list on a phone."""


class BadCheckList(PatrolError):
    """A check-list, or an answer to one, that cannot be used."""


class Text(NamedTuple):
    """What a list or an item is called, in both languages."""

    zh: str
    en: str


class Found(NamedTuple):
    """What was found of one item: its id, right or not (None: not looked at), and a few words."""

    item_id: int
    ok: bool | None
    note: str = ""


FIRST: dict[str, tuple[Text, tuple[Text, ...]]] = {
    "four_musts": (
        Text("四必", "Four musts"),
        (
            Text(
                "必访：独居老人、困难家庭、残疾人、新搬来的住户",
                "Visit: old people alone, the poor, the disabled, newcomers",
            ),
            Text(
                "必看：楼道、消防通道、停车充电、环境卫生",
                "See: stairways, fire lanes, parking and charging, cleanliness",
            ),
            Text("必巡：院落、背街小巷、广场、出入口", "Walk: courtyards, back streets, squares, gates"),
            Text("必查：用电、用气、高空坠物、井盖", "Check: electricity, gas, things that may fall, manhole covers"),
            Text("必清：楼道杂物、小广告、垃圾、积水积雪", "Clear: clutter, bills on walls, rubbish, water and snow"),
        ),
    ),
    "five_goods": (
        Text("路平灯亮水畅楼净安全", "Even, lit, flowing, clean, safe"),
        (
            Text("路平：路面平整，无坑洼", "Even: no holes in the road"),
            Text("灯亮：路灯、楼道灯都亮", "Lit: lamps burn in streets and stairways"),
            Text("水畅：上下水畅通，无积水", "Flowing: water and drains run, no puddles"),
            Text("楼净：楼道干净，无杂物", "Clean: stairways without clutter"),
            Text("安全：消防通道畅通，无隐患", "Safe: fire lanes free, nothing dangerous"),
        ),
    ),
}
"""The lists that a community begins with; it changes them as it likes."""


def begin(session: Session, community: Community, *, at: datetime) -> int:
    """Give a community that never had any check-list the ones to begin with; return how many that were."""
    if session.scalar(_any(community)):
        return 0
    take_turn(session, CheckList)
    if session.scalar(_any(community)):
        return 0
    for code, (title, items) in FIRST.items():
        session.add(_made(community, code, 1, title, items, at))
    session.flush()
    return len(FIRST)


def in_force(session: Session, community: Community) -> list[CheckList]:
    """The newest version of each list that is offered, with its items, in the order in which they were first made."""
    newest = (
        select(CheckList.code, func.max(CheckList.version).label("version"), func.min(CheckList.id).label("first"))
        .where(CheckList.community_id == community.id)
        .group_by(CheckList.code)
        .subquery()
    )
    wanted = (
        select(CheckList)
        .join(newest, (newest.c.code == CheckList.code) & (newest.c.version == CheckList.version))
        .where(CheckList.community_id == community.id, CheckList.withdrawn_at.is_(None))
        .options(selectinload(CheckList.items))
        .order_by(newest.c.first)
    )
    return list(session.scalars(wanted))


def get(session: Session, community: Community, code: str) -> CheckList:
    """The newest version of a list, offered or not.

    Raises
    ------
    NotFound
    """
    wanted = (
        select(CheckList)
        .where(CheckList.community_id == community.id, CheckList.code == code)
        .order_by(CheckList.version.desc())
        .limit(1)
    )
    found = session.scalar(wanted)
    if found is None:
        raise NotFound(N_("There is no check-list %(code)s."), code=code)
    return found


def change(
    session: Session,
    community: Community,
    code: str,
    title: Text,
    items: Sequence[Text],
    *,
    at: datetime,
    seen: int | None = None,
) -> CheckList:
    """Make a list, or its next version; answers keep the version that they were given to.

    Where nothing differs from the newest version, that one is returned.

    Parameters
    ----------
    seen : int, optional
        The version that was changed; 0: none, the list is new.

    Raises
    ------
    BadCheckList
        Without a title or items, with too many, with one that has no Chinese, or when somebody else was faster.
    """
    _check(title, items)
    take_turn(session, CheckList)
    wanted = select(CheckList).where(CheckList.community_id == community.id, CheckList.code == code)
    newest = session.scalar(wanted.order_by(CheckList.version.desc()).limit(1))
    version = newest.version if newest is not None else 0
    if seen is not None and seen != version:
        raise BadCheckList(N_("Somebody else changed this check-list first: look at it again."))
    if newest is not None and newest.withdrawn_at is None and _same(newest, title, items):
        return newest
    made = _made(community, code, version + 1, title, items, at)
    session.add(made)
    session.flush()
    return made


def withdraw(session: Session, check_list: CheckList, *, at: datetime) -> None:
    """Offer a list no more; its answers stay. Changing it offers it again."""
    check_list.withdrawn_at = check_list.withdrawn_at or at
    session.flush()


def answer(
    session: Session,
    device: Device,
    list_id: int,
    found: Sequence[Found],
    *,
    at: datetime,
    note: str = "",
    point: tuple[float, float] | None = None,
    walk: str = "",
) -> CheckListAnswer:
    """Keep what somebody found.

    A list that was changed or withdrawn meanwhile is answered all the same: it is the one the phone had taken along.

    Raises
    ------
    BadCheckList
        The list is another community's, an item is another list's or named twice, or nothing was looked at.
    """
    check_list = session.get(CheckList, list_id)
    if check_list is None or check_list.community_id != device.community_id:
        raise BadCheckList(N_("There is no such check-list here."))
    known = {item.id for item in check_list.items}
    named = [one.item_id for one in found]
    if not set(named) <= known or len(set(named)) != len(named):
        raise BadCheckList(N_("The answer does not fit the check-list."))
    if not note and all(one.ok is None and not one.note for one in found):
        raise BadCheckList(N_("Nothing on the check-list was ticked."))
    community = session.get_one(Community, check_list.community_id)
    row = CheckListAnswer(
        list_id=check_list.id,
        community_id=community.id,
        person_id=device.person_id,
        team_id=device.team_id,
        walk=walk,
        at=at,
        lon=point[0] if point else None,
        lat=point[1] if point else None,
        grid_code=grids_of(session, community, [(*point, at)])[0] if point else None,
        note=note,
        marks=[CheckListMark(item_id=one.item_id, ok=one.ok, note=one.note) for one in found],
    )
    session.add(row)
    session.flush()
    return row


def counts(session: Session, community: Community, *, since: datetime) -> dict[int, tuple[int, int]]:
    """Of each item, how often it was looked at since a moment, and how often it was not right."""
    wrong = func.sum(case((CheckListMark.ok.is_(False), 1), else_=0))
    wanted = (
        select(CheckListMark.item_id, func.count(), wrong)
        .join(CheckListAnswer, CheckListAnswer.id == CheckListMark.answer_id)
        .where(
            CheckListAnswer.community_id == community.id,
            CheckListAnswer.at >= since,
            CheckListMark.ok.is_not(None),
        )
        .group_by(CheckListMark.item_id)
    )
    return {item: (int(looked), int(bad)) for item, looked, bad in session.execute(wanted)}


def _any(community: Community) -> Select[int]:
    return select(CheckList.id).where(CheckList.community_id == community.id).limit(1)


def _made(community: Community, code: str, version: int, title: Text, items: Sequence[Text], at: datetime) -> CheckList:
    rows = [CheckListItem(position=number, zh=one.zh, en=one.en or one.zh) for number, one in enumerate(items, start=1)]
    return CheckList(
        community_id=community.id,
        code=code,
        version=version,
        zh=title.zh,
        en=title.en or title.zh,
        created_at=at,
        items=rows,
    )


def _same(check_list: CheckList, title: Text, items: Sequence[Text]) -> bool:
    there = [(item.zh, item.en) for item in check_list.items]
    wanted = [(one.zh, one.en or one.zh) for one in items]
    return (check_list.zh, check_list.en) == (title.zh, title.en or title.zh) and there == wanted


def _check(title: Text, items: Sequence[Text]) -> None:
    if not title.zh:
        raise BadCheckList(N_("A check-list needs a name."))
    if not 1 <= len(items) <= MOST_ITEMS:
        raise BadCheckList(N_("A check-list has from 1 to %(most)s items."), most=MOST_ITEMS)
    if any(not item.zh for item in items):
        raise BadCheckList(N_("Every item of a check-list needs its words in Chinese."))
