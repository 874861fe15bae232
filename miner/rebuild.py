"""Makes the tables anew from the archive, the clones and, where one was read, the data dump; without network.

::

    journals                 one a run, each names the one before it
        |
    Player                   the run's answers and times, in place of the world
        |
    pipeline.perform         the flows, as they are in this version
        |
    an empty database        the same rows, if the version is the same

A run is played with the settings that it had. What this version asks for and no run asked is an omission, and is told.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select

from miner.collect import git
from miner.collect.archive import Archive, Line
from miner.collect.player import Player
from miner.collect.tape import JournalEnd
from miner.errors import ArchiveError, Interrupted, MinerError, RebuildError, StoreError
from miner.job import Reporter
from miner.journals import Journal, chain, lost, overlapping, unrecorded
from miner.playedrules import PlayedRules, Rules
from miner.replays import Again, replay
from miner.settings import Settings, recorded
from miner.store import bodies, schema
from miner.store.session import masked, open_engine, reading
from miner.store.tables import crawl_run, metadata
from miner.workers import stop_on_signal

_STOPPED = "stopped on request: the database is not whole; delete it and rebuild again"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a run: ``missing`` is what was asked for that the run had not asked.

    ``differs``: a change of people's labels drew, entered or refused something else than it did then.
    ``other_rules``: it had rules of a user that are not those of today, which labelled now.
    """

    run_id: int
    command: str
    status: str
    recorded_status: str
    missing: tuple[str, ...]
    unknown_settings: tuple[str, ...]
    other_rules: bool = False
    differs: bool = False

    @property
    def is_same(self) -> bool:
        """Whether all went as it was recorded."""
        return self.status == self.recorded_status and not (self.missing or self.other_rules or self.differs)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: the runs that it played, and the numbers of others.

    ``lost`` ones are not in the archive any more, ``unrecorded`` ones never were, ``overlapping`` ones ran at a time.
    """

    runs: tuple[Replayed, ...]
    lost: tuple[int, ...]
    unrecorded: tuple[int, ...]
    overlapping: tuple[tuple[int, int], ...]

    @property
    def is_whole(self) -> bool:
        """Whether every run is there and went as it was recorded."""
        return not self.lost and not self.unrecorded and all(run.is_same for run in self.runs)


def rebuild(
    settings: Settings,
    archive: Archive,
    target: str,
    reporter: Reporter,
    *,
    head: str | None = None,
    partial: bool = False,
    dumps: Path | None = None,
    archived_rules: bool = False,
) -> Rebuilt:
    """Play all runs of an archive into an empty database.

    :param settings: where the clones are; the rest comes from the runs.
    :param target: the URL of the database.
    :param head: the journal of the last run to play, where the archive has runs of several databases.
    :param partial: whether to go on where runs are missing.
    :param dumps: the folder that has the data dumps which are not where they were.
    :param archived_rules: whether to run rules out of the archive, which are code, where they are not those of today.
    :raises RebuildError: if the database is not empty, or runs are missing.
    :raises ArchiveError: if the archive cannot be read.
    """
    journals = chain(archive, head)
    gone = lost(journals)
    if gone and not partial:
        raise RebuildError(
            f"of the archive {archive.name} the runs {_numbers(gone)} are missing: they were pruned, or are older than "
            "the archive. What they brought cannot be rebuilt; --partial rebuilds the rest"
        )
    there = [journal for journal in journals if not journal.pruned]
    if any(journal.uses_git for journal in there):
        git.check_version()
    _find_dumps(there, dumps)
    engine = open_engine(target)
    try:
        _require_empty(engine)
        bodies.attach(engine, archive)
        with tempfile.TemporaryDirectory(prefix="miner-rebuild-") as name, stop_on_signal() as stopped:
            rules = PlayedRules(archive, settings, Path(name), archived=archived_rules)
            played = _Playing(settings, archive, Path(name), there, dumps, engine, reporter, stopped, rules)
            schema.mark(engine, whole=False)
            runs = played.play_all(there)
            schema.mark(engine, whole=True)
    finally:
        engine.dispose()
    return Rebuilt(runs, tuple(gone), tuple(unrecorded(journals)), tuple(overlapping(there)))


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown}, ... ({len(numbers)} in all)"


def _require_empty(engine: Engine) -> None:
    if schema.current(engine) is None:
        schema.prepare(engine)
    schema.require(engine)
    with reading(engine) as connection:
        full = [t.name for t in metadata.sorted_tables if connection.scalar(select(func.count()).select_from(t))]
    if full:
        raise RebuildError(
            f"the database {masked(engine.url)} is not empty (it has rows in {full[0]}): a rebuild wants one of its "
            "own. Name a new one with --to"
        )


def _find_dumps(journals: Sequence[Journal], folder: Path | None) -> None:
    """Miss a dump before anything is done, and not after hours."""
    for journal in journals:
        for named in journal.dumps:
            path = _dump(named, folder)
            if not path.exists():
                raise RebuildError(
                    f"run {journal.run_id} read the data dump {named}, and there is no {path}: a dump is not kept in "
                    "the archive. Put it back, or name with --dumps the folder that has it"
                )


def _dump(path: str, folder: Path | None) -> Path:
    return Path(path) if folder is None else folder / Path(path).name


class _Playing:
    """Plays journals, one after the other. It is the players' :class:`~miner.collect.player.Places`."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        folder: Path,
        journals: Sequence[Journal],
        dumps: Path | None,
        engine: Engine,
        reporter: Reporter,
        stopped: Callable[[], bool],
        rules: PlayedRules,
    ) -> None:
        self._now = settings
        self._rules = rules
        self._clones = settings.storage.data_dir.absolute() / "repositories"
        self._archive, self._folder, self._dumps = archive, folder, dumps
        self._engine, self._reporter, self._stopped = engine, reporter, stopped
        self._last: dict[str, str] = {}
        self._moves = [move for journal in journals for move in journal.moves]
        self._moved = 0
        (folder / "repositories").mkdir()

    def play_all(self, journals: Sequence[Journal]) -> tuple[Replayed, ...]:
        """Play runs in their order. It raises what :meth:`play` does."""
        found = []
        self._reporter.start("rebuild", "tables", len(journals), "runs")
        try:
            for journal in journals:
                found.append(self.play(journal))
                self._reporter.advance("rebuild", "tables", len(found))
        finally:
            self._reporter.finish("rebuild", "tables")
        return tuple(found)

    def play(self, journal: Journal) -> Replayed:
        """Play a run.

        :raises Interrupted: if the user stops it.
        :raises RebuildError: if something is missing without which it cannot be played.
        """
        lines = journal.lines(self._archive)
        told = lines[0]
        rules = self._rules.of(told)
        settings, unknown = self._settings(told, rules)
        player = Player(self._archive, journal.name, lines, self, self._last)
        try:
            again = Again(settings, told["arguments"], self._reporter, self._engine, player, self._stopped)
            replay(str(told["command"]), again)
        except JournalEnd:
            pass  # A run that was killed ends where it was.
        except (RebuildError, StoreError, ArchiveError):
            raise
        except Interrupted:
            raise Interrupted(_STOPPED) from None
        except MinerError as error:
            self._reporter.warn(f"run {journal.run_id}", str(error))
        if self._stopped():
            raise Interrupted(_STOPPED)
        recorded_status = "running" if player.end is None else player.end.status
        return Replayed(
            journal.run_id,
            str(told["command"]),
            self._status(journal.run_id),
            recorded_status,
            tuple(player.missing),
            tuple(unknown),
            rules.others,
            player.differs,
        )

    def _status(self, run_id: int) -> str:
        with reading(self._engine) as connection:
            return str(connection.scalar(select(crawl_run.c.status).where(crawl_run.c.run_id == run_id)))

    def clone(self, folder: str) -> Path:
        """Give a clone as a link: a run may rename it, and another one may have its name today."""
        link = self._folder / "repositories" / folder
        if not link.is_symlink():
            name = folder
            for old, new in self._moves[self._moved :]:
                name = new if name == old else name
            link.symlink_to(self._clones / name)
        return link

    def moved(self) -> None:
        """Count a renaming."""
        self._moved += 1

    def file(self, path: str, body: bytes) -> Path:
        """Write a file of the same name."""
        place = Path(tempfile.mkdtemp(dir=self._folder)) / Path(path).name
        place.write_bytes(body)
        return place

    def dump(self, path: str) -> Path:
        """Give a dump where it is now."""
        return _dump(path, self._dumps)

    def _settings(self, told: Line, rules: Rules) -> tuple[Settings, list[str]]:
        places = {"storage": {"data_dir": str(self._folder)}}
        key = {"stackoverflow": {"key": "played" if told["stackoverflow_key"] else ""}}
        tokens = {"github": {"tokens": "", "token_file": ""}}
        own = {
            "collect": {"opt_out_file": self._now.collect.opt_out_file, "libraries_file": rules.libraries_file},
            "classify": {"rules_dir": rules.rules_dir},
        }
        return recorded(told["settings"], {**places, **key, **tokens, **own})
