"""Values kept beside the formulas of a workbook, for those who read it without reckoning: previews, other programs."""

import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from defusedxml import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def keep_values(path: Path, values: Mapping[str, Mapping[str, float]]) -> None:
    """Write into a workbook what its formulas come to.

    Parameters
    ----------
    path : Path
        A workbook as openpyxl writes it: formulas without values. It is replaced.
    values : mapping
        By the name of a page and then of a cell (``B7``).
    """
    wanted = {name: cells for name, cells in values.items() if cells}
    fresh = path.with_name(f"{path.name}.new")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as new:
        files = _files(old)
        found = {files[name]: cells for name, cells in wanted.items()}
        for part in old.infolist():
            content = old.read(part)
            if part.filename in found:
                content = _filled(content.decode(), found[part.filename]).encode()
            new.writestr(part, content)
    shutil.move(fresh, path)


def _files(book: zipfile.ZipFile) -> dict[str, str]:
    """Which file inside holds which page."""
    targets = {
        one.get("Id"): one.get("Target", "").lstrip("/")
        for one in ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    }
    pages = ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
    return {page.get("name", ""): _inside(targets[page.get(LINK)]) for page in pages}


def _inside(target: str) -> str:
    return target if target.startswith("xl/") else f"xl/{target}"


def _filled(text: str, cells: Mapping[str, float]) -> str:
    """The text of a page with values in its formulas' cells."""
    for name, value in cells.items():
        written = re.compile(rf'(?P<formula><c r="{name}"[^>]*><f>[^<]*</f>)(<v\s*/>|<v></v>)')
        text = written.sub(rf"\g<formula><v>{value:.15g}</v>", text)
    return text
