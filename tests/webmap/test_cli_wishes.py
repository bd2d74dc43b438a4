"""Wishes for a drawing on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner, Result

from webmap.cli import main

Run = Callable[..., Result]


def write(path: Path, shapes: list[shapely.Geometry], **columns: list[object]) -> Path:
    """Shapes of metres, written in degrees."""
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4548)
    moved = frame.set_geometry(frame.translate(500_000, 4_429_000))
    moved.to_crs(4326).to_file(path)
    return path


@pytest.fixture
def draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Draw a town of 16 blocks of 100 m, in the middle of each a house of 20 households named after its place."""
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    lanes = [shapely.LineString([(at, -5), (at, 405)]) for at in (100, 200, 300)]
    lanes += [shapely.transform(lane, lambda xy: xy[:, ::-1]) for lane in lanes]
    middles = [(x, y) for x in (50, 150, 250, 350) for y in (50, 150, 250, 350)]
    houses = [shapely.box(x - 5, y - 5, x + 5, y + 5) for x, y in middles]
    names = [f"house {x} {y}" for x, y in middles]
    columns = {"name": names, "households": [20] * 16, "residents": [x for x, _ in middles]}
    paths = {
        "--outline": write(tmp_path / "outline.geojson", [shapely.box(0, 0, 400, 400)]),
        "--streets": write(tmp_path / "streets.geojson", lanes, street_class=["branch"] * 6),
        "--buildings": write(tmp_path / "buildings.geojson", houses, **columns),
    }
    words = [str(word) for pair in paths.items() for word in pair]
    out = str(tmp_path / "grids.geojson")
    return lambda *more: CliRunner().invoke(main, ["draw", *words, "--out", out, *(str(word) for word in more)])


def grids_of(tmp_path: Path) -> gpd.GeoDataFrame:
    grids = gpd.read_file(tmp_path / "grids.geojson").to_crs(4548)
    return grids.set_geometry(grids.translate(-500_000, -4_429_000))


def code_at(grids: gpd.GeoDataFrame, x: float, y: float) -> str:
    [code] = grids.loc[grids.intersects(shapely.Point(x, y)), "grid_code"]
    return str(code)


def test_a_number_of_grids_and_a_load(draw: Run, tmp_path: Path) -> None:
    answer = draw("--grids", 4, "--load", "residents=0.1,street_metres=0.001", "--json")
    assert answer.exit_code == 0, answer.output
    figures = json.loads(answer.output)
    assert (figures["grids"], figures["in_band"]) == (4, 4)
    assert grids_of(tmp_path)["load"].sum() == pytest.approx(320 + 2.4, abs=0.1)


def test_names_come_together_and_apart(draw: Run, tmp_path: Path) -> None:
    wishes = ["--together", "house 50 50，house 150 50", "--apart", "house 50 150,house 50 250"]
    answer = draw("--households", "60:100", *wishes)
    assert answer.exit_code == 0, answer.output
    grids = grids_of(tmp_path)
    assert code_at(grids, 50, 50) == code_at(grids, 150, 50)
    assert code_at(grids, 50, 150) != code_at(grids, 50, 250)


def test_files_of_ground_kept_whole_of_borders_and_of_grids_that_are_done(draw: Run, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.geojson", [shapely.box(120, 20, 380, 80)])
    border = write(tmp_path / "border.geojson", [shapely.LineString([(0, 220), (400, 220)])])
    done = write(tmp_path / "done.geojson", [shapely.box(0, 0, 100, 200)], grid_code=["000000000000007"])
    answer = draw("--households", "40:100", "--whole", whole, "--keep-borders", border, "--done", done)
    assert answer.exit_code == 0, answer.output
    grids = grids_of(tmp_path)
    assert code_at(grids, 50, 100) == "000000000000007"
    assert code_at(grids, 130, 50) == code_at(grids, 370, 50)
    assert all(code_at(grids, x, 219) != code_at(grids, x, 221) for x in (50, 150, 250, 350))


def test_a_name_that_nothing_has_is_refused(draw: Run) -> None:
    answer = draw("--together", "house 50 50,castle")
    assert answer.exit_code == 2
    assert "No compound and no building is called castle." in answer.output


def test_a_weight_that_is_none_is_refused(draw: Run) -> None:
    answer = draw("--load", "households=many")
    assert answer.exit_code == 2
    assert "'households=many' is no weight of a load" in answer.output
