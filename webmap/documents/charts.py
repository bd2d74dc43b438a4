"""Charts of a sheet as drawings for paper: bars that stand or lie, stacked ones, lines; in our own letters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log10
from typing import Any

from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.graphics.widgets.markers import Marker
from reportlab.lib.colors import HexColor

from patrols.periodic import Chart, ChartKind, Kind
from webmap.documents.wording import Wording, number_said
from webmap.printing.paper import HAIR, INK, QUIET, shortened, use_fonts, width_of

COLOURS = ("#0b4a80", "#e69f00", "#86c5ea", "#7a3b0c", "#9aa0a6", "#2b2b2b")
"""For eyes that do not tell red from green, and for grey printouts: neighbours differ in how dark they are."""

DASHES: tuple[tuple[int, ...] | None, ...] = (None, (6, 3), (2, 2), (8, 3, 2, 3), (1, 3), None)
MARKERS = ("FilledCircle", "FilledSquare", "FilledDiamond", "FilledTriangle", "Circle", "Square")

SIZE = 8.0
"""Size of the letters, in points."""
STANDING = 170.0
"""Height of a chart whose bars stand."""
ROW = 15.0
"""Height of a bar that lies, with the space around it."""
MOST_LYING = 30
LONG = 10
"""Labels broader than this are read beside bars that lie (`breadth`)."""
LONGEST_LABEL = 110.0
TICKS = 5
"""About so many steps of the axis of figures."""


@dataclass(frozen=True)
class Told:
    """A chart in the reader's language: what every way of drawing it needs.

    ``lying`` says that its bars lie, so that long names can be read beside them.
    """

    kind: ChartKind
    title: str
    labels: list[str]
    series: list[tuple[str, list[float | None]]]
    measure: Kind
    lying: bool

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see in it: no label, or no figure but nought."""
        return not any(value for _, values in self.series for value in values)


def told(chart: Chart, wording: Wording) -> Told:
    """Say a chart in the reader's language."""
    labels = [wording.cell(label, Kind.CODE) for label in chart.labels]
    long = max(map(breadth, labels), default=0) > LONG
    return Told(
        kind=chart.kind,
        title=wording.said(chart.title),
        labels=labels,
        series=[(wording.said(one.name), list(one.values)) for one in chart.series],
        measure=chart.measure,
        lying=chart.kind is not ChartKind.LINES and long and 4 < len(labels) <= MOST_LYING,
    )


def breadth(text: str) -> int:
    """How wide a text is in any letters: Chinese ones count two.

    Examples
    --------
    >>> breadth("2号楼"), breadth("No. 2")
    (5, 5)
    """
    return sum(2 if letter >= "\u2e80" else 1 for letter in text)


def drawing_of(chart: Told, width: float) -> Drawing:
    """The drawing of a chart, so many points wide; its height follows from what it shows."""
    use_fonts()
    head = 26.0 if len(chart.series) > 1 else 14.0
    plot, height = (_lying if chart.lying else _standing)(chart, width)
    drawing = Drawing(width, height + head)
    drawing.add(plot)
    if len(chart.series) > 1:
        _legend(drawing, chart, height + head - 11)
    return drawing


def _standing(chart: Told, width: float) -> tuple[Any, float]:
    lines = chart.kind is ChartKind.LINES
    plot: Any = HorizontalLineChart() if lines else VerticalBarChart()
    turned = _labels(plot, chart, width - 60)
    low = max((width_of(label, SIZE) for label in plot.categoryAxis.categoryNames), default=0.0) if turned else 8.0
    plot.x, plot.y, plot.width, plot.height = 44, low + 12, width - 56, STANDING - low - 16
    _figures(plot, chart)
    if lines:
        _lines(plot, chart)
    else:
        _bars(plot, chart, _colours(chart), room=plot.width)
    return plot, STANDING


def _lying(chart: Told, width: float) -> tuple[Any, float]:
    plot: Any = HorizontalBarChart()
    rows = len(chart.labels) * (1 if chart.kind is ChartKind.STACKED else max(1.0, 0.6 * len(chart.series)))
    high = rows * ROW
    names = [shortened(label, LONGEST_LABEL, SIZE) for label in chart.labels]
    wide = max(width_of(name, SIZE) for name in names)
    plot.x, plot.y, plot.width, plot.height = wide + 10, 16, width - wide - 44, high
    stacked, colours = chart.kind is ChartKind.STACKED, _colours(chart)
    if not stacked:
        # It is drawn from the bottom to the top.
        chart, colours = replace(chart, series=chart.series[::-1]), colours[::-1]
    _figures(plot, chart)
    plot.categoryAxis.categoryNames = names
    # Read from the top, as the table below is.
    plot.categoryAxis.reverseDirection = 1
    _letters(plot.categoryAxis.labels, anchor="e", dx=-4)
    _bars(plot, chart, colours, room=high)
    return plot, high + 24


