"""Looks after the archive: its size, what has to go, and whether all of it is sound.

What goes, goes by whole runs, the oldest first: a part of a run cannot be rebuilt. A body stays as long as a run that
is kept brought or used it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from miner.collect.archive import Archive, Line, archive_of
from miner.errors import ArchiveError
from miner.settings import Settings

_QUIET = timedelta(days=1)
"""A run without an end of which so long nothing was heard was killed."""


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """What an archive holds. ``bytes`` are compressed, and of all of it; times are the first and last run's start."""

    name: str
    objects: int
    bytes: int
    runs: int
    pruned: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was pruned, or would be: journals by name and run, objects, and the bytes that all of it took."""

    runs: tuple[tuple[str, int], ...]
    objects: int
    bytes: int
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at every byte found: how much there is, and what is wrong, one sentence each."""

    objects: int
    runs: int
    problems: tuple[str, ...]


def archive_size(settings: Settings) -> tuple[int, int]:
    """Give how many objects the archive has, and the bytes that all of it takes.

    :raises ArchiveError: if it cannot be read.
    """
    archive = archive_of(settings)
    return len(archive.objects()), archive.size()


def status(archive: Archive) -> ArchiveStatus:
    """Say what an archive holds.

    :raises ArchiveError: if it cannot be read.
    """
    journals = archive.journals()
    starts = [_started(name) for name in journals]
    return ArchiveStatus(
        archive.name,
        len(archive.objects()),
        archive.size(),
        len(journals),
        len(archive.tombs()),
        min(starts, default=None),
        max(starts, default=None),
    )


def prune(settings: Settings, now: datetime, *, dry_run: bool = False) -> Pruned:
    """Delete the runs that the settings do not keep; the newest one of all stays, and one that goes on.

    What a run told is deleted after it is entered that it was, so a prune that is killed is finished by the next one.

    :raises ArchiveError: if the archive cannot be read or written.
    """
    archive = archive_of(settings)
    if not dry_run:
        archive.tidy(now - _QUIET)
    entombed = archive.tombs()
    runs = [_Run(name, archive.lines(name), size) for name, size in sorted(archive.journal_sizes().items())]
    going = [run for run in runs if run.name in entombed]
    kept = [run for run in runs if run.name not in entombed]
    plan = _Plan(kept, archive.objects())
    plan.release(going)
    size = archive.size() if settings.archive.max_bytes else 0
    for run in kept[:-1]:
        if run.is_over(now) and _has_to_go(run, settings, now, size - plan.bytes):
            going.append(run)
            plan.keep_not(run)
    if not dry_run:
        _delete(archive, going, plan.released, now)
    told = tuple((run.name, run.run_id) for run in going)
    return Pruned(told, len(plan.released), plan.bytes, dry_run)


def verify(archive: Archive) -> Verified:
    """Read all of an archive, and compare each body with its SHA-256.

    :raises ArchiveError: if it cannot be read at all.
    """
    problems, there = [], archive.objects()
    for digest in there:
        try:
            archive.get(digest)
        except ArchiveError as error:
            problems.append(str(error))
    names = archive.journals()
    for name in names:
        try:
            wanted = _Run(name, archive.lines(name)).bodies
        except ArchiveError as error:
            problems.append(str(error))
            continue
        missing = sorted(wanted - there.keys())
        problems += [f"the run of the journal {name} needs object {digest}, which is missing" for digest in missing]
    return Verified(len(there), len(names), tuple(problems))


class _Run:
    """What counts of a journal."""

    def __init__(self, name: str, lines: list[Line], size: int = 0) -> None:
        self.name = name
        self.size = size
        self.run_id = int(lines[0]["run_id"]) if lines else 0
        self.parent: str | None = lines[0]["parent"] if lines else None
        times = [datetime.fromisoformat(text) for line in lines for text, _ in line.get("wall", ())]
        self.last = max(times, default=_started(name))
        self._ended = any(line["event"] == "end" for line in lines)
        self.bodies = set(_bodies(lines))

    def is_over(self, now: datetime) -> bool:
        """Tell whether nothing will come any more."""
        return self._ended or now - self.last > _QUIET


def _bodies(lines: list[Line]) -> list[str]:
    """Give the bodies that a run brought, and those that it used."""
    found = [digest for line in lines for digest in line.get("used", ())]
    found += [line["sha256"] for line in lines if "sha256" in line]
    own = (line["rules"] for line in lines if "rules" in line)
    found += [digest for rules in own for digest in (*rules["rules_dir"].values(), rules["libraries_file"]) if digest]
    results = (line.get("result") for line in lines if line["event"] == "git")
    return found + [result["body"] for result in results if isinstance(result, dict) and "body" in result]


def _started(name: str) -> datetime:
    return datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)


def _has_to_go(run: _Run, settings: Settings, now: datetime, size: int) -> bool:
    days, most = settings.archive.keep_days, settings.archive.max_bytes
    return bool((days and run.last < now - timedelta(days=days)) or (most and size > most))


class _Plan:
    """Which bodies no run needs any more, as runs go one by one."""

    def __init__(self, kept: list[_Run], sizes: dict[str, int]) -> None:
        self._needed = Counter(digest for run in kept for digest in run.bodies)
        self._sizes = sizes
        self.released: set[str] = set()
        self.bytes = 0

    def keep_not(self, run: _Run) -> None:
        """Let a run go that was kept."""
        self._needed.subtract(run.bodies)
        self.release([run])

    def release(self, going: list[_Run]) -> None:
        """Release what runs had that go, as far as none needs it that is kept."""
        self.bytes += sum(run.size for run in going)
        for digest in {digest for run in going for digest in run.bodies} - self.released:
            if self._needed[digest] <= 0 and digest in self._sizes:
                self.released.add(digest)
                self.bytes += self._sizes[digest]


def _delete(archive: Archive, going: list[_Run], released: set[str], now: datetime) -> None:
    for run in going:
        archive.entomb(run.name, {"run_id": run.run_id, "parent": run.parent, "pruned_at": now.isoformat()})
    for digest in released:
        archive.forget(digest)
    for run in going:
        archive.drop(run.name)
