"""Answers written as Parquet by hand: whoever reads the file finds what was written."""

import io
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.exchange.parquet_pages import can_be_paged
from data.exchange.stream_out import one_group


def read_back(table: pa.Table) -> pq.ParquetFile:
    return pq.ParquetFile(io.BytesIO(one_group(table).written()))


def plain(table: pa.Table) -> dict[str, list[object]]:
    return {name: table[name].to_pylist() for name in table.column_names}


def texts(places: Sequence[int | None], words: pa.Array, kind: pa.DataType) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places, kind), words)


def answers(rows: int, seed: int, unknown: float, words: int = 118) -> pa.Table:
    """A chunk of answers, with this share of nulls in each column."""
    random = np.random.default_rng(seed)
    gone = random.random((4, rows)) < unknown
    codes = pa.array([f"网格{number}" for number in range(words)])
    grid = pa.array(random.integers(0, words, rows).astype(np.int32), mask=gone[0])
    rule = pa.array(random.integers(0, 2, rows).astype(np.int8), mask=gone[1])
    return pa.table(
        {
            "grid_code": pa.DictionaryArray.from_arrays(grid, codes),
            "rule": pa.DictionaryArray.from_arrays(rule, pa.array(["inside", ""])),
            "border_m": pa.array(random.normal(0, 100, rows), mask=gone[2]),
            "sure": pa.array(random.random(rows) < 0.5, mask=gone[3]),
        }
    )


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=4),
    st.integers(0, 1000),
    st.sampled_from([0.0, 0.1, 0.9, 1.0]),
    st.sampled_from([1, 118, 256, 257, 70_000]),
)
def test_what_was_written_is_read(rows: list[int], seed: int, unknown: float, words: int) -> None:
    chunks = [answers(count, seed + at, unknown, words) for at, count in enumerate(rows)]
    table = pa.concat_tables(chunks)
    assert can_be_paged(table)

    file = read_back(table)

    assert plain(file.read()) == plain(table)
    assert file.metadata.num_row_groups == 1


@pytest.mark.parametrize("highest", [0, 255, 256, 65_535, 65_536])
def test_places_in_a_dictionary_are_as_wide_as_they_must_be(highest: int) -> None:
    words = pa.array([str(number) for number in range(highest + 1)])
    table = pa.table({"grid_code": texts([0, None, highest, highest], words, pa.int32())})

    assert plain(read_back(table).read()) == {"grid_code": ["0", None, str(highest), str(highest)]}


def test_a_reader_takes_the_texts_for_texts() -> None:
    schema = read_back(answers(10, 1, 0.1)).schema_arrow

    assert [field.type for field in schema] == [pa.string(), pa.string(), pa.float64(), pa.bool_()]


def test_the_footer_knows_the_least_the_greatest_and_the_missing_numbers() -> None:
    table = pa.concat_tables([answers(100, seed, 0.3) for seed in range(3)])

    told = read_back(table).metadata.row_group(0).column(2).statistics

    assert (told.min, told.max) == (pc.min(table["border_m"]).as_py(), pc.max(table["border_m"]).as_py())
    assert told.null_count == table["border_m"].null_count


def test_of_numbers_that_are_none_the_footer_says_nothing() -> None:
    table = pa.table({"border_m": pa.array([1.0, float("nan"), 2.0], from_pandas=False)})

    file = read_back(table)

    assert not file.metadata.row_group(0).column(0).statistics.has_min_max
    assert np.isnan(file.read()["border_m"].to_pylist()[1])


def test_a_reader_who_looks_for_zero_finds_both_zeros() -> None:
    told = read_back(pa.table({"border_m": [0.0, 0.0]})).metadata.row_group(0).column(0).statistics

    assert np.signbit(told.min)
    assert not np.signbit(told.max)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"grid_code": ["A", None, "B"]}),
        pa.table({"when": pa.array([1, 2, 3], pa.timestamp("us"))}),
        answers(100, 1, 0.3).slice(3, 50),
    ],
)
def test_other_columns_are_written_by_arrow(table: pa.Table) -> None:
    assert not can_be_paged(table)
    assert plain(read_back(table).read()) == plain(table)
