"""Prints how many changes a second are labelled on one core, beside what it costs to read their diffs, and the labels.

    python bench/labelling.py CLONE [--commits N] [--dump FILE]

CLONE is a local clone, bare or not. The bug-fix candidates of its HEAD are read into memory first, with the text of
their files; that is not timed. Then they are labelled as a collect does it: "libraries" and "patterns" are the library
and the split into fixes alone, "all" is every label of every fix, and its rows. ``git log -p --no-merges -M -U3``
prints the same commits. Three rounds of each in turn; medians of processor time, since other work on the machine counts
little in them, and their ratio.

``--dump FILE`` writes all labels with their evidence, one a line, to compare them before and after the code changed.
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from miner.classify import bugfix, libraries, splitting
from miner.classify.ruleset import current
from miner.classify.version import RATER
from miner.collect import git, gitcommits
from miner.collect.interface import MinedPage
from miner.extract.diffs import extract
from miner.mining import GitTask, Miner, close_readers
from miner.model import Candidate, Change, Evidence
from miner.settings import load

PAGE = 400
ROUNDS = 3


class Labeller(Miner):
    """Labels candidates of which everything is in memory already."""

    def __init__(self, task: GitTask) -> None:
        super().__init__(task)
        self.changes: dict[str, Change] = {}
        self.manifests: dict[str, list[tuple[str, Evidence]]] = {}

    def read(self) -> Iterator[Candidate]:
        """Read the candidates of the history, their diffs and the files around them."""
        task = self._task
        pages = (task.shas[at : at + PAGE] for at in range(0, len(task.shas), PAGE))
        read = (gitcommits.read_commits(task.git_dir, page, item=task.name, timeout=600) for page in pages)
        commits = [commit for page in read for commit in page]
        judged = [(commit, bugfix.judge(commit.message)) for commit in commits]
        chosen = [(commit, verdict) for commit, verdict in judged if verdict.score >= task.threshold]
        diffs = self._readers.diffs.diffs([commit.sha for commit, _ in chosen])
        for (commit, verdict), raw in zip(chosen, diffs, strict=True):
            found = extract(raw, self._readers.blobs, self._limits)
            candidate = Candidate(commit, verdict, found.files, found.omissions)
            self.changes[commit.sha] = super()._change(candidate)
            self.manifests[commit.sha] = super()._manifests(commit.sha)
            yield candidate

    def label_all(self, candidates: list[Candidate]) -> MinedPage:
        """Label everything, and give the rows."""
        fresh = Miner(self._task)
        self._page, self._mined = fresh._page, fresh._mined
        for candidate in candidates:
            self.label(candidate)
        return self._mined

    def _change(self, candidate: Candidate) -> Change:
        return self.changes[candidate.commit.sha]

    def _manifests(self, sha: str) -> list[tuple[str, Evidence]]:
        return self.manifests[sha]


def main() -> None:
    """Read, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--commits", type=int, default=None, help="the newest N commits only")
    parser.add_argument("--dump", type=Path)
    asked = parser.parse_args()
    task = task_of(asked.clone.resolve(), asked.commits)
    labeller = Labeller(task)
    candidates = list(labeller.read())
    changes = [labeller.changes[candidate.commit.sha] for candidate in candidates]
    # A collect holds a page of changes, not a history: the collector of garbage must not walk over what was read.
    gc.freeze()
    steps: dict[str, Callable[[], object]] = {
        "libraries": lambda: [libraries.detect(current().catalogue, change) for change in changes],
        "patterns": lambda: [splitting.split(change, "keras") for change in changes],
        "all": lambda: labeller.label_all(candidates),
    }
    seconds = measured(steps, task.git_dir, candidates)
    page = labeller.label_all(candidates)
    close_readers()
    print(f"{len(candidates):,} changes, {page.fixes:,} fixes")
    for step in (*steps, "git log -p"):
        took = seconds[step]
        ratio = took / seconds["git log -p"]
        print(f"{step:12}{took:9.2f} s{len(candidates) / took:10,.0f} changes/s{ratio:8.2f} of git log -p")
    print_labels(page)
    if asked.dump:
        asked.dump.write_text("".join(lines_of(page)), encoding="utf-8")


def task_of(clone: Path, most: int | None) -> GitTask:
    """Give the history of a clone's HEAD as one page."""
    settings = load(environ={})
    git_dir = clone / ".git" if (clone / ".git").is_dir() else clone
    listed = git.run(
        ["rev-list", "--no-merges", *([f"-{most}"] if most else []), "HEAD"],
        item="clone",
        timeout=600,
        git_dir=git_dir,
    )
    return GitTask(
        git_dir=git_dir,
        name=clone.name,
        repository_id=1,
        run_id=1,
        shas=tuple(listed.decode("ascii").split()),
        boundary=frozenset(),
        git=settings.git,
        threshold=settings.classify.bug_fix_threshold,
        libraries=(),
        classify=True,
    )


def measured(steps: dict[str, Callable[[], object]], git_dir: Path, candidates: list[Candidate]) -> dict[str, float]:
    """Give the seconds that each step and git's own printing take: all in turn, so that they see the same machine."""
    took: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, step in steps.items():
            started = time.process_time()
            step()
            took[name].append(time.process_time() - started)
        took["git log -p"].append(timed_log(git_dir, candidates))
    return {name: statistics.median(rounds) for name, rounds in took.items()}


def timed_log(git_dir: Path, candidates: list[Candidate]) -> float:
    """Let git print the diffs of the candidates, and give the seconds of its processor time."""
    command = ["git", "--git-dir", str(git_dir), "log", "-p", "--no-merges", "-M", "-U3", "--stdin"]
    shas = "".join(f"{candidate.commit.sha}\n" for candidate in candidates)
    before = _of_children()
    subprocess.run([*command, "--no-walk=unsorted"], input=shas, text=True, stdout=subprocess.DEVNULL, check=True)
    return _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def print_labels(page: MinedPage) -> None:
    """Print how often each value is the first label of its scheme."""
    firsts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in page.rows["label"]:
        _, scheme, _, rank, value, *_ = row
        if rank == 1:
            firsts[str(scheme)][str(value)] += 1
    for scheme, first in firsts.items():
        print(f"\n{scheme}")
        for value, count in first.most_common():
            print(f"  {value:44}{count:6}{count / first.total():8.1%}")


def lines_of(page: MinedPage) -> Iterator[str]:
    """Give fixes, hunks, labels and evidence as lines, without the rater, whose name tells the code from another."""
    for name in ("fix", "fix_hunk", "label", "label_evidence"):
        for row in page.rows[name]:
            yield f"{name} {row!r}\n".replace(RATER, "")


if __name__ == "__main__":
    main()
