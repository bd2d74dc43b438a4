"""Who answers for a grid that an edition no longer has is named before and after it is adopted."""

from datetime import date

import drawn_town as town
import make
from sqlalchemy.orm import Session

from data.models import Duty, EditionStage, GridEdition, Person, PlaceKind
from patrols import adoption, drafts, roster
from patrols.left_postings import LeftPosting, left_postings
from patrols.lineage import heirs
from patrols.preview import preview


def left(session: Session, edition: GridEdition) -> list[LeftPosting]:
    told = preview(session, edition, at=make.EPOCH)
    return left_postings(session, edition, told.after["grid_code"], heirs(told.lineage), at=make.EPOCH)


def test_people_on_a_voided_grid_are_named_with_the_grid_that_has_its_ground(session: Session) -> None:
    place, _ = town.build(session)
    for number in (1, 2):
        person = Person(community_id=place.id, number=f"7{number}", name=f"王{number}")
        make.add(session, person)
        roster.post(
            session, person, Duty.GRID_WORKER, PlaceKind.GRID, valid_from=date(2026, 1, 1), grid_code=town.code(number)
        )
    draft = drafts.open(session, place, at=make.EPOCH)
    assert left(session, draft) == []

    town.do(session, draft, "merge", codes=[town.code(1), town.code(2)], into=town.code(1))

    held = LeftPosting(town.code(2), town.code(1), "grid_worker", "72", "王2")
    assert left(session, draft) == [held]
    adoption.adopt(session, draft, valid_from=make.EPOCH.date(), filing_number="2号", at=make.EPOCH)
    assert left(session, draft) == [held]


def test_who_is_relieved_before_the_edition_begins_is_not_named(session: Session) -> None:
    place, _ = town.build(session)
    person = Person(community_id=place.id, number="71", name="王秀英")
    make.add(session, person)
    posted = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 1, 2)}
    roster.post(session, person, Duty.GRID_WORKER, PlaceKind.GRID, grid_code=town.code(2), **posted)
    draft = drafts.open(session, place, at=make.EPOCH)

    town.do(session, draft, "merge", codes=[town.code(1), town.code(2)], into=town.code(1))

    assert left(session, draft) == []


def test_an_edition_that_answers_no_more_asks_for_nothing(session: Session) -> None:
    _, current = town.build(session)
    current.stage = EditionStage.RETIRED

    assert left(session, current) == []
