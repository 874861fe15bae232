"""A list of seeds says what to collect, in whatever file people keep it; what it says wrongly is told in words."""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from miner.collect.seedfiles import MAX_CELL_CHARACTERS, MAX_FILE_BYTES
from miner.collect.seeds import Anchor, CommitSeed, LineSeed, PostSeed, Seed, Unreadable, parse_seed, read_seeds
from miner.errors import SeedsError

SITE = "stackoverflow.com"
SHA = "0123456789abcdef0123456789abcdef01234567"
MD5 = "81168cca1e62fdeba3218b2b67612e7a"
SHA256 = MD5 + MD5
GITHUB = "https://github.com/o/r"
COMMIT = f"{GITHUB}/commit/{SHA}"


def bare(found: Seed | Unreadable) -> tuple[object, ...]:
    """Give what a seed says, less where it stands."""
    match found:
        case PostSeed():
            return (found.site, found.post_id)
        case CommitSeed():
            return (found.repository, found.sha, found.anchor)
        case LineSeed():
            return (found.repository, found.revision, found.path, found.line, found.last_line)
    return (found.reason,)


def parsed(text: str) -> tuple[object, ...]:
    return bare(parse_seed(text, 1, site=SITE))


def listed(path: Path, content: str | bytes) -> list[tuple[int, tuple[object, ...]]]:
    """Write a list and give the rows and the seeds that are read from it."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [(seed.row, bare(seed)) for seed in read_seeds(path, site=SITE).seeds]


def unreadable(path: Path, content: str) -> list[tuple[int, str]]:
    path.write_text(content)
    return [(found.row, found.reason) for found in read_seeds(path, site=SITE).unreadable]


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("text", "site", "post_id"),
    [
        ("123", SITE, 123),
        (" 123.0 ", SITE, 123),
        ("https://stackoverflow.com/questions/123/a-title", SITE, 123),
        ("http://www.stackoverflow.com/questions/123", SITE, 123),
        ("stackoverflow.com/q/123/", SITE, 123),
        ("<https://stackoverflow.com/q/123/99>,", SITE, 123),
        ("https://stackoverflow.com/a/456", SITE, 456),
        ("https://stackoverflow.com/a/456/99", SITE, 456),
        ("https://stackoverflow.com/questions/123/a-title/456#456", SITE, 123),
        ("https://stackoverflow.com/questions/123/a-title?noredirect=1&lq=1#comment9_123", SITE, 123),
        ("https://stackoverflow.com/posts/123/edit", SITE, 123),
        ("https://ai.stackexchange.com/questions/5/what", "ai.stackexchange.com", 5),
        ("https://ru.stackoverflow.com/q/5/%D0%BF", "ru.stackoverflow.com", 5),
        ("https://superuser.com/q/5", "superuser.com", 5),
    ],
)
def test_links_and_ids_of_posts(text: str, site: str, post_id: int) -> None:
    """A link that names an answer and its question is the question's."""
    assert parsed(text) == (site, post_id)


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        (COMMIT, None),
        (f"http://www.github.com/o/r/commit/{SHA.upper()}/", None),
        (f"github.com/o/r/commit/{SHA}.", None),
        (f"{GITHUB}.git/commit/{SHA}?diff=split&w=1", None),
        (f"{COMMIT}.patch", None),
        (f"({GITHUB}/pull/12/commits/{SHA})", None),
        (f"{COMMIT}#commitcomment-1", None),
        (f"{COMMIT}#L12", None),
        (f"{COMMIT}#diff-{MD5}", Anchor(MD5, None, None)),
        (f"{COMMIT}#diff-{MD5}L12", Anchor(MD5, "old", 12)),
        (f"{COMMIT}#diff-{MD5}R218", Anchor(MD5, "new", 218)),
        (f"{COMMIT}#diff-{MD5}L12-R20", Anchor(MD5, "old", 12)),
        (f"{COMMIT}#diff-{SHA256.upper()}R1-R3", Anchor(SHA256, "new", 1)),
        (f"{GITHUB}/pull/1/commits/{SHA}#diff-{SHA256}R1", Anchor(SHA256, "new", 1)),
    ],
)
def test_links_to_commits(text: str, anchor: Anchor | None) -> None:
    """Only an anchor of a file is a place in the change."""
    assert parsed(text) == ("o/r", SHA, anchor)


