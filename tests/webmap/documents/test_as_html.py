import base64
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from webmap.documents import as_html
from webmap.documents.document import Document


@pytest.fixture
def file(made: Document, tmp_path: Path) -> str:
    as_html.write(made, tmp_path / "week.html")
    return (tmp_path / "week.html").read_text(encoding="utf-8")


def test_a_file_asks_nobody_for_anything(file: str):
    assert "<script" not in file
    assert not re.search(r"(src|href)=\"(?!#|data:image/png;base64,)", file)
    assert "url(" not in file
    assert "@import" not in file


def test_a_file_holds_every_figure_and_what_people_wrote_stays_text(file: str, made: Document):
    (told, _) = made.tables()

    assert "<b>&" not in file
    rows = re.findall(r"<tr>(.*?)</tr>", file, re.DOTALL)
    cells = [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
    assert cells[0] == told.headings
    assert cells[2] == told.rows[1]
    assert cells[4] == told.total


def test_a_chart_in_a_file_is_a_picture_and_a_map_is_drawn(file: str):
    (chart,) = re.findall(r'src="data:image/png;base64,([^"]+)"', file)

    assert Image.open(BytesIO(base64.b64decode(chart))).size[0] > 1000
    assert file.count('class="patch"') == 6
    assert "<title>003: –</title>" in file


def test_on_the_website_a_script_draws_what_is_told(made: Document):
    ((_, chart), (_, drawn)) = as_html.shown(made)["Table 1"]

    assert isinstance(chart, as_html.Shown)
    assert chart.data["labels"] == ["001", "002", "003"]
    assert chart.data["series"] == [("Sent up", [7.0, 0.0, 3.0])]
    assert [band.grids for band in drawn.bands] == [1, 1, 1]
