"""7z is listened to: what it finds damaged is never complete, and nothing of it is left behind."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from support.dumps import answer, children, gather, ids, pack, question, row, settings, table, write

from miner.collect.dump import AnyRow, Block, open_dump
from miner.collect.dumparchive import extraction, members
from miner.errors import DumpError, Interrupted


def noise(number: int) -> str:
    """Give text that does not pack to nothing."""
    return random.Random(number).randbytes(500).hex()  # noqa: S311 - not a secret


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dump whose Posts are 2 MB, or 1 MB packed."""
    rows = (question(number, Body=noise(number)) for number in range(1, 1500))
    comments = table([row({"Id": 1, "PostId": 1, "Text": "x"})], "Comments")
    return write(tmp_path / "files", Posts=table(rows), Comments=comments)


def read_until_error(archive: Path, **limits: int) -> tuple[list[Block], str]:
    dump = open_dump(archive, settings(**limits), site="ai.stackexchange.com")
    blocks: list[Block] = []
    with pytest.raises(DumpError) as error:
        gather(dump.tables["Posts"].blocks(AnyRow()), blocks)
    return blocks, str(error.value)


def damaged(archive: Path, at: float) -> Path:
    """Change a byte at a part of an archive's length."""
    data = bytearray(archive.read_bytes())
    data[int(len(data) * at)] ^= 0xFF
    archive.write_bytes(data)
    return archive


@pytest.mark.parametrize("method", ["LZMA2", "BZip2", "PPMd", "Copy"])
def test_a_table_is_streamed_from_an_archive_of_any_method(folder: Path, tmp_path: Path, method: str) -> None:
    archive = pack(tmp_path / "dump.7z", *folder.iterdir(), options=[f"-m0={method}"])
    dump = open_dump(archive, settings(block_bytes=500_000), site="ai.stackexchange.com")
    blocks = list(dump.tables["Posts"].blocks(AnyRow()))
    assert ids(blocks) == list(range(1, 1500))
    assert [block.last for block in blocks] == [False] * (len(blocks) - 1) + [True]
    assert ids(dump.tables["Comments"].blocks(AnyRow())) == [1]


def test_reading_goes_on_in_the_middle_of_an_archive(folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "dump.7z", *folder.iterdir())
    posts = open_dump(archive, settings(block_bytes=500_000), site="x").tables["Posts"]
    first, *rest = posts.blocks(AnyRow())
    assert list(posts.blocks(AnyRow(), start=first.end)) == rest


@pytest.mark.parametrize("method", ["LZMA2", "BZip2", "PPMd"])
def test_an_archive_damaged_in_the_middle_gives_what_lies_before(folder: Path, tmp_path: Path, method: str) -> None:
    """What 7z unpacks from there on may be anything; it tells only later that it is damaged, but it tells."""
    archive = damaged(pack(tmp_path / "dump.7z", folder / "Posts.xml", options=[f"-m0={method}"]), 0.5)
    blocks, why = read_until_error(archive, block_bytes=100_000)
    assert not any(block.last for block in blocks)
    given = [row["Id"] for block in blocks for row in block.rows]
    assert given[:500] == [str(number) for number in range(1, 501)]
    assert str(archive) in why


def test_an_archive_whose_checksum_is_wrong_is_never_complete(folder: Path, tmp_path: Path) -> None:
    """All rows are there and look well; only 7z, at the end, knows that they are not what was packed."""
    archive = pack(tmp_path / "dump.7z", folder / "Posts.xml", options=["-m0=Copy"])
    data = archive.read_bytes()
    archive.write_bytes(data.replace(b"What is it?", b"What is IT?", 1))
    blocks, why = read_until_error(archive)
    assert len(ids(blocks)) == 1499
    assert not any(block.last for block in blocks)
    assert "CRC Failed" in why


def test_an_archive_that_is_cut_off_cannot_be_opened(folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "dump.7z", *folder.iterdir())
    archive.write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(DumpError, match="Unexpected end of archive"):
        open_dump(archive, settings(), site="x")


def test_a_web_page_in_place_of_an_archive_cannot_be_opened(tmp_path: Path) -> None:
    archive = tmp_path / "dump.7z"
    archive.write_text("<html>404</html>")
    with pytest.raises(DumpError, match="Is not archive"):
        open_dump(archive, settings(), site="x")


@pytest.mark.parametrize("options", [["-psecret"], ["-psecret", "-mhe=on"]])
def test_an_archive_with_a_password_is_refused_without_asking(folder: Path, tmp_path: Path, options: list[str]) -> None:
    archive = pack(tmp_path / "dump.7z", *folder.iterdir(), options=options)
    with pytest.raises(DumpError, match="asks for a password"):
        open_dump(archive, settings(), site="x")