def test_a_sha_may_be_abbreviated() -> None:
    assert parsed(f"{GITHUB}/commit/{SHA[:7]}") == ("o/r", SHA[:7], None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{GITHUB}/blob/{SHA}/a/b.py#L12", (SHA, "a/b.py", 12, 12)),
        (f"{GITHUB}/blob/{SHA}/b.py#L12-L20", (SHA, "b.py", 12, 20)),
        (f"{GITHUB}/blob/{SHA}/b.py#L12-20", (SHA, "b.py", 12, 20)),
        (f"{GITHUB}/blob/{SHA}/b.py#L20C3-L12C9", (SHA, "b.py", 12, 20)),
        (f"{GITHUB}/blob/main/b%20%C3%A9%23.md?plain=1#L2", ("main", "b \u00e9#.md", 2, 2)),
        (f"{GITHUB}/blob/refs/heads/main/b.py#L2", ("main", "b.py", 2, 2)),
        (f"{GITHUB}/blob/a%2Fb/b.py#L2", ("a/b", "b.py", 2, 2)),
        (f"{GITHUB}/blame/v1.0/b.py#L2", ("v1.0", "b.py", 2, 2)),
    ],
)
def test_links_to_lines(text: str, expected: tuple[object, ...]) -> None:
    assert parsed(text) == ("o/r", *expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "neither a link nor"),
        ("", "neither a link nor"),
        ("-5", "neither a link nor"),
        ("0", "no post can have"),
        (str(2**31), "no post can have"),
        ("https://stackoverflow.com/questions/tagged/keras", "no link to a question"),
        ("https://example.com/1", "neither to github.com nor"),
        ("https://stackoverflow.com.example.com/q/1", "neither to github.com nor"),
        ("https://[::1/x", "no link that can be read"),
        (GITHUB, "names no commit"),
        (f"{GITHUB}/pull/12", "is a pull request"),
        (f"{GITHUB}/issues/12", "no commit and no line"),
        (f"{GITHUB}/commit/main", "a sha has 7 to 40"),
        (f"{GITHUB}/commit/{SHA}0", "a sha has 7 to 40"),
        (f"{COMMIT}#diff-{MD5[:20]}", "anchor that is cut off"),
        (f"{COMMIT}#diff-{MD5}L0", "line number"),
        (f"{GITHUB}/blob/{SHA}/b.py", "no line of it"),
        (f"{GITHUB}/blob/{SHA}/b.py#readme", "no line of it"),
        (f"{GITHUB}/blob/{SHA}/b.py#L99999999999999", "line number"),
        (f"{GITHUB}/blob/--output=x/b.py#L1", "git cannot have"),
        (f"{GITHUB}/blob/main/../../b.py#L1", "git cannot have"),
        (f"{GITHUB}/blob/main/%2Fetc/passwd#L1", "git cannot have"),
        (f"{GITHUB}/blob/main/b%00.py#L1", "git cannot have"),
        (f"{GITHUB}/blob/main/b%ff.py#L1", "git cannot have"),
        ("1" * (MAX_CELL_CHARACTERS + 1), "longer than"),
    ],
)
def test_what_is_no_seed_says_why(text: str, said: str) -> None:
    (reason,) = parsed(text)
    assert isinstance(reason, str)
    assert said in reason


def test_text_is_one_seed_a_line(tmp_path: Path) -> None:
    """Comments and blank lines are passed over; a fragment is no comment; what is listed twice is read twice."""
    text = f"\ufeff# mine\r\n\r\n123\r\n  # more\r\n{COMMIT}#diff-{MD5}L1\r\n123\r\n"
    anchored = ("o/r", SHA, Anchor(MD5, "old", 1))
    assert listed(tmp_path / "seeds.xlsx", text) == [(3, (SITE, 123)), (5, anchored), (6, (SITE, 123))]


