"""A process that holds locks of a database until it is told to let go, or is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CODE = """
import sys
from miner.clock import SystemClock
from miner.store.locks import Locks
from miner.store.session import open_engine
url, what, *names = sys.argv[1:]
with Locks(open_engine(url), what, SystemClock()) as locks:
    locks.take(names)
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holding(url: str, *names: str, what: str = "collect") -> Iterator[subprocess.Popen[str]]:
    """Give a process that holds the locks; at the end it is ended in order, if it still runs."""
    command = [sys.executable, "-c", _CODE, url, what, *names]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        if process.poll() is None:
            process.communicate("\n")
