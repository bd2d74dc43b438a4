"""Grids drawn for made-up towns and for the sample town."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from make import METRES, frame, square

from geo.draw import draw, draw_grids, reading_order
from geo.errors import BadGeometry, CannotDraw, WrongCrs
from geo.tiling import find_flaws

GROUND = square(0, 0, 1000)
HOUSES = [square(x, y, 12) for x in range(20, 980, 60) for y in range(20, 980, 60)]
SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def line(*points):
    return shapely.LineString(points)


def cross_streets(step=200):
    across = [line((at, -5), (at, 1005)) for at in range(step, 1000, step)]
    return [*across, *(shapely.transform(street, lambda xy: xy[:, ::-1]) for street in across)]


def streets(*lines):
    return frame(list(lines), street_class=["branch"] * len(lines))


def houses(shapes=HOUSES, each=5):
    return frame(list(shapes), households=[each] * len(shapes))


def town(each=5):
    return GROUND, streets(*cross_streets()), houses(each=each)


def assert_sound(grids, outline, buildings, compounds=None, exact=True):
    shapes = grids.geometry.to_numpy()
    together = shapely.coverage_union_all(shapes)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.is_valid(shapes).all()
    assert shapely.hausdorff_distance(shapely.boundary(together), shapely.boundary(outline)) < 0.01
    assert grids["grid_code"].is_unique
    flaws = find_flaws(grids, outline, buildings=buildings, compounds=compounds, sliver_m2=0.05)
    assert flaws.empty, flaws.drop(columns="geometry")


def told(drawing):
    return [template % facts for template, facts, _, _ in drawing.notes]


def test_a_town_of_cross_streets_gets_grids_in_the_band():
    grids = draw_grids(*town(), community_code="110108001001")
    assert_sound(grids, GROUND, houses())
    assert grids["households"].between(150, 500).all()
    assert grids["households"].sum() == 5 * len(HOUSES)
    assert grids["buildings"].sum() == len(HOUSES)
    assert grids["grid_code"].tolist() == [f"110108001001{number:03d}" for number in range(1, len(grids) + 1)]
    assert (grids["explanation"] == "").all()
    assert set(grids.geom_type) == {"Polygon"}
    assert grids.crs == METRES


def test_borders_run_along_streets_where_there_are_enough():
    drawing = draw(*town())
    borders = shapely.unary_union(drawing.grids.boundary).difference(GROUND.boundary.buffer(0.01))
    assert borders.difference(shapely.unary_union(cross_streets()).buffer(0.01)).length == 0


def test_a_town_without_streets_is_divided_between_houses():
    grids = draw_grids(GROUND, streets(), houses(each=30))
    assert_sound(grids, GROUND, houses())
    assert grids["households"].between(150, 500).all()


def test_the_same_town_is_drawn_the_same_and_moves_with_its_ground():
    ground, lanes, homes = town()
    first, again = draw_grids(ground, lanes, homes), draw_grids(ground, lanes, homes)
    assert first.geometry.geom_equals_exact(again.geometry, 0).all()
    east, north = 437_000, 4_429_000
    moved = draw_grids(
        shapely.box(east, north, east + 1000, north + 1000),
        *(part.set_geometry(part.translate(east, north)) for part in (lanes, homes)),
    )
    assert moved["households"].tolist() == first["households"].tolist()
    assert moved.translate(-east, -north).geom_equals_exact(first.geometry, 1e-6).all()


def test_the_order_of_rows_only_changes_nothing_that_counts():
    ground, lanes, homes = town()
    grids = draw_grids(ground, lanes.iloc[::-1], homes.iloc[::-1])
    assert_sound(grids, ground, homes)
    assert grids["households"].between(150, 500).all()


def test_a_whole_compound_above_the_band_stays_whole_and_is_explained():
    yard = frame([square(100, 100, 700)], name=["民悦小区"])
    drawing = draw(*town(), yard)
    assert_sound(drawing.grids, GROUND, houses(), yard)
    large = drawing.grids[drawing.grids["households"] > 500]
    assert large["explanation"].str.contains("民悦小区 alone has more than 500 and stays whole").tolist() == [True]
    assert any(text.endswith("stays whole.") for text in told(drawing))


def test_a_long_narrow_block_that_is_a_grid_by_itself_is_explained():
    strip, rest = shapely.box(0, 0, 1000, 40), shapely.box(0, 40, 1000, 1000)
    yards = frame([strip], name=["Long yard"])
    homes = frame([square(x, 14, 12) for x in range(20, 980, 60)] + [h for h in HOUSES if rest.contains(h)])
    homes["households"] = [30] * 16 + [5] * (len(homes) - 16)
    drawing = draw(GROUND, streets(*cross_streets(), line((-5, 40), (1005, 40))), homes, yards, households=(150, 500))
    [row] = drawing.grids[drawing.grids["compounds"] > 0].itertuples()
    assert row.households == 480
    assert row.explanation == "Long and narrow: it is a single block of this shape, enough for a grid by itself."
    assert row.explanation in told(drawing)


def test_a_border_street_through_a_house_is_noted_with_its_place():
    lanes = frame([line((500, -5), (500, 1005))], street_class=["arterial"], name=["中街"])
    homes = houses([*(h for h in HOUSES if abs(h.centroid.x - 500) > 30), shapely.box(495, 480, 507, 500)])
    drawing = draw(GROUND, lanes, homes, households=(400, 800))
    assert_sound(drawing.grids, GROUND, homes)
    [(template, facts, x, y)] = drawing.notes
    assert template % facts == f"中街 runs through the building #{len(homes) - 1}; the border goes round it."
    assert (x, y) == (500, 490)


@pytest.mark.parametrize(
    ("homes", "reason"),
    [
        (houses(HOUSES[:1]), "5 households: the whole community has only 5."),
        (houses([]), "0 households: the whole community has only 0."),
        (houses(HOUSES[:1], each=900), "900 households: #0 alone has more than 500 and stays whole."),
    ],
    ids=["one house", "no house", "one tower"],
)
def test_a_community_that_cannot_be_balanced_is_one_grid_with_the_reason(homes, reason):
    grids = draw_grids(GROUND, streets(*cross_streets()), homes)
    assert grids["explanation"].tolist() == [reason]
    assert grids.area.tolist() == [1_000_000.0]


def test_an_outline_with_a_hole_and_an_exclave():
    main = GROUND.difference(square(300, 300, 400))
    exclave = square(1200, 0, 60)
    homes = houses([*HOUSES, square(1220, 20, 10)])
    drawing = draw(shapely.MultiPolygon([main, exclave]), streets(*cross_streets()), homes)
    assert_sound(drawing.grids, shapely.union(main, exclave), homes)
    assert sorted(drawing.grids.geom_type.unique()) == ["MultiPolygon", "Polygon"]
    assert "A separate piece of ground, too small for a grid of its own, belongs to grid" in " ".join(told(drawing))


def test_messy_input_is_drawn_and_told():
    twisted = shapely.Polygon([(500, 500), (540, 540), (540, 500), (500, 540)])
    shapes = [*HOUSES, *HOUSES[:2], twisted, None, shapely.Polygon(), square(5000, 0, 10), square(-5, 500, 10)]
    lanes = streets(*cross_streets(), *cross_streets(), None, shapely.LineString(), line((3, 3), (3, 3)))
    drawing = draw(GROUND, lanes, houses(shapes))
    usable = houses([shape for shape in shapes if shape is not None and shape.is_valid and not shape.is_empty])
    assert_sound(drawing.grids, GROUND, usable)
    text = " ".join(told(drawing))
    assert "drawn twice" in text
    assert "mended" in text
    assert "without area" in text
    assert "outside the outline" in text


def test_what_cannot_be_drawn_is_refused():
    ground, lanes, homes = town()
    with pytest.raises(CannotDraw, match="500 to 150"):
        draw(ground, lanes, homes, households=(500, 150))
    with pytest.raises(BadGeometry):
        draw(shapely.Polygon(), lanes, homes)
    with pytest.raises(WrongCrs):
        draw(ground, lanes.set_crs(4326, allow_override=True), homes)
    with pytest.raises(WrongCrs):
        draw(ground, lanes, homes.set_crs(4547, allow_override=True))


def test_more_grids_than_codes_have_room_for_are_refused():
    tower = houses([square(x, y, 2) for x in range(5, 995, 30) for y in range(5, 995, 30)], each=500)
    with pytest.raises(CannotDraw, match="1089 grids came out, but codes have room for 999"):
        draw(GROUND, streets(), tower)


def test_codes_read_like_a_page():
    points = np.array([[10, 90], [90, 95], [15, 10], [80, 20]], dtype=float)
    assert reading_order(points, np.array([0, 0, 100, 100])).tolist() == [0, 1, 2, 3]


def test_the_sample_town_is_one_valid_tiling_with_every_grid_in_the_band():
    outline, lanes, homes, yards = (
        gpd.read_file(SAMPLE / f"{name}.geojson").to_crs(METRES)
        for name in ("outline", "streets", "buildings", "compounds")
    )
    grids = draw_grids(outline, lanes, homes, yards)
    assert_sound(grids, outline.union_all(), homes, yards)
    assert 20 <= len(grids) <= 40
    assert grids["households"].between(150, 500).all()
    assert set(grids.geom_type) == {"Polygon"}


places = st.integers(0, 500).map(float)
lanes = st.lists(st.tuples(places, places, places, places), max_size=12)
plots = st.lists(st.tuples(places, places, st.integers(1, 60), st.integers(1, 60), st.integers(0, 90)), max_size=25)


@settings(max_examples=40, deadline=None)
@given(lanes=lanes, plots=plots, yards=plots.map(lambda some: some[:4]))
def test_any_town_becomes_one_valid_tiling_that_cuts_nothing(lanes, plots, yards):
    ground = shapely.Polygon([(0, 0), (500, 20), (480, 500), (200, 420), (30, 480)])
    homes = frame([shapely.box(x, y, x + w, y + h) for x, y, w, h, _ in plots], households=[n for *_, n in plots])
    yards = frame([shapely.box(x, y, x + 2 * w, y + 2 * h) for x, y, w, h, _ in yards])
    lines = streets(*(line(way[:2], way[2:]) for way in lanes))
    grids = draw_grids(ground, lines, homes, yards, households=(60, 200))
    inside = homes[homes.representative_point().intersects(ground)].drop_duplicates("geometry")
    assert_sound(grids, ground, homes.clip(ground), yards.clip(ground))
    assert grids["buildings"].sum() == len(inside)
