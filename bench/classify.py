"""Prints how many changes a second are labelled, on one core, beside what it costs to read their diffs.

    python bench/classify.py CLONE [--commits N] [--dump FILE]

CLONE is a local clone, bare or not. Its bug-fix candidates are read into memory first, with the text of their files;
that is not timed. Then they are labelled: the library, the split into fixes, and every label of each fix; and
``git log -p --no-merges -M`` prints the same commits. Three rounds of each; medians of processor time, and their ratio.

``--dump FILE`` writes all labels, one a line, to compare them before and after a change of the code.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from miner.classify import bugfix
from miner.collect import git, gitcommits
from miner.collect.interface import MinedPage
from miner.extract.diffs import extract
from miner.mining import GitTask, Miner, close_readers
from miner.model import Candidate, Change
from miner.settings import load

PAGE = 400
ROUNDS = 3


class Labeller(Miner):
    """Labels candidates whose files are in memory already."""

    def __init__(self, task: GitTask) -> None:
        super().__init__(task)
        self.changes: dict[str, Change] = {}

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
            yield candidate

    def forget(self) -> None:
        """Start a page of its own."""
        fresh = Miner(self._task)
        self._page, self._mined = fresh._page, fresh._mined

    def _change(self, candidate: Candidate) -> Change:
        return self.changes[candidate.commit.sha]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--commits", type=int, default=None, help="the newest N commits only")
    parser.add_argument("--dump", type=Path)
    asked = parser.parse_args()
    labeller = Labeller(task_of(asked.clone.resolve(), asked.commits))
    candidates = list(labeller.read())
    labelled = [timed_labels(labeller, candidates) for _ in range(ROUNDS)]
    printed = [timed_log(labeller._task.git_dir, candidates) for _ in range(ROUNDS)]
    if asked.dump:
        asked.dump.write_text("".join(lines_of(labelled[-1][1])), encoding="utf-8")
    close_readers()
    seconds, floor = statistics.median(time for time, _ in labelled), statistics.median(printed)
    fixes = labelled[-1][1].fixes
    print(f"{len(candidates):,} changes, {fixes:,} fixes")
    print(f"labelled in {seconds:.2f} s: {len(candidates) / seconds:,.0f} changes a second")
    print(f"git log -p of the same commits: {floor:.2f} s; labelling costs {seconds / floor:.2f} of that")


def task_of(clone: Path, most: int | None) -> GitTask:
    """Give the whole history of a clone as one page."""
    settings = load(environ={})
    git_dir = clone / ".git" if (clone / ".git").is_dir() else clone
    listed = git.run(
        ["rev-list", "--no-merges", "--all", *([f"-{most}"] if most else [])],
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


def timed_labels(labeller: Labeller, candidates: list[Candidate]) -> tuple[float, MinedPage]:
    """Label everything, and give how many seconds that took and what it gave."""
    labeller.forget()
    started = time.process_time()
    for candidate in candidates:
        labeller.label(candidate)
    return time.process_time() - started, labeller._mined


def timed_log(git_dir: Path, candidates: list[Candidate]) -> float:
    """Let git print the diffs of the candidates, and give the seconds of its processor time."""
    command = ["git", "--git-dir", str(git_dir), "log", "-p", "--no-merges", "-M", "--stdin", "--no-walk=unsorted"]
    shas = "".join(f"{candidate.commit.sha}\n" for candidate in candidates)
    before = _of_children()
    subprocess.run(command, input=shas, text=True, stdout=subprocess.DEVNULL, check=True)
    return _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def lines_of(page: MinedPage) -> Iterator[str]:
    """Give fixes, hunks, labels and evidence as lines."""
    for name in ("fix", "fix_hunk", "label", "label_evidence"):
        for row in page.rows[name]:
            yield f"{name} {row!r}\n"


if __name__ == "__main__":
    main()