def test_a_line_of_text_that_is_no_seed_is_told_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "seeds"
    path.write_text("My list\n123\nhttps://example.com/1\n")
    seeds = read_seeds(path, site=SITE)
    assert [(found.row, found.text) for found in seeds.unreadable] == [(1, "My list"), (3, "https://example.com/1")]
    assert [seed.text for seed in seeds.seeds] == ["123"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("n,Post#,note\n7,123,keras\n", id="the named column, not the first"),
        pytest.param("n;post id;note\n7;123.0;keras\n", id="semicolons"),
        pytest.param("\n123\tkeras\n", id="TSV without a header: the first column"),
        pytest.param('n,note\n7,"https://stackoverflow.com/q/123"\n', id="a link in any column"),
        pytest.param("id,link\n7,https://stackoverflow.com/q/123\n", id="a link counts before a number"),
        pytest.param("site,link\nhttps://example.com/,stackoverflow.com/q/123\n", id="a link to elsewhere beside it"),
        pytest.param('note,id\n"a, b",123\n', id="a quoted comma"),
        pytest.param('# my "list", of one\n7,https://stackoverflow.com/q/123,x\n', id="a comment"),
    ],
)
def test_delimited_text_is_read_by_columns(tmp_path: Path, content: str) -> None:
    assert listed(tmp_path / "seeds.txt", content) == [(2, (SITE, 123))]


def test_text_of_a_spreadsheet_in_utf_16_is_read(tmp_path: Path) -> None:
    assert listed(tmp_path / "s", "Post#\tnote\n123\t\u00e9\n".encode("utf-16")) == [(2, (SITE, 123))]


def test_text_in_another_encoding_loses_only_what_is_not_ascii(tmp_path: Path) -> None:
    assert listed(tmp_path / "s", "id,note\n123,\u00e9\n".encode("latin-1")) == [(2, (SITE, 123))]


def test_rows_of_a_table_without_a_seed_are_told(tmp_path: Path) -> None:
    """A number in a column of another name is none; a quote that is never closed ends the reading."""
    content = 'id,size\n123,1\n,5\nx,6\n"124,\n125,7\n'
    rows = unreadable(tmp_path / "s.csv", content)
    assert [row for row, _ in rows] == [3, 4, 5]
    assert "no id in a column" in rows[0][1]
    assert "CSV" in rows[2][1]


def test_numbers_without_a_column_of_that_name_are_no_ids(tmp_path: Path) -> None:
    with pytest.raises(SeedsError, match="holds no seed"):
        listed(tmp_path / "s.csv", "index,size\n1,2\n")


def test_the_layout_of_the_paper_is_read(tmp_path: Path) -> None:
    """Two sheets; ids are numbers of either kind; labels beside them are ignored."""
    path = workbook(
        tmp_path / "labels.dat",
        GitHub=[
            ["Bug", "Bug Fix Pattern"],
            [f"{COMMIT}#diff-{MD5}R218", "Data dimension"],
            [None, None],
            [COMMIT, "x"],
        ],
        StackOverflow=[["Post#", "Bug Fix Pattern"], [123, "Data dimension"], [124.0, "x"], ["125", 5]],
    )
    seeds = read_seeds(path, site=SITE)
    assert [(seed.row, bare(seed)) for seed in seeds.seeds] == [
        (2, ("o/r", SHA, Anchor(MD5, "new", 218))),
        (4, ("o/r", SHA, None)),
        (2, (SITE, 123)),
        (3, (SITE, 124)),
        (4, (SITE, 125)),
    ]
    assert not seeds.unreadable


