"""A page's work is a function of what to mine alone: not of the process, of its hash seed, or of what ran before."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

from support.repositories import keras_history

from miner.mining import GitTask, close_readers
from miner.settings import load

RUN = "import pickle, sys; sys.stdout.buffer.write(pickle.dumps(pickle.load(sys.stdin.buffer).run().rows))"


def task(tmp_path: Path) -> GitTask:
    builder = keras_history(tmp_path / "r.git", 40)
    return GitTask(
        git_dir=builder.path,
        name="r",
        repository_id=1,
        run_id=1,
        shas=tuple(builder.shas),
        boundary=frozenset(),
        git=load(environ={}).git,
        threshold=0.5,
        libraries=(),
        classify=True,
    )


def test_the_same_page_gives_the_same_rows_in_every_process(tmp_path: Path) -> None:
    """Also their order, which decides the numbers of evidence."""
    page = pickle.dumps(task(tmp_path))
    rows = [
        subprocess.run(
            [sys.executable, "-c", RUN],
            input=page,
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert pickle.loads(rows[0])["label_evidence"]  # noqa: S301 - our own
    assert rows[0] == rows[1] == rows[2]


def test_the_same_page_gives_the_same_rows_again(tmp_path: Path) -> None:
    """With git's commands still open from the first time, and started anew."""
    page = task(tmp_path)
    first, second = page.run().rows, page.run().rows
    close_readers()
    third = page.run().rows
    close_readers()
    assert first == second == third
