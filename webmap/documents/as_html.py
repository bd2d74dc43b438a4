"""A sheet as a page: on the website, and as one file (.html) that opens and prints without internet."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app
from markupsafe import Markup

from patrols.periodic import Kind
from webmap import language
from webmap.documents import charts, pictures, svg_map
from webmap.documents.document import Document
from webmap.printing.paper import use_fonts
from webmap.vendor import STATIC

CHART_POINTS = 520.0
STYLES = ("tokens.css", "pages.css", "figures.css")


@dataclass(frozen=True)
class Shown:
    """A chart on a page: drawn by a script from `data`, or as a picture where there is no script."""

    title: str
    data: dict[str, Any]
    png: str = ""


def shown(document: Document, *, script: bool = True) -> dict[str, list[tuple[str, Shown | svg_map.Picture]]]:
    """What belongs below each table, by the table's name.

    Parameters
    ----------
    script : bool
        Whether a script draws the charts; else they are pictures.
    """
    return {
        table.name: [
            (name, _chart(figure, script=script) if isinstance(figure, charts.Told) else svg_map.of(figure))
            for name, figure in table.figures
        ]
        for table in document.tables()
    }


def _chart(told: charts.Told, *, script: bool) -> Shown:
    if not script:
        return Shown(told.title, {}, b64encode(pictures.of_chart(told, CHART_POINTS).png).decode())
    data = {
        "kind": told.kind.value,
        "labels": told.labels,
        "series": told.series,
        "share": told.measure in (Kind.SHARE, Kind.RATE),
        "whole": told.measure is Kind.COUNT,
        "lying": told.lying,
        "colours": charts.COLOURS,
    }
    return Shown(told.title, data)


def write(document: Document, target: Path) -> int:
    """Write the file; returns how many tables it holds."""
    use_fonts()
    styles = "\n".join((STATIC / "css" / name).read_text(encoding="utf-8") for name in STYLES)
    # Nobody's request stands behind a file: what pages know of the person who asks does not belong into it.
    page = current_app.jinja_env.get_template("figures_file.html").render(
        document=document,
        shown=shown(document, script=False),
        styles=Markup(styles),  # noqa: S704  our own style sheets
        language=language.current(),
    )
    target.write_text(page, encoding="utf-8")
    return sum(1 for _ in document.tables())
