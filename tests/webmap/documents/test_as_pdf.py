import re
from io import BytesIO

import pypdfium2
import pytest
from spoken import speaking

from webmap.documents import as_pdf
from webmap.documents.document import Document


def texts(made: Document) -> list[str]:
    target = BytesIO()
    pages = as_pdf.write(made, target)
    with pypdfium2.PdfDocument(target.getvalue()) as document:
        found = [page.get_textpage().get_text_bounded() for page in document]
    assert len(found) == pages
    return found


def test_a_pdf_says_of_what_it_is_all_its_figures_and_who_signs(made: Document):
    said = " ".join(" ".join(texts(made)).split())

    for part in ("民悦社区 Weekly meeting", "Week 47 of 2026", "made on 2026-11-23 09:05", "1. Grids", "1,234 came."):
        assert part in said
    assert "7 1,235 2.3 41.4% 93.72% 2026-11-19" in said
    assert "Total 10 99,999 93.72%" in said
    assert "closed = a / b" in said
    assert "Made by: Checked by: In charge: Date:" in said


def test_a_long_table_repeats_its_headings_and_its_total_is_not_alone(long_one: Document):
    pages = texts(long_one)

    of_grids = [page for page in pages if re.search(r"\d{3} closed \d+ 10 0.0 100.0%", " ".join(page.split()))]
    assert len(of_grids) > 2
    assert all("Since Last Figure Change" in " ".join(page.split()) for page in of_grids)
    (last,) = (page for page in pages if "Total" in page)
    assert "118" in last
    assert f"2 of {len(pages)}" in pages[1]


def test_the_same_sheet_is_the_same_pdf(made: Document):
    one, two = BytesIO(), BytesIO()
    as_pdf.write(made, one)
    as_pdf.write(made, two)

    assert one.getvalue() == two.getvalue()


def test_each_section_is_in_the_list_of_contents(made: Document):
    target = BytesIO()
    as_pdf.write(made, target)

    with pypdfium2.PdfDocument(target.getvalue()) as document:
        assert [entry.get_title() for entry in document.get_toc()] == ["1. Grids"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_column_of_figures_is_broken_or_leaves_the_page(long_one: Document, language: str):
    with speaking(language).app_context():
        target = BytesIO()
        as_pdf.write(long_one, target)
    with pypdfium2.PdfDocument(target.getvalue()) as document:
        for page in document:
            wide, _ = page.get_size()
            written = page.get_textpage()
            boxes = [written.get_rect(i) for i in range(written.count_rects())]
            assert all(left >= 40 and right <= wide - 40 for left, _, right, _ in boxes)
