"""A table is read block by block; what is no table is refused, what is no row is told, and nothing before is lost."""

from __future__ import annotations

import os
import threading
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
from support.dumps import HEAD, answer, gather, ids, opened, question, read, row, table

from miner.collect.dump import AnyRow, Block, DumpTable, PostsWanted
from miner.errors import DumpError, Interrupted
from miner.model import OmissionReason

ROWS = [question(1), answer(2, 1), question(3), answer(4, 3)]
BOMB = b'<!DOCTYPE posts [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    return tmp_path / "Posts.xml"


def refused(source: DumpTable) -> tuple[list[Block], str]:
    """Read a table that is refused; give the blocks before, and why."""
    blocks: list[Block] = []
    with pytest.raises(DumpError) as error:
        gather(source.blocks(AnyRow()), blocks)
    return blocks, str(error.value)


def test_a_block_ends_with_the_first_row_that_reaches_its_size(posts: Path) -> None:
    """Each begins where the one before ended, the first with the file, and the last one says so."""
    rows = [*ROWS, question(5), answer(6, 5)]
    posts.write_bytes(table(rows))
    first = len(HEAD) + len(b"<posts>\n")
    ends = [first + sum(map(len, rows[: no + 1])) for no in range(len(rows))]
    blocks = read(opened(posts, block_bytes=len(rows[0]) + len(rows[1])))
    edges = [0, ends[1], ends[3], ends[5], ends[5]]
    assert [(block.start, block.end) for block in blocks] == list(pairwise(edges))
    assert [block.last for block in blocks] == [False, False, False, True]
    assert [block.seen for block in blocks] == [2, 2, 2, 0]
    assert ids(blocks) == [1, 2, 3, 4, 5, 6]


def test_a_table_is_one_block_if_it_is_smaller(posts: Path) -> None:
    posts.write_bytes(table(ROWS))
    (block,) = read(opened(posts))
    assert (block.start, block.seen, block.last, block.omissions) == (0, 4, True, ())


def test_a_table_that_was_read_ends_with_an_empty_block(posts: Path) -> None:
    posts.write_bytes(table(ROWS))
    source = opened(posts)
    end = read(source)[-1].end
    assert read(source, start=end) == [Block(end, end, (), 0, (), last=True)]


@pytest.mark.parametrize("content", [table([]), HEAD + b"<posts />", HEAD + b"<posts/>\r\n", b"<posts>\n\n</posts>\n"])
def test_a_table_without_rows(posts: Path, content: bytes) -> None:
    posts.write_bytes(content)
    (block,) = read(opened(posts))
    assert (block.rows, block.seen, block.last) == ((), 0, True)


