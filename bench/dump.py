"""Prints what reading a Stack Exchange dump costs beside lxml, grep, cat and 7z alone, in one run on one machine.

    python bench/dump.py [--size 1000] [--archive-size 200] [--runs 3] [--seed 1]

A Posts.xml of so many megabytes is made in a scratch folder: rows of the shape and size of real ones, of which 3 % are
questions with a wanted tag or answers to such. Commands take turns, and medians and ratios of medians are printed.

- reader: ``miner.collect.dump``, one process. lxml: ``iterparse`` over the same file with the same selection. Both tell
  their own seconds, without the start of Python, their peak memory, and how many rows they found, which must agree.
- grep -c and cat: whole processes.
- 7z: ``7z x -so >/dev/null``, a whole process, for each method; the reader on the same archive with its own 7z.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path

METHODS = ("LZMA2", "BZip2", "PPMd")
WANTED = ("keras", "tensorflow", "pytorch", "theano", "caffe")
HEAD = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'
CLOSE = b"</posts>"
MATCHING = 0.03

REPORT = """
seconds = time.perf_counter() - started
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, int(peak) / 1024, found)
"""
READER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from miner.collect.dump import PostsWanted, open_dump
from miner.settings import load
settings = load(environ={}).dump
started = time.perf_counter()
posts = open_dump(Path(sys.argv[1]), settings, site="example.org", as_of=datetime.now(UTC)).tables["Posts"]
found = sum(len(block.rows) for block in posts.blocks(PostsWanted(frozenset(sys.argv[2:]), set())))
"""
LXML = """
import sys, time
from lxml import etree
wanted, questions, found = set(sys.argv[2:]), set(), 0
started = time.perf_counter()
for _, row in etree.iterparse(sys.argv[1], tag="row"):
    kind = row.get("PostTypeId")
    if kind == "1" and wanted & set(row.get("Tags")[1:-1].split("><")):
        questions.add(int(row.get("Id")))
        found += bool(dict(row.attrib))
    elif kind == "2" and int(row.get("ParentId")) in questions:
        found += bool(dict(row.attrib))
    row.clear()
    while row.getprevious() is not None:
        del row.getparent()[0]
"""


@dataclass
class Run:
    """A process that has ended: seconds, its peak memory in MB (0: not looked at), and the rows that it found."""

    seconds: float
    peak_mb: float = 0
    found: int = 0


