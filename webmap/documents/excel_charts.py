"""Charts of a workbook, which Excel itself draws from figures on a page of their own."""

from typing import Any

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from patrols.periodic import ChartKind, Kind
from webmap.documents.charts import COLOURS, Told

WIDTH_CM, HEIGHT_CM = 17.0, 8.0
ROW_CM = 0.53
"""Height of a row of a page, by which what follows finds its place."""


def add(page: Worksheet, row: int, told: Told, data: Worksheet) -> int:
    """Draw a chart on a page from a row on, its figures written below those of others on the page of data.

    Returns
    -------
    int
        The first row under the chart.
    """
    first = data.max_row + 2 if data.max_row > 1 else 1
    last = _write(data, first, told)
    chart = _chart(told)
    figures = Reference(data, min_col=2, max_col=1 + len(told.series), min_row=first, max_row=last)
    chart.add_data(figures, titles_from_data=True)
    chart.set_categories(Reference(data, min_col=1, min_row=first + 1, max_row=last))
    _colour(chart, told)
    page.add_chart(chart, f"A{row}")
    return row + 2 + int(chart.height / ROW_CM)


def _write(data: Worksheet, row: int, told: Told) -> int:
    """Write the figures under the chart's title; returns their last row."""
    for i, name in enumerate([told.title, *(name for name, _ in told.series)], start=1):
        _text(data, row, i, name).font = Font(bold=True)
    for at, label in enumerate(told.labels):
        _text(data, row + 1 + at, 1, label).number_format = "@"
        for i, (_, values) in enumerate(told.series, start=2):
            data.cell(row + 1 + at, i, values[at]).number_format = _format(told.measure)
    return row + len(told.labels)


def _text(data: Worksheet, row: int, column: int, text: str) -> Any:
    """Write a text that stays one, whatever it begins with."""
    cell = data.cell(row, column, text)
    cell.data_type = "s"
    return cell


def _chart(told: Told) -> Any:
    chart: Any = LineChart() if told.kind is ChartKind.LINES else BarChart()
    chart.title, chart.width, chart.height = told.title, WIDTH_CM, HEIGHT_CM
    if told.kind is not ChartKind.LINES:
        chart.type = "bar" if told.lying else "col"
        chart.gapWidth = 60
        if told.kind is ChartKind.STACKED:
            chart.grouping, chart.overlap = "stacked", 100
    if told.lying:
        # Read from the top, as the figures are; and no name of a bar is left out.
        chart.x_axis.scaling.orientation = "maxMin"
        chart.height = max(HEIGHT_CM, 0.7 * len(told.labels) * max(1.0, 0.6 * len(told.series)))
    chart.y_axis.number_format = _format(told.measure)
    chart.y_axis.scaling.min = 0 if all(v is None or v >= 0 for _, values in told.series for v in values) else None
    # Without these, newer Excels draw no axes at all.
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.legend = None if len(told.series) == 1 else chart.legend
    if chart.legend is not None:
        chart.legend.position = "t"
    return chart


def _colour(chart: Any, told: Told) -> None:
    for i, series in enumerate(chart.series):
        colour = COLOURS[i % len(COLOURS)].lstrip("#")
        if told.kind is ChartKind.LINES:
            series.graphicalProperties.line.solidFill = colour
            series.smooth = False
            series.marker.symbol = ("circle", "square", "diamond", "triangle")[i % 4]
            series.marker.graphicalProperties.solidFill = colour
        else:
            series.graphicalProperties.solidFill = colour


def _format(measure: Kind) -> str:
    if measure in (Kind.SHARE, Kind.RATE):
        return "0%"
    return "#,##0" if measure is not Kind.HOURS else "#,##0.0"
