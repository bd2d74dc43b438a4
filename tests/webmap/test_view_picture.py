"""The picture of a view: what is asked for lies where it should, in its colour, with its words."""

from io import BytesIO
from pathlib import Path

import geopandas as gpd
import make
import numpy as np
import pypdfium2
import pytest
import shapely
from PIL import Image

from webmap.cli import speech
from webmap.printing.plan import Ground
from webmap.printing.view_picture import PAPERS, Legend, Lines, Marks, Raster, ViewPicture, view_png, write_view

TEAL, RED, PLUM = "#237b8a", "#cd6f63", "#5c1860"
NOBODY = make.frame([], name=[], street_class=[])


def ground() -> Ground:
    grids = make.frame(
        [make.square(0, 0, 400), make.square(400, 0, 400)], grid_code=["110108001001001", "110108001001002"]
    )
    street = make.frame([shapely.LineString([(0, 200), (800, 200)])], name=["学院路"], street_class=["branch"])
    return Ground(grids=grids, streets=street, buildings=NOBODY, compounds=NOBODY)


def view(**more: object) -> ViewPicture:
    return ViewPicture(
        **{
            "title": "民悦社区 · 事件密度",
            "period": "2026-10-01 to 2026-11-22",
            "ground": ground(),
            "about": shapely.box(0, 0, 800, 400),
            "colours": {"110108001001001": TEAL, "110108001001002": RED},
            "legends": [Legend("Incidents", [(TEAL, "3–8"), (RED, "≥ 9")], "Of whole weeks.")],
            "notes": ["Nothing sensitive."],
            "foot": "© survey, review number 1",
            **more,
        }
    )


def picture(one: ViewPicture, **how: object) -> Image.Image:
    with speech.for_pages(), Image.open(BytesIO(view_png(one, **how))) as read:
        return read.convert("RGB")


def text(one: ViewPicture, tmp_path: Path, paper: str = "a4-landscape") -> str:
    with speech.for_pages():
        write_view(one, tmp_path / "view.pdf", paper=paper)
    with pypdfium2.PdfDocument(tmp_path / "view.pdf") as document:
        assert len(document) == 1
        return " ".join(document[0].get_textpage().get_text_bounded().split())


def near(found: Image.Image, colour: str, *, share: tuple[float, float, float, float] = (0, 0, 1, 1)) -> int:
    """How many pixels of a part of the picture are close to a colour."""
    wide, high = found.size
    part = found.crop((int(share[0] * wide), int(share[1] * high), int(share[2] * wide), int(share[3] * high)))
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(np.asarray(part, int) - wanted).max(axis=2) <= 6).sum())


@pytest.mark.parametrize("paper", list(PAPERS))
def test_everything_a_report_needs_stands_in_it(tmp_path: Path, paper: str) -> None:
    said = text(view(), tmp_path, paper)

    for wanted in (
        "民悦社区",
        "2026-10-01",
        "Incidents",
        "3–8",
        "≥ 9",
        "Of whole weeks.",
        "Nothing sensitive.",
        "review",
    ):
        assert wanted in said, wanted
    assert "学院路" in said
    assert " m" in said or "米" in said


def test_grids_carry_their_colours_west_and_east() -> None:
    found = picture(view())

    west, east = (0.1, 0.3, 0.36, 0.8), (0.45, 0.3, 0.7, 0.8)
    assert near(found, TEAL, share=west) > 10 * near(found, TEAL, share=east)
    assert near(found, RED, share=east) > 10 * near(found, RED, share=west)


def test_a_density_lies_where_its_bounds_say_with_north_up() -> None:
    pixels = np.zeros((10, 20, 4), np.uint8)
    pixels[:5, :10] = (92, 24, 96, 255)
    found = picture(view(colours={}, raster=Raster(pixels, (0, 0, 800, 400))))

    north_west, south_east = (0.05, 0.15, 0.38, 0.5), (0.42, 0.55, 0.74, 0.9)
    assert near(found, PLUM, share=north_west) > 1000
    assert near(found, PLUM, share=south_east) == 0


def test_lines_and_marks_are_drawn() -> None:
    lines = [Lines([shapely.LineString([(0, 100), (800, 100)])], "#00aa00", 3)]
    marks = [Marks(np.array([[200.0, 300.0], [600.0, 300.0]]), "#0000ff", 5)]
    found = picture(view(lines=lines, marks=marks))

    assert near(found, "#00aa00") > 500
    assert near(found, "#0000ff") > 100


def test_figures_are_written_into_their_grids(tmp_path: Path) -> None:
    said = text(view(texts={"110108001001001": "57", "110108001001002": "3"}), tmp_path)

    assert "57" in said.split()
    assert "001" in said.split()


def test_long_titles_and_many_legends_stay_on_the_page(tmp_path: Path) -> None:
    legends = [Legend("Legend " * 30, [(TEAL, "label " * 40)] * 6, "note " * 60)] * 3
    for paper in PAPERS:
        said = text(view(title="长" * 200, period="p" * 400, foot="f " * 500, legends=legends), tmp_path, paper)
        assert "…" in said


def test_the_same_view_is_the_same_picture() -> None:
    with speech.for_pages():
        assert view_png(view()) == view_png(view())


def test_finer_pictures_have_more_pixels() -> None:
    assert picture(view(), dots_per_inch=96).size[0] < picture(view(), dots_per_inch=200).size[0]


def test_a_town_without_streets_and_buildings_is_drawn_too() -> None:
    bare = Ground(grids=ground().grids, streets=NOBODY, buildings=NOBODY, compounds=NOBODY)

    assert near(picture(view(ground=bare)), TEAL) > 1000


def test_a_community_without_grids_is_drawn_empty() -> None:
    none: gpd.GeoDataFrame = make.frame([], grid_code=[])

    assert picture(view(ground=Ground(none, NOBODY, NOBODY, NOBODY), colours={})).size == (1754, 1241)