class Writer:
    """Makes posts: words as frequent as in a language, HTML around them, lengths as in real dumps."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - not a secret
        letters = "etaoinshrdlucmfwypvbgk"
        self.words = ["".join(self.random.choices(letters, k=self.random.randint(2, 10))) for _ in range(20_000)]
        self.cumulated = list(accumulate(1 / rank for rank in range(1, 20_001)))
        self.tags = [word for word in self.words[:2000] if word not in WANTED]
        self.recent: list[int] = []
        self.wanted: list[int] = []

    def text(self, count: int) -> str:
        """Give so many words."""
        return " ".join(self.random.choices(self.words, cum_weights=self.cumulated, k=count))

    def body(self) -> str:
        """Give the escaped HTML of a post: paragraphs and, mostly, code."""
        words = min(2000, int(self.random.lognormvariate(4.2, 0.9)) + 10)
        paragraph = f"&lt;p&gt;{self.text(words)}&lt;/p&gt;&#xA;&#xA;"
        lines = "&#xA;".join(f"{self.text(2)} = {self.text(1)}(&quot;{self.text(1)}&quot;)" for _ in range(words // 12))
        return f"{paragraph}&lt;pre&gt;&lt;code&gt;{lines}&#xA;&lt;/code&gt;&lt;/pre&gt;&#xA;{paragraph[: words * 2]}"

    def row(self, number: int) -> str:
        """Give a post: 4 of 10 are questions."""
        asks = self.random.random() < 0.4 or not (self.recent and self.wanted)
        matches = self.random.random() < MATCHING
        date = f"20{10 + number % 14}-0{1 + number % 9}-1{number % 10}T12:34:56.789"
        if asks:
            return self._question(number, date, matches)
        parent = self.random.choice((self.wanted if matches else self.recent)[-500:])
        return (
            f'  <row Id="{number}" PostTypeId="2" ParentId="{parent}" CreationDate="{date}" Score="{number % 12}" '
            f'Body="{self.body()}" OwnerUserId="{number // 3}" LastActivityDate="{date}" '
            f'CommentCount="{number % 5}" />\n'
        )

    def _question(self, number: int, date: str, matches: bool) -> str:
        (self.wanted if matches else self.recent).append(number)
        tags = self.random.sample(self.tags, 3) + ([self.random.choice(WANTED)] if matches else [])
        return (
            f'  <row Id="{number}" PostTypeId="1" CreationDate="{date}" Score="{number % 12}" '
            f'ViewCount="{number % 9999}" Body="{self.body()}" OwnerUserId="{number // 3}" '
            f'LastActivityDate="{date}" Title="{self.text(9)}" '
            f'Tags="&lt;{"&gt;&lt;".join(tags)}&gt;" AnswerCount="{number % 4}" CommentCount="{number % 5}" />\n'
        )


def write_posts(file: Path, megabytes: int, seed: int) -> None:
    """Make a Posts.xml."""
    writer = Writer(seed)
    size, number = 0, 0
    file.parent.mkdir(parents=True)
    with file.open("wb") as stream:
        stream.write(HEAD)
        while size < megabytes * 1_000_000:
            number += 1
            size += stream.write(writer.row(number).encode())
        stream.write(CLOSE)


def script(text: str, *arguments: str | Path) -> Run:
    """Run a script that tells its own seconds."""
    command = [sys.executable, "-c", text + REPORT, *map(str, arguments)]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    seconds, peak, found = printed.split()
    return Run(float(seconds), float(peak), int(found))


def process(*command: str | Path, output: int = subprocess.DEVNULL) -> Run:
    """Run a command to its end, its output thrown away."""
    started = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, check=True)
    return Run(time.perf_counter() - started)


def take_turns(variants: Mapping[str, Callable[[], Run]], runs: int) -> dict[str, Run]:
    """Run everything in turn, and give the median seconds and the largest peak of each."""
    found: dict[str, list[Run]] = {name: [] for name in variants}
    for _ in range(runs):
        for name, variant in variants.items():
            found[name].append(variant())
    return {
        name: Run(statistics.median(run.seconds for run in timed), max(run.peak_mb for run in timed), timed[0].found)
        for name, timed in found.items()
    }


def files(posts: Path) -> dict[str, Callable[[], Run]]:
    """Give the ways to read a plain file."""
    return {
        "reader": partial(script, READER, posts.parent, *WANTED),
        "lxml iterparse": partial(script, LXML, posts, *WANTED),
        # With its output thrown away grep would stop at the first match.
        "grep -c": partial(process, "grep", "-cF", 'PostTypeId="1"', posts, output=subprocess.PIPE),
        "cat": partial(process, "cat", posts),
    }


def archives(folder: Path, posts: Path, program: str) -> Iterator[tuple[str, dict[str, Callable[[], Run]]]]:
    """Pack the posts with each method, and give the ways to read them."""
    for method in METHODS:
        archive = folder / f"{method}.7z"
        process(program, "a", "-bd", f"-m0={method}", archive, posts)
        yield (
            method,
            {
                "7z x -so": partial(process, program, "x", "-so", archive),
                "reader": partial(script, READER, archive, *WANTED),
            },
        )


def show(title: str, timed: Mapping[str, Run], size: int, base: str) -> None:
    """Print a table; ``base`` is what the others are compared with."""
    print(f"\n{title}, {size / 1e6:,.0f} MB")
    print(f"{'':16}{'seconds':>9}{'MB/s':>7}{'x time of ' + base:>26}{'peak MB':>9}{'rows':>9}")
    for name, run in timed.items():
        speed, ratio = size / 1e6 / run.seconds, run.seconds / timed[base].seconds
        told = f"{run.peak_mb:9.0f}{run.found:9,}" if run.found else ""
        print(f"{name:16}{run.seconds:9.2f}{speed:7.0f}{ratio:26.2f}{told}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1000, help="megabytes of the plain file")
    parser.add_argument("--archive-size", type=int, default=200, help="megabytes of the packed file")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    program = shutil.which("7z") or shutil.which("7zz") or shutil.which("7za")
    if program is None:
        raise SystemExit("7z is not installed: apt install p7zip-full (or 7zip)")
    with tempfile.TemporaryDirectory(prefix="miner-bench-") as scratch:
        report(Path(scratch), asked, program)


def report(scratch: Path, asked: argparse.Namespace, program: str) -> None:
    """Make the files, run everything and print the tables."""
    plain = scratch / "plain" / "Posts.xml"
    write_posts(plain, asked.size, asked.seed)
    timed = take_turns(files(plain), asked.runs)
    assert timed["reader"].found == timed["lxml iterparse"].found
    show("Posts.xml", timed, plain.stat().st_size, "lxml iterparse")
    plain.unlink()
    packed = scratch / "packed" / "Posts.xml"
    write_posts(packed, asked.archive_size, asked.seed)
    for method, variants in archives(scratch, packed, program):
        show(f"Posts.xml in {method}", take_turns(variants, asked.runs), packed.stat().st_size, "7z x -so")


if __name__ == "__main__":
    main()