def test_a_missing_program_is_named_with_its_package(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = pack(tmp_path / "dump.7z", *folder.iterdir())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DumpError, match=r"7z is not installed.*apt install p7zip-full \(or 7zip\)"):
        open_dump(archive, settings(), site="x")


@pytest.mark.parametrize("name", ["-x.7z", "@list.7z", "a b;$(id)'.7z", "\u00fc*.7z"])
def test_names_are_never_taken_for_switches_patterns_or_commands(folder: Path, tmp_path: Path, name: str) -> None:
    archive = pack(tmp_path / "odd" / name, *folder.iterdir())
    (archive.parent / name.replace("*", "x").replace("-", "y")).touch()
    dump = open_dump(archive, settings(), site="x")
    assert len(ids(dump.tables["Posts"].blocks(AnyRow()))) == 1499
    assert dump.name == name


@pytest.mark.parametrize("name", ["files", "-o", "@list", "a*"])
def test_files_in_folders_of_an_archive_are_found(folder: Path, tmp_path: Path, name: str) -> None:
    """Whatever the folders are called."""
    archive = pack(tmp_path / "dump.7z", folder.rename(tmp_path / name))
    assert {member.name for member in members(archive)} == {f"{name}/Posts.xml", f"{name}/Comments.xml"}
    dump = open_dump(archive, settings(), site="x")
    assert len(ids(dump.tables["Posts"].blocks(AnyRow()))) == 1499


def test_a_member_that_is_not_there_is_not_an_empty_table(folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "dump.7z", folder / "Posts.xml")
    posts = open_dump(archive, settings(), site="x").tables["Posts"]
    pack(tmp_path / "other.7z", folder / "Comments.xml").replace(archive)
    with pytest.raises(DumpError, match="is empty"):
        list(posts.blocks(AnyRow()))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="tells children by /proc")
@pytest.mark.parametrize("leave", ["close", "error", "end"])
def test_no_7z_is_left_behind(folder: Path, tmp_path: Path, leave: str) -> None:
    """Whether the caller reads to the end, has seen enough, or fails."""
    archive = pack(tmp_path / "dump.7z", *folder.iterdir(), options=["-m0=PPMd"])
    before = children()
    dump = open_dump(archive, settings(block_bytes=10_000), site="x")
    blocks = dump.tables["Posts"].blocks(AnyRow())
    next(blocks)
    assert len(children() - before) == 1
    if leave == "close":
        blocks.close()  # type: ignore[attr-defined]
    elif leave == "error":
        with pytest.raises(RuntimeError):
            blocks.throw(RuntimeError())  # type: ignore[attr-defined]
    else:
        list(blocks)
    assert children() == before


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program in the place of 7z."""

    def put(script: str) -> None:
        program = tmp_path / "bin" / "7z"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return put


def test_a_7z_that_gives_nothing_does_not_keep_a_stop_waiting(fake: Callable[[str], None], tmp_path: Path) -> None:
    fake("exec sleep 600")
    with extraction(tmp_path / "dump.7z", "Posts.xml", lambda: True) as stream, pytest.raises(Interrupted):
        stream.read_into(memoryview(bytearray(10)))


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGKILL])
def test_a_7z_that_somebody_ended_says_nothing_of_the_archive(
    fake: Callable[[str], None], tmp_path: Path, name: signal.Signals
) -> None:
    fake(f"kill -{int(name)} $$")
    with pytest.raises(DumpError, match=f"7z was ended by {name.name}: run the same command again"):
        members(tmp_path / "dump.7z")


def test_much_that_7z_says_does_not_block_it(fake: Callable[[str], None], tmp_path: Path) -> None:
    fake("i=0; while [ $i -lt 20000 ]; do echo 'ERROR: Data Error' >&2; i=$((i+1)); done; exit 2")
    with (
        extraction(tmp_path / "dump.7z", "Posts.xml", lambda: False) as stream,
        pytest.raises(DumpError, match=r"\(7z says: ERROR: Data Error"),
    ):
        stream.read_into(memoryview(bytearray(10)))


def test_a_child_of_7z_that_holds_the_pipe_is_ended(fake: Callable[[str], None], tmp_path: Path) -> None:
    """What was unpacked is given at once; leaving ends the whole session."""
    fake("sleep 600 & echo one; exit 0")
    with extraction(tmp_path / "dump.7z", "Posts.xml", lambda: False) as stream:
        buffer = bytearray(10)
        assert stream.read_into(memoryview(buffer)) == 4
        assert buffer.startswith(b"one\n")


def test_an_answer_is_read_from_archives_of_single_tables(tmp_path: Path) -> None:
    files = write(tmp_path / "x", Posts=table([question(1), answer(2, 1)]))
    archive = pack(tmp_path / "stackoverflow.com-Posts.7z", files / "Posts.xml")
    dump = open_dump(archive, settings())
    assert ids(dump.tables["Posts"].blocks(AnyRow())) == [1, 2]
