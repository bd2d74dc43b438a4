"""Drafting and adopting editions, codes that live on, and what became of each grid."""

from datetime import UTC, date, datetime

import geopandas as gpd
import make
import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data import frames
from data.errors import NotFound
from data.models import Community, EditionStage, Grid, GridEdition, LineageKind
from geo.errors import CannotDraw
from patrols import adoption, redraw
from patrols.errors import AdoptionRefused, NoEditionInForce
from patrols.lineage import compare
from patrols.lineage import lineage as lineage_of

AT = datetime(2026, 9, 14, 4, tzinfo=UTC)
TODAY = date(2026, 9, 14)
LATER = date(2026, 10, 1)


def cells(*shapes: tuple[str, object], **columns: object) -> gpd.GeoDataFrame:
    """Grids by code, in degrees."""
    codes, geometry = zip(*shapes, strict=True)
    return gpd.GeoDataFrame({"grid_code": codes, **columns}, geometry=list(geometry), crs=4326)


def row_of(session: Session, columns: int) -> Community:
    """A community of `columns` squares in a row, without grids."""
    ground = make.degrees_square(0)
    for column in range(1, columns):
        ground = ground.union(make.degrees_square(column))
    return make.community(session, outline=ground)


def first_edition(session: Session, community: Community, columns: int) -> GridEdition:
    drawn = cells(*((f"{community.code}{n + 1:03d}", make.degrees_square(n)) for n in range(columns)))
    draft = redraw.store_draft(session, community, drawn, at=AT)
    return adoption.adopt(session, draft, valid_from=date(2026, 1, 1), filing_number="1号", at=AT)


def lineage(session: Session, edition: GridEdition) -> list[tuple[str | None, str | None, LineageKind]]:
    return [
        (row.parent_code and row.parent_code[-3:], row.child_code and row.child_code[-3:], row.kind)
        for row in lineage_of(session, edition)
    ]


def test_a_draft_keeps_its_columns_and_is_not_in_force(session: Session) -> None:
    community = row_of(session, 1)
    drawn = cells((f"{community.code}001", make.degrees_square(0)), households=[240], explanation=["one block"])

    draft = redraw.store_draft(session, community, drawn, at=AT, made_how={"seed": 3})

    stored = session.scalars(select(Grid)).one()
    assert (draft.stage, draft.number, draft.made_how) == (EditionStage.DRAFT, 1, {"seed": 3})
    assert (stored.households, stored.explanation, stored.buildings) == (240, "one block", 0)
    assert redraw.edition_in_force(session, community.id, AT) is None
    with pytest.raises(NoEditionInForce, match="had no adopted grids on 2026-09-14"):
        redraw.require_edition(session, community, AT)


def test_drafts_in_metres_are_stored_where_they_lie(session: Session) -> None:
    community = row_of(session, 1)
    drawn = frames.to_metres(cells((f"{community.code}001", make.degrees_square(0))))

    draft = redraw.store_draft(session, community, drawn, at=AT)

    stored = frames.grids(session, draft.id, degrees=True).geometry.iloc[0]
    assert stored.symmetric_difference(make.degrees_square(0)).area < 1e-12


def test_the_first_edition_may_be_dated_back_and_answers_from_then_on(session: Session) -> None:
    community = row_of(session, 2)

    edition = first_edition(session, community, 2)

    assert redraw.edition_in_force(session, community.id, date(2025, 12, 31)) is None
    assert redraw.edition_in_force(session, community.id, date(2026, 1, 1)) is edition
    assert lineage(session, edition) == [(None, "001", LineageKind.NEW), (None, "002", LineageKind.NEW)]


def test_a_redraw_ends_the_old_edition_and_leaves_the_past_alone(session: Session) -> None:
    community = row_of(session, 2)
    old = first_edition(session, community, 2)
    draft = redraw.store_draft(session, community, frames.grids(session, old.id), at=AT)

    new = adoption.adopt(session, draft, valid_from=LATER, filing_number="2号", at=AT)

    assert redraw.edition_in_force(session, community.id, date(2026, 9, 30)) is old
    assert redraw.edition_in_force(session, community.id, LATER) is new
    assert (old.valid_until, old.stage) == (LATER, EditionStage.ADOPTED)
    assert redraw.editions_in_force(session, [community], LATER) == {community.id: new}


