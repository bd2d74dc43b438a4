"""Frames: degrees in the database, metres where we compute, the same shapes there and back."""

import geopandas as gpd
import make
import numpy as np
import pytest
import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import event, insert

from data import frames
from data.errors import NotFound
from data.models import Building, Community, Street
from geo.errors import BadGeometry, WrongCrs

BEIJING = "EPSG:4548"


@pytest.fixture
def town(session):
    return make.town(session, columns=3, rows=2)


def test_grids_come_in_metres_by_code(session, town):
    place, edition = town

    grids = frames.grids(session, edition.id)

    assert grids.crs == BEIJING
    assert list(grids.index) == [grid.id for grid in edition.grids]
    assert list(grids["grid_code"]) == [f"{place.code}{number:03d}" for number in range(1, 7)]
    assert grids.geometry.area.to_numpy() == pytest.approx(85.4 * 111.03, rel=1e-3)
    assert list(grids.columns) == [
        *("grid_code", "name", "kind", "households", "residents", "buildings", "compounds", "explanation", "geometry")
    ]


def test_grids_that_share_borders_in_the_database_share_them_in_metres(session, town):
    grids = frames.grids(session, town[1].id)

    assert shapely.coverage_is_valid(grids.explode().geometry.to_numpy())


def test_shapes_stored_and_read_again_stay_within_a_hundredth_of_a_millimetre(session):
    place = make.community(session, outline=make.degrees_square(0))
    metres = make.frame([make.square(440_310.123, 4_429_700.456, 33.3)], BEIJING)
    rows = [{"community_id": place.id, "geom": shape} for shape in frames.store_geometry(metres.geometry)]
    session.execute(insert(Building), rows)

    back = frames.buildings(session, place.id)

    assert back.crs == metres.crs
    assert back.geometry.hausdorff_distance(metres.geometry.iloc[0]).max() < 1e-5


def test_everything_of_one_community_is_in_the_same_metres(session):
    # The outline's middle decides: the building alone would fall into the neighbouring zone.
    place = make.community(session, outline=shapely.box(118.4, 40, 118.51, 40.1))
    make.building(session, place, shapely.box(118.505, 40, 118.506, 40.001))
    make.street(session, place, shapely.LineString([(118.45, 40), (118.46, 40)]))
    make.compound(session, place, shapely.box(118.505, 40, 118.507, 40.001))
    edition = make.edition(session, place, {"110108001001001": shapely.box(118.5051, 40, 118.51, 40.1)})
    all_of_them = [
        frames.outline(session, place.id),
        frames.streets(session, place.id),
        frames.buildings(session, place.id),
        frames.compounds(session, place.id),
        frames.grids(session, edition.id),
    ]

    assert {frame.crs.to_epsg() for frame in all_of_them} == {4548}
    assert frames.crs_of(session, place.id).to_epsg() == 4548


def test_without_an_outline_the_first_building_decides_the_metres(session):
    place = make.community(session)
    assert frames.crs_of(session, place.id).to_epsg() == 4548

    make.street(session, place, shapely.LineString([(11.5, 49.9), (11.6, 49.9)]))
    assert frames.crs_of(session, place.id).to_epsg() == 32632

    make.building(session, place, shapely.box(103.9, 34, 103.91, 34.01))
    assert frames.crs_of(session, place.id).to_epsg() == 4544


def test_columns_are_plain_and_keep_their_kinds(session):
    place = make.community(session, outline=make.degrees_square(0))
    yard = make.compound(session, place, make.degrees_square(0, side=0.0005), name="清华园")
    make.building(session, place, make.degrees_square(0, side=0.0002), compound_id=yard.id, households=48, name="1号楼")
    make.building(session, place, make.degrees_square(1, side=0.0002))
    make.street(session, place, shapely.LineString([(116.3, 40), (116.301, 40)]), street_class="back_street")

    buildings = frames.buildings(session, place.id)

    assert buildings["households"].sum() == 48
    assert buildings["compound_id"].isna().tolist() == [False, True]
    assert buildings["compound_id"].iloc[0] == yard.id
    assert type(frames.streets(session, place.id)["street_class"].iloc[0]) is str
    assert frames.streets(session, place.id)["street_class"].tolist() == ["back_street"]
    assert frames.compounds(session, place.id)["name"].tolist() == ["清华园"]


def test_frames_without_rows_have_the_same_columns_and_kinds(session, town):
    place, _ = town
    empty = frames.buildings(session, place.id)
    make.building(session, place, make.degrees_square(0))
    full = frames.buildings(session, place.id)

    assert list(empty.columns) == list(full.columns)
    assert empty["households"].dtype == full["households"].dtype == np.int64
    assert empty["compound_id"].dtype == full["compound_id"].dtype
    assert empty.crs == full.crs
    assert empty.geometry.area.sum() == 0


def test_an_outline_that_is_not_stored_yet_is_no_row(session):
    assert len(frames.outline(session, make.community(session).id)) == 0


def test_degrees_are_left_as_they_are_stored(session, town):
    outline = frames.outline(session, town[0].id, degrees=True)

    assert outline.crs.to_epsg() == 4326
    assert outline.total_bounds.tolist() == [116.3, 40.0, 116.303, 40.002]


@pytest.mark.parametrize("read", [frames.outline, frames.streets, frames.buildings, frames.compounds, frames.grids])
def test_what_is_not_there_is_said_to_be_missing(session, read):
    with pytest.raises(NotFound, match="999"):
        read(session, 999)


