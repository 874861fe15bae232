"""Reads a list of what to collect: posts of Stack Exchange, and commits and lines on GitHub.

A list is text (one seed a line; ``#`` begins a comment line), CSV or TSV, or xlsx. Any cell that is a link is a seed. A
row without a link may name a post by its number, in a column that is named so (:data:`_ID_NAMES`) or, where the table
has no header, in the first. All other cells are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from miner.collect.seedfiles import MAX_CELL_CHARACTERS, Row, Table, read_tables
from miner.errors import SeedsError

MAX_SEEDS = 1_000_000

_ID_NAMES = frozenset(
    {"id", "post", "post#", "postid", "question", "questionid", "answer", "answerid", "bug", "bugid", "commit"}
    | {"link", "links", "url", "urls", "seed", "seeds"}
)
_USER = re.compile(r"[^/\s@]{1,300}@(?=(?:[\w-]{1,63}\.){1,5}(?:com|net)\b)")
_QUERY = re.compile(r"(?<=[\w/.-])\?[^#\s]*")
_NUMBER = re.compile(r"([0-9]{1,15})(?:\.0+)?")
# The site's ids are of SQL Server's type int.
_MAX_POST_ID = 2**31 - 1
_MAX_LINE = 10**9
_SHOWN_CHARACTERS = 200
_LINK = re.compile(r"https?://\S+|(?:[\w-]+\.)+(?:com|net)/\S+", re.I)
_AROUND = "<>()[]{}\"'.,;:!? \t\xa0\u200b\ufeff"
_SITES = ("stackoverflow.com", "serverfault.com", "superuser.com", "askubuntu.com", "mathoverflow.net", "stackapps.com")
_POST = re.compile(r"/(?:questions|q|a|posts)/([0-9]{1,15})(?:/[\w%~.-]*){0,2}/?", re.I)
_REPOSITORY = re.compile(r"/([A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}/)[A-Za-z0-9._-]{1,100})/(.*)", re.S)
_COMMIT = re.compile(r"(?:pull/[0-9]+/(?:commits|changes)|commit)/([^/]+?)(?:\.diff|\.patch)?/?")
_SHA = re.compile(r"[0-9a-f]{7,40}", re.I)
_ANCHOR = re.compile(r"diff-([0-9a-f]{64}|[0-9a-f]{32})(?:([LR])([0-9]{1,15})(?:-[LR]?[0-9]+)?)?", re.I)
_LINES = re.compile(r"L([0-9]{1,15})(?:C[0-9]+)?(?:-L?([0-9]{1,15})(?:C[0-9]+)?)?", re.I)
_BLOB = re.compile(r"(?:blob|blame)/(?:refs/(?:heads|tags)/)?([^/]+)/(.+)", re.S)
# What git does not take in the name of a branch, or takes for more than a name.
_NO_REVISION = re.compile(r"^[-./]|\.\.|@\{|[\x00-\x20\x7f~^:?*\[\\\ufffd]|\.lock$")
_NO_PATH = re.compile(r"(?:^|/)(?:\.{0,2})(?:/|$)|[\x00-\x1f\x7f\ufffd]")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place on a commit's page: ``digest`` is the hexadecimal MD5 or SHA-256 of the file's path.

    ``line`` is a line of the file before (``side`` "old") or after the change; of a range, its first.
    """

    digest: str
    side: Literal["old", "new"] | None
    line: int | None


@dataclass(frozen=True, slots=True)
class PostSeed:
    """A question or an answer; of a link that names both, the question, which is what is collected.

    ``text`` is how the list writes it and ``row`` where, from 1 (a line; of an xlsx, a row of its sheet). ``site`` is a
    domain.
    """

    text: str
    row: int
    site: str
    post_id: int


@dataclass(frozen=True, slots=True)
class CommitSeed:
    """A commit on GitHub, and the place in it that is meant. ``sha`` has 7 to 40 digits, in lower case."""

    text: str
    row: int
    repository: str
    sha: str
    anchor: Anchor | None


