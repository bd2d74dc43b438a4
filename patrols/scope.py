"""What a signed-in person may see: whole communities, single grids of them, or what was handed to them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true

from data.models import (
    Building,
    Camera,
    CheckIn,
    Community,
    Compound,
    Grid,
    GridEdition,
    Incident,
    Organisation,
    Patrol,
    PatrolCredit,
    PatrolWindow,
    Person,
    PointsAccount,
    Posting,
    Role,
    Street,
    Team,
    TeamMember,
    User,
)
from geo.errors import N_
from patrols.errors import OutOfScope

SEES_ALL_WITHOUT_SCOPES = frozenset({Role.ADMINISTRATOR, Role.OFFICIAL})
SEES_REPORTERS = frozenset({Role.ADMINISTRATOR, Role.GRID_MANAGER})
"""Who is shown a reporter's name and phone; handlers, volunteers and leaders' screens are not."""

SEES_WALKERS = frozenset({Role.ADMINISTRATOR, Role.GRID_MANAGER})
"""Who may be shown whole walks, and with a reason whose they are."""

SEES_STREETS = SEES_WALKERS | {Role.GRID_WORKER}
"""Who is told of every street that it was seen: those who walk must know where nobody has been. To others coverage is
told of lines without ends, because a street that is warm beside them leads to a walker's door."""


@dataclass(frozen=True)
class Scope:
    """The communities and grids that a person answers for; checked on every object and in every list.

    Parameters
    ----------
    communities : frozenset of int, or None
        Ids of the communities that may be entered at all; None for all.
    grids : frozenset of str, or None
        Codes of the grids that may be seen inside them; None for all. What has no grid needs the whole community.
    whole : frozenset of int
        Communities in which `grids` does not narrow, for a person who holds one community and single grids of another.
    person_id : int, optional
        Whose own patrols, and incidents dispatched to them, may be seen wherever they lie.
    organisation_id : int, optional
        The handling office a handler belongs to: of the incidents, only those handed to it (or to `person_id`).
    reporters : bool
        Whether names and phones of reporters may be shown.
    walkers : bool
        Whether whole walks may be shown, from door to door.
    streets : bool
        Whether what is told of coverage may rest on whole walks.

    Examples
    --------
    >>> worker = Scope(communities=frozenset({1}), grids=frozenset({"621102001001001"}))
    >>> worker.allows(1, "621102001001001"), worker.allows(1, "621102001001002"), worker.allows(1, None)
    (True, False, False)
    """

    communities: frozenset[int] | None = None
    grids: frozenset[str] | None = None
    whole: frozenset[int] = frozenset()
    person_id: int | None = None
    organisation_id: int | None = None
    reporters: bool = True
    walkers: bool = True
    streets: bool = True

    @classmethod
    def of_user(cls, user: User) -> "Scope":
        """The scope of a sign-in: its rows, or everything for an administrator or official who has none.

        Anybody else without rows sees nothing. A handler sees only incidents handed to the office or to themselves.
        """
        handler = user.role is Role.HANDLER
        rest: dict[str, Any] = {
            "person_id": user.person_id,
            # An id that no office has: a handler without an office must not see everybody's incidents.
            "organisation_id": (user.organisation_id or 0) if handler else None,
            "reporters": user.role in SEES_REPORTERS,
            "walkers": user.role in SEES_WALKERS,
            "streets": user.role in SEES_STREETS,
        }
        if not user.scopes and user.role in SEES_ALL_WITHOUT_SCOPES:
            return cls(**rest)
        communities = frozenset(row.community_id for row in user.scopes)
        whole = frozenset(row.community_id for row in user.scopes if row.grid_code is None)
        grids = frozenset(row.grid_code for row in user.scopes if row.grid_code is not None)
        return cls(communities, None if whole == communities else grids, whole, **rest)

    def allows(self, community_id: int, grid_code: str | None = None) -> bool:
        """Whether ground may be seen: a grid by its code, or (without a code) a community as a whole."""
        if self.communities is not None and community_id not in self.communities:
            return False
        return self.grids is None or community_id in self.whole or grid_code in self.grids

    def enters(self, community_id: int) -> bool:
        """Whether anything of a community may be seen (its name, outline, streets)."""
        return self.communities is None or community_id in self.communities

    def allows_incident(self, incident: Incident) -> bool:
        """Whether an incident may be opened: on own ground, or handed to the person or their office."""
        if not self.enters(incident.community_id):
            return False
        if self.person_id is not None and incident.handler_id == self.person_id:
            return True
        if self.organisation_id is not None:
            return incident.organisation_id == self.organisation_id
        return self.allows(incident.community_id, incident.grid_code)

    def require(self, community_id: int, grid_code: str | None = None) -> None:
        """Refuse ground that may not be seen.

        Raises
        ------
        OutOfScope
            If `allows` says no.
        """
        if not self.allows(community_id, grid_code):
            raise OutOfScope(N_("This lies outside the communities and grids you answer for."))

    def require_entry(self, community_id: int) -> None:
        """Refuse a community of which nothing may be seen.

        Raises
        ------
        OutOfScope
            If `enters` says no.
        """
        if not self.enters(community_id):
            raise OutOfScope(N_("This lies outside the communities and grids you answer for."))

    def narrow(self, statement: Select[Any], model: type[Any]) -> Select[Any]:
        """Add to a select of `model` the condition that keeps only what may be seen.

        Raises
        ------
        TypeError
            If nobody has said yet how that table is narrowed: a new table must never be open by default.
        """
        return statement.where(self.condition(model))

    def condition(self, model: type[Any]) -> ColumnElement[bool]:
        """The condition by which `narrow` keeps only what may be seen, for statements of several tables.

        Raises
        ------
        TypeError
            As `narrow`.
        """
        if model not in _CONDITIONS:
            raise TypeError(f"no scope is defined for {model.__name__}")
        return _CONDITIONS[model](self)

    def walks(self, team: Any, person: Any) -> ColumnElement[bool]:
        """The condition that the person behind this scope, or a team they have been in, is the one in these columns."""
        if self.person_id is None:
            return false()
        teams = select(TeamMember.team_id).where(TeamMember.person_id == self.person_id)
        return or_(person == self.person_id, team.in_(teams))

    def _community(self, column: Any) -> ColumnElement[bool]:
        return true() if self.communities is None else column.in_(self.communities)

    def _ground(self, community: Any, grid: Any) -> ColumnElement[bool]:
        if self.grids is None:
            return self._community(community)
        return and_(self._community(community), or_(community.in_(self.whole), grid.in_(self.grids)))