def test_a_frame_costs_the_same_few_queries_for_any_number_of_rows(session, town):
    place, _ = town
    for column in range(20):
        make.building(session, place, make.degrees_square(column, side=0.0002))
    statements: list[str] = []
    listen = (session.connection(), "before_cursor_execute", lambda *words: statements.append(words[2]))
    event.listen(*listen)

    frames.buildings(session, place.id)

    event.remove(*listen)
    assert len(statements) <= 3


def test_points_turn_into_the_metres_of_the_frame(session, town):
    grids = frames.grids(session, town[1].id)
    lon, lat = make.degrees_square(1).centroid.coords[0]

    x, y = frames.points_in_metres([lon, np.nan], [lat, 40.0], grids.crs)

    assert grids.index[grids.contains(shapely.Point(x[0], y[0]))].tolist() == [town[1].grids[4].id]
    assert not np.isfinite(x[1])


def test_points_and_frames_are_converted_alike_to_the_last_bit():
    shapes = gpd.GeoSeries.from_xy([116.3, 116.4, 117.2], [40.0, 39.9, 40.1], crs=4326)
    x, y = frames.points_in_metres(shapes.x, shapes.y, make.frame([]).crs)

    assert shapes.to_crs(BEIJING).x.tolist() == x.tolist()
    assert shapes.to_crs(BEIJING).y.tolist() == y.tolist()


def test_a_frame_in_any_declared_system_becomes_local_metres_and_degrees_again():
    degrees = make.frame([make.degrees_square(0)], "EPSG:4326")
    web = degrees.to_crs(3857)

    assert frames.to_metres(degrees).crs == BEIJING
    assert frames.to_metres(web).crs == BEIJING
    assert frames.to_metres(degrees, "EPSG:4547").crs == "EPSG:4547"
    back = frames.to_degrees(frames.to_metres(web))
    assert shapely.equals_exact(back.geometry.iloc[0], make.degrees_square(0), tolerance=1e-9)


def test_an_empty_frame_is_converted_too():
    assert frames.to_metres(make.frame([], "EPSG:4326")).crs.is_projected


@pytest.mark.parametrize(
    "convert", [frames.to_metres, frames.to_degrees, lambda frame: frames.store_geometry(frame.geometry)]
)
def test_a_frame_without_a_declared_system_is_refused(convert):
    with pytest.raises(WrongCrs, match="Declare"):
        convert(make.frame([make.square(0, 0)], None))


def test_stored_polygons_are_flat_multipolygons_in_the_order_given():
    shapes = [shapely.force_3d(make.degrees_square(0), 9.0), shapely.MultiPolygon([make.degrees_square(1)])]
    elements = frames.store_geometry(make.frame(shapes, "EPSG:4326").geometry)

    assert [to_shape(element).geom_type for element in elements] == ["MultiPolygon"] * 2
    assert [to_shape(element).bounds for element in elements] == [shape.bounds for shape in shapes]
    assert not any(to_shape(element).has_z for element in elements)


def test_stored_lines_and_points_stay_what_they_are(session):
    place = make.community(session)
    line = shapely.LineString([(116.3, 40), (116.31, 40)])
    (element,) = frames.store_geometry(make.frame([line], "EPSG:4326").geometry)
    make.add(session, Street(community_id=place.id, street_class="branch", geom=element))

    assert frames.streets(session, place.id, degrees=True).geometry.tolist() == [line]
    (point,) = frames.store_geometry(make.frame([shapely.Point(1, 2)], "EPSG:4326").geometry)
    assert to_shape(point) == shapely.Point(1, 2)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (None, "missing"),
        (shapely.Polygon(), "empty"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "it crosses itself"),
        (shapely.LineString([(0, 0), (0, 0)]), "too few corners"),
        (shapely.Point(np.nan, 1), "not on Earth|no number"),
        (shapely.box(170, 0, 190, 1), "not on Earth"),
        (shapely.box(440_000, 4_400_000, 440_100, 4_400_100), "not on Earth"),
    ],
)
def test_a_shape_that_cannot_be_stored_is_refused_with_its_row(shape, reason):
    frame = make.frame([make.degrees_square(0), shape], "EPSG:4326").set_index(np.array(["a17", "a18"]))

    with pytest.raises(BadGeometry, match=f"a18.*({reason})|({reason}).*a18"):
        frames.store_geometry(frame.geometry)


def test_what_the_conversion_to_degrees_breaks_is_mended(session):
    # The hole touches the middle of a 2 km edge: straight in metres, it is bent in degrees, and the tip sticks out.
    ring = [(440_000, 4_429_000), (442_000, 4_429_000), (442_000, 4_430_000), (440_000, 4_430_000)]
    hole = [(441_000, 4_430_000), (441_100, 4_429_500), (440_900, 4_429_500)]
    shape = shapely.Polygon(ring, [hole])
    metres = make.frame([shape], BEIJING)
    assert shape.is_valid
    assert not metres.to_crs(4326).geometry.is_valid.all()

    (element,) = frames.store_geometry(metres.geometry)

    assert to_shape(element).is_valid
    assert gpd.GeoSeries([to_shape(element)], crs=4326).to_crs(BEIJING).area[0] == pytest.approx(shape.area, rel=1e-4)


def test_loaded_shapes_are_decoded_at_once(session, town):
    session.expire_all()
    place = session.get(Community, town[0].id)
    place.outline = None
    shapes = frames.decode([*(grid.geom for grid in town[1].grids), place.outline])

    assert shapely.area(shapes[:6]) == pytest.approx(1e-6)
    assert shapes[6] is None
