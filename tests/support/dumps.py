"""Makes data dumps as Stack Exchange writes them: tables of one row a line, and 7z archives made by the real 7z."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from miner.collect.dump import AnyRow, Block, DumpTable
from miner.collect.dumpblocks import TableSource
from miner.collect.dumpselect import Wanted
from miner.collect.dumpstream import FileLocation
from miner.settings import DumpSettings

HEAD = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n'
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#xA;"), ("\r", "&#xD;"))


def settings(block_bytes: int = 64_000_000, max_row_bytes: int = 4_000_000) -> DumpSettings:
    return DumpSettings(block_bytes=block_bytes, max_row_bytes=max_row_bytes, page_questions=500)


def escaped(text: str) -> str:
    """Escape a value as the dump's writer does; tabs, too, which a parser would make a space of."""
    for plain, entity in (*_ENTITIES, ("\t", "&#x9;")):
        text = text.replace(plain, entity)
    return text


def row(values: Mapping[str, object]) -> bytes:
    """Write a row with its attributes in the order given; those of None are left out."""
    given = "".join(f' {name}="{escaped(str(value))}"' for name, value in values.items() if value is not None)
    return f"  <row{given} />\n".encode()


def question(number: int, tags: str = "<keras><python>", **changed: object) -> bytes:
    """Write a question's row in the order of attributes of 2017; "piped" tags are those of 2024: ``|a|b|``."""
    values: dict[str, object] = {
        "Id": number,
        "PostTypeId": 1,
        "AcceptedAnswerId": None,
        "CreationDate": "2016-08-02T15:39:14.947",
        "Score": 5,
        "ViewCount": 169,
        "Body": "<p>What does\n<code>a < b</code> mean?</p>\n",
        "OwnerUserId": 8,
        "LastActivityDate": "2016-08-18T13:20:02.773",
        "Title": "What is it?",
        "Tags": tags,
        "AnswerCount": 1,
    }
    return row(values | changed)


def answer(number: int, parent: int, **changed: object) -> bytes:
    """Write an answer's row in the order of attributes of 2017."""
    values: dict[str, object] = {
        "Id": number,
        "PostTypeId": 2,
        "ParentId": parent,
        "CreationDate": "2016-08-02T15:40:24.820",
        "Score": 10,
        "Body": "<p>It means that.</p>\n",
        "OwnerUserId": 4,
        "LastActivityDate": "2016-08-02T15:40:24.820",
        "CommentCount": 0,
    }
    return row(values | changed)


def table(rows: Iterable[bytes], name: str = "Posts") -> bytes:
    """Write a table's file."""
    root = name.lower().encode()
    return HEAD + b"<%s>\n" % root + b"".join(rows) + b"</%s>" % root


def write(folder: Path, **tables: bytes) -> Path:
    """Write the files of a dump's folder: ``Posts=table(...)``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tables.items():
        (folder / f"{name}.xml").write_bytes(content)
    return folder


def opened(path: Path, name: str = "Posts", site: str = "ai.stackexchange.com", **limits: int) -> DumpTable:
    """Give a table's file as a table, without a dump around it."""
    return DumpTable(name, path.stat().st_size, settings(**limits), TableSource(name, site, FileLocation(path)))


def read(table: DumpTable, wanted: Wanted | None = None, start: int = 0) -> list[Block]:
    """Read a table to its end."""
    return list(table.blocks(wanted or AnyRow(), start=start))


def gather(blocks: Iterable[Block], into: list[Block]) -> None:
    """Take blocks, and keep those that came where an error ends them."""
    for block in blocks:
        into += [block]


def ids(blocks: Iterable[Block]) -> list[int]:
    """Give the ids of the rows of blocks."""
    return [int(row["Id"]) for block in blocks for row in block.rows]


def pack(archive: Path, *files: Path, options: Iterable[str] = ()) -> Path:
    """Pack files into a 7z archive, without their folders."""
    program = shutil.which("7z") or shutil.which("7zz") or shutil.which("7za")
    assert program, "these tests need the program 7z: apt install p7zip-full (or 7zip)"
    archive.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [program, "a", "-bd", *options, "--", str(archive.absolute()), *(str(file.absolute()) for file in files)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr.decode()
    return archive


def children() -> set[int]:
    """Give the process ids of all children of this process, of all its threads."""
    found = (path.read_text(encoding="ascii") for path in Path("/proc/self/task").glob("*/children"))
    return {int(number) for text in found for number in text.split()}
