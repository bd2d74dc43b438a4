"""Drawings for the survey office: closed lines in metres on named layers, read back by two other programs."""

from pathlib import Path

import ezdxf
import geopandas as gpd
import pyogrio
import pytest
import shapely

from data.errors import CannotWrite
from data.exchange.dxf import APPLICATION, LAYERS, Drawing, write_dxf
from geo.errors import WrongCrs

METRES = "EPSG:4548"
EAST, NORTH = 440_000.0, 4_428_000.0


def square(column: int, side: float = 100.0) -> shapely.Polygon:
    return shapely.box(EAST + column * side, NORTH, EAST + (column + 1) * side, NORTH + side)


def grids(**columns: object) -> gpd.GeoDataFrame:
    hole = square(1).difference(square(1).centroid.buffer(10))
    base: dict[str, object] = {
        "grid_code": ["110108001001001", "110108001001002", "110108001001901"],
        "name": ["第一网格", "", "𠮷祥学校"],
        "kind": ["general", "general", "special"],
        "households": [320, 280, 0],
    }
    return gpd.GeoDataFrame({**base, **columns}, geometry=[square(0), hole, square(0).buffer(-20)], crs=METRES)


def entities(path: Path, kind: str) -> list[ezdxf.entities.DXFEntity]:
    document = ezdxf.readfile(path)
    assert not document.audit().has_errors
    return list(document.modelspace().query(kind))


def test_every_ring_is_a_closed_line_with_its_grids_code(tmp_path: Path) -> None:
    assert write_dxf(Drawing(grids()), tmp_path / "grids.dxf") == 3

    lines = entities(tmp_path / "grids.dxf", "LWPOLYLINE")

    assert [line.dxf.layer for line in lines] == ["GP_GRID", "GP_GRID", "GP_GRID", "GP_GRID_SPECIAL"]
    assert all(line.closed for line in lines)
    assert [line.get_xdata(APPLICATION)[0].value for line in lines] == [
        "110108001001001",
        "110108001001002",
        "110108001001002",
        "110108001001901",
    ]
    assert [tag.value for tag in lines[0].get_xdata(APPLICATION)] == ["110108001001001", "第一网格", 320]
    assert set(lines[0].vertices()) == set(square(0).exterior.coords[:4])


def test_names_in_chinese_stand_on_layers_of_their_own(tmp_path: Path) -> None:
    streets = gpd.GeoDataFrame({"name": ["清华路"]}, geometry=[square(0).exterior], crs=METRES)
    buildings = gpd.GeoDataFrame({"name": [None]}, geometry=[square(0).buffer(-40)], crs=METRES)

    write_dxf(Drawing(grids(), streets=streets, buildings=buildings, title="民悦社区"), tmp_path / "a.dxf")

    texts = {(text.dxf.layer, text.dxf.text) for text in entities(tmp_path / "a.dxf", "TEXT")}
    assert ("GP_GRID_NAME", "第一网格 320户") in texts
    assert ("GP_STREET_NAME", "清华路") in texts
    assert ("GP_NOTE", "民悦社区 CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548)") in texts
    assert {layer for layer, _ in texts} <= set(LAYERS)


def test_another_program_reads_the_same_ground(tmp_path: Path) -> None:
    write_dxf(Drawing(grids()), tmp_path / "grids.dxf")

    read = pyogrio.read_dataframe(tmp_path / "grids.dxf")

    drawn = read[read["Layer"] == "GP_GRID"].geometry
    assert shapely.area(shapely.build_area(shapely.union_all(drawn.to_numpy()))) == pytest.approx(
        grids().geometry[:2].area.sum(), abs=0.01
    )
    assert read["Text"].dropna().str.contains("第一网格").any()
    assert read["Text"].dropna().str.contains("祥学校").any()


def test_a_line_break_in_a_name_does_not_break_the_file(tmp_path: Path) -> None:
    write_dxf(Drawing(grids(name=["a\nb\r\n0\nEOF", "", ""])), tmp_path / "a.dxf")

    assert any("a b 0 EOF" in text.dxf.text for text in entities(tmp_path / "a.dxf", "TEXT"))


def test_degrees_are_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(WrongCrs):
        write_dxf(Drawing(grids().to_crs(4326)), tmp_path / "a.dxf")

    assert list(tmp_path.iterdir()) == []


def test_a_drawing_without_grids_or_with_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="no grids"):
        write_dxf(Drawing(grids().iloc[:0]), tmp_path / "a.dxf")
    with pytest.raises(CannotWrite, match=r"\.dxf"):
        write_dxf(Drawing(grids()), tmp_path / "a.dwg")
