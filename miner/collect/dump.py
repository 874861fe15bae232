"""Finds a Stack Exchange data dump and opens it: a folder of XML files, or 7z archives, never unpacked to disk.

A dump is of one site. Its tables are files of one row a line, gigabytes long, and are read as a stream of blocks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from miner.collect.dumparchive import Member, members
from miner.collect.dumpblocks import Block as Block
from miner.collect.dumpblocks import TableSource, read_blocks
from miner.collect.dumphead import read_head
from miner.collect.dumprows import DumpRowError, moment, parse_row
from miner.collect.dumpselect import AnswersWanted as AnswersWanted
from miner.collect.dumpselect import AnyRow as AnyRow
from miner.collect.dumpselect import ByPost as ByPost
from miner.collect.dumpselect import PostsWanted as PostsWanted
from miner.collect.dumpselect import Wanted as Wanted
from miner.collect.dumpstream import FileLocation, Location, MemberLocation
from miner.errors import DumpError
from miner.settings import DumpSettings

TABLES = ("Posts", "Comments", "PostHistory", "Votes", "PostLinks")

_FILES = {f"{table}.xml".lower(): table for table in TABLES}
_DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)+(?:com|net|org)")
_OF_ONE_TABLE = re.compile(rf"(.+)-({'|'.join((*TABLES, 'Badges', 'Tags', 'Users'))})", re.IGNORECASE)
_PROBE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class DumpTable:
    """A table of a dump. ``size`` is its bytes unpacked, None where an archive does not tell."""

    name: str
    size: int | None
    settings: DumpSettings
    source: TableSource

    def blocks(self, wanted: Wanted, *, start: int = 0, stopped: Callable[[], bool] = lambda: False) -> Iterator[Block]:
        """Read the table from byte ``start`` on: 0, or the end of a block given before.

        Close the iterator where you leave it early: that ends 7z. A table that was read to its end gives a block more
        when it is read from there, with no rows and ``last``. Memory is that of a block's wanted rows.

        :raises DumpError: for a file that is damaged, cut off or no table of a dump, once the rows before the fault
            were given in a block, and for an archive that 7z finds damaged, even if only at its end.
        :raises Interrupted: once ``stopped`` holds; what was read since the last block is read again.
        """
        return read_blocks(self.source, wanted, self.settings, start=start, stopped=stopped)


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump of one site.

    ``name`` is its folder's or archive's, ``site`` a domain, ``as_of`` the moment that it shows. ``identity`` is a hex
    digest that is the same wherever the same files lie; a folder and an archive of it differ. ``tables`` has Posts and
    those others of :data:`TABLES` that are there.
    """

    name: str
    site: str
    as_of: datetime
    identity: str
    tables: Mapping[str, DumpTable]


@dataclass(frozen=True, slots=True)
class _Part:
    """A table that was found. ``print`` is what tells it from another table's content."""

    location: Location
    size: int | None
    print: str
    modified_at: datetime | None = None


def open_dump(path: Path, settings: DumpSettings, *, site: str | None = None, as_of: datetime | None = None) -> Dump:
    """Find the tables of a dump; none is read but for the end of a folder's Posts.xml.

    :param path: a folder with Posts.xml; a 7z archive of all tables; a 7z archive of one table, as those of Stack
        Overflow are, or a folder with such: those of the same site beside it belong to it.
    :param site: the domain, where the name of the folder or archive is none.
    :param as_of: the moment that the dump shows. Without it: when Posts was packed into its archive, or, in a folder,
        when the newest of its last posts was written.
    :raises DumpError: if there is no dump or more than one, it cannot be opened, or its site or moment is not known.
    """
    path = path.resolve() if ".." in path.parts else path.absolute()
    if path.is_file() and path.name.lower() == "posts.xml":
        path = path.parent
    parts = _from_folder(path) if path.is_dir() else _from_file(path)
    if "Posts" not in parts:
        raise DumpError(f"{path} holds no Posts.xml, without which nothing else of a dump is of use")
    site = _agreed(path, _site(path, parts["Posts"]), site)
    tables = {
        name: DumpTable(name, parts[name].size, settings, TableSource(name, site, parts[name].location))
        for name in TABLES
        if name in parts
    }
    moment_shown = as_of or _as_of(parts["Posts"], settings)
    return Dump(path.name, site, moment_shown, _identity(site, parts), tables)


def _agreed(path: Path, named: str | None, given: str | None) -> str:
    if named and given and named != given:
        raise DumpError(f"{path.name} is named after {named}, not {given}: leave out --site, or rename it")
    if not named and not given:
        raise DumpError(f"{path.name} does not tell which site the dump is of: say it, as --site DOMAIN")
    return named or given or ""


