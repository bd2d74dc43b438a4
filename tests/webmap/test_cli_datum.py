"""``gridpatrol datum`` and ``gridpatrol convert`` among all datums, run as a user runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from data.exchange.write import write_features
from geo.datum import convert, convert_frame
from webmap.cli import main

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
STREETS, BUILDINGS = SAMPLE / "streets.geojson", SAMPLE / "buildings.geojson"
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GRIDPATROL_LANGUAGE", "en")
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def buildings_in(folder: Path, datum: str) -> Path:
    frame = gpd.read_file(BUILDINGS)[["name", "geometry"]]
    write_features(convert_frame(frame, source="wgs84", target=datum), folder / "buildings.geojson")
    return folder / "buildings.geojson"


def test_datum_says_in_a_sentence_which_fits_and_how_far_the_others_are_off(run: Run, tmp_path: Path) -> None:
    answer = run("datum", buildings_in(tmp_path, "gcj02"), "--streets", STREETS, "--buildings", BUILDINGS)

    assert answer.exit_code == 0, answer.output
    lines = answer.output.splitlines()
    assert lines[0].startswith("buildings.geojson fits gcj02 (99.9 % sure).")
    assert "gcj02: 99.9 %; read so, it moves by 543 m and lies 0 m off its place" in lines[1]
    assert "lies 543 m off its place" in answer.output
    assert len(lines) == 4


def test_datum_in_figures(run: Run, tmp_path: Path) -> None:
    answer = run("datum", buildings_in(tmp_path, "bd09"), "--streets", STREETS, "--json")

    figures = json.loads(answer.output)
    assert figures["datum"] == "bd09"
    assert figures["sure"] is True
    assert figures["probability"] > 0.99
    assert figures["candidates"][0]["datum"] == "bd09"
    assert {one["datum"] for one in figures["candidates"]} == {"wgs84", "gcj02", "bd09"}
    shifts = {one["datum"]: one["shift_m"] for one in figures["candidates"]}
    assert shifts["wgs84"] == 0
    assert 500 < shifts["gcj02"] < 600 < 1200 < shifts["bd09"] < 1400


@pytest.mark.parametrize(("said", "code"), [("gcj02", 0), ("wgs84", 1), ("cgcs2000", 1)])
def test_datum_exits_with_one_when_the_file_surely_is_not_what_it_says(
    run: Run, tmp_path: Path, said: str, code: int
) -> None:
    answer = run("datum", buildings_in(tmp_path, "gcj02"), "--streets", STREETS, "--said", said)

    assert answer.exit_code == code, answer.output


def test_datum_says_when_it_cannot_tell(run: Run, tmp_path: Path) -> None:
    (tmp_path / "three.csv").write_text("lon,lat\n116.32,40.0\n116.321,40.001\n116.322,40.002\n", encoding="utf-8")

    told = run("datum", tmp_path / "three.csv", "--streets", STREETS)
    figures = json.loads(run("datum", tmp_path / "three.csv", "--streets", STREETS, "--json").output)

    assert told.exit_code == 0
    assert told.output.startswith("three.csv: can't tell which datum it is in. Only 3 places of it lie near")
    assert figures["datum"] is None
    assert figures["sure"] is False
    assert figures["candidates"] == []


def test_datum_names_a_file_that_it_cannot_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.gpx").write_text("<gpx></gpx>", encoding="utf-8")

    answer = run("datum", tmp_path / "a.gpx", "--streets", STREETS)

    assert answer.exit_code == 2
    assert "a.gpx holds no track" in answer.stderr


@pytest.mark.parametrize("name", ["bd09mc", "gk3-117e", "GK3-ZONE39"])
def test_convert_writes_metres_of_any_datum_and_reads_them_back(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text("name,lon,lat\n东门,116.32,40.0\n", encoding="utf-8")

    there = run("convert", tmp_path / "a.csv", "--to", name, "--out", tmp_path / "there.csv")
    back = run("convert", tmp_path / "there.csv", "--from", name, "--out", tmp_path / "back.csv")

    assert there.exit_code == back.exit_code == 0, there.output + back.output
    written, again = pd.read_csv(tmp_path / "there.csv"), pd.read_csv(tmp_path / "back.csv")
    expected = convert(116.32, 40.0, source="wgs84", target=name.lower())
    assert written.loc[0, ["x", "y"]].tolist() == pytest.approx(list(map(float, expected)), abs=1e-6)
    assert again.loc[0, ["lon", "lat"]].tolist() == pytest.approx([116.32, 40.0], abs=1e-9)


def test_convert_refuses_metres_in_a_format_that_only_knows_degrees(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("lon,lat\n116.32,40.0\n", encoding="utf-8")

    answer = run("convert", tmp_path / "a.csv", "--to", "gk3-117e", "--out", tmp_path / "a.geojson")

    assert answer.exit_code == 2
    assert "hold only degrees" in answer.stderr
    assert not (tmp_path / "a.geojson").exists()


def test_an_unknown_datum_is_refused_with_the_known_ones(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("lon,lat\n116.32,40.0\n", encoding="utf-8")

    answer = run("convert", tmp_path / "a.csv", "--to", "beijing54", "--out", tmp_path / "b.csv")

    assert answer.exit_code == 2
    assert "gk3-zone25 ... gk3-zone45" in answer.stderr


def test_draw_warns_when_buildings_and_streets_are_in_two_datums(run: Run, tmp_path: Path) -> None:
    ground = ("--outline", SAMPLE / "outline.geojson", "--streets", STREETS, "--out", tmp_path / "grids.gpkg")

    mixed = run("draw", *ground, "--buildings", buildings_in(tmp_path, "gcj02"))

    assert "buildings.geojson: The file was read as wgs84, but looks to be in gcj02" in mixed.output
