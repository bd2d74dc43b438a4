"""A warning when a file that is taken in looks to be in another datum than it says."""

from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import make
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy.orm import Session

from data.errors import RowsRefused
from data.exchange.reading import Reading
from data.models import Community
from data.sample.simulate import read_places
from geo.datum import convert, convert_frame
from patrols import intake

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)


def reading(frame: Any, said: str) -> Reading[Any]:
    """A frame in WGS 84 as a reader would hand it back that was told `said` of a file that is in GCJ-02."""
    frame = frame.reset_index(drop=True).assign(source_row=range(1, len(frame) + 1))
    if isinstance(frame, gpd.GeoDataFrame):
        written = convert_frame(frame, source="wgs84", target="gcj02")
        frame = convert_frame(written, source=said, target="wgs84")
    else:
        written = convert(frame["lon"], frame["lat"], source="wgs84", target="gcj02")
        frame["lon"], frame["lat"] = convert(*written, source=said, target="wgs84")
    frame.attrs = {"file": "town.gpkg", "notes": [], "datum": said}
    return Reading(frame, [])


@pytest.fixture
def community(spatialite_session: Session) -> Community:
    """The sample town's community with its streets, in WGS 84."""
    places = read_places()
    row = make.community(spatialite_session, outline=shapely.MultiPolygon([places["outline"].geometry.iloc[0]]))
    streets = places["streets"].assign(source_row=range(1, len(places["streets"]) + 1))
    streets.attrs = {"file": "streets.geojson", "notes": []}
    intake.import_streets(spatialite_session, Reading(streets, []), row, at=AT)
    return row


def warnings(done: intake.Intake) -> list[str]:
    return [str(note) for note in done.notes if "looks to be in" in note.template]


def test_buildings_read_as_the_wrong_datum_are_noticed(spatialite_session: Session, community: Community) -> None:
    wrong = intake.import_buildings(spatialite_session, reading(read_places()["buildings"], "wgs84"), community, at=AT)

    (warning,) = warnings(wrong)
    assert "was read as wgs84, but looks to be in gcj02" in warning
    assert "54" in warning
    assert "Take it in again with the right datum." in warning


def test_buildings_read_right_are_taken_without_a_word(spatialite_session: Session, community: Community) -> None:
    right = intake.import_buildings(spatialite_session, reading(read_places()["buildings"], "gcj02"), community, at=AT)

    assert warnings(right) == []
    assert right.stored > 500


@pytest.mark.parametrize(("said", "warned"), [("wgs84", 1), ("gcj02", 0)])
def test_a_long_walk_read_as_the_wrong_datum_is_noticed(
    spatialite_session: Session, community: Community, said: str, warned: int
) -> None:
    street = read_places()["streets"].to_crs(4548).geometry
    longest = np.concatenate([shapely.get_coordinates(shapely.segmentize(one, 6)) for one in street.iloc[:400:8]])
    spots = gpd.GeoSeries(gpd.points_from_xy(*longest.T), crs=4548).to_crs(4326)
    walk = pd.DataFrame(
        {
            "patrol": np.repeat(np.arange(len(spots) // 20 + 1), 20)[: len(spots)].astype(str),
            "at": pd.date_range("2026-11-20", periods=len(spots), freq="8s", tz="UTC"),
            "lon": spots.x,
            "lat": spots.y,
            "accuracy_m": 5.0,
        }
    )

    done = intake.import_patrols(spatialite_session, reading(walk, said), community, at=AT, skip_bad=True)

    assert len(warnings(done)) == warned


def test_a_file_that_lies_beside_the_community_is_refused_with_the_datum_that_would_put_it_there(
    spatialite_session: Session,
) -> None:
    community = make.community(spatialite_session, outline=shapely.MultiPolygon([make.degrees_square(0)]))
    yard = gpd.GeoDataFrame({"name": ["院"]}, geometry=[make.degrees_square(0, 0, 0.0005)], crs=4326)

    with pytest.raises(RowsRefused, match="read as gcj02 they would"):
        intake.import_compounds(spatialite_session, reading(yard, "wgs84"), community, at=AT)