def test_another_workbook_is_read_by_the_same_rule(tmp_path: Path) -> None:
    """A title above the header, columns in another order, a date and a true among the cells."""
    rows: list[list[object]] = [["My list"], ["when", "ok", "Question ID"], ["2020", True, 123], ["2020", False, True]]
    seeds = read_seeds(workbook(tmp_path / "s.xlsx", List=rows), site=SITE)
    assert [(seed.row, bare(seed)) for seed in seeds.seeds] == [(3, (SITE, 123))]
    assert [(found.row, found.text) for found in seeds.unreadable] == [(1, "My list"), (4, "True")]


def repacked(path: Path, name: str, data: bytes) -> bytes:
    """Give the bytes of a workbook in which one part is replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, data if entry.filename == name else source.read(entry.filename))
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
BOMB = b'<!DOCTYPE x [<!ENTITY a "%s">%s]><x>&i;</x>' % (
    b"a" * 1000,
    b"".join(b'<!ENTITY %c "%s">' % (b"bcdefghi"[no], b"&%c;" % b"abcdefgh"[no] * 10) for no in range(8)),
)
FAR = b'<worksheet><sheetData><row r="999999999999"><c r="A999999999999"><v>1</v></c></row></sheetData></worksheet>'


@pytest.mark.parametrize(
    ("part", "data"),
    [
        pytest.param(SHEET, b"<worksheet><sheetData><row", id="cut off XML"),
        pytest.param(SHEET, b"\0\xff", id="no XML"),
        pytest.param(SHEET, BOMB, id="entities that multiply"),
        pytest.param(SHEET, FAR, id="row number out of all bounds"),
        pytest.param(SHEET, b" " * 250_000_000, id="zip bomb"),
        pytest.param("xl/workbook.xml", b"<x/>", id="no workbook"),
        pytest.param("[Content_Types].xml", b"", id="empty part"),
    ],
)
def test_a_damaged_or_hostile_workbook_is_refused_in_words(tmp_path: Path, part: str, data: bytes) -> None:
    good = workbook(tmp_path / "good.xlsx", List=[["id"], [1]])
    with pytest.raises(SeedsError, match=r"s\.xlsx"):
        listed(tmp_path / "s.xlsx", repacked(good, part, data))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "holds no seed", id="empty"),
        pytest.param(b"# nothing\n", "holds no seed", id="comments"),
        pytest.param(b"hello\n", "row 1: 'hello' is neither", id="no seed"),
        pytest.param(b"\x7fELF\0\0\1", "NUL", id="binary"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel", id="old Excel"),
        pytest.param(b"PK\x03\x04 but no zip", "no xlsx", id="damaged zip"),
        pytest.param(b"1" * (MAX_FILE_BYTES + 1), "split it", id="too large"),
        pytest.param(b"1" * 10_000_000, "longer than", id="one huge line"),
        pytest.param(b"1\n" * 1_000_001, "split it", id="too many rows"),
    ],
)
def test_a_file_without_seeds_is_refused_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SeedsError) as raised:
        listed(tmp_path / "s", content)
    assert said in str(raised.value)
    assert len(str(raised.value)) < 1000


def test_what_is_no_readable_file_is_named(tmp_path: Path) -> None:
    """A path that is not there, a folder, and a pipe, which is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "pipe", Path("a\0b")):
        with pytest.raises(SeedsError):
            read_seeds(path, site=SITE)


@given(st.text())
@example("http://[")
@example("https://github.com:x/o/r/commit/0123456")
@example("https://github.com/o/r/blob/%/%#L1")
@example("\u0661\u0662")
def test_any_text_is_a_seed_or_told_in_words(text: str) -> None:
    for prefix in ("", f"{GITHUB}/blob/", f"{GITHUB}/commit/", "https://stackoverflow.com/", f"{COMMIT}#diff-"):
        found = parse_seed(prefix + text, 1, site=SITE)
        assert not isinstance(found, Unreadable) or found.reason


@given(st.binary() | st.text().map(str.encode))
def test_any_file_gives_seeds_or_is_refused_in_words(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(b"123\n" + content)
    with contextlib.suppress(SeedsError):
        assert read_seeds(path, site=SITE).seeds
