"""The small drawing of a place: north up, in proportion, with its surroundings."""

import geopandas as gpd
import make
import shapely

from webmap.pages.sketch import WIDTH, draw

NO_STREETS = gpd.GeoDataFrame(geometry=[], crs=4326)


def spots(path: str) -> list[tuple[float, float]]:
    return [tuple(map(float, spot.split(","))) for spot in path.strip("MZ").split("L")]  # type: ignore[misc]


def test_a_square_of_ground_is_drawn_in_its_true_proportion() -> None:
    drawn = draw([make.degrees_square(0)], NO_STREETS, None)

    xs, ys = zip(*spots(drawn.grid), strict=True)
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    # 0.001 degrees at 40 north: 85 m east, 111 m north.
    assert abs(wide / high - 0.766) < 0.001
    assert min(xs) > 0
    assert max(xs) < WIDTH
    assert min(ys) > 0
    assert max(ys) < drawn.height


def test_north_is_up() -> None:
    drawn = draw([make.degrees_square(0)], NO_STREETS, shapely.Point(116.3005, 40.0009))

    assert drawn.spot is not None
    assert drawn.spot[1] < drawn.height / 2
    assert abs(drawn.spot[0] - WIDTH / 2) < 1


def test_only_streets_nearby_are_drawn() -> None:
    near, far = shapely.LineString([(116.3, 40.0), (116.301, 40.001)]), shapely.LineString([(117, 41), (117, 42)])
    streets = gpd.GeoDataFrame(geometry=[near, far], crs=4326)

    assert draw([make.degrees_square(0)], streets, None).streets.count("M") == 1


def test_a_point_alone_and_ground_in_two_pieces_are_drawn_too() -> None:
    alone = draw([], NO_STREETS, shapely.Point(make.ORIGIN))
    apart = draw([shapely.MultiPolygon([make.degrees_square(0), make.degrees_square(2)])], NO_STREETS, None)

    assert alone.grid == ""
    assert alone.spot is not None
    assert abs(alone.spot[0] - WIDTH / 2) + abs(alone.spot[1] - alone.height / 2) < 0.2
    assert apart.grid.count("Z") == 2
