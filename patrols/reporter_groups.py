"""The groups of reporters that sheets count by: five that every community begins with, or its own."""

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from data.errors import NotFound
from data.models import Community, Duty, IncidentSource, Posting, ReporterGroup
from geo.errors import N_
from patrols import teams
from patrols.errors import BadRule

ANY_TEAM = "*"
"""In the place of kinds of teams: all of them."""

MOST = 12
"""More groups than this are no summary any more."""

USUAL = (
    (
        ("网格长和网格员", "Grid managers and grid workers"),
        (
            *(Duty.FIRST_SECRETARY, Duty.COMMITTEE_MEMBER, Duty.GRID_MANAGER),
            *(Duty.GRID_WORKER, Duty.PART_TIME_WORKER),
        ),
        (),
        (),
    ),
    (
        ("居民小组长、楼栋长和单元长", "Heads of groups, buildings and entrances"),
        (Duty.GROUP_HEAD, Duty.BUILDING_HEAD, Duty.ENTRANCE_HEAD, Duty.HOUSEHOLD_CONTACT),
        (),
        (),
    ),
    (("志愿服务队", "Volunteer teams"), (), (ANY_TEAM,), ()),
    (("居民和热线", "Residents and the hotline"), (), (), (IncidentSource.RESIDENT, IncidentSource.HOTLINE)),
    (
        ("部门、视频和领导", "Offices, cameras and leaders"),
        (),
        (),
        (IncidentSource.OFFICE, IncidentSource.CAMERA, IncidentSource.LEADER),
    ),
)
"""Names, duties, kinds of teams and sources of the groups that every community begins with."""


def of(session: Session, community: Community) -> list[ReporterGroup]:
    """The groups of a community in their order; those that every community begins with, where it has set none."""
    wanted = select(ReporterGroup).where(ReporterGroup.community_id == community.id)
    found = list(session.scalars(wanted.order_by(ReporterGroup.position)))
    return found or [
        ReporterGroup(
            community_id=community.id,
            position=position,
            zh=zh,
            en=en,
            duties=[word.value for word in duties],
            teams=list(kinds),
            sources=[word.value for word in sources],
        )
        for position, ((zh, en), duties, kinds, sources) in enumerate(USUAL, start=1)
    ]


def keep(
    session: Session,
    community: Community,
    position: int | None,
    *,
    zh: str,
    en: str = "",
    duties: Iterable[str] = (),
    kinds: Iterable[str] = (),
    sources: Iterable[str] = (),
) -> ReporterGroup:
    """Change the group at a position, or add one behind the last.

    Raises
    ------
    BadRule
        Without a name, with nobody in it, with words that mean nothing here, or beyond the twelfth.
    NotFound
        There is no group at that position.
    """
    words = {"duties": sorted(set(duties)), "teams": sorted(set(kinds)), "sources": sorted(set(sources))}
    if not zh.strip():
        raise BadRule(N_("Say what the group is called."))
    if not any(words.values()):
        raise BadRule(N_("Say who belongs to the group %(name)s: duties, teams or sources."), name=zh.strip())
    known = {
        "duties": set(duties_of(session, community)),
        "teams": {ANY_TEAM, *(kind.kind for kind in teams.kinds(session, community))},
        "sources": {source.value for source in IncidentSource},
    }
    unknown = sorted(word for name, some in words.items() for word in set(some) - known[name])
    if unknown:
        raise BadRule(N_("Nothing here is called %(words)s."), words=", ".join(unknown))
    rows = _stored(session, community)
    row = next((one for one in rows if one.position == position), None)
    if position is not None and row is None:
        raise NotFound(N_("There is no group at place %(position)s."), position=position)
    if row is None:
        if len(rows) >= MOST:
            raise BadRule(N_("More than %(most)s groups are no summary any more."), most=MOST)
        row = ReporterGroup(community_id=community.id, position=len(rows) + 1)
        session.add(row)
    row.zh, row.en = zh.strip(), en.strip() or zh.strip()
    row.duties, row.teams, row.sources = words["duties"], words["teams"], words["sources"]
    session.flush()
    return row


def drop(session: Session, community: Community, position: int) -> None:
    """Take a group away; those behind it move up.

    Raises
    ------
    BadRule
        It is the only one: go back to the usual ones instead.
    NotFound
        There is no group at that position.
    """
    rows = _stored(session, community)
    if position not in {row.position for row in rows}:
        raise NotFound(N_("There is no group at place %(position)s."), position=position)
    if len(rows) == 1:
        raise BadRule(N_("One group has to stay; go back to the usual ones instead."))
    session.delete(rows[position - 1])
    session.flush()
    # One after the other: no two may stand at one place at any time.
    for row in rows[position:]:
        row.position -= 1
        session.flush()


def reset(session: Session, community: Community) -> None:
    """Go back to the groups that every community begins with."""
    session.execute(delete(ReporterGroup).where(ReporterGroup.community_id == community.id))
    session.expire_all()


def duties_of(session: Session, community: Community) -> list[str]:
    """The duties that a group may name: those the program knows, then the community's own words."""
    own = select(Posting.duty).where(Posting.community_id == community.id).distinct()
    known = [duty.value for duty in Duty]
    return [*known, *sorted(set(session.scalars(own)) - set(known))]


def _stored(session: Session, community: Community) -> list[ReporterGroup]:
    rows = of(session, community)
    session.add_all(rows)
    session.flush()
    return rows
