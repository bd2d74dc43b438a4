"""Blocks cut from a community's stored ground."""

import make
import pytest
import shapely
from sqlalchemy.orm import Session

from data import frames
from data.models import Community
from geo.errors import CannotDraw
from patrols import drafting


def ground_with_a_street(session: Session) -> Community:
    """A square community, a street across its middle, a house in each quarter: 100 households, 250 residents."""
    place = make.community(session, outline=make.degrees_square(0, side=0.004))
    west, south = make.ORIGIN
    make.street(session, place, shapely.LineString([(west, south + 0.002), (west + 0.004, south + 0.002)]))
    for x in (0.001, 0.003):
        for y in (0.001, 0.003):
            house = shapely.Point(west + x, south + y).buffer(0.0001)
            make.building(session, place, house, households=100, residents=250)
    return place


def test_blocks_tile_the_outline_and_count_what_stands_on_them(session: Session) -> None:
    place = ground_with_a_street(session)

    blocks = drafting.blocks_of(session, place, least=200)

    shapes = blocks.geometry.to_numpy()
    outline = frames.outline(session, place.id)
    assert blocks.columns.tolist() == ["block_id", "households", "residents", "buildings", "geometry"]
    assert blocks[["block_id", "households", "residents", "buildings"]].to_numpy().tolist() == [
        [0, 200, 500, 2],
        [1, 200, 500, 2],
    ]
    assert blocks.crs == outline.crs
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(outline.area.sum(), abs=0.1)
    assert shapes[0].centroid.y > shapes[1].centroid.y


def test_blocks_with_more_households_than_the_band_begins_with_are_split_between_houses(session: Session) -> None:
    blocks = drafting.blocks_of(session, ground_with_a_street(session), least=150)

    assert blocks["households"].tolist() == [100] * 4


def test_a_community_without_houses_has_no_blocks_yet(session: Session) -> None:
    with pytest.raises(CannotDraw, match="Import them first"):
        drafting.blocks_of(session, make.community(session, outline=make.degrees_square(0)))
