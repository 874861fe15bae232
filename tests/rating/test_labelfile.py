"""Files of labels in every format, and what is wrong with some."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.labels import write_csv, write_jsonl, write_paper

from miner.errors import LabelsError
from miner.rating.labelfile import RawRow, read_file


def test_the_papers_layout(tmp_path: Path) -> None:
    file = read_file(write_paper(tmp_path / "p.xlsx", [("x", "Monitor", "keras", "")], [(5, "Monitor", "torch", "")]))
    assert [(row.place, row.ordinal, row.fields["link"]) for row in file.rows] == [
        ("GitHub:2", 1, "x"),
        ("StackOverflow:2", 2, "5"),
    ]
    assert file.fields == {"link", "library", "pattern", "prior_pattern", "bug_type"}
    assert file.rows[0].fields["pattern"] == "Monitor"


def test_one_content_is_read_alike_from_csv_and_json_lines(tmp_path: Path) -> None:
    """A header's case and underscores do not matter; a blank cell and null are the same."""
    csv = read_file(write_csv(tmp_path / "a.csv", ("Link", "Bug Type", "note"), ("x", "API Bug", "")))
    jsonl = read_file(write_jsonl(tmp_path / "a.txt", {"link": "x", "bug_type": "API Bug", "note": None}))
    fields = {"link": "x", "bug_type": "API Bug", "note": ""}
    assert (csv.rows, jsonl.rows) == ((RawRow("2", 1, fields),), (RawRow("1", 1, fields),))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_name_themselves_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("link,note\n7,d\u00e9j\u00e0\n".encode(encoding))
    assert [row.fields for row in read_file(path).rows] == [{"link": "7", "note": "d\u00e9j\u00e0"}]


def test_an_apostrophe_before_what_looks_like_a_formula_is_taken_off(tmp_path: Path) -> None:
    file = read_file(write_csv(tmp_path / "a.csv", ("link", "note"), ("x", "'=1+1"), ("y", "'tis")))
    assert [row.fields["note"] for row in file.rows] == ["=1+1", "'tis"]


def test_sheets_without_a_column_for_what_is_rated_are_told(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.load_workbook(write_paper(tmp_path / "p.xlsx", [("x", "Monitor", "keras", "")]))
    book.create_sheet("Summary").append(("a", "b"))
    book.create_sheet("values").append(("pattern",))
    book.save(tmp_path / "q.xlsx")
    assert read_file(tmp_path / "q.xlsx").unread == ("Summary",)


def test_a_bad_line_is_a_row_with_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"link": "x", "pattern": "Monitor"}\n{"link": \n[1]\n', encoding="utf-8")
    assert [(row.place, row.problem) for row in read_file(path).rows] == [
        ("1", ""),
        ("2", "is not JSON"),
        ("3", "is not a JSON object"),
    ]


def test_a_cell_that_would_lose_its_end_is_a_problem(tmp_path: Path) -> None:
    (row,) = read_file(write_csv(tmp_path / "a.csv", ("link", "note"), ("x", "n" * 2001))).rows
    assert row.problem == "is longer than 2,000 characters in the column note"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "No such file or directory: name a file of labels", id="no file"),
        pytest.param(b"", "has no column that names what is rated", id="empty"),
        pytest.param(b"a,b\n1,2\n", "has no column that names what is rated", id="other columns"),
        pytest.param(b"link,pattern\n", "has no rows", id="a header alone"),
        pytest.param(b"PK\x03\x04 no zip", "is no xlsx that can be read", id="a damaged xlsx"),
        pytest.param("link,note\n7,d\u00e9j\u00e0\n".encode("cp1252"), "is not UTF-8 .byte 13.: save it", id="cp1252"),
        pytest.param(b"\x00\x01\x02", "is neither text nor xlsx", id="binary"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "a.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabelsError, match=message):
        read_file(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_an_error_in_words(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"link,pattern\n" + noise)
    with suppress(LabelsError):
        assert read_file(path).rows
