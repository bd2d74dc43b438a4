"""The chain of people who answer for a place, nearest first, with the links that are vacant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import shapely
from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from data import frames, nearby
from data.models import Building, ChainLink, Community, Compound, Grid, Person, PlaceKind, Posting
from patrols.days import local_day
from patrols.redraw import edition_in_force
from patrols.roster import in_force


@dataclass(frozen=True)
class Place:
    """Where somebody or something is, as far as it is known; None for what is not."""

    community_id: int
    grid_code: str | None = None
    compound_id: int | None = None
    building_id: int | None = None
    entrance: str | None = None
    household: str | None = None


@dataclass(frozen=True)
class Link:
    """One link of a chain: a duty on a place, and the person who does it, or that it is vacant."""

    position: int
    duty: str
    zh: str
    en: str
    place_kind: PlaceKind
    place: str
    vacant: bool
    person_id: int | None = None
    name: str = ""
    phone: str = ""
    posting_id: int | None = None


def chain_for(
    session: Session,
    community: Community,
    grid_code: str | None,
    *,
    at: datetime | date,
    compound_id: int | None = None,
    building_id: int | None = None,
    entrance: str | None = None,
    household: str | None = None,
) -> list[Link]:
    """The people who answer for one place, nearest first.

    Links on places that are not known here (a building head, for a point on the street) are left out; links on a known
    place where nobody is posted come as vacant. Several people on one duty give several links, by the roster's numbers.
    """
    place = Place(community.id, grid_code, compound_id, building_id, entrance, household)
    return chains_on(session, [place], days={community.id: local_day(community, at)})[0]


def chains_for_grids(
    session: Session, community: Community, grid_codes: Iterable[str], *, at: datetime | date
) -> dict[str, list[Link]]:
    """The chain of every grid at once (links on grids and on the community), in three queries for any number."""
    codes = list(grid_codes)
    places = [Place(community.id, code) for code in codes]
    found = chains_on(session, places, days={community.id: local_day(community, at)})
    return dict(zip(codes, found, strict=True))


def chains_on(session: Session, places: Sequence[Place], *, days: Mapping[int, date]) -> list[list[Link]]:
    """The chain of every place, in the order of `places`; `days` gives the local day of each community.

    Three queries in all: the communities' links, the postings on any of the places, and the names of the places.
    """
    links = _links_of(session, days)
    postings = _postings_on(session, places, days)
    names = _PlaceNames(session, places)
    return [
        [
            link
            for row in links[place.community_id]
            if (key := _key(row.place_kind, place)) is not None
            for link in _fill(row, names.of(row.place_kind, place), _posted(postings.get((row.duty, *key), ()), place))
        ]
        for place in places
    ]


def vacancies(session: Session, community: Community, *, at: datetime | date) -> list[Link]:
    """Every duty of the chain that nobody does at that time, on every grid, compound and building of the community.

    Entrances and household ranges are not known without a posting, so vacancies on them cannot be seen.
    """
    edition = edition_in_force(session, community.id, at)
    codes: Iterable[str] = (
        []
        if edition is None
        else session.scalars(select(Grid.code).where(Grid.edition_id == edition.id).order_by(Grid.code))
    )
    compounds = session.scalars(select(Compound.id).where(Compound.community_id == community.id).order_by(Compound.id))
    buildings = session.scalars(
        select(Building.id).where(Building.community_id == community.id, Building.households > 0).order_by(Building.id)
    )
    places = [
        Place(community.id),
        *(Place(community.id, grid_code=code) for code in codes),
        *(Place(community.id, compound_id=number) for number in compounds),
        *(Place(community.id, building_id=number) for number in buildings),
    ]
    found: dict[tuple[int, str], Link] = {}
    for chain in chains_on(session, places, days={community.id: local_day(community, at)}):
        found.update({(link.position, link.place): link for link in chain if link.vacant})
    return [found[key] for key in sorted(found)]


def posted_inside(session: Session, community: Community, grid: Grid, *, at: datetime | date) -> list[Link]:
    """Everybody posted on a compound or building (its entrances and households too) that stands in a grid.

    Where it stands is decided by its inner point. In the order of the chain, then by place; duties that are no link
    of the community's chain come last, under their own word.
    """
    day = local_day(community, at)
    inside = {name: _standing_inside(session, community, grid, name, day) for name in ("compound_id", "building_id")}
    places = [Place(community.id, compound_id=key) for key in inside["compound_id"]]
    places += [Place(community.id, building_id=key) for key in inside["building_id"]]
    if not places:
        return []
    titles = {(row.duty, row.place_kind): row for row in _links_of(session, {community.id: day})[community.id]}
    names = _PlaceNames(session, places)
    statement = (
        select(Posting, Person)
        .join(Person, Person.id == Posting.person_id)
        .where(
            in_force(day),
            or_(Posting.compound_id.in_(inside["compound_id"]), Posting.building_id.in_(inside["building_id"])),
        )
    )
    found = []
    for posting, who in session.execute(statement):
        row = titles.get((posting.duty, posting.place_kind)) or ChainLink(
            position=len(titles) + 1, duty=posting.duty, zh=posting.duty, en=posting.duty, place_kind=posting.place_kind
        )
        found += _fill(row, names.of_posting(posting), [(posting, who)])
    return sorted(found, key=lambda link: (link.position, link.place, link.name))


def _standing_inside(session: Session, community: Community, grid: Grid, name: str, day: date) -> list[int]:
    """Ids of the compounds or buildings with a posting whose inner point lies in a grid, through the spatial index."""
    model: Any = Compound if name == "compound_id" else Building
    shape = frames.decode([session.scalar(select(Grid.geom).where(Grid.id == grid.id))])[0]
    near = (
        select(model.id, model.geom)
        .where(model.community_id == community.id, nearby.meets_box(model.geom, shape.bounds))
        .where(select(Posting.id).where(getattr(Posting, name) == model.id, in_force(day)).exists())
        .order_by(model.id)
    )
    rows = session.execute(near).all()
    spots = shapely.point_on_surface(frames.decode([geom for _, geom in rows]))
    return [key for (key, _), hit in zip(rows, shapely.intersects(shape, spots), strict=True) if hit]


def answering(chain: Sequence[Link]) -> Link | None:
    """The first of a chain who is really there; None when every link is vacant and the community office answers."""
    return next((link for link in chain if not link.vacant), None)


def _links_of(session: Session, days: Mapping[int, date]) -> dict[int, list[ChainLink]]:
    found: dict[int, list[ChainLink]] = defaultdict(list)
    statement = select(ChainLink).where(ChainLink.community_id.in_(days)).order_by(ChainLink.position)
    for link in session.scalars(statement):
        found[link.community_id].append(link)
    return found


def _postings_on(
    session: Session, places: Sequence[Place], days: Mapping[int, date]
) -> dict[tuple[object, ...], list[tuple[Posting, Person]]]:
    """Postings that hold on the day, by (duty, place kind, key of the place)."""
    conditions: list[ColumnElement[bool]] = [
        and_(Posting.community_id == community, in_force(day)) for community, day in days.items()
    ]
    wanted = or_(
        Posting.place_kind == PlaceKind.COMMUNITY,
        _among(Posting.grid_code, {place.grid_code for place in places}),
        _among(Posting.compound_id, {place.compound_id for place in places}),
        _among(Posting.building_id, {place.building_id for place in places}),
    )
    statement = (
        select(Posting, Person)
        .join(Person, Person.id == Posting.person_id)
        .where(or_(*conditions) if conditions else false(), wanted)
        .order_by(Person.number, Posting.id)
    )
    found: dict[tuple[object, ...], list[tuple[Posting, Person]]] = defaultdict(list)
    for posting, who in session.execute(statement):
        key = _key(posting.place_kind, posting)
        if key is not None:
            found[(posting.duty, *key)].append((posting, who))
    return found


def _among(column: object, values: Iterable[object]) -> ColumnElement[bool]:
    known = [value for value in values if value is not None]
    # SQLite takes 32,766 parameters in one statement: a whole town's buildings are asked for as "any building".
    return column.in_(known) if len(known) <= 5000 else column.is_not(None)  # type: ignore[attr-defined, no-any-return]


def _key(kind: PlaceKind, place: Place | Posting) -> tuple[object, ...] | None:
    """What a posting and a place must share for the posting to answer for it; None when the place does not say."""
    if kind is PlaceKind.COMMUNITY:
        return (kind, place.community_id)
    value = {
        PlaceKind.GRID: place.grid_code,
        PlaceKind.COMPOUND: place.compound_id,
        PlaceKind.BUILDING: place.building_id,
        PlaceKind.ENTRANCE: place.building_id,
        PlaceKind.HOUSEHOLDS: place.building_id,
    }[kind]
    if kind is PlaceKind.ENTRANCE:
        return None if value is None or not place.entrance else (kind, value, place.entrance)
    if kind is PlaceKind.HOUSEHOLDS and isinstance(place, Place) and not place.household:
        return None
    return None if value is None else (kind, value)


def _posted(found: Sequence[tuple[Posting, Person]], place: Place) -> list[tuple[Posting, Person]]:
    return [
        (posting, who)
        for posting, who in found
        if posting.place_kind is not PlaceKind.HOUSEHOLDS or _within(place.household or "", posting)
    ]


def _within(household: str, posting: Posting) -> bool:
    """Whether a household number lies in a posting's range: 101 lies in 101-112, and 9 before 10."""

    def order(text: str) -> tuple[int, str]:
        return (len(text), text)

    first, last = posting.household_from or "", posting.household_until or ""
    return order(first) <= order(household) <= order(last)


