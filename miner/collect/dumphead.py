"""Looks at how a table's file begins: what is no table of a dump in UTF-8 is refused before any row is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from miner.collect.dumpstream import ByteStream
from miner.errors import DumpError

_HEAD_BYTES = 4096
_MARKED_BYTES = 64
_FOREIGN_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*(<\?xml[^<>]*\?>)?\s*<(\w+)\s*(/?)>[ \t]*(\r?\n|\Z)?")
_ENCODING = re.compile(rb"\sencoding\s*=\s*[\"']([^\"']*)")
_IS_WEB_PAGE = "is a web page, not a table of a dump: download the dump again"
_WEB_PAGE = re.compile(rb"<!doctype\s+html|<html", re.IGNORECASE)
_DECLARATION = re.compile(rb"<!(?:doctype|entity)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Head:
    """How a table begins: ``size`` bytes, and ``begun``, what was read of its rows. ``empty``: there are none."""

    size: int
    begun: bytes
    empty: bool


def read_head(item: str, table: str, stream: ByteStream) -> Head:
    """Read the head of a table's file from its beginning.

    :param item: what to name in an error.
    :param table: the table that it must be, such as "Posts".
    :raises DumpError: if it is not that table in UTF-8, or declares entities.
    """
    data = _read(stream)
    if not data:
        raise DumpError(f"{item} is empty: get the dump again")
    found = _HEAD.match(data)
    if not found:
        raise DumpError(f"{item} {_what_it_is(data, table)}")
    declaration, root, closed, line_end = found.groups()
    _check_declaration(item, declaration or b"")
    _check_root(item, table, root.decode("ascii", "replace"))
    if line_end is None:
        raise DumpError(f"{item} is not written with one row a line, as Stack Exchange dumps are")
    return Head(found.end(), data[found.end() :], bool(closed))


def declares(line: bytes | bytearray) -> bool:
    """Tell whether there is a document type or an entity declaration in a line, which no dump has."""
    return _DECLARATION.search(line) is not None


def _read(stream: ByteStream) -> bytes:
    buffer = bytearray(_HEAD_BYTES)
    filled = 0
    with memoryview(buffer) as view:
        while filled < _HEAD_BYTES and (count := stream.read_into(view[filled:])):
            filled += count
    return bytes(buffer[:filled])


def _what_it_is(data: bytes, table: str) -> str:
    if data.startswith(_FOREIGN_MARKS) or b"\0" in data[:_MARKED_BYTES]:
        return "is not UTF-8 but, it seems, UTF-16 or UTF-32; Stack Exchange dumps are UTF-8"
    if _WEB_PAGE.search(data):
        return _IS_WEB_PAGE
    if declares(data):
        return "declares a document type or an entity, as no Stack Exchange dump does: it is not read"
    return f"does not begin as a table of a Stack Exchange dump does, with <{table.lower()}>"


def _check_declaration(item: str, declaration: bytes) -> None:
    encoding = _ENCODING.search(declaration)
    if encoding and encoding[1].lower() not in (b"utf-8", b"utf8"):
        said = encoding[1].decode("ascii", "replace")
        raise DumpError(f"{item} says that its encoding is {said}; Stack Exchange dumps are UTF-8")


def _check_root(item: str, table: str, root: str) -> None:
    if root.lower() == "html":
        raise DumpError(f"{item} {_IS_WEB_PAGE}")
    if root.lower() != table.lower():
        raise DumpError(f"{item} holds <{root}>, not <{table.lower()}>: it is not the table {table}")