def test_an_edition_that_ends_today_is_retired_and_still_answers_for_the_past(session: Session) -> None:
    community = row_of(session, 2)
    old = first_edition(session, community, 2)
    draft = redraw.store_draft(session, community, frames.grids(session, old.id), at=AT)

    adoption.adopt(session, draft, valid_from=TODAY, filing_number="2号", at=AT)

    assert old.stage is EditionStage.RETIRED
    assert redraw.edition_in_force(session, community.id, date(2026, 9, 13)) is old


def test_a_new_drawing_keeps_the_codes_of_ground_that_stays_together(session: Session) -> None:
    community = row_of(session, 3)
    first_edition(session, community, 3)
    west, middle, east = (make.degrees_square(n) for n in range(3))
    drawn = cells(("x1", east), ("x2", middle.union(west)))

    draft = redraw.store_draft(session, community, drawn, at=AT)

    codes = {code[-3:] for code in session.scalars(select(Grid.code).where(Grid.edition_id == draft.id))}
    # Half of the joined grid's ground is 001's and half is 002's: neither has more than half, so it is a new one.
    assert codes == {"003", "004"}


def test_numbers_once_used_are_never_given_to_other_ground(session: Session) -> None:
    community = row_of(session, 3)
    first_edition(session, community, 3)
    joined = cells(("x", make.degrees_square(0).union(make.degrees_square(1)).union(make.degrees_square(2))))
    second = redraw.store_draft(session, community, joined, at=AT)
    adoption.adopt(session, second, valid_from=TODAY, filing_number="2号", at=AT)
    apart = cells(*((str(n), make.degrees_square(n)) for n in range(3)))

    third = redraw.store_draft(session, community, apart, at=AT)

    codes = [
        code[-3:] for code in session.scalars(select(Grid.code).where(Grid.edition_id == third.id).order_by("code"))
    ]
    assert codes == ["005", "006", "007"]


def test_numbers_past_999_are_refused(session: Session) -> None:
    community = row_of(session, 2)
    drawn = cells((f"{community.code}999", make.degrees_square(0).union(make.degrees_square(1))))
    draft = redraw.store_draft(session, community, drawn, at=AT)
    adoption.adopt(session, draft, valid_from=date(2026, 1, 1), filing_number="1号", at=AT)

    with pytest.raises(CannotDraw, match="up to 999: no 2 more are left"):
        redraw.store_draft(
            session, community, cells(("a", make.degrees_square(0)), ("b", make.degrees_square(1))), at=AT
        )


def test_lineage_tells_split_and_merged_from_adjusted(session: Session) -> None:
    community = row_of(session, 4)
    first_edition(session, community, 4)
    code = community.code
    half = 0.0005
    west = make.degrees_square(0, side=0.001)
    left = west.intersection(make.degrees_square(0, side=half).union(make.degrees_square(0, 1, side=half)))
    right = west.difference(left)
    drawn = cells(
        (f"{code}001", left),
        (f"{code}005", right),
        (f"{code}002", make.degrees_square(1).union(make.degrees_square(2))),
        (f"{code}004", make.degrees_square(3)),
    )
    draft = redraw.store_draft(session, community, drawn, at=AT, keep_codes=True)

    adoption.adopt(session, draft, valid_from=LATER, filing_number="2号", at=AT)

    assert lineage(session, draft) == [
        ("001", "001", LineageKind.ADJUSTED),
        ("001", "005", LineageKind.SPLIT),
        ("002", "002", LineageKind.ADJUSTED),
        ("003", "002", LineageKind.MERGED),
        ("004", "004", LineageKind.KEPT),
    ]


def test_a_line_redrawn_by_a_hair_is_no_change() -> None:
    old = make.frame([make.square(0, 0, 100), make.square(100, 0, 100)], grid_code=["A", "B"])
    new = make.frame([make.square(0, 0, 100), make.square(100.004, 0, 99.996)], grid_code=["A", "B"])

    found = compare(old, new)

    assert found[["parent_code", "child_code", "kind"]].values.tolist() == [
        ["A", "A", LineageKind.KEPT],
        ["B", "B", LineageKind.KEPT],
    ]