def _incident(scope: Scope) -> ColumnElement[bool]:
    own = Incident.handler_id == scope.person_id if scope.person_id is not None else false()
    if scope.organisation_id is not None:
        seen: ColumnElement[bool] = Incident.organisation_id == scope.organisation_id
    else:
        seen = scope._ground(Incident.community_id, Incident.grid_code)
    return and_(scope._community(Incident.community_id), or_(own, seen))


def _patrol(scope: Scope) -> ColumnElement[bool]:
    community = scope._community(Patrol.community_id)
    if scope.grids is None:
        return community
    own = Patrol.person_id == scope.person_id if scope.person_id is not None else false()
    walked = exists().where(PatrolCredit.patrol_id == Patrol.id, PatrolCredit.grid_code.in_(scope.grids))
    return and_(community, or_(own, Patrol.community_id.in_(scope.whole), walked))


def _grid(scope: Scope) -> ColumnElement[bool]:
    community = select(GridEdition.community_id).where(GridEdition.id == Grid.edition_id).scalar_subquery()
    return scope._ground(community, Grid.code)


def _points_account(scope: Scope) -> ColumnElement[bool]:
    own = PointsAccount.person_id == scope.person_id if scope.person_id is not None else false()
    return or_(own, scope._ground(PointsAccount.community_id, PointsAccount.grid_code))


def _window(scope: Scope) -> ColumnElement[bool]:
    ground = scope._ground(PatrolWindow.community_id, PatrolWindow.grid_code)
    return or_(
        ground, scope._community(PatrolWindow.community_id) & scope.walks(PatrolWindow.team_id, PatrolWindow.person_id)
    )


def _check_in(scope: Scope) -> ColumnElement[bool]:
    ground = scope._ground(CheckIn.community_id, CheckIn.grid_code)
    own = CheckIn.person_id == scope.person_id if scope.person_id is not None else false()
    return or_(ground, and_(scope._community(CheckIn.community_id), own))


def _of_community(column: Any) -> Callable[[Scope], ColumnElement[bool]]:
    return lambda scope: scope._community(column)


_CONDITIONS: dict[type[Any], Callable[[Scope], ColumnElement[bool]]] = {
    Incident: _incident,
    Patrol: _patrol,
    PatrolWindow: _window,
    CheckIn: _check_in,
    Grid: _grid,
    PointsAccount: _points_account,
    Posting: lambda scope: scope._ground(Posting.community_id, Posting.grid_code),
    **{
        model: _of_community(model.community_id)
        for model in (Building, Camera, Compound, Street, GridEdition, Organisation, Person, Team)
    },
    Community: _of_community(Community.id),
}

EVERYTHING = Scope()
"""The scope of the command line and of imports, where the operating system has already asked who it is."""
