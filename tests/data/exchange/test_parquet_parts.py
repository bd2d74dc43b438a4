"""Parquet files put behind each other without writing a row anew."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import CannotWrite
from data.exchange.parquet_parts import PartsInOne
from data.exchange.thrift import read_struct, write_struct


def rows(count: int, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "编号": pa.array([f"{number:012d}" if number % 7 else None for number in range(count)], pa.string()),
            "number": random.integers(0, 1 << 60, count),
            "share": random.random(count),
            "yes": random.random(count) > 0.5,
            "when": pa.array(random.integers(0, 1 << 50, count), pa.timestamp("us", "UTC")),
            "list": pa.array([[number] * (number % 3) for number in range(count)], pa.list_(pa.int64())),
        }
    ).replace_schema_metadata({"kept": "as it is"})


def parquet(*tables: pa.Table, **how: object) -> bytes:
    to = pa.BufferOutputStream()
    with pq.ParquetWriter(to, tables[0].schema, **how) as writer:
        for table in tables:
            writer.write_table(table)
    return bytes(to.getvalue())


def joined(parts: list[bytes]) -> bytes:
    sink = io.BytesIO()
    whole = PartsInOne(sink)
    for number, part in enumerate(parts):
        whole.add(number, part)
    whole.close()
    return sink.getvalue()


@pytest.mark.parametrize(
    "how", [{}, {"compression": "zstd"}, {"use_dictionary": False}, {"write_page_index": True, "version": "1.0"}]
)
def test_parts_become_one_file_with_all_their_rows_in_order(how: dict[str, object]) -> None:
    tables = [rows(count, seed) for seed, count in enumerate([1000, 1, 0, 70_000, 3])]

    whole = pq.ParquetFile(io.BytesIO(joined([parquet(table, table, **how) for table in tables])))

    wanted = pa.concat_tables([table for table in tables for _ in range(2)])
    got = whole.read()
    assert got.equals(wanted.cast(got.schema))
    assert whole.schema_arrow.metadata[b"kept"] == b"as it is"
    assert whole.metadata.num_rows == len(wanted)
    # Each row group can be read on its own, so every offset points to the right place.
    assert sum(len(whole.read_row_group(at)) for at in range(whole.num_row_groups)) == len(wanted)


def test_many_row_groups_need_a_longer_list_in_the_footer() -> None:
    parts = [parquet(rows(2, seed)) for seed in range(40)]

    whole = pq.ParquetFile(io.BytesIO(joined(parts)))

    assert whole.num_row_groups == 40
    assert whole.metadata.num_rows == 80


def test_parts_of_different_columns_are_refused() -> None:
    with pytest.raises(CannotWrite, match="different columns"):
        joined([parquet(rows(3)), parquet(rows(3).drop_columns("share"))])


def test_nothing_at_all_is_no_file() -> None:
    with pytest.raises(CannotWrite):
        joined([])


NUMBERS = st.integers(-(1 << 62), 1 << 62)
VALUES = st.one_of(
    st.tuples(st.just(6), NUMBERS),
    st.tuples(st.just(8), st.binary(max_size=300)),
    st.tuples(st.sampled_from([1, 2]), st.just(1)).map(lambda each: (each[0], each[0])),
    st.lists(NUMBERS, max_size=40).map(lambda values: (9, (6, values))),
)
STRUCTS = st.recursive(
    st.dictionaries(st.integers(1, 200), VALUES, max_size=6),
    lambda inner: st.dictionaries(
        st.integers(1, 200), st.one_of(VALUES, inner.map(lambda fields: (12, fields))), max_size=4
    ),
)


@given(STRUCTS)
def test_what_is_written_as_a_footer_is_read_back(fields: dict[int, tuple[int, object]]) -> None:
    assert read_struct(write_struct(fields)) == fields