@dataclass(frozen=True, slots=True)
class LineSeed:
    """Lines of a file on GitHub at a revision (a sha, or the name of a branch or tag without slashes)."""

    text: str
    row: int
    repository: str
    revision: str
    path: str
    line: int
    last_line: int


Seed = PostSeed | CommitSeed | LineSeed


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a list holds and nobody can collect; ``reason`` completes the sentence that begins with ``text``."""

    text: str
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Seeds:
    """A list of seeds in its order; what is listed twice is here twice."""

    seeds: tuple[Seed, ...]
    unreadable: tuple[Unreadable, ...]


class _NoSeedError(ValueError):
    """Says why a text is no seed."""


def read_seeds(path: Path, *, site: str) -> Seeds:
    """Read a list of seeds.

    :param site: the domain of the site that bare numbers are posts of.
    :raises SeedsError: if the file is missing, cannot be read, is too large, or holds no seed at all.
    """
    seeds: list[Seed] = []
    unreadable: list[Unreadable] = []
    for table in read_tables(path, lambda text: not isinstance(parse_seed(text, 0, site=site), Unreadable)):
        for found in _of_table(table, site):
            if isinstance(found, Unreadable):
                unreadable.append(found)
            else:
                seeds.append(found)
            if len(seeds) + len(unreadable) > MAX_SEEDS:
                raise SeedsError(f"{path} lists more than {MAX_SEEDS:,} seeds: split it")
    if not seeds:
        first = f"; row {unreadable[0].row}: {unreadable[0].text!a} {unreadable[0].reason}" if unreadable else ""
        raise SeedsError(f"{path} holds no seed: list links to posts, commits or lines, or ids of posts{first}")
    return Seeds(tuple(seeds), tuple(unreadable))


def parse_seed(text: str, row: int, *, site: str) -> Seed | Unreadable:
    """Read one link or id; ``site`` is the domain of the site that a bare number is a post of.

    The text that it gives back is without what a link may hold of secrets: a user, a password, a query.
    """
    text = _public(text)
    try:
        return _parsed(text, row, site)
    except _NoSeedError as error:
        return _unreadable(text, row, str(error))


def _parsed(text: str, row: int, site: str) -> Seed:
    if len(text) > MAX_CELL_CHARACTERS:
        raise _NoSeedError(f"is longer than {MAX_CELL_CHARACTERS:,} characters")
    bare = text.strip(_AROUND)
    number = _NUMBER.fullmatch(bare)
    if number:
        return PostSeed(text, row, site, _post_id(number[1]))
    if not _LINK.fullmatch(bare):
        raise _NoSeedError("is neither a link nor the id of a post")
    try:
        parts = urlsplit(bare if "://" in bare else f"https://{bare}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        raise _NoSeedError("is no link that can be read") from None
    if host == "github.com":
        return _on_github(text, row, parts)
    if host.endswith((".stackexchange.com", *(f".{name}" for name in _SITES))) or host in _SITES:
        return _post(text, row, host, parts.path)
    raise _NoSeedError("leads neither to github.com nor to a site of Stack Exchange")


def _post(text: str, row: int, host: str, path: str) -> PostSeed:
    found = _POST.fullmatch(path)
    if not found:
        raise _NoSeedError("is no link to a question or an answer")
    return PostSeed(text, row, host, _post_id(found[1]))


def _post_id(digits: str) -> int:
    if not 0 < int(digits) <= _MAX_POST_ID:
        raise _NoSeedError("has a number that no post can have")
    return int(digits)


def _on_github(text: str, row: int, parts: SplitResult) -> CommitSeed | LineSeed:
    found = _REPOSITORY.fullmatch(parts.path)
    if not found:
        raise _NoSeedError("names no commit and no line of a file")
    repository, place = found[1].removesuffix(".git"), found[2]
    commit = _COMMIT.fullmatch(place)
    if commit:
        if not _SHA.fullmatch(commit[1]):
            raise _NoSeedError("names no commit: a sha has 7 to 40 hexadecimal digits")
        return CommitSeed(text, row, repository, commit[1].lower(), _anchor(parts.fragment))
    blob = _BLOB.fullmatch(place)
    if blob:
        return _line(text, row, repository, blob, parts.fragment)
    if place.startswith("pull/"):
        raise _NoSeedError("is a pull request: link one of its commits")
    raise _NoSeedError("is a page of a repository, but no commit and no line of a file")


def _anchor(fragment: str) -> Anchor | None:
    """Read what follows ``#`` in a commit's link; comments and the like are places on the page, not in the change."""
    if not fragment.lower().startswith("diff-"):
        return None
    found = _ANCHOR.fullmatch(fragment)
    if not found:
        raise _NoSeedError(
            "has an anchor that is cut off: a file's has 32 or 64 hexadecimal digits, then L or R and a line"
        )
    if found[2] is None:
        return Anchor(found[1].lower(), None, None)
    return Anchor(found[1].lower(), "old" if found[2] in "lL" else "new", _line_number(found[3]))