def _fill(row: ChainLink, place: str, found: Sequence[tuple[Posting, Person]]) -> list[Link]:
    common = (row.position, row.duty, row.zh, row.en, row.place_kind, place)
    if not found:
        return [Link(*common, vacant=True)]
    return [
        Link(*common, vacant=False, person_id=who.id, name=who.name, phone=who.phone, posting_id=posting.id)
        for posting, who in found
    ]


class _PlaceNames:
    """Names of the communities, compounds and buildings that chains speak of, read at once."""

    def __init__(self, session: Session, places: Sequence[Place]) -> None:
        self._names: dict[PlaceKind, dict[int | None, str]] = {}
        wanted: tuple[tuple[PlaceKind, Any, set[int | None]], ...] = (
            (PlaceKind.COMMUNITY, Community, {place.community_id for place in places}),
            (PlaceKind.COMPOUND, Compound, {place.compound_id for place in places}),
            (PlaceKind.BUILDING, Building, {place.building_id for place in places}),
        )
        for kind, model, ids in wanted:
            known = ids - {None}
            rows = session.execute(select(model.id, model.name).where(_among(model.id, known))).all() if known else ()
            self._names[kind] = dict(rows)

    def of(self, kind: PlaceKind, place: Place) -> str:
        if kind is PlaceKind.GRID:
            return place.grid_code or ""
        if kind is PlaceKind.COMMUNITY:
            return self._names[kind].get(place.community_id, "")
        if kind is PlaceKind.COMPOUND:
            return self._names[kind].get(place.compound_id, "") or f"#{place.compound_id}"
        return " ".join(part for part in (self._building(place.building_id), place.entrance, place.household) if part)

    def of_posting(self, posting: Posting) -> str:
        """The name of the compound or building a posting is on, with its entrance or households."""
        if posting.compound_id is not None:
            return self.of(PlaceKind.COMPOUND, Place(posting.community_id, compound_id=posting.compound_id))
        range_ = "-".join(one for one in (posting.household_from, posting.household_until) if one)
        return " ".join(part for part in (self._building(posting.building_id), posting.entrance, range_) if part)

    def _building(self, key: int | None) -> str:
        return self._names[PlaceKind.BUILDING].get(key, "") or f"#{key}"
