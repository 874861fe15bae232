"""Prints how many changes of a repository's history are labelled a second on one core, and which labels they get.

    python bench/labelling.py CLONE [--commits 20000]

CLONE is a local clone. The diffs of its newest commits are read first, which is not timed. Seconds are those of the
processor, so that other work on the machine counts little. "all" is what a collect does for each fix.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from miner import settings
from miner.classify import labelling, libraries, splitting
from miner.classify.labelling import Context
from miner.collect.gitblobs import BlobReader
from miner.collect.gitcommits import read_commits
from miner.collect.gitdiffs import DiffReader
from miner.extract.diffs import Limits, extract
from miner.model import Change, ChangedFile, FileKind, Label

MOST_BYTES = 20_000_000
SECONDS = 60.0
CATALOGUE = libraries.Catalogue(settings.libraries())


@dataclass(frozen=True)
class Work:
    """A commit's message, and its source files as the classifier sees them."""

    message: str
    change: Change


def read(git_dir: Path, shas: Sequence[str]) -> Iterator[Work]:
    """Give the commits that change source files or tests."""
    diffs = DiffReader(git_dir, timeout=SECONDS, max_file_bytes=MOST_BYTES, max_commit_bytes=MOST_BYTES)
    blobs = BlobReader(git_dir, timeout=SECONDS, max_bytes=MOST_BYTES)
    commits = read_commits(git_dir, shas, item=git_dir.name, timeout=SECONDS)
    for commit, raw in zip(commits, diffs.diffs(shas), strict=True):
        files = [file for file in extract(raw, blobs, Limits(MOST_BYTES, MOST_BYTES, 2_000)).files if file.hunks]
        chosen = [file for file in files if file.kind is FileKind.SOURCE]
        chosen = chosen or [file for file in files if file.kind is FileKind.TEST]
        sources = blobs.read_all([file.new_blob or file.old_blob or "" for file in chosen])
        texts = (None if source is None else source.decode("utf-8", "replace") for source in sources)
        change = Change(
            tuple(
                ChangedFile(file.no, file.path, file.language, file.hunks, text)
                for file, text in zip(chosen, texts, strict=True)
            )
        )
        if change.files:
            yield Work(commit.message, change)


def label(work: Work) -> list[Label]:
    """Give all labels of all fixes of a commit."""
    found = libraries.detect(CATALOGUE, work.change)
    parts = splitting.split(work.change, found[0].value if found else "")
    return [
        label
        for part in parts
        for label in labelling.label(
            splitting.part(work.change, part.places), found, Context(work.message), part.labels, part.facts
        )
    ]


def timed(what: str, items: Sequence[Work], work: Callable[[Work], object]) -> None:
    """Print how many changes a second go through a step."""
    started = time.process_time()
    for item in items:
        work(item)
    seconds = time.process_time() - started
    print(f"{what:12}{seconds:9.2f} s{len(items) / seconds:10.0f} changes/s")


def main() -> None:
    """Read, label and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--commits", type=int, default=20_000)
    asked = parser.parse_args()
    listed = ["git", "-C", str(asked.clone), "log", "--no-merges", "--format=%H", f"-{asked.commits}"]
    shas = subprocess.run(listed, capture_output=True, check=True, text=True).stdout.split()
    items = list(read(asked.clone, shas))
    print(f"{len(items)} changes")
    # A collect holds a page of changes, not a history: the collector of garbage must not walk over what was read.
    gc.freeze()
    found: list[Label] = []
    timed("libraries", items, lambda item: libraries.detect(CATALOGUE, item.change))
    timed("patterns", items, lambda item: splitting.split(item.change, "keras"))
    timed("all", items, lambda item: found.extend(label(item)))
    for scheme in dict.fromkeys(label.scheme for label in found):
        first = Counter(label.value for label in found if label.scheme == scheme and label.rank == 1)
        print(f"\n{scheme}")
        for value, count in first.most_common():
            print(f"  {value:44}{count:6}{count / first.total():8.1%}")


if __name__ == "__main__":
    main()
