"""Prints what ``miner collect`` costs beside git itself and beside PyDriller's traversal, in one run on one machine.

    python bench/git_mining.py REPOSITORY [--runs 3] [--workers 2] [--skip-pydriller]

REPOSITORY is a local clone. It is cloned into a scratch folder first; that is not timed. Every figure is a whole
process from start to end, the database empty before each; commands take turns, and medians and ratios of medians are
printed. The time that processors worked, that of all children included, says more than the clock does on a machine that
others use; a miner with two workers can take half of its own on the clock.

- floor: ``git log -p --no-merges -M`` over the commits whose diffs the miner extracts (its bug-fix candidates).
- history: the same over every commit that the miner looks at.
- pydriller: PyDriller's own traversal of the candidates, touching the same fields of commits and files; and again with
  the files' text before and after, which the miner reads for labels.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# An installed miner is compiled; so is this one, by the first run.
_LEFT_OUT = ("MINER_", "GIT_", "PYTHONDONTWRITEBYTECODE")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
_PR_SET_CHILD_SUBREAPER = 36
TRAVERSAL = """
import sys
from pydriller import Repository
for commit in Repository(sys.argv[1], only_commits=sys.stdin.read().split()).traverse_commits():
    commit.hash, commit.parents, commit.msg, commit.author.name, commit.committer.name
    commit.author_date, commit.committer_date
    seen = commit.hash
    for file in commit.modified_files:
        file.change_type, file.old_path, file.new_path, file.added_lines, file.deleted_lines, file.diff
assert seen
"""
SOURCES = "file.diff, file.source_code, file.source_code_before"


@dataclass
class Run:
    """A process that has ended: seconds on the clock, and of processors that worked, those of its children included.

    The peak of memory, in MB, is its own alone.
    """

    seconds: float
    worked: float
    peak_mb: float


def measure(command: Sequence[str], *, environ: dict[str, str] | None = None, data: bytes = b"") -> Run:
    """Run a command to its end."""
    before, started = worked_by_children(), time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT | (environ or {}),
    ) as process:
        assert process.stdin is not None
        peaks = [0.0]
        watcher = threading.Thread(target=watch_memory, args=(process, peaks))
        watcher.start()
        process.stdin.write(data)
        process.stdin.close()
        code = process.wait()
        seconds = time.perf_counter() - started
        watcher.join()
    if code:
        raise SystemExit(f"{command[0]} ended with exit code {code}")
    return Run(seconds, worked_by_children() - before, max(peaks))


def adopt_orphans() -> None:
    """Let what the miner's workers leave behind, their git commands, become children of this process, on Linux."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def worked_by_children() -> float:
    """Wait for all children, and give the seconds that they worked so far."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            return used.ru_utime + used.ru_stime


def watch_memory(process: subprocess.Popen[bytes], peaks: list[float]) -> None:
    """Note the process's high-water mark until it ends; the mark never falls, so the last look tells."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        try:
            text = status.read_text(encoding="ascii")
        except OSError:
            return
        peaks += [int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmHWM")]
        time.sleep(0.02)


class Bench:
    """The scratch folder, the clone in it, and the commands."""

    def __init__(self, scratch: Path, repository: Path, workers: int) -> None:
        self.scratch = scratch
        self.repository = repository
        self.workers = workers
        self.environ = {"MINER_STORAGE__DATA_DIR": str(scratch / "data")}

    def collect(self, database: str, *flags: str) -> list[str]:
        """Give the command of a collect into a database of the scratch folder."""
        url = f"sqlite:///{self.scratch / database}"
        asked = ["--repo", str(self.repository), "--workers", str(self.workers), "--database-url", url, "--quiet"]
        return [sys.executable, "-m", "miner", "collect", *asked, *flags]

    def fresh(self, *flags: str) -> Run:
        """Collect into an empty database; the clone is there."""
        for file in self.scratch.glob("run.db*"):
            file.unlink()
        return measure(self.collect("run.db", *flags), environ=self.environ)

    @property
    def clone(self) -> Path:
        """The miner's clone."""
        return next((self.scratch / "data" / "repositories").glob("*.git"))

    def shas(self, sql: str) -> bytes:
        """Give the commits that a query on the first database names."""
        with sqlite3.connect(self.scratch / "first.db") as connection:
            return "".join(f"{sha}\n" for (sha,) in connection.execute(sql)).encode()

    def log(self, shas: bytes) -> Run:
        """Let git print the diffs of commits."""
        command = [
            "git",
            "--git-dir",
            str(self.clone),
            "log",
            "-p",
            "--no-merges",
            "-M",
            "--stdin",
            "--no-walk=unsorted",
        ]
        return measure(command, data=shas)

    def traversal(self, shas: bytes, *, sources: bool = False) -> Run:
        """Let PyDriller read the same commits in its own way."""
        script = TRAVERSAL.replace("file.diff", SOURCES) if sources else TRAVERSAL
        return measure([sys.executable, "-c", script, str(self.repository)], data=shas)

    def second_run(self) -> list[str]:
        """Collect again with nothing new, and give the git commands that ran."""
        folder, log = self.scratch / "bin", self.scratch / "git.log"
        folder.mkdir()
        real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
        (folder / "git").write_text(f'#!/bin/sh\necho "$@" >>{log}\nexec {real} "$@"\n')
        (folder / "git").chmod(0o755)
        path = f"{folder}:{os.environ['PATH']}"
        run = measure(self.collect("first.db"), environ=self.environ | {"PATH": path})
        commands = [line.split()[0] for line in log.read_text().splitlines()]
        return [f"{run.seconds:.2f} s", *(name for name in commands if name != "--version")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--skip-pydriller", action="store_true")
    asked = parser.parse_args()
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="miner-bench-") as scratch:
        report(Bench(Path(scratch), asked.repository.resolve(), asked.workers), asked.runs, asked.skip_pydriller)


def report(bench: Bench, runs: int, skip_pydriller: bool) -> None:
    """Run everything in turn and print the table."""
    measure(bench.collect("first.db"), environ=bench.environ)
    candidates = bench.shas("SELECT DISTINCT sha FROM file_change")
    history = bench.shas("SELECT sha FROM git_commit")
    print(f"{bench.repository.name}: {history.count(10):,} commits without merges, {candidates.count(10):,} candidates")
    variants: dict[str, Callable[[], Run]] = {
        "floor (git log -p, candidates)": lambda: bench.log(candidates),
        "history (git log -p, all commits)": lambda: bench.log(history),
        "miner collect --no-classify": lambda: bench.fresh("--no-classify"),
        "miner collect": lambda: bench.fresh(),
    }
    found: dict[str, list[Run]] = {name: [] for name in variants}
    for _ in range(runs):
        for name, variant in variants.items():
            found[name].append(variant())
    if not skip_pydriller:
        found["PyDriller's traversal, candidates"] = [bench.traversal(candidates)]
        found["the same with sources"] = [bench.traversal(candidates, sources=True)]
    for what in ("seconds", "worked"):
        medians = {name: statistics.median(getattr(run, what) for run in timed) for name, timed in found.items()}
        floor, whole, bare = list(medians.values())[:3]
        print(f"{'':36}{what:>9}{'x floor':>9}{'x history':>11}{'x no-classify':>15}{'peak MB':>9}")
        for name, value in medians.items():
            ratios = f"{value / floor:9.2f}{value / whole:11.2f}{value / bare:15.2f}"
            print(f"{name:36}{value:9.2f}{ratios}{max(run.peak_mb for run in found[name]):9.0f}")
    print("second run, nothing new:", ", ".join(bench.second_run()))


if __name__ == "__main__":
    main()
