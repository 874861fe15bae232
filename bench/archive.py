"""Shows what archiving costs a run, how large the archive is beside zlib, and how fast a rebuild is.

    python bench/archive.py [--questions 5000] [--rounds 3]

A site on loopback is asked by the miner, with the archive and with bodies in the database as before; the same again
for a repository, a commit a page, which is the worst case: each page then costs a write for little work. Ratios are of
medians, of the time that passed and of what processors worked.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from miner.clock import SystemClock
from miner.collect.archive import Archive, archive_of
from miner.collect.recorder import Recorder
from miner.collect.tape import Tape
from miner.job import CollectRequest
from miner.pipeline import perform
from miner.rebuild import rebuild
from miner.settings import Settings, load
from miner.store import bodies, schema
from miner.store.session import open_engine

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run it, and print a line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=5000)
    parser.add_argument("--commits", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    # The tests' servers are no package of ours.
    server, site = _from("servers.stackexchange", "StackExchange"), _from("servers.stackexchange_data", "Site")
    generate, history = (
        _from("servers.stackexchange_generator", "generate"),
        _from("support.repositories", "keras_history"),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository = history(folder / "r.git", arguments.commits).path
        with server(site(generate(arguments.questions, tags=("keras",))), keys=["known"]) as running:
            flags = {"stackoverflow": {"api_url": running.url, "key": "known"}, "collect": {"page_commits": 1}}
            asked = CollectRequest(sources=("stackoverflow",), libraries=("keras",))
            _compare(folder / "api", "API, 100 questions a page", flags, asked, arguments.rounds)
        mined = CollectRequest(repositories=(str(repository),))
        _compare(folder / "git", "git, 1 commit a page", flags, mined, arguments.rounds)


def _from(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _compare(folder: Path, what: str, flags: dict[str, Any], request: CollectRequest, rounds: int) -> None:
    times: dict[str, list[tuple[float, float]]] = {"without": [], "with": [], "rebuild": []}
    for number in range(rounds):
        plain, kept = (_settings(folder / f"{name}{number}", flags) for name in ("plain", "kept"))
        target = f"sqlite:///{folder / f'again{number}.db'}"
        times["without"].append(_timed(partial(_run, plain, request, archived=False)))
        times["with"].append(_timed(partial(_run, kept, request, archived=True)))
        times["rebuild"].append(_timed(partial(_rebuild, kept, target)))
    medians = {
        name: [statistics.median(column) for column in zip(*found, strict=True)] for name, found in times.items()
    }
    passed, worked = medians["without"]
    print(f"{what}: {passed:.2f} s without an archive, {worked:.2f} s of it worked")
    for name in ("with", "rebuild"):
        print(f"  {name}: {medians[name][0] / passed:.2f} times as long, {medians[name][1] / worked:.2f} of the work")
    _print_sizes(archive_of(kept))


def _print_sizes(archive: Archive) -> None:
    found = {digest: archive.get(digest) or b"" for digest in archive.objects()}
    whole, in_zlib = sum(map(len, found.values())), sum(len(zlib.compress(body)) for body in found.values())
    objects = sum(archive.objects().values())
    print(
        f"  {len(found)} answers of {whole:,} bytes: zstd {objects:,}, zlib {in_zlib:,} ({objects / in_zlib:.2f}); "
        f"journal {archive.size() - objects:,}"
    )


def _settings(folder: Path, flags: dict[str, Any]) -> Settings:
    folder.mkdir(parents=True)
    places = {"database": {"url": f"sqlite:///{folder / 'miner.db'}"}, "storage": {"data_dir": str(folder)}}
    return load(environ={}, flags={**flags, **places})


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    begun, worked = time.monotonic(), sum(os.times()[:4])
    work()
    return time.monotonic() - begun, sum(os.times()[:4]) - worked


def _run(settings: Settings, request: CollectRequest, *, archived: bool) -> None:
    engine = open_engine(settings.database.url)
    schema.prepare(engine)
    tape = Recorder(archive_of(settings)) if archived else Tape()
    if isinstance(tape, Recorder):
        bodies.attach(engine, tape)
    perform(settings, request, _Silent(), engine, tape, SystemClock(), lambda: False)
    engine.dispose()


def _rebuild(settings: Settings, url: str) -> None:
    assert rebuild(settings, archive_of(settings), url, _Silent()).is_whole


class _Silent:
    def start(self, task: str, item: str, total: int | None, unit: str) -> None:
        pass

    def advance(self, task: str, item: str, done: int, total: int | None = None) -> None:
        pass

    def finish(self, task: str, item: str) -> None:
        pass

    def warn(self, item: str, message: str) -> None:
        print(f"{item}: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