def test_shared_ground_adds_up_whatever_is_redrawn() -> None:
    old = make.frame([make.square(0, 0, 100), make.square(100, 0, 100)], grid_code=["A", "B"])
    new = make.frame(
        [make.square(0, 0, 50), make.square(300, 0, 50), make.square(150, 50, 50)], grid_code=["A", "N", "C"]
    )

    found = compare(old, new)

    assert found[["parent_code", "child_code", "kind", "shared_m2"]].values.tolist() == [
        ["A", "A", LineageKind.ADJUSTED, 2500.0],
        ["B", "C", LineageKind.ADJUSTED, 2500.0],
        [None, "N", LineageKind.NEW, 0.0],
    ]


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ([make.degrees_square(0)], "gap"),
        ([make.degrees_square(0), make.degrees_square(0).union(make.degrees_square(1))], "overlap"),
        ([make.degrees_square(0), make.degrees_square(1), make.degrees_square(2)], "outside"),
    ],
)
def test_ground_without_an_answer_or_with_two_is_not_adopted(
    session: Session, shapes: list[object], reason: str
) -> None:
    community = row_of(session, 2)
    drawn = cells(*((f"{community.code}{n:03d}", shape) for n, shape in enumerate(shapes, start=1)))
    draft = redraw.store_draft(session, community, drawn, at=AT)

    with pytest.raises(AdoptionRefused, match=reason):
        adoption.adopt(session, draft, valid_from=TODAY, filing_number="1号", at=AT)
    assert draft.stage is EditionStage.DRAFT
    assert adoption.adopt(session, draft, valid_from=TODAY, filing_number="1号", at=AT, allow_flaws=True) is draft


@pytest.mark.parametrize(
    ("valid_from", "reason"),
    [(date(2026, 9, 13), "past"), (LATER, "choose a later day")],
)
def test_a_redraw_begins_today_at_the_earliest_and_after_every_other(
    session: Session, valid_from: date, reason: str
) -> None:
    community = row_of(session, 2)
    old = first_edition(session, community, 2)
    second = redraw.store_draft(session, community, frames.grids(session, old.id), at=AT)
    third = redraw.store_draft(session, community, frames.grids(session, old.id), at=AT)
    adoption.adopt(session, second, valid_from=LATER, filing_number="2号", at=AT)

    with pytest.raises(AdoptionRefused, match=reason):
        adoption.adopt(session, third, valid_from=valid_from, filing_number="3号", at=AT)


def test_an_adopted_edition_is_not_adopted_again(session: Session) -> None:
    edition = first_edition(session, row_of(session, 1), 1)

    with pytest.raises(AdoptionRefused, match="adopted already"):
        adoption.adopt(session, edition, valid_from=LATER, filing_number="2号", at=AT)


def test_a_code_given_to_other_ground_is_not_adopted(session: Session) -> None:
    community = row_of(session, 2)
    first_edition(session, community, 2)
    code = community.code
    swapped = cells((f"{code}002", make.degrees_square(0)), (f"{code}001", make.degrees_square(1)))
    draft = redraw.store_draft(session, community, swapped, at=AT, keep_codes=True)

    with pytest.raises(AdoptionRefused, match="never given to other ground"):
        adoption.adopt(session, draft, valid_from=LATER, filing_number="2号", at=AT)


def test_a_community_without_an_outline_gets_that_of_its_first_grids(session: Session) -> None:
    community = make.community(session)
    draft = redraw.store_draft(session, community, cells((f"{community.code}001", make.degrees_square(0))), at=AT)

    adoption.adopt(session, draft, valid_from=TODAY, filing_number="1号", at=AT)

    outline = frames.outline(session, community.id, degrees=True).geometry.iloc[0]
    assert outline.symmetric_difference(make.degrees_square(0)).area < 1e-12


def test_no_grids_are_no_draft_and_unknown_editions_are_not_found(spatialite_session: Session) -> None:
    community = row_of(spatialite_session, 1)

    with pytest.raises(CannotDraw, match="no grids"):
        redraw.store_draft(
            spatialite_session, community, gpd.GeoDataFrame({"grid_code": []}, geometry=[], crs=4326), at=AT
        )
    with pytest.raises(NotFound, match="no edition 7"):
        redraw.edition(spatialite_session, community, 7)
    with pytest.raises(NotFound):
        redraw.edition_in_force(spatialite_session, 999, AT)
    assert isinstance(compare(None, cells(("1", make.degrees_square(0)))), pd.DataFrame)
