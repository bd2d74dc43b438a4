from pathlib import Path

import pytest
from docx import Document as opened
from docx.document import Document as Word
from docx.oxml.ns import qn
from made_sheet import HOSTILE

from webmap.documents import as_docx
from webmap.documents.document import Document


@pytest.fixture
def word(made: Document, tmp_path: Path) -> Word:
    as_docx.write(made, tmp_path / "week.docx")
    return opened(str(tmp_path / "week.docx"))


def test_a_word_document_holds_the_tables_with_every_figure(word: Word, made: Document):
    (grids, signs), (told, _) = word.tables, made.tables()

    rows = [[cell.text for cell in row.cells] for row in grids.rows]
    assert rows[0] == told.headings
    assert rows[1] == told.rows[0]
    assert HOSTILE.replace("\x07", " ") in rows[1]
    assert rows[2:] == [*told.rows[1:], told.total]
    assert [cell.text for cell in signs.rows[0].cells] == ["Made by:", "Checked by:", "In charge:", "Date:"]


def test_headings_are_repeated_and_rows_are_not_torn(word: Word):
    rows = word.tables[0].rows

    assert rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in rows)


@pytest.mark.parametrize("name", ["Normal", "Title", "Heading 1", "Body Text", "Caption", "Note", "Header"])
def test_chinese_and_latin_have_letters_of_their_own_that_no_theme_overrules(word: Word, name: str):
    fonts = word.styles[name].element.rPr.rFonts

    assert fonts.get(qn("w:eastAsia")) in {"仿宋", "黑体", "宋体"}
    assert fonts.get(qn("w:ascii")) in {"Times New Roman", "Arial"}
    assert not any("Theme" in key for key in fonts.attrib)


def test_a_chart_and_a_map_are_pictures_that_say_what_they_show(word: Word):
    said = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]

    assert said == ["Sent up by grid", "Sent up, by grid"]
    texts = [paragraph.text for paragraph in word.paragraphs]
    assert "Figure 2 Sent up, by grid" in texts
    assert "None in this period." in texts


def test_pages_are_counted_by_word_itself(word: Word):
    foot = word.sections[0].footer.paragraphs[0]._p

    assert [field.get(qn("w:instr")) for field in foot.iter(qn("w:fldSimple"))] == ["PAGE", "NUMPAGES"]


def test_a_document_says_when_it_was_made(word: Word):
    assert word.core_properties.created.isoformat()[:16] == "2026-11-23T01:05"
    assert word.core_properties.title.startswith("民悦社区 Weekly meeting")
