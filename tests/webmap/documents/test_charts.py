from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from patrols.periodic import ChartKind, Kind
from webmap.documents import charts, grid_map, pictures
from webmap.documents.charts import Told
from webmap.documents.document import Document


def told(kind: ChartKind, labels: list[str], *series: list[float | None], measure: Kind = Kind.COUNT) -> Told:
    lying = kind is not ChartKind.LINES and max(map(charts.breadth, labels)) > charts.LONG
    return Told(kind, "", labels, [(f"series {i}", values) for i, values in enumerate(series)], measure, lying)


def inked(one: Told) -> set[str]:
    """The colours that a chart is drawn in."""
    with Image.open(BytesIO(pictures.of_chart(one, 480).png)) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    found, counts = np.unique(pixels, axis=0, return_counts=True)
    return {"#" + bytes(colour.tolist()).hex() for colour in found[counts > 300]}


@pytest.mark.parametrize("kind", list(ChartKind))
def test_every_series_is_drawn_in_a_colour_of_its_own(kind: ChartKind):
    shown = inked(told(kind, [f"11-{i:02}" for i in range(1, 8)], [5.0] * 7, [3.0] * 7, [9.0] * 7))

    assert shown >= set(charts.COLOURS[:3])


def test_a_gap_in_a_line_is_left_out_and_shares_are_told_in_per_cent():
    one = told(ChartKind.LINES, ["a", "b", "c"], [0.5, None, 1.0], measure=Kind.RATE)

    drawing = charts.drawing_of(one, 300)
    plot = drawing.contents[0]
    assert plot.data == [[50.0, None, 100.0]]
    assert (plot.valueAxis.valueMax, plot.valueAxis.labelTextFormat(20)) == (100, "20%")


def test_bars_with_long_names_lie_in_the_order_of_the_table():
    names = [f"楼道堆物堵塞消防通道{i}" for i in range(6)]
    one = told(ChartKind.BARS, names, [float(i) for i in range(6)], [1.0] * 6)

    plot = charts.drawing_of(one, 480).contents[0]
    assert one.lying
    assert [name[-1] for name in plot.categoryAxis.categoryNames] == list("012345")
    # Bars are drawn from the bottom to the top, so the first series comes last.
    assert plot.bars[1].fillColor.hexval() == "0x" + charts.COLOURS[0][1:]
    assert list(plot.data[1]) == [float(i) for i in range(6)]


def test_the_names_of_many_bars_do_not_run_into_each_other():
    plot = charts.drawing_of(told(ChartKind.BARS, [f"{i:03}" for i in range(1, 119)], [1.0] * 118), 480).contents[0]

    written = [name for name in plot.categoryAxis.categoryNames if name]
    assert written[0] == "001"
    assert 10 < len(written) < 30


def test_a_chart_of_noughts_still_can_be_drawn():
    assert charts.drawing_of(told(ChartKind.STACKED, ["a"], [0.0]), 200).height > 100


def test_a_map_has_a_colour_for_what_is_not_known_and_counts_the_grids_of_each(made: Document):
    _, drawn = next(one for table in made.tables() for one in table.figures if isinstance(one[1], grid_map.Drawn))

    assert [(band.said, band.grids) for band in drawn.bands] == [("0", 1), ("1 and more", 1), ("no figure", 1)]
    assert len(set(drawn.colours.values())) == 3
    assert drawn.figures == {f"11010800100100{i}": said for i, said in ((1, "7"), (2, "0"), (3, ""))}
