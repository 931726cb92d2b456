"""Frames of every library, without a copy in either direction."""

from __future__ import annotations

import acquaint
import pytest
from acquaint._acquaint import buffer_addresses

pa = pytest.importorskip("pyarrow")


def edges() -> pa.Table:
    times = pa.array([1451606400000000] * 3, pa.timestamp("us", "UTC"))
    return pa.table({"user_a": [1, 2, 3], "user_b": [2, 3, 4], "since": times})


def addresses(column: pa.ChunkedArray) -> list[int]:
    return [buffer.address for buffer in column.chunk(0).buffers()[1:] if buffer]


def test_pyarrow_is_not_copied():
    table = edges()
    seen = dict(buffer_addresses(table))
    for name in table.column_names:
        assert seen[name] == addresses(table[name]), name


def test_polars_is_not_copied():
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(edges())
    seen = dict(buffer_addresses(frame))
    for name in frame.columns:
        assert seen[name] == addresses(frame.to_arrow()[name]), name


def test_pandas_is_not_copied():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"user_a": [1, 2], "user_b": [2, 3]})
    seen = dict(buffer_addresses(frame))
    for name in frame.columns:
        assert seen[name] == [frame[name].to_numpy().__array_interface__["data"][0]], name


def test_outputs_are_not_copied(world):
    table = acquaint.run(world).suggestions
    ours = dict(buffer_addresses(table))
    theirs = pa.table(table)
    for name in ("user_id", "candidate_id", "score"):
        of_chunks = [b.address for chunk in theirs[name].chunks for b in chunk.buffers()[1:]]
        assert ours[name] == of_chunks, name


def as_polars(table):
    return pytest.importorskip("polars").from_arrow(table)


def as_pandas(table):
    pandas = pytest.importorskip("pandas")
    frame = table.to_pandas()
    # Whole numbers that may be missing are floats in pandas, which cannot tell large ids apart: these keep them whole.
    for field in table.schema:
        if pa.types.is_integer(field.type):
            frame[field.name] = table[field.name].to_pandas(types_mapper=pandas.ArrowDtype)
    return frame


def as_duckdb(table):
    duckdb = pytest.importorskip("duckdb")
    return duckdb.connect().from_arrow(table)


@pytest.mark.parametrize("library", [as_polars, as_pandas, as_duckdb])
def test_every_library_gives_the_same_rows(world, library):
    import pyarrow.parquet

    tables = {file.stem: pyarrow.parquet.read_table(file) for file in world.glob("*.parquet")}
    expected = acquaint.run(tables).suggestions.to_pylist()
    given = {**tables}
    for name in ("friendships", "social_accounts", "address_book"):
        given[name] = library(tables[name])
    assert acquaint.run(given).suggestions.to_pylist() == expected
    assert expected


def test_outputs_become_frames(world):
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    table = acquaint.run(world)["suggestions"]
    rows = table.to_pylist()
    assert polars.DataFrame(table).to_dicts() == rows
    assert pa.table(table).to_pylist() == rows
    assert table.to_pyarrow().to_pylist() == rows
    assert len(pandas.DataFrame.from_arrow(table)) == len(table) == len(rows)
    assert "<th>candidate_id</th>" in table._repr_html_()
    assert pa.schema(table).names == table.column_names


def test_rejections_name_the_frame(tables):
    polars = pytest.importorskip("polars")
    friendships = tables["friendships"].with_columns(user_b=polars.col("user_a"))
    run = acquaint.run({**tables, "friendships": friendships})
    files = [row["file"] for row in run["rejections"].to_pylist()]
    assert files.count("friendships.frame") == len(friendships)


def test_deny_what_is_no_frame(tables):
    with pytest.raises(TypeError, match="__arrow_c_stream__"):
        acquaint.run({**tables, "friendships": [(1, 2)]})


def test_deny_message_content(tables):
    polars = pytest.importorskip("polars")
    told = tables["friendships"].with_columns(message=polars.lit("hello"))
    with pytest.raises(acquaint.SignalsError, match="message"):
        acquaint.run({**tables, "friendships": told})


def test_deny_names_of_no_table(tables):
    with pytest.raises(acquaint.SignalsError, match="friendships"):
        acquaint.run({**tables, "friendship": tables["friendships"]})