@pytest.mark.parametrize(
    "content",
    [
        table(ROWS).replace(b"\n", b"\r\n"),
        table(ROWS) + b"\r\n \n",
        table(ROWS).removeprefix(b"\xef\xbb\xbf"),
        table(ROWS).removeprefix(HEAD),
        table(ROWS).replace(b"?>\n<posts>", b"?><posts>"),
        table(ROWS).replace(b'encoding="utf-8"', b"encoding='UTF-8'"),
        table(ROWS).replace(b"\n", b"\n\n"),
        table(ROWS).replace(b" />", b"></row>"),
        table(ROWS).replace(b"  <row ", b"\t<row\t"),
    ],
)
@pytest.mark.parametrize("size", [1, 200, 100_000])
def test_line_ends_indentation_and_head_may_differ(posts: Path, content: bytes, size: int) -> None:
    posts.write_bytes(content)
    blocks = read(opened(posts, block_bytes=size))
    assert ids(blocks) == [1, 2, 3, 4]
    assert sum(block.seen for block in blocks) == 4
    assert blocks[-1].last


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (b'  <row Id="9" PostTypeId="1" Tags="&lt;keras&gt;" Body="<b>" />\n', "not well-formed"),
        (b'  <row Id="9" PostTypeId="1" Tags="&lt;keras&gt;" Body="\xff" />\n', "not well-formed"),
        (b'  <row Id="9" PostTypeId="1" Tags="&lt;keras&gt;" Body="&#x0;" />\n', "invalid character number"),
        (b'  <row Id="9" PostTypeId="1" Tags="&lt;keras&gt;" Body="&xxe;" />\n', "undefined entity"),
        (b'  <row Id="9" PostTypeId="1" Tags="&lt;keras&gt;\n', "unclosed token"),
    ],
)
def test_a_row_that_is_not_well_formed_is_left_out_and_told(posts: Path, bad: bytes, what: str) -> None:
    posts.write_bytes(table([question(1), bad, answer(2, 1)]))
    (block,) = read(opened(posts), PostsWanted(frozenset({"keras"}), set()))
    assert (ids([block]), block.seen, block.last) == ([1, 2], 3, True)
    (omission,) = block.omissions
    offset = len(HEAD) + len(b"<posts>\n") + len(question(1))
    assert omission.reason == OmissionReason.POST_UNREADABLE
    assert omission.subject == f"row:Posts:ai.stackexchange.com:{offset}"
    assert omission.detail.startswith(f"row at byte {offset:,}: ")
    assert what in omission.detail


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"\xff\xfe" + "<posts>".encode("utf-16-le"), "UTF-16 or UTF-32"),
        ("\ufeff<posts>".encode("utf-16-be"), "UTF-16 or UTF-32"),
        ("<posts>".encode("utf-32-be"), "UTF-16 or UTF-32"),
        (HEAD.replace(b"utf-8", b"iso-8859-1") + b"<posts>\n</posts>", "its encoding is iso-8859-1"),
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "is a web page"),
        (b'<html lang="en">\n', "is a web page"),
        (HEAD + BOMB + b"\n<posts>\n</posts>", "declares a document type"),
        (b"7z\xbc\xaf\x27\x1c", "does not begin as a table"),
        (b"Id,PostTypeId\n1,1\n", "does not begin as a table"),
        (table([], "Comments"), "holds <comments>, not <posts>"),
        (HEAD + b"<posts>" + question(1), "not written with one row a line"),
        (HEAD + b"<posts", "does not begin as a table"),
    ],
)
def test_what_does_not_begin_as_the_table_is_refused(posts: Path, content: bytes, what: str) -> None:
    posts.write_bytes(content)
    blocks, why = refused(opened(posts))
    assert blocks == []
    assert what in why
    assert str(posts) in why


BROKEN = [
    (b"", "without </posts>: it is not complete"),
    (question(5)[:100], "without </posts>: it is not complete"),
    (question(5)[:-1], "without </posts>: it is not complete"),
    (b"</post>", "without </posts>: it is not complete"),
    (BOMB + b"\n" + question(5), "a document type or an entity is declared"),
    (
        b'  <row Id="5" Body="<!ENTITY x SYSTEM \'file:///etc/passwd\'>" />\n',
        "a document type or an entity is declared",
    ),
    (b"<!-- -->\n", "a line that is no row"),
    (b"HTTP 500\n", "a line that is no row"),
    (b'  <row\n    Id="5" />\n', "a line that is no row"),
    (question(5).rstrip() + question(6), "several rows in one line"),
    (b'  <row Id="5" Body="\0" />\n', "NUL byte"),
    (b"\0" * 5000, "NUL byte"),
    (question(5, Body="x" * 3000), "a row over dump.max_row_bytes (2,000)"),
    (b" " * 3000, "a row over dump.max_row_bytes (2,000)"),
    (b"</posts>\n<posts>\n", "goes on after </posts>"),
    (b"</posts>\n" + b" " * 100 + b"x", "goes on after </posts>"),
]


@pytest.mark.parametrize(("rest", "what"), BROKEN)
@pytest.mark.parametrize("size", [1, 100_000])
def test_what_lies_before_a_fault_is_not_lost(posts: Path, rest: bytes, what: str, size: int) -> None:
    """The rows before it are given, no block claims to be the last, and the error says where the fault is."""
    posts.write_bytes(HEAD + b"<posts>\n" + b"".join(ROWS) + rest)
    end = len(HEAD) + len(b"<posts>\n") + sum(map(len, ROWS))
    blocks, why = refused(opened(posts, block_bytes=size, max_row_bytes=2000))
    assert ids(blocks) == [1, 2, 3, 4]
    assert (blocks[-1].end, sum(block.seen for block in blocks)) == (end, 4)
    assert not any(block.last or block.omissions for block in blocks)
    assert what in why
    assert f"{end:,}" in why or "NUL" in what


