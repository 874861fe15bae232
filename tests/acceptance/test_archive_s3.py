"""An archive in a bucket, as its users have it: over HTTP, from a server on loopback that speaks S3.

It needs what ``pip install --group s3`` brings (CONTRIBUTING.md).
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import requests
from support.repositories import keras_history
from support.tables import differences, written

pytestmark = [
    pytest.mark.s3,
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("s3fs", "moto", "flask")),
        reason="s3fs and a server that speaks S3 are not installed: pip install --group s3",
    ),
]
Miner = Callable[..., CompletedProcess[str]]
SECRET = "S3CRETaws"  # noqa: S105 - of nothing
RUNS = 2


@dataclass(frozen=True)
class Bucket:
    """A bucket with its address, and the environment in which s3fs finds it."""

    url: str
    environ: Mapping[str, str]

    def make(self) -> None:
        """Make the bucket."""
        requests.put(self.url, timeout=60).raise_for_status()

    def listed(self) -> list[str]:
        """List the keys of its objects."""
        return re.findall(r"<Key>([^<]+)</Key>", requests.get(f"{self.url}?list-type=2", timeout=60).text)

    def spoil(self, key: str) -> None:
        """Write something else in the place of an object."""
        script = "import fsspec, sys; fsspec.filesystem('s3').pipe_file(sys.argv[1], b'no answer')"
        subprocess.run([sys.executable, "-c", script, f"kept/{key}"], env=os.environ | self.environ, check=True)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"NO_COLOR": "1"}) as server:
        try:
            assert server.stderr is not None
            found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in server.stderr)))
            names = {"ACCESS_KEY_ID": "known", "SECRET_ACCESS_KEY": SECRET, "DEFAULT_REGION": "us-east-1"}
            environ = {f"AWS_{name}": value for name, value in (names | {"ENDPOINT_URL": found[0]}).items()}
            made = Bucket(f"{found[0]}/kept", environ | {"MINER_ARCHIVE__URL": "s3://kept/miner"})
            made.make()
            yield made
        finally:
            server.kill()


def test_an_archive_in_a_bucket_is_as_good_as_a_folder(miner: Miner, bucket: Bucket, tmp_path: Path) -> None:
    """Written by a collect, looked at, rebuilt from, damaged, and pruned; no key of it is in what was written."""
    repository = keras_history(tmp_path / "r.git", 20).path
    for flags in (["--limit", "5"], []):
        done = miner("collect", "--repo", str(repository), "--quiet", *flags, **bucket.environ)
        assert done.returncode == 0, done.stderr
    status = json.loads(miner("archive", "status", "--json", **bucket.environ).stdout)
    assert (status["name"], status["runs"]) == ("s3://kept/miner", RUNS)
    assert status["objects"] == sum("/objects/" in key for key in bucket.listed()) > 0
    assert not (tmp_path / "data" / "archive").exists()
    assert miner("archive", "verify", **bucket.environ).returncode == 0

    repository.rename(tmp_path / "gone")
    done = miner("rebuild", "--to", "sqlite:///again.db", "--quiet", **bucket.environ)
    assert done.returncode == 0, done.stderr
    one, other = (written(f"sqlite:///{tmp_path / name}") for name in ("data/miner.db", "again.db"))
    assert differences(one, other) == ""

    bucket.spoil(next(key for key in bucket.listed() if "/objects/" in key))
    done = miner("archive", "verify", **bucket.environ)
    assert (done.returncode, "is damaged" in done.stderr) == (1, True)
    done = miner("archive", "prune", **bucket.environ, MINER_ARCHIVE__MAX_BYTES="1")
    assert done.returncode == 0, done.stderr
    status = json.loads(miner("archive", "status", "--json", **bucket.environ).stdout)
    assert (status["runs"], status["pruned"]) == (1, RUNS - 1)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_a_bucket_that_cannot_be_used_ends_the_run_in_one_line(miner: Miner, bucket: Bucket, tmp_path: Path) -> None:
    """The doctor says so before; what is there says that it can be used, and nothing is left of the trial."""
    repository = keras_history(tmp_path / "r.git", 3).path
    missing = bucket.environ | {"MINER_ARCHIVE__URL": "s3://nothing/miner"}
    done = miner("collect", "--repo", str(repository), "--quiet", **missing)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "s3://nothing/miner" in done.stderr
    assert "check archive.url" in done.stderr
    states = []
    for environ in (missing, bucket.environ):
        # Nothing else is asked outside of this machine.
        off = {"MINER_GITHUB__API_URL": "http://127.0.0.1:9", "MINER_STACKOVERFLOW__API_URL": "http://127.0.0.1:9"}
        found = json.loads(
            miner("doctor", "--json", **environ, **off, MINER_GIT__REPOSITORIES=f'["{repository}"]').stdout
        )
        states += [one["state"] for one in found["findings"] if one["name"] == "archive"]
    assert states == ["failure", "ok"]
    assert bucket.listed() == []
