"""Points of large files joined to their grids: the same rows by every engine, and the same answers as elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from data.errors import RowsRefused, UnreadableFile
from data.exchange import stream_parquet, stream_text
from geo.errors import BadGeometry
from geo.locate import weigh_points
from patrols import batch, question
from patrols.question import ANSWERS, Question, ask
from patrols.rules import TIE_M

ROWS = 30_000


@pytest.fixture(scope="module")
def grids() -> gpd.GeoDataFrame:
    """Squares of some hundred metres with a wave in their borders, and a 专属 grid over two of them."""
    random, side = np.random.default_rng(4), 0.005
    corner = np.arange(5)[:, None, None] * [side, 0] + np.arange(5)[None, :, None] * [0, side]
    corner = corner + random.uniform(-0.2, 0.2, corner.shape) * side + [116.3, 39.9]
    shapes = [
        shapely.Polygon([corner[i, j], corner[i + 1, j], corner[i + 1, j + 1], corner[i, j + 1]])
        for i in range(4)
        for j in range(4)
    ]
    special = shapely.Point(116.31, 39.91).buffer(0.002)
    codes = [f"{number:015d}" for number in range(17)]
    kinds = [*["general"] * 16, "special"]
    return gpd.GeoDataFrame({"grid_code": codes, "kind": kinds}, geometry=[*shapes, special], crs=4326).to_crs(4548)


@pytest.fixture(scope="module")
def points(grids: gpd.GeoDataFrame) -> pd.DataFrame:
    """Places in and around the grids, many of them on corners and borders."""
    random = np.random.default_rng(5)
    lon, lat = 116.298 + 0.024 * random.random(ROWS), 39.898 + 0.024 * random.random(ROWS)
    degrees = grids.to_crs(4326)
    corners = shapely.get_coordinates(degrees.geometry.to_numpy()[:16])
    lon[:2000], lat[:2000] = corners[random.integers(0, len(corners), 2000)].T
    borders = shapely.boundary(degrees.geometry.to_numpy()[random.integers(0, 16, 2000)])
    snapped = shapely.line_interpolate_point(borders, random.random(2000), normalized=True)
    lon[2000:4000], lat[2000:4000] = shapely.get_x(snapped), shapely.get_y(snapped)
    accuracy = np.where(random.random(ROWS) < 0.1, np.nan, random.uniform(3, 60, ROWS))
    codes = [f"{number:08d}" for number in range(ROWS)]
    return pd.DataFrame({"编号": codes, "lon": lon, "lat": lat, "accuracy": accuracy})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CHUNK_ROWS", 1 << 12), ("PART_ROWS", 1 << 13), ("SLICE_ROWS", 1 << 13)):
        monkeypatch.setattr(stream_parquet, name, value)
    monkeypatch.setattr(stream_text, "BLOCK_BYTES", 1 << 18)
    monkeypatch.setattr(question, "FEW_POINTS", 1 << 10)


def located(points: Path, out: Path, asked: Question, **how: object) -> batch.Located:
    rows = batch.open_points(points, out)
    assert rows is not None
    return batch.locate_file(rows, asked, out, **how)  # type: ignore[arg-type]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("accuracy", [None, 10.0, "accuracy"])
@pytest.mark.parametrize("reach_m", [0.0, 60.0])
def test_the_stream_answers_as_the_frame_does(
    tmp_path: Path, grids: gpd.GeoDataFrame, points: pd.DataFrame, accuracy: float | str | None, reach_m: float
) -> None:
    points.to_parquet(tmp_path / "p.parquet", row_group_size=5000)
    stated = points["accuracy"] if accuracy == "accuracy" else np.nan if accuracy is None else accuracy
    shapes = gpd.GeoSeries(gpd.points_from_xy(points["lon"], points["lat"]), crs=4326).to_crs(grids.crs)
    wanted = weigh_points(shapes, grids, accuracy_m=stated, reach_m=reach_m, tie_m=TIE_M)

    found = located(tmp_path / "p.parquet", tmp_path / "o.parquet", ask(grids, accuracy=accuracy, reach_m=reach_m))

    rows = pd.read_parquet(tmp_path / "o.parquet")
    assert rows[points.columns].equals(points)
    for name in ("grid_code", "rule", "next_code", "sure"):
        assert rows[name].astype(object).where(rows[name].notna(), None).tolist() == wanted[name].tolist()
    for name in ("border_m", "probability"):
        np.testing.assert_allclose(rows[name].to_numpy(float), wanted[name].to_numpy(float), atol=1e-6)
    assert found.tally.rules() == wanted["rule"].value_counts().to_dict()
    assert found.tally.sure == wanted["sure"].sum()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kinds", [("parquet", "parquet"), ("csv", "csv"), ("csv", "parquet"), ("parquet", "csv")])
@pytest.mark.parametrize("row_group_size", [3000, 30_000])
def test_dask_writes_the_same_file_byte_for_byte(
    tmp_path: Path, grids: gpd.GeoDataFrame, points: pd.DataFrame, kinds: tuple[str, str], row_group_size: int
) -> None:
    path = tmp_path / f"p.{kinds[0]}"
    if kinds[0] == "csv":
        points.to_csv(path, index=False)
    else:
        points.to_parquet(path, row_group_size=row_group_size)
    asked = ask(grids, accuracy="accuracy", reach_m=30.0)
    assert len(list(batch.open_points(path, tmp_path / "o.csv").parts())) > 2

    here = located(path, tmp_path / f"here.{kinds[1]}", asked)
    there = located(path, tmp_path / f"there.{kinds[1]}", asked, dask=True)

    if kinds[1] == "csv":
        assert (tmp_path / "here.csv").read_bytes() == (tmp_path / "there.csv").read_bytes()
        rows = pd.read_csv(tmp_path / "here.csv", dtype={"编号": str, "grid_code": str})
    else:
        assert pq.read_table(tmp_path / "here.parquet").equals(pq.read_table(tmp_path / "there.parquet"))
        rows = pd.read_parquet(tmp_path / "here.parquet")
    assert rows["编号"].tolist() == points["编号"].tolist()
    assert rows["lon"].astype(float).tolist() == points["lon"].tolist()
    assert here.tally.rules() == there.tally.rules()


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A Dask scheduler with two workers, on this machine."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp://"
    ) as running:
        yield running.scheduler_address


@pytest.mark.usefixtures("small")
def test_a_cluster_writes_the_same_rows(
    tmp_path: Path, grids: gpd.GeoDataFrame, points: pd.DataFrame, cluster: str
) -> None:
    points.to_parquet(tmp_path / "p.parquet", row_group_size=5000)
    asked = ask(grids, accuracy=10.0)

    located(tmp_path / "p.parquet", tmp_path / "here.parquet", asked)
    located(tmp_path / "p.parquet", tmp_path / "there.parquet", asked, dask=True, scheduler=cluster)

    assert pq.read_table(tmp_path / "here.parquet").equals(pq.read_table(tmp_path / "there.parquet"))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("dask", [False, True])
def test_bad_rows_are_counted_by_their_number_in_the_file(
    tmp_path: Path, grids: gpd.GeoDataFrame, points: pd.DataFrame, dask: bool
) -> None:
    bad = [3, 9000, 29_999]
    points.assign(lon=points["lon"].where(~points.index.isin(bad))).to_parquet(
        tmp_path / "p.parquet", row_group_size=5000
    )
    out = tmp_path / "o.parquet"

    with pytest.raises(RowsRefused) as refused:
        located(tmp_path / "p.parquet", out, ask(grids), dask=dask)
    assert list(tmp_path.iterdir()) == [tmp_path / "p.parquet"]
    kept = located(tmp_path / "p.parquet", out, ask(grids), dask=dask, skip_bad=True)

    assert [refusal.row for refusal in refused.value.refusals] == [row + 1 for row in bad]
    assert kept.refused.count == 3
    assert pd.read_parquet(out)["编号"].tolist() == points["编号"].drop(bad).tolist()


def test_a_table_that_ends_in_geoparquet_gets_points(
    tmp_path: Path, grids: gpd.GeoDataFrame, points: pd.DataFrame
) -> None:
    points[:100].to_csv(tmp_path / "p.csv", index=False)

    located(tmp_path / "p.csv", tmp_path / "o.geoparquet", ask(grids))

    rows = gpd.read_parquet(tmp_path / "o.geoparquet")
    assert rows.geometry.x.tolist() == points["lon"][:100].tolist()
    assert rows.crs.to_epsg() == 4326


def test_points_of_a_geoparquet_become_columns_in_a_csv(
    tmp_path: Path, grids: gpd.GeoDataFrame, points: pd.DataFrame
) -> None:
    shapes = gpd.GeoDataFrame(points[["编号"]], geometry=gpd.points_from_xy(points["lon"], points["lat"]), crs=4326)[
        :50
    ]
    shapes.to_parquet(tmp_path / "p.parquet")

    located(tmp_path / "p.parquet", tmp_path / "o.csv", ask(grids))

    rows = pd.read_csv(tmp_path / "o.csv", dtype={"编号": str})
    assert list(rows.columns) == ["编号", "lon", "lat", *ANSWERS]
    assert rows["lon"].tolist() == shapes.geometry.x.tolist()


def test_columns_called_like_an_answer_make_way_for_it(tmp_path: Path, grids: gpd.GeoDataFrame) -> None:
    pq.write_table(pa.table({"grid_code": ["old"], "lon": [116.31], "lat": [39.91]}), tmp_path / "p.parquet")

    located(tmp_path / "p.parquet", tmp_path / "o.parquet", ask(grids))

    assert pd.read_parquet(tmp_path / "o.parquet")["grid_code"].tolist() != ["old"]


def test_more_grids_than_a_dictionary_is_worth_get_their_codes_as_text(
    tmp_path: Path, grids: gpd.GeoDataFrame, points: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    points[:500].to_parquet(tmp_path / "p.parquet")
    located(tmp_path / "p.parquet", tmp_path / "few.parquet", ask(grids))
    monkeypatch.setattr(question, "MOST_IN_DICTIONARY", 3)

    located(tmp_path / "p.parquet", tmp_path / "many.parquet", ask(grids))

    assert pq.read_table(tmp_path / "few.parquet").equals(pq.read_table(tmp_path / "many.parquet"))


def test_no_rows_and_no_such_column_are_refused(tmp_path: Path, grids: gpd.GeoDataFrame) -> None:
    pq.write_table(
        pa.table({"lon": pa.array([], pa.float64()), "lat": pa.array([], pa.float64())}), tmp_path / "p.parquet"
    )

    with pytest.raises(UnreadableFile, match="no rows"):
        located(tmp_path / "p.parquet", tmp_path / "o.parquet", ask(grids))
    with pytest.raises(BadGeometry, match="no column nothing"):
        located(tmp_path / "p.parquet", tmp_path / "o.parquet", ask(grids, accuracy="nothing"))
    assert not (tmp_path / "o.parquet").exists()


def test_what_cannot_be_streamed_is_left_to_others(tmp_path: Path) -> None:
    assert batch.open_points(tmp_path / "a.gpkg", tmp_path / "o.parquet") is None
    assert batch.open_points(tmp_path / "a.parquet", tmp_path / "o.gpkg") is None
