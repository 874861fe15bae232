"""How a run that changes the database gets a journal: it is entered, its transactions are counted, its end is told.

A collect, a relabelling and a change of people's labels all do it in this way, so that a rebuild can play all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from miner import __version__
from miner.collect.archive import archive_of
from miner.collect.recorder import Recorder, told_of
from miner.collect.tape import Tape, current, taping
from miner.errors import RulesError, SettingsError
from miner.secrets import without_secrets
from miner.settings import Settings
from miner.store import bodies
from miner.store import repository as store

_RULE_FILES = frozenset({".py", ".toml"})


@contextmanager
def recording(settings: Settings, engine: Engine) -> Iterator[Tape]:
    """Record what the block changes in a database; without a run in it nothing is written.

    :raises ArchiveError: if the archive cannot be written.
    """
    tape = Recorder(archive_of(settings), told_of(settings) | {"database": without_secrets(settings.database.url)})
    bodies.attach(engine, tape)
    with taping(tape), listening(engine, tape):
        yield tape
    tape.close()


@contextmanager
def listening(engine: Engine, tape: Tape) -> Iterator[None]:
    """Let a tape know of the transactions that write."""

    def begins(connection: Connection) -> None:
        if connection.get_execution_options().get("writing"):
            tape.writing()

    def commits(connection: Connection) -> None:
        if connection.get_execution_options().get("writing"):
            tape.committing()
            if tape.run_id is not None:
                store.count_commit(connection, tape.run_id)

    listeners = (("begin", begins), ("commit", commits))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def enter(
    connection: Connection,
    command: str,
    arguments: Mapping[str, Any],
    rater: str = "",
    settings: Settings | None = None,
) -> int:
    """Enter a run as running and begin its journal, which is there if the row is; give the run's number.

    :param rater: who labels in it, if anybody does.
    :param settings: where that rater's rules and the libraries are: the journal keeps them, too.
    """
    tape = current()
    number = store.start_run(
        connection, command, arguments, __version__, rater, journal=tape.journal, run_id=tape.run_id
    )
    parent, commits = store.run_before(connection, number)
    told = {"command": command, "arguments": arguments, "parent": parent, "parent_commits": commits}
    told |= {"miner_version": __version__, "rater": rater}
    if settings is not None:
        told["rules"] = _kept_rules(settings, tape, labels=bool(rater))
    tape.begin(number, told)
    return number


def rule_files(folder: str) -> dict[str, Path]:
    """Give the files that a folder of rules consists of, by their names below it; none for no folder.

    :raises RulesError: if it cannot be read.
    """
    if not folder:
        return {}
    root = Path(folder).absolute()
    try:
        found = sorted(path for path in root.rglob("*") if path.suffix in _RULE_FILES and path.is_file())
    except OSError as error:
        raise RulesError(f"classify.rules_dir: cannot read the folder {root}: {error.strerror}") from None
    return {path.relative_to(root).as_posix(): path for path in found}


def _kept_rules(settings: Settings, tape: Tape, *, labels: bool) -> dict[str, Any]:
    """Keep a user's own rules, if anything is labelled, and libraries in the archive; give their SHA-256."""
    listed, rules_dir = settings.collect.libraries_file, settings.classify.rules_dir if labels else ""
    try:
        return {
            "rules_dir": {name: tape.put(path.read_bytes()) for name, path in rule_files(rules_dir).items()},
            "libraries_file": tape.put(Path(listed).read_bytes()) if listed else "",
        }
    except OSError as error:
        raise SettingsError(f"a rule or the file of libraries cannot be read: {error}") from None
