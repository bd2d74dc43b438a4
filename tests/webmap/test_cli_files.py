"""The commands that work from file to file, run as a user runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner, Result

from webmap.cli import main

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
GROUND = [
    *("--outline", str(SAMPLE / "outline.geojson")),
    *("--streets", str(SAMPLE / "streets.geojson")),
    *("--buildings", str(SAMPLE / "buildings.geojson")),
    *("--compounds", str(SAMPLE / "compounds.geojson")),
]
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("drawn") / "grids.gpkg"
    answer = CliRunner().invoke(main, ["draw", *GROUND, "--code", "110108999001", "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    return out


def two_grids(folder: Path) -> Path:
    """Two squares of a thousandth of a degree that share the line at 116.001 E."""
    frame = gpd.GeoDataFrame(
        {"grid_code": ["A1", "A2"]},
        geometry=[shapely.box(116.0, 40.0, 116.001, 40.001), shapely.box(116.001, 40.0, 116.002, 40.001)],
        crs=4326,
    )
    frame.to_file(folder / "two.geojson")
    return folder / "two.geojson"


def write_csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_draw_tiles_the_outline_and_cuts_no_building(drawn: Path) -> None:
    grids = gpd.read_file(drawn).to_crs(4548)
    outline = gpd.read_file(SAMPLE / "outline.geojson").to_crs(4548).union_all()
    buildings = gpd.read_file(SAMPLE / "buildings.geojson").to_crs(4548)

    assert 20 <= len(grids) <= 40
    assert grids["grid_code"].str.fullmatch(r"110108999001\d{3}").all()
    assert grids["grid_code"].is_unique
    assert shapely.symmetric_difference(grids.union_all(), outline).area < 1.0
    inner = buildings[buildings.within(outline)].buffer(-0.05)
    touched = gpd.sjoin(gpd.GeoDataFrame(geometry=inner[~inner.is_empty]), grids[["geometry"]], predicate="intersects")
    assert touched.index.is_unique


def test_check_finds_nothing_in_what_was_drawn(run: Run, drawn: Path) -> None:
    answer = run(
        "check", drawn, "--outline", SAMPLE / "outline.geojson", "--buildings", SAMPLE / "buildings.geojson", "--json"
    )

    assert answer.exit_code == 0, answer.output
    figures = json.loads(answer.output)
    assert figures["flaws"] == []
    assert figures["grids"] == len(gpd.read_file(drawn))


def test_check_says_where_two_grids_overlap(run: Run, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"grid_code": ["A1", "A2"]},
        geometry=[shapely.box(116.0, 40.0, 116.0011, 40.001), shapely.box(116.001, 40.0, 116.002, 40.001)],
        crs=4326,
    )
    frame.to_file(tmp_path / "wrong.geojson")

    answer = run("check", tmp_path / "wrong.geojson", "--json")

    assert answer.exit_code == 1
    (flaw,) = json.loads(answer.output)["flaws"]
    assert flaw["kind"] == "overlap"
    assert {flaw["grid_code"], flaw["other_code"]} == {"A1", "A2"}
    assert 116.001 <= flaw["lon"] <= 116.0011
    assert flaw["area_m2"] == pytest.approx(8.5 * 111, rel=0.02)


def test_a_hundred_points_on_a_shared_border_come_back_as_a_hundred_rows(run: Run, tmp_path: Path) -> None:
    lines = [f"{number},116.001,{40.0 + number / 1e5:.5f}" for number in range(100)]
    points = write_csv(tmp_path / "points.csv", "name,lon,lat", *lines)

    answer = run("locate", points, "--grids", two_grids(tmp_path), "--out", tmp_path / "out.csv")

    assert answer.exit_code == 0, answer.output
    rows = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert rows["name"].tolist() == [str(number) for number in range(100)]
    assert rows["grid_code"].isin(["A1", "A2"]).all()
    assert rows["border_m"].astype(float).max() < 0.001


def test_locate_keeps_rows_columns_and_order_and_says_how_sure(run: Run, tmp_path: Path) -> None:
    points = write_csv(
        tmp_path / "点.csv",
        "编号,经度,纬度,精度",
        "007,116.0005,40.0005,5",
        "008,116.00101,40.0005,50",
        "009,116.1,40,5",
    )

    answer = run("locate", points, "--grids", two_grids(tmp_path), "--accuracy", "精度", "--out", tmp_path / "out.xlsx")

    assert answer.exit_code == 0, answer.output
    rows = pd.read_excel(tmp_path / "out.xlsx", dtype=str)
    assert rows["编号"].tolist() == ["007", "008", "009"]
    assert rows["grid_code"].tolist()[:2] == ["A1", "A2"]
    assert rows["rule"].tolist() == ["inside", "inside", "none"]
    assert [value.lower() for value in rows["sure"]] == ["true", "false", "false"]


def test_locate_refuses_a_file_with_a_bad_row_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    points = write_csv(tmp_path / "points.csv", "lon,lat", "116.0005,40.0005", "east,40", "116.0005,140")
    out = tmp_path / "out.csv"

    refused = run("locate", points, "--grids", two_grids(tmp_path), "--out", out)
    assert refused.exit_code == 2
    assert "points.csv:3:lon" in refused.stderr
    assert "points.csv:4" in refused.stderr
    assert not out.exists()

    skipped = run("locate", points, "--grids", two_grids(tmp_path), "--out", out, "--skip-bad")
    assert skipped.exit_code == 1
    assert len(pd.read_csv(out)) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--accuracy", "nothing"], "There is no column nothing"),
        (["--accuracy", "-4"], "an accuracy is a number of metres"),
        (["--reach", "-1"], "-1"),
        (["--out", "out.xyz"], ".xyz"),
        (["--datum", "wgs72"], "wgs72"),
    ],
)
def test_locate_says_what_is_wrong_with_its_options(run: Run, tmp_path: Path, words: list[str], said: str) -> None:
    points = write_csv(tmp_path / "points.csv", "lon,lat", "116.0005,40.0005")

    answer = run("locate", points, "--grids", two_grids(tmp_path), "--out", tmp_path / "out.csv", *words)

    assert answer.exit_code == 2
    assert said in answer.stderr


def test_a_walk_along_the_border_is_credited_once(run: Run, tmp_path: Path) -> None:
    fixes = "".join(
        f'<trkpt lat="{40.0001 + step * 1e-4:.6f}" lon="116.001"><time>2026-11-01T08:00:{step * 5:02d}Z</time></trkpt>'
        for step in range(9)
    )
    (tmp_path / "walk.gpx").write_text(
        f'<gpx version="1.1"><trk><trkseg>{fixes}</trkseg></trk></gpx>', encoding="utf-8"
    )
    street = gpd.GeoDataFrame(
        {"name": ["边街"]}, geometry=[shapely.LineString([(116.001, 40.0), (116.001, 40.001)])], crs=4326
    )
    street.to_file(tmp_path / "streets.geojson")

    answer = run(
        *("cover", tmp_path / "walk.gpx", "--streets", tmp_path / "streets.geojson", "--grids", two_grids(tmp_path)),
        *("--out", tmp_path / "cover.csv", "--streets-out", tmp_path / "pieces.gpkg"),
    )

    assert answer.exit_code == 0, answer.output
    rows = pd.read_csv(tmp_path / "cover.csv", dtype={"grid_code": str}).set_index("grid_code")
    assert rows["metres"].sum() == pytest.approx(88.8, abs=0.2)
    assert rows["minutes"].sum() == pytest.approx(40 / 60)
    assert rows.loc["A2", "metres"] == 0
    assert rows.loc["A1", "street_metres_seen"] == rows.loc["A2", "street_metres_seen"] > 0
    pieces = gpd.read_file(tmp_path / "pieces.gpkg")
    assert pieces["metres"].sum() == pytest.approx(111, abs=0.2)


def test_cover_tells_courtyards_by_grid_and_each_and_prints_how(run: Run, tmp_path: Path) -> None:
    fixes = "".join(
        f'<trkpt lat="{40.0001 + n * 0.00008:.5f}" lon="116.0005"><time>2026-05-01T08:00:{n * 5:02d}Z</time></trkpt>'
        for n in range(10)
    )
    (tmp_path / "walk.gpx").write_text(
        f'<gpx version="1.1"><trk><trkseg>{fixes}</trkseg></trk></gpx>', encoding="utf-8"
    )
    street = gpd.GeoDataFrame({"name": ["边街"]}, geometry=[shapely.LineString([(116.001, 40), (116.001, 40.001)])])
    street.set_crs(4326).to_file(tmp_path / "streets.geojson")
    yard = gpd.GeoDataFrame({"name": ["东院"]}, geometry=[shapely.box(116.0003, 40.0002, 116.0007, 40.0007)], crs=4326)
    yard.to_file(tmp_path / "compounds.geojson")
    words = ["cover", tmp_path / "walk.gpx", "--streets", tmp_path / "streets.geojson", "--grids", two_grids(tmp_path)]

    answer = run(
        *(*words, "--compounds", tmp_path / "compounds.geojson", "--compounds-out", tmp_path / "yards.geojson"),
        *("--out", tmp_path / "cover.csv"),
    )
    without = run(*words, "--compounds-out", tmp_path / "yards.geojson", "--out", tmp_path / "other.csv")

    assert answer.exit_code == 0, answer.output
    assert "Courtyards:" in answer.output
    assert "within 15 m" in answer.output
    rows = pd.read_csv(tmp_path / "cover.csv", dtype={"grid_code": str}).set_index("grid_code")
    (share,) = gpd.read_file(tmp_path / "yards.geojson")["share_seen"]
    assert 0.7 < share < 1.0
    assert rows.loc["A1", "yard_m2_seen"] == pytest.approx(share * rows.loc["A1", "yard_m2"])
    assert rows.loc["A2", "yard_m2"] == 0
    assert (without.exit_code, "--compounds" in without.output) == (2, True)


def test_convert_there_and_back_gives_the_same_places(run: Run, tmp_path: Path) -> None:
    points = write_csv(tmp_path / "points.csv", "名称,lon,lat", "东门,116.3265,40.0035")

    there = run("convert", points, "--to", "gcj02", "--out", tmp_path / "gcj.geojson")
    back = run("convert", tmp_path / "gcj.geojson", "--from", "gcj02", "--out", tmp_path / "back.geojson")

    assert (there.exit_code, back.exit_code) == (0, 0)
    shifted = gpd.read_file(tmp_path / "gcj.geojson").geometry[0]
    again = gpd.read_file(tmp_path / "back.geojson")
    assert shifted.distance(shapely.Point(116.3265, 40.0035)) > 0.004
    assert again.geometry[0].distance(shapely.Point(116.3265, 40.0035)) < 1e-8
    assert again["名称"].tolist() == ["东门"]


def test_every_command_has_help_in_chinese_and_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for language, word in (("en", "Draw grids"), ("zh", "网格")):
        monkeypatch.setenv("GRIDPATROL_LANGUAGE", language)
        answer = CliRunner().invoke(main, ["draw", "--help"])
        assert answer.exit_code == 0
        assert word in answer.output


def test_an_unknown_command_is_wrong_use(run: Run) -> None:
    answer = run("dorw")

    assert answer.exit_code == 2
    assert "dorw" in answer.stderr