def test_a_row_of_two_lines_is_told_before_it_is_refused(posts: Path) -> None:
    """A line break in a value is well-formed; no dump has one, and rows could be missed if it were let pass."""
    posts.write_bytes(table([question(1), answer(2, 1).replace(b"It means", b"It\nmeans"), question(3)]))
    blocks, why = refused(opened(posts))
    assert ids(blocks) == [1]
    assert len(blocks[0].omissions) == 1
    assert "a line that is no row" in why


def test_a_table_from_the_middle_of_a_row_on_is_refused(posts: Path) -> None:
    posts.write_bytes(table(ROWS))
    with pytest.raises(DumpError, match="a line that is no row"):
        read(opened(posts), start=100)


def test_a_table_that_has_become_shorter_is_refused(posts: Path) -> None:
    posts.write_bytes(table(ROWS))
    with pytest.raises(DumpError, match="ends at byte"):
        read(opened(posts), start=1_000_000)


def test_a_file_that_is_gone_is_refused(posts: Path) -> None:
    posts.write_bytes(table(ROWS))
    source = opened(posts)
    posts.unlink()
    with pytest.raises(DumpError, match=r"cannot read .*Posts\.xml: No such file"):
        read(source)


@pytest.mark.parametrize("length", [1999, 2000, 2001])
@pytest.mark.parametrize("before", [0, 1, 400])
def test_the_longest_row_is_exact_wherever_it_lies(posts: Path, length: int, before: int) -> None:
    """A row's bytes are counted with its indentation and without its line end."""
    short = row({"Id": 1, "Text": ""})
    long = row({"Id": 2, "Text": "x" * (length - len(short) + 1)})
    assert len(long) == length + 1
    posts.write_bytes(table([short] * before + [long] + [short]))
    source = opened(posts, max_row_bytes=2000)
    if length > 2000:
        assert "a row over dump.max_row_bytes" in refused(source)[1]
    else:
        assert ids(read(source)) == [1] * before + [2, 1]


def test_rows_that_are_not_wanted_are_not_parsed(posts: Path) -> None:
    posts.write_bytes(table([question(1, "<java>", Body="x").replace(b"x", b"\xff"), answer(2, 1)]))
    (block,) = read(opened(posts), PostsWanted(frozenset({"keras"}), set()))
    assert (block.rows, block.omissions, block.seen) == ((), (), 2)


def test_a_huge_row_is_not_read_into_memory(posts: Path) -> None:
    with posts.open("wb") as stream:
        stream.write(HEAD + b"<posts>\n" + question(1))
        stream.truncate(1 << 33)
    tracemalloc.start()
    blocks, why = refused(opened(posts, max_row_bytes=1_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ids(blocks) == [1]
    assert "NUL byte" in why
    assert peak < 5_000_000


def test_memory_is_that_of_a_block(posts: Path) -> None:
    """A table of 40 MB, of which a few rows are wanted, takes no more than one of 4 MB."""

    def peak(rows: int) -> int:
        with posts.open("wb") as stream:
            stream.write(HEAD + b"<posts>\n")
            for number in range(rows):
                stream.write(question(number, "<keras>" if number % 50 == 0 else "<java>", Body="x" * 1000))
            stream.write(b"</posts>")
        tracemalloc.start()
        for _ in opened(posts, block_bytes=1_000_000).blocks(PostsWanted(frozenset({"keras"}), set())):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    small = peak(3_000)
    assert peak(30_000) < small + 500_000


def test_a_stopped_read_ends_in_order(posts: Path) -> None:
    posts.write_bytes(table(question(number, Body="x" * 1000) for number in range(1000)))
    looks = iter([False, True])
    blocks = opened(posts, block_bytes=100_000).blocks(AnyRow(), stopped=lambda: next(looks))
    with pytest.raises(Interrupted):
        gather(blocks, [])


def test_a_pipe_in_place_of_a_file_is_read(posts: Path) -> None:
    """Bytes may come in any pieces."""
    os.mkfifo(posts)
    content = table(ROWS)

    def feed() -> None:
        with posts.open("wb", buffering=0) as stream:
            for at in range(0, len(content), 7):
                stream.write(content[at : at + 7])

    feeder = threading.Thread(target=feed)
    feeder.start()
    blocks = read(opened(posts, block_bytes=300))
    feeder.join()
    assert ids(blocks) == [1, 2, 3, 4]
