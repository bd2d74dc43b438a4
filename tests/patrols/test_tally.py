"""Counting what each grid holds: whether all is counted or only what changed, the answer is the same."""

from datetime import timedelta

import drawn_town as town
import make
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.models import Community, Patrol, PatrolSource
from geo.errors import GeoError
from patrols import drafts, ground_stamp
from patrols.errors import DraftChanged
from patrols.tally import NOWHERE, Ground, tally


def walk(session: Session, place: Community, *places: tuple[float, float]) -> None:
    """A patrol of half an hour yesterday."""
    begun = make.EPOCH - timedelta(days=1)
    track = shapely.LineString(town.line(*places)["coordinates"])
    walked = Patrol(
        community_id=place.id,
        source=PatrolSource.FILE,
        source_key=str(hash(places)),
        started_at=begun,
        ended_at=begun + timedelta(minutes=30),
        minutes=30.0,
        metres=800.0,
        track=shapely.MultiLineString([track]),
    )
    make.add(session, walked)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_counted_anew_only_where_it_changed_is_what_all_of_it_counts(
    spatialite_session: Session, seed: int
) -> None:
    session, random = spatialite_session, np.random.default_rng(seed)
    place, current = town.build(session, 4, 3)
    for _ in range(4):
        walk(session, place, *map(tuple, random.uniform((0, 0), (4, 3), (6, 2)).tolist()))
    draft = drafts.open(session, place, at=make.EPOCH)
    for _ in range(8):
        edit = town.random_edit(drafts.state_of(session, draft), random)
        try:
            town.do(session, draft, edit.kind, **edit.arguments)
        except (GeoError, DraftChanged):
            continue
    assert draft.edits > 0
    ground = Ground(session, place, make.EPOCH)
    old, new = (frames.grids(session, one.id) for one in (current, draft))

    quick, whole = tally(ground, new, like=tally(ground, old)), tally(ground, new)

    # Grids that are the same to a centimetre keep the figures of their earlier outline.
    pd.testing.assert_frame_equal(quick.figures, whole.figures, check_exact=False, rtol=0, atol=0.1)
    assert whole.figures["patrol_metres"].sum() > 100
    assert (quick.houses == whole.houses).all()


def test_ground_that_a_draft_in_memory_stands_on_is_counted_alike_and_not_read_again(
    spatialite_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = spatialite_session
    place, current = town.build(session)
    walk(session, place, (0.2, 0.5), (2.5, 0.5))
    grids = frames.grids(session, current.id)
    as_read = tally(Ground(session, place, make.EPOCH), grids)
    ground_stamp.renew(place)
    session.flush()
    drafts.state_of(session, drafts.open(session, place, at=make.EPOCH))
    for name in ("buildings", "compounds", "streets"):
        monkeypatch.delattr(frames, name)

    remembered = tally(Ground(session, place, make.EPOCH), grids)

    pd.testing.assert_frame_equal(remembered.figures, as_read.figures)
    assert (remembered.houses == as_read.houses).all()


def test_ground_that_was_brought_in_since_is_read(spatialite_session: Session) -> None:
    session = spatialite_session
    place, current = town.build(session)
    grids = frames.grids(session, current.id)
    ground_stamp.renew(place)
    session.flush()
    drafts.state_of(session, drafts.open(session, place, at=make.EPOCH))
    before = tally(Ground(session, place, make.EPOCH), grids).figures["households"].sum()

    make.building(session, place, make.degrees_square(0, 0).buffer(-0.0003), households=7, residents=9)
    ground_stamp.renew(place)
    session.flush()

    assert tally(Ground(session, place, make.EPOCH), grids).figures["households"].sum() == before + 7


def test_nothing_is_counted_anew_where_nothing_changed(spatialite_session: Session) -> None:
    session = spatialite_session
    place, current = town.build(session)
    walk(session, place, (0.2, 0.5), (2.5, 0.5))
    ground, grids = Ground(session, place, make.EPOCH), frames.grids(session, current.id)

    first = tally(ground, grids)
    again = tally(ground, grids, like=first)

    pd.testing.assert_frame_equal(again.figures, first.figures, check_exact=False, atol=1e-5)
    assert first.figures.loc[NOWHERE, "households"] == 0