def _line(text: str, row: int, repository: str, blob: re.Match[str], fragment: str) -> LineSeed:
    found = _LINES.fullmatch(fragment)
    if not found:
        raise _NoSeedError("shows a file but no line of it: add #L and the line")
    revision, path = unquote(blob[1]), unquote(blob[2])
    if _NO_REVISION.search(revision) or _NO_PATH.search(path):
        raise _NoSeedError("names a revision or a path that git cannot have")
    lines = sorted(_line_number(digits) for digits in (found[1], found[2] or found[1]))
    return LineSeed(text, row, repository, revision, path, lines[0], lines[1])


def _line_number(digits: str) -> int:
    if not 0 < int(digits) <= _MAX_LINE:
        raise _NoSeedError("has a line number that no file has")
    return int(digits)


def _public(text: str) -> str:
    return _QUERY.sub("", _USER.sub("", text)) if "@" in text or "?" in text else text


def _unreadable(text: str, row: int, reason: str) -> Unreadable:
    text = _public(text)
    cut = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
    return Unreadable(cut, row, reason)


def _of_table(table: Table, site: str) -> Iterator[Seed | Unreadable]:
    columns = frozenset({0})
    headed = False
    for place, row in enumerate(table.rows):
        named = frozenset() if headed else _named(row)
        if named:
            columns, headed = named, True
        elif place == 0 and _is_header(row):
            columns = frozenset()
        else:
            headed = headed or any(map(_is_seed_like, row.cells))
            yield from _of_row(row, columns, site)


def _named(row: Row) -> frozenset[int]:
    """Give the columns that a row names as those of ids or links; none: it is no header. A title may stand above it."""
    if any(map(_is_seed_like, row.cells)):
        return frozenset()
    names = [re.sub(r"[\s_-]", "", cell.lower()) for cell in row.cells]
    return frozenset(no for no, name in enumerate(names) if name in _ID_NAMES)


def _is_header(row: Row) -> bool:
    # A single cell is a title, or a line of text: to take it for a header would hide it.
    return sum(map(bool, row.cells)) > 1 and not any(map(_is_seed_like, row.cells))


def _is_seed_like(cell: str) -> bool:
    bare = cell.strip(_AROUND)
    return bool(_LINK.fullmatch(bare) or _NUMBER.fullmatch(bare))


def _of_row(row: Row, columns: frozenset[int], site: str) -> Iterator[Seed | Unreadable]:
    """Give a row's links; of one without any, its numbers; of one without those, why it has none."""
    if row.problem:
        yield Unreadable("", row.no, row.problem)
        return
    links = [parse_seed(cell, row.no, site=site) for cell in row.cells if _LINK.fullmatch(cell.strip(_AROUND))]
    named = [cell for no, cell in enumerate(row.cells) if no in columns and cell]
    if links:
        # A link to something else beside a seed is a further column, such as a home page.
        yield from [found for found in links if not isinstance(found, Unreadable)] or links
    elif named:
        yield from (parse_seed(cell, row.no, site=site) for cell in named)
    else:
        yield _unreadable(" ".join(filter(None, row.cells)), row.no, "has no link, and no id in a column named so")
