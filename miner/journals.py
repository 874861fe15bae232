"""Reads which runs an archive has, and in which order those of one database were.

Each journal names the one before it. So an archive may hold the runs of several databases, of a copy that was brought
back and of the state that it replaced, and those of one are told apart from the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from miner.collect.archive import Archive, Line
from miner.collect.recorder import FORMAT
from miner.errors import RebuildError

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Journal:
    """What has to be known of a run before it is played.

    ``parent`` is the journal of the run before it, ``parent_commits`` how often that one had committed if it never
    ended. ``first`` and ``last`` are the times that it first and last entered. ``moves`` are renamings of clones,
    ``dumps`` the data dumps that it read. ``most_commits``: what lies behind so many was never committed.
    """

    name: str
    run_id: int
    parent: str | None
    pruned: bool = False
    parent_commits: int | None = None
    database: str = ""
    is_empty: bool = False
    uses_git: bool = False
    first: datetime = _NEVER
    last: datetime = _NEVER
    moves: tuple[tuple[str, str], ...] = ()
    dumps: tuple[str, ...] = ()
    most_commits: int | None = None

    def lines(self, archive: Archive) -> list[Line]:
        """Give its lines, but those of what was never committed.

        :raises ArchiveError: if they cannot be read.
        """
        found = archive.lines(self.name)
        ends = [at for at, line in enumerate(found, 1) if line["event"] == "commit"]
        if self.most_commits is None or not 0 < self.most_commits < len(ends):
            return found
        return found[: ends[self.most_commits - 1]]


def journals_of(archive: Archive) -> dict[str, Journal]:
    """Give all journals of an archive by their names, those that were pruned among them.

    :raises ArchiveError: if one cannot be read.
    :raises RebuildError: if one is of a newer version of the miner.
    """
    tombs = archive.tombs().items()
    found = {name: Journal(name, int(told["run_id"]), told["parent"], pruned=True) for name, told in tombs}
    for name in archive.journals():
        lines = archive.lines(name) if name not in found else []
        if lines:
            found[name] = _read(name, lines)
    return found


def _read(name: str, lines: Sequence[Line]) -> Journal:
    start, events = lines[0], {line["event"] for line in lines}
    if start.get("format") != FORMAT:
        raise RebuildError(f"the journal {name} is of another version of the miner (format {start.get('format')})")
    times = [datetime.fromisoformat(text) for line in lines for text, _ in line.get("wall", ())]
    commits = [datetime.fromisoformat(line["at"]) for line in lines if line["event"] == "commit" and "at" in line]
    return Journal(
        name,
        int(start["run_id"]),
        start["parent"],
        parent_commits=start["parent_commits"],
        database=start["database"],
        is_empty=sum(line["event"] == "commit" for line in lines) <= 1,
        uses_git="git" in events,
        first=datetime.fromisoformat(start["at"]) if "at" in start else min(times, default=_NEVER),
        last=max([*times, *commits], default=_NEVER),
        moves=tuple((line["old"], line["new"]) for line in lines if line["event"] == "moved"),
        dumps=tuple(line["path"] for line in lines if line["event"] == "dump" and not line["error"]),
    )


def chain(archive: Archive, head: str | None = None) -> list[Journal]:
    """Give the runs of one database, the first one first.

    :param head: the last one's journal. Without it, the archive must have the runs of one database alone.
    :raises RebuildError: if there is none, or it is not clear which.
    """
    found = journals_of(archive)
    heads = _heads(found)
    if head is not None and head not in found:
        raise RebuildError(f"the archive {archive.name} has no journal {head}; it has {_named(heads)}")
    if not heads:
        raise RebuildError(f"the archive {archive.name} has no run: check --from")
    if head is None and len(heads) > 1:
        raise RebuildError(
            f"the archive {archive.name} has the runs of {len(heads)} databases, or of one and a copy of it. Say with "
            f"--head which run was the last of the one that you want: {_named(heads)}"
        )
    at, way = found.get(head or heads[0].name), list[Journal]()
    while at is not None:
        way.append(at)
        at = found.get(at.parent or "")
    return list(_cut(way[::-1]))


def _cut(journals: Sequence[Journal]) -> Iterator[Journal]:
    """Leave out of a killed run what was not committed any more: the run after it found how much was.

    Its journal may even tell its end: the database that was to take that in never did.
    """
    for journal, following in zip(journals, [*journals[1:], None], strict=True):
        if following is None or journal.pruned or journal.last > following.first:
            yield journal
        else:
            yield replace(journal, most_commits=following.parent_commits)


def lost(journals: Sequence[Journal]) -> list[int]:
    """Give the numbers of the runs that were pruned, or were before the archive."""
    first = journals[0]
    before = range(1, first.run_id) if first.parent is None else range(first.run_id - 1, first.run_id)
    return sorted({*before} | {journal.run_id for journal in journals if journal.pruned})


def unrecorded(journals: Sequence[Journal]) -> list[int]:
    """Give the numbers of the runs in between that have no journal: those of other commands."""
    numbers = {journal.run_id for journal in journals}
    return [number for number in range(min(numbers), max(numbers)) if number not in numbers]


def overlapping(journals: Iterable[Journal]) -> Iterator[tuple[int, int]]:
    """Give the runs that ran at the same time: what they entered in turns is entered one run after the other."""
    latest: Journal | None = None
    for journal in journals:
        if latest is not None and latest.last > journal.first:
            yield latest.run_id, journal.run_id
        latest = journal if latest is None or journal.last >= latest.last else latest


def _heads(found: dict[str, Journal]) -> list[Journal]:
    parents = {journal.parent for journal in found.values()}
    heads = [journal for journal in found.values() if journal.name not in parents]
    # A run that was killed while it began may have left a journal and no row; its number was then given again.
    others = {(journal.parent, journal.run_id) for journal in found.values() if not journal.is_empty}
    return sorted(
        (one for one in heads if not (one.is_empty and (one.parent, one.run_id) in others)), key=lambda one: one.name
    )


def _named(heads: Sequence[Journal]) -> str:
    named = (f"{one.name} (run {one.run_id}{f' of {one.database}' if one.database else ''})" for one in heads)
    return ", ".join(named) or "none"
