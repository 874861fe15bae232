from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miner.classify.taxonomies import taxonomy
from miner.errors import LabelsError
from miner.evaluation.patternlabels import LabelledFix, Sheet, UnreadableRow, pattern_id, read

GITHUB = ("Bug", "Bug Fix Pattern from Prior Study", "Bug Fix Pattern", "Library", "Bug Type")
STACKOVERFLOW = ("Post#", *GITHUB[1:])
LINK = "https://github.com/o/n/commit/0123456"
Rows = Sequence[Sequence[object]]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes an xlsx of the given sheets."""

    def written(**sheets: Rows) -> Path:
        book = openpyxl.Workbook()
        del book[book.active.title]
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        path = tmp_path / "labels.xlsx"
        book.save(path)
        return path

    return written


def test_both_sheets_are_read(write: Write) -> None:
    """Links and numbers of posts, in the order that was asked for; what is listed twice is here twice."""
    path = write(
        StackOverflow=[STACKOVERFLOW, (33, "x", "Loss function", "keras", "y"), (33, "x", "Optimizer", "Torch", "y")],
        GitHub=[GITHUB, (LINK, "x", "Data Wrangling", " TensorFlow", "y")],
    )
    found = read(path, list(Sheet))
    assert found.unreadable == ()
    assert found.rows == (
        LabelledFix(Sheet.GITHUB, 2, LINK, "data_wrangling", "tensorflow"),
        LabelledFix(Sheet.STACKOVERFLOW, 2, "33", "loss_function", "keras"),
        LabelledFix(Sheet.STACKOVERFLOW, 3, "33", "optimizer", "torch"),
    )


def test_only_what_is_asked_for_is_read(write: Write) -> None:
    """Other sheets may hold anything; columns stand in any order, and their names know no case."""
    path = write(notes=[("a",)], github=[("library", "BUG", "bug fix  pattern"), ("keras", LINK, "monitor")])
    assert read(path, [Sheet.GITHUB]).rows == (LabelledFix(Sheet.GITHUB, 2, LINK, "monitor", "keras"),)


def test_a_row_that_says_nothing_is_told_apart(write: Write) -> None:
    """An unknown pattern, none, no link, a row that ends early; blank rows are no rows."""
    path = write(
        GitHub=[
            GITHUB,
            (LINK, "x", "Magic", "keras", "y"),
            (LINK,),
            (None, "x", "Monitor"),
            (None, None),
            (LINK, "x", "Monitor"),
        ]
    )
    found = read(path, [Sheet.GITHUB])
    assert found.rows == (LabelledFix(Sheet.GITHUB, 6, LINK, "monitor", ""),)
    assert found.unreadable == (
        UnreadableRow(Sheet.GITHUB, 2, "Magic", "it is no known fix pattern"),
        UnreadableRow(Sheet.GITHUB, 3, "", "it is no known fix pattern"),
        UnreadableRow(Sheet.GITHUB, 4, "", "there is no link"),
    )


@pytest.mark.parametrize("entry", taxonomy("fix_patterns"), ids=lambda entry: entry.id)
def test_a_pattern_is_known_however_it_is_written(entry: object) -> None:
    """Its id and its name, in any case, with hyphens, without spaces, in the plural."""
    name, identity = entry.name, entry.id  # type: ignore[attr-defined]
    for text in (identity, name, name.upper(), f" {name.title()} ", name.replace(" ", "-"), name.replace(" ", "")):
        assert pattern_id(text) == identity
    singular = name.removesuffix("s")
    assert pattern_id(singular) == pattern_id(f"{singular}s") == identity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Change Neural Arch", "change_neural_architecture"),
        ("Loss func.", "loss_function"),
        ("Data", None),
        ("data", None),
        ("D T", None),
        ("", None),
        ("Versioning?", "versioning"),
        ("Magic", None),
        ("unknown", None),
    ],
)
def test_an_abbreviation_must_mean_one_pattern(text: str, expected: str | None) -> None:
    """Words may be cut, but none may be missing."""
    assert pattern_id(text) == expected


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        pytest.param({"StackOverflow": [STACKOVERFLOW]}, "has no sheet GitHub", id="sheet"),
        pytest.param({"GitHub": [GITHUB[:2]]}, "sheet GitHub: lacks the column Bug Fix Pattern, Library", id="columns"),
        pytest.param({"GitHub": []}, "lacks the column Bug, Bug Fix Pattern, Library", id="empty sheet"),
        pytest.param({"GitHub": [GITHUB]}, "has no rows", id="only the first row"),
    ],
)
def test_what_a_workbook_lacks_is_said(write: Write, sheets: dict[str, Rows], words: str) -> None:
    """The sheet and the column, with what to do."""
    with pytest.raises(LabelsError, match=words):
        read(write(**sheets), [Sheet.GITHUB])


def test_what_is_no_workbook_is_said(tmp_path: Path) -> None:
    """Nothing there, a folder, text, an archive of something else."""
    archive = tmp_path / "a.xlsx"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "a")
    (tmp_path / "b.xlsx").write_text("Bug,Bug Fix Pattern\n")
    for path, words in (
        (tmp_path / "none.xlsx", "No such file or directory: name an xlsx file with --labels"),
        (tmp_path, "Is a directory"),
        (tmp_path / "b.xlsx", "is no xlsx file"),
        (archive, "is no xlsx file that can be read"),
    ):
        with pytest.raises(LabelsError, match=words):
            read(path, [Sheet.GITHUB])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 4000), noise=st.binary(max_size=20))
def test_a_damaged_file_is_an_error_of_ours(write: Write, cut: int, noise: bytes) -> None:
    """Whatever was overwritten or cut off, nothing else is raised."""
    path = write(GitHub=[GITHUB, (LINK, "x", "Monitor", "keras", "y")])
    data = path.read_bytes()
    path.write_bytes(data[:cut] + noise + data[cut + len(noise) :])
    with suppress(LabelsError):
        read(path, [Sheet.GITHUB])


@given(st.text())
def test_any_text_is_a_pattern_or_none(text: str) -> None:
    """No label is read as something outside the taxonomy."""
    assert pattern_id(text) in {None, *(entry.id for entry in taxonomy("fix_patterns"))}