def _from_folder(folder: Path) -> dict[str, _Part]:
    files = _listed(folder)
    plain = [file for file in files if file.name.lower() in _FILES]
    if any(_FILES[file.name.lower()] == "Posts" for file in plain):
        return _unique(folder, ((_FILES[file.name.lower()], _plain(file)) for file in plain))
    archives = [file for file in files if file.suffix.lower() == ".7z"]
    sites = sorted({_site_name(file) for file in archives})
    if not sites:
        raise DumpError(f"{folder} holds neither Posts.xml nor a 7z archive: name the folder or archive of a dump")
    if len(sites) > 1:
        found = ", ".join(sites[:5]) + (", ..." if len(sites) > 5 else "")
        raise DumpError(f"{folder} holds archives of several sites ({found}): name the one archive that you want")
    return _from_archives(folder, archives)


def _from_file(path: Path) -> dict[str, _Part]:
    if not path.is_file():
        raise DumpError(f"there is no dump {path}: name a folder with Posts.xml or a 7z archive")
    if path.suffix.lower() != ".7z":
        raise DumpError(f"{path} is neither a folder with Posts.xml nor a 7z archive")
    if not _OF_ONE_TABLE.fullmatch(path.stem):
        return _from_archives(path, [path])
    beside = (file for file in _listed(path.parent) if file.suffix.lower() == ".7z")
    of_site = [file for file in beside if _OF_ONE_TABLE.fullmatch(file.stem) and _site_name(file) == _site_name(path)]
    return _from_archives(path.parent, of_site)


def _from_archives(where: Path, archives: Iterable[Path]) -> dict[str, _Part]:
    found = ((archive, member) for archive in archives if _is_of_use(archive) for member in members(archive))
    known = ((_FILES.get(member.base.lower()), archive, member) for archive, member in found)
    return _unique(where, ((table, _packed(archive, member)) for table, archive, member in known if table))


def _is_of_use(archive: Path) -> bool:
    """Tell whether an archive can hold a table that is read: that of Users need not be looked at, or even be sound."""
    named = _OF_ONE_TABLE.fullmatch(archive.stem)
    return named is None or f"{named[2].lower()}.xml" in _FILES


def _unique(where: Path, found: Iterable[tuple[str, _Part]]) -> dict[str, _Part]:
    parts: dict[str, _Part] = {}
    for table, part in found:
        if table in parts:
            raise DumpError(
                f"{where} holds the table {table} twice, as {parts[table].location} and as {part.location}: "
                "name the one dump that you want"
            )
        parts[table] = part
    return parts


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.is_file())
    except OSError as error:
        raise DumpError(f"cannot read the folder {folder}: {error.strerror}") from None


def _plain(file: Path) -> _Part:
    size = file.stat().st_size
    ends = _read(file, 0) + _read(file, max(0, size - _PROBE_BYTES))
    return _Part(FileLocation(file), size, hashlib.sha256(ends).hexdigest())


def _packed(archive: Path, member: Member) -> _Part:
    return _Part(MemberLocation(archive, member.name), member.size, member.crc, member.modified_at)


def _read(file: Path, start: int, size: int = _PROBE_BYTES) -> bytes:
    try:
        with file.open("rb") as stream:
            stream.seek(start)
            return stream.read(size)
    except OSError as error:
        raise DumpError(f"cannot read {file}: {error.strerror}") from None


def _site_name(archive: Path) -> str:
    named = _OF_ONE_TABLE.fullmatch(archive.stem)
    return (named[1] if named else archive.stem).lower()


def _site(path: Path, posts: _Part) -> str | None:
    """Give the domain that the archive of the posts is named after, or the folder."""
    names = [_site_name(posts.location.archive)] if isinstance(posts.location, MemberLocation) else []
    folder = path if path.is_dir() else path.parent
    return next((name for name in [*names, folder.name.lower()] if _DOMAIN.fullmatch(name)), None)


def _identity(site: str, parts: Mapping[str, _Part]) -> str:
    lines = [f"{site}\n", *(f"{table} {part.size} {part.print}\n" for table, part in sorted(parts.items()))]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _as_of(posts: _Part, settings: DumpSettings) -> datetime:
    if isinstance(posts.location, FileLocation):
        with posts.location.open(lambda: False) as stream:
            # What is no dump has no date either: that it is none is to be said.
            read_head(str(posts.location), "Posts", stream)
        found = _last_written(posts.location.path, posts.size or 0, settings.max_row_bytes)
    else:
        found = posts.modified_at
    if found is None:
        raise DumpError(f"{posts.location} does not tell when the dump was made: say it with --dump-date")
    return found


def _last_written(file: Path, size: int, max_row_bytes: int) -> datetime | None:
    """Give the newest creation date among the last rows; posts are in the order in which they were written."""
    reach = _PROBE_BYTES
    while True:
        start = max(0, size - reach)
        dates = list(_creation_dates(_read(file, start, reach)))
        if dates or start == 0 or reach > 2 * max_row_bytes:
            return max(dates, default=None)
        reach *= 2


def _creation_dates(tail: bytes) -> Iterator[datetime]:
    for line in tail.splitlines():
        if line.lstrip().startswith(b"<row "):
            try:
                yield moment(parse_row(line.strip()), "CreationDate")
            except DumpRowError:
                continue