def _figures(plot: Any, chart: Told) -> None:
    """Put the figures in, and an axis for them that begins at nought and has round steps."""
    factor = 100 if chart.measure in (Kind.SHARE, Kind.RATE) else 1
    plot.data = [[None if v is None else v * factor for v in values] for _, values in chart.series]
    step = round_step(_highest(chart, plot.data), whole=chart.measure is Kind.COUNT)
    axis = plot.valueAxis
    least = min((v for row in plot.data for v in row if v is not None), default=0)
    axis.valueMin, axis.valueStep = min(0, step * floor(least / step)), step
    axis.valueMax = step * max(1, ceil(_highest(chart, plot.data) / step - 1e-9))
    axis.labelTextFormat = _said(chart.measure)
    axis.visibleAxis, axis.visibleTicks, axis.visibleGrid = 0, 0, 1
    axis.gridStrokeColor, axis.gridStrokeWidth = HexColor(HAIR), 0.4
    _letters(axis.labels, colour=QUIET)
    plot.categoryAxis.strokeColor, plot.categoryAxis.strokeWidth = HexColor(QUIET), 0.6
    plot.categoryAxis.visibleTicks = 0


def _said(measure: Kind) -> Callable[[float], str]:
    if measure in (Kind.SHARE, Kind.RATE):
        return lambda value: f"{value:g}%"
    return lambda value: f"{value:,.10g}"


def _highest(chart: Told, data: Sequence[Sequence[float | None]]) -> float:
    columns = zip(*data, strict=True)
    over: Callable[[list[float]], float] = sum if chart.kind is ChartKind.STACKED else max
    return max((over([v or 0.0 for v in column]) for column in columns), default=0.0)


def round_step(highest: float, *, whole: bool) -> float:
    """The step of an axis up to a figure: 1, 2 or 5 and noughts, no less than one where things are counted.

    Examples
    --------
    >>> round_step(3, whole=True), round_step(0.9, whole=False), round_step(1234, whole=True)
    (1, 0.2, 500)
    """
    if highest <= 0:
        return 1
    rough = highest / TICKS
    unit = 10 ** floor(log10(rough))
    step: float = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough * 0.999)
    return max(1, round(step)) if whole or step >= 1 else round(step, 9)


def _labels(plot: Any, chart: Told, room: float) -> bool:
    """Name what stands side by side: all where they fit, else turned, else every so many; tell whether turned."""
    axis, count = plot.categoryAxis, max(1, len(chart.labels))
    wide = max((width_of(label, SIZE) for label in chart.labels), default=0.0) + 6
    turned = wide > room / count and chart.kind is not ChartKind.LINES and wide > 26
    every = max(1, -(-int((11 if turned else wide) * count) // int(room)))
    names = [shortened(one, 60, SIZE) for one in chart.labels]
    axis.categoryNames = [name if i % every == 0 else "" for i, name in enumerate(names)]
    if turned:
        _letters(axis.labels, anchor="e", dy=-4)
        axis.labels.angle = 90
    else:
        _letters(axis.labels, anchor="n", dy=-3)
    return turned


def _letters(labels: Any, *, anchor: str | None = None, dx: float = 0, dy: float = 0, colour: str = INK) -> None:
    labels.fontName, labels.fontSize, labels.fillColor = "Regular", SIZE, HexColor(colour)
    if anchor:
        labels.boxAnchor, labels.dx, labels.dy = anchor, dx, dy


def _colours(chart: Told) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(len(chart.series))]


def _bars(plot: Any, chart: Told, colours: Sequence[str], *, room: float) -> None:
    stacked = chart.kind is ChartKind.STACKED
    plot.categoryAxis.style = "stacked" if stacked else "parallel"
    plot.groupSpacing, plot.barSpacing = 4, 0.5
    for i, colour in enumerate(colours):
        plot.bars[i].fillColor = HexColor(colour)
        plot.bars[i].strokeColor, plot.bars[i].strokeWidth = HexColor("#ffffff"), 0.4
    each = room / max(1, len(chart.labels) * (1 if stacked else len(chart.series)))
    # A figure at every bar, where it has room and does not hide another.
    if not stacked and each >= (8.5 if chart.lying else 22):
        plot.barLabelFormat = lambda value: number_said(
            value / 100 if chart.measure in (Kind.SHARE, Kind.RATE) else value, _plain(chart.measure)
        )
        plot.barLabels.nudge = 3 if chart.lying else 6
        _letters(plot.barLabels, anchor="w" if chart.lying else None, colour=QUIET)


def _plain(measure: Kind) -> Kind:
    return Kind.SHARE if measure is Kind.RATE else measure


def _lines(plot: Any, chart: Told) -> None:
    plot.joinedLines = 1
    plot.categoryAxis.style = "parallel"
    for i, name in enumerate(_colours(chart)):
        colour = HexColor(name)
        plot.lines[i].strokeColor, plot.lines[i].strokeWidth = colour, 1.6
        plot.lines[i].strokeDashArray = DASHES[i % len(DASHES)]
        marker = Marker()
        marker.kind, marker.size, marker.fillColor, marker.strokeColor = MARKERS[i % len(MARKERS)], 4, colour, colour
        plot.lines[i].symbol = marker


def _legend(drawing: Any, chart: Told, y: float) -> None:
    x, room = 44.0, (drawing.width - 52) / len(chart.series)
    for (name, _), colour in zip(chart.series, _colours(chart), strict=True):
        said = shortened(name, room - 16, SIZE)
        square = Rect(x, y, 8, 8)
        square.fillColor, square.strokeColor = HexColor(colour), None
        drawing.add(square)
        drawing.add(String(x + 12, y + 1, said, fontName="Regular", fontSize=SIZE, fillColor=HexColor(INK)))
        x += width_of(said, SIZE) + 26
