"""What is written into the file of a backup comes out again, whatever it is and however much of it."""

from __future__ import annotations

import tracemalloc
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miner.errors import BackupError
from miner.store.archivefile import ArchiveReader, ArchiveWriter, Kind, Manifest

TIMES = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    "plain": st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**62), 2**62),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    "time": st.one_of(st.none(), TIMES),
    "bytes": st.one_of(st.none(), st.binary()),
}
COLUMNS: list[tuple[str, Kind]] = [("a", "plain"), ("b", "time"), ("c", "bytes")]
ROWS = st.lists(st.tuples(*(VALUES[kind] for _, kind in COLUMNS)), max_size=30)


def written(path: Path, rows: Any) -> Path:
    writer = ArchiveWriter(path, Manifest("0001", "1", "now"))
    list(writer.add("t", COLUMNS, rows))
    writer.close()
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_every_value_comes_back(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    """Text of any kind, bytes, times, floats to the last bit, and null."""
    reader = ArchiveReader(written(tmp_path / "x.zip", rows))
    assert [tuple(row) for row in reader.rows("t")] == rows
    assert reader.manifest.tables["t"].rows == len(rows)
    reader.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.integers(0), st.integers(1, 255))
def test_a_changed_byte_is_noticed_or_changes_nothing(tmp_path: Path, place: int, change: int) -> None:
    """And never as anything but a damaged backup."""
    rows = [(f"row {number}", None, bytes([number])) for number in range(50)]
    data = bytearray(written(tmp_path / "x.zip", rows).read_bytes())
    data[place % len(data)] ^= change
    (tmp_path / "x.zip").write_bytes(data)
    try:
        reader = ArchiveReader(tmp_path / "x.zip")
    except BackupError:
        return
    try:
        assert set(reader.manifest.tables) != {"t"} or [tuple(row) for row in reader.rows("t")] == rows
    except BackupError:
        return
    finally:
        reader.close()


def test_a_large_table_takes_no_more_memory_than_a_row(tmp_path: Path) -> None:
    """Written and read, it never is in memory as a whole."""
    size, each = 40_000, b"x" * 1000
    tracemalloc.start()
    reader = ArchiveReader(written(tmp_path / "x.zip", ((number, None, each) for number in range(size))))
    assert sum(1 for _ in reader.rows("t")) == size
    reader.close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size * len(each) / 4


@pytest.mark.parametrize("content", [b"", b"PK", b"\0" * 1000])
def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    """In one line that names the file."""
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(BackupError, match=r"x\.zip"):
        ArchiveReader(tmp_path / "x.zip")
