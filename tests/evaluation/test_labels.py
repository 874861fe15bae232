from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miner.errors import LabelsError
from miner.evaluation.labels import LabelledMessage, read

HEADER = b"repository,sha,message,is_bug_fix\n"


def test_rows_are_read() -> None:
    """Messages over several lines, quotes, a byte order mark, other columns and any spelling of the truth."""
    data = b'\xef\xbb\xbfsha,repository,note,is_bug_fix,message\na1,o/n,x,True,"Fix ""x""\r\n\nbody"\nb2,o/m,,0,z\n'
    assert read(data, "f") == [
        LabelledMessage("o/n", "a1", 'Fix "x"\r\n\nbody', True),
        LabelledMessage("o/m", "b2", "z", False),
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "lacks the column repository, sha, message, is_bug_fix", id="empty"),
        pytest.param(HEADER, "has no rows", id="only the first line"),
        pytest.param(b"repository,sha,message\na,b,c\n", "lacks the column is_bug_fix", id="missing column"),
        pytest.param(HEADER + b"a,b,c,maybe\n", "line 2: is_bug_fix is 'maybe'", id="wrong value"),
        pytest.param(HEADER + b'a,b,"c\nd",True\na,b,c,\n', "line 4: is_bug_fix is ''", id="no value"),
        pytest.param(HEADER + b"a,b,c\n", "line 2: has not as many cells", id="too few cells"),
        pytest.param(HEADER + b"a,b,c,True,d\n", "line 2: has not as many cells", id="too many cells"),
        pytest.param(HEADER + b"a,b,\xff,True\n", "is not UTF-8 (byte 38)", id="not UTF-8"),
        pytest.param(HEADER + b'a,b,"c,True\n', "is not CSV", id="open quote"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, words: str) -> None:
    """With the file and, where it can be, the line and what to do."""
    with pytest.raises(LabelsError) as caught:
        read(data, "labels.csv")
    assert str(caught.value).startswith("labels.csv")
    assert words in str(caught.value)


def test_a_long_message_is_read_and_the_limit_of_csv_is_left_as_it_was() -> None:
    """Python's csv module has a limit of 128 KiB for a cell, for the whole process."""
    before = csv.field_size_limit()
    (row,) = read(HEADER + b"a,b," + b"x" * 300_000 + b",True\n", "f")
    assert len(row.message) == 300_000
    assert csv.field_size_limit() == before


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Never another error than ours."""
    with suppress(LabelsError):
        assert read(HEADER + data, "f")


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n\0"))


@given(st.lists(st.builds(LabelledMessage, TEXT, TEXT, TEXT, st.booleans()), min_size=1))
def test_what_python_writes_is_read(rows: list[LabelledMessage]) -> None:
    """Any text in any cell."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["repository", "sha", "message", "is_bug_fix"])
    writer.writerows([row.repository, row.sha, row.message, row.is_bug_fix] for row in rows)
    assert read(out.getvalue().encode(), "f") == rows
