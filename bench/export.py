"""Shows how fast each export is beside a plain loop over the same rows, and whether its memory grows with them.

    python bench/export.py [--fixes 1000000] [--folder FOLDER] [--only bundle] [--all]

Two SQLite databases are made, of a tenth of the fixes and of all (:mod:`export_rows`; kept in ``--folder`` if one is
named, and used again). Each export runs over both as a process of its own. Printed are its rows a second and its
seconds, with the start of Python, how often longer than the floor a processor worked, its peak memory over all fixes,
and how often more that is than over a tenth: flat is about 1.

The floor of an export is one Python loop over the same tables: ``SELECT *``, in the order of the key, and
``json.dumps`` of each row into a file (of CSV, ``csv.writer``). A bundle and SWE-bench's instances put several rows
into one; theirs are the tables that they read.

``--all`` also exports every table and view. A million fixes need 7 GB for the database and 15 GB for what is written.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from export_rows import build

from miner.store.exports import relations
from miner.store.tables import metadata

FLOOR = """
import csv, json, sqlite3, sys
database, target, kind, *tables = sys.argv[1:]
connection = sqlite3.connect(database)
with open(target, "w") as file:
    for table in tables:
        name, order = table.split(":")
        cursor = connection.execute(f"SELECT * FROM {name} ORDER BY {order}")
        if kind == "csv":
            csv.writer(file).writerows(cursor)
        else:
            names = [column[0] for column in cursor.description]
            for row in cursor:
                file.write(json.dumps(dict(zip(names, row)), ensure_ascii=False) + "\\n")
"""
TABLES = ("fix", "git_commit", "hunk", "label", "pair", "fix_overview")
OF_COMMITS = ("git_commit", "repository_commit", "file_change", "hunk")
OF_INSTANCES = (*OF_COMMITS, "fix", "fix_hunk", "fix_cluster", "label", "post", "pair")


class Export(NamedTuple):
    """An export: how it is asked for, what its floor reads, and in which form that writes."""

    name: str
    command: tuple[str, ...]
    reads: tuple[str, ...]
    floor: str = "json"


class Cost(NamedTuple):
    """What a process took: seconds that passed, those that a processor worked, and its peak memory in MB."""

    seconds: float
    worked: float
    peak: float


def exports(*, everything: bool) -> list[Export]:
    """Give the exports to run."""
    named = tuple(part for name in TABLES for part in ("--table", name))
    found = [
        Export(kind, ("tables", "--format", kind, *named), TABLES, "csv" if kind == "csv" else "json")
        for kind in ("jsonl", "csv", "parquet")
    ]
    found += [Export("bundle", ("bundle",), OF_INSTANCES), Export("swebench", ("swebench",), OF_COMMITS)]
    return [*found, Export("all tables", ("tables",), tuple(relations()))] if everything else found


def main() -> None:
    """Run it, and print a line an export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fixes", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", action="append")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    chosen = [one for one in exports(everything=arguments.all) if not arguments.only or one.name in arguments.only]
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        small, large = (_database(folder, fixes) for fixes in (max(1, arguments.fixes // 10), arguments.fixes))
        print(f"{'export':<12}{'rows':>12}{'rows/s':>10}{'seconds':>9}{'x floor':>9}{'MB':>7}{'growth':>8}", flush=True)
        for one in chosen:
            print(_line(one, small, large, folder), flush=True)


def _database(folder: Path, fixes: int) -> Path:
    path = folder / f"fixes-{fixes}.db"
    if not path.exists():
        print(f"making {fixes:,} fixes", file=sys.stderr, flush=True)
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        build(partial, fixes)
        partial.rename(path)
    return path


def _line(one: Export, small: Path, large: Path, folder: Path) -> str:
    _, few = _export(one, small, folder)
    rows, cost = _export(one, large, folder)
    floor = _floor(one, large, folder)
    ratio, growth = cost.worked / floor.worked, cost.peak / few.peak
    figures = f"{rows / cost.seconds:>10,.0f}{cost.seconds:>9.1f}{ratio:>9.2f}{cost.peak:>7.0f}{growth:>8.2f}"
    return f"{one.name:<12}{rows:>12,}{figures}"


def _export(one: Export, database: Path, folder: Path) -> tuple[int, Cost]:
    target, report = folder / "exported", folder / "report.tsv"
    command = [sys.executable, "-m", "miner", "--database-url", f"sqlite:///{database}", "export", *one.command]
    with report.open("wb") as output:
        cost = _run([*command, "--out", str(target)], output.fileno())
    rows = [line.split("\t")[1].replace(",", "") for line in report.read_text().splitlines()]
    _remove(target)
    report.unlink()
    return sum(int(number) for number in rows if number), cost


def _floor(one: Export, database: Path, folder: Path) -> Cost:
    target = folder / "floor"
    cost = _run([sys.executable, "-c", FLOOR, str(database), str(target), one.floor, *map(_ordered, one.reads)], None)
    _remove(target)
    return cost


def _ordered(name: str) -> str:
    table = metadata.tables.get(name)
    return f"{name}:{'1' if table is None else ','.join(column.name for column in table.primary_key)}"


def _run(command: Sequence[str], output: int | None) -> Cost:
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=output)
    _, status, usage = os.wait4(process.pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _remove(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()


if __name__ == "__main__":
    main()
