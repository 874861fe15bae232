"""The archive keeps what it is given, whole or not at all, wherever it is."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miner.collect.archive import Archive
from miner.collect.tape import without
from miner.errors import ArchiveDamagedError, ArchiveError, SettingsError


@pytest.fixture(params=["folder", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """An empty archive in a folder, and in what stands for any other file system."""
    return Archive(str(tmp_path / "archive") if request.param == "folder" else f"memory://{uuid4()}/archive")


@given(body=st.binary(max_size=5000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_a_body_comes_back_by_its_sha256(archive: Archive, body: bytes) -> None:
    digest = archive.put(body)
    assert digest == sha256(body).hexdigest()
    assert archive.get(digest) == body
    assert digest in archive.objects()


def test_a_body_is_kept_once_and_compressed(archive: Archive) -> None:
    for _ in range(3):
        digest = archive.put(b"abc " * 1000)
    assert list(archive.objects()) == [digest]
    assert archive.objects()[digest] == archive.size() < 100


def test_what_is_not_there_is_none(archive: Archive) -> None:
    """An archive that nobody wrote to is empty, and no error."""
    assert archive.get("0" * 64) is None
    assert (archive.objects(), archive.size(), archive.journals(), archive.tombs()) == ({}, 0, [], {})


def test_a_journal_comes_back_in_its_order_while_it_is_written_and_after(archive: Archive) -> None:
    parts = [[{"event": "a", "n": number}, {"event": "b"}] for number in range(12)]
    for number, lines in enumerate(parts, 1):
        archive.append("run", number, lines, durable=number % 2 == 0)
    whole = [line for lines in parts for line in lines]
    assert archive.lines("run") == whole
    archive.close("run")
    assert archive.lines("run") == whole
    assert archive.journals() == ["run"]


def test_a_close_that_was_killed_in_its_midst_doubles_nothing(archive: Archive) -> None:
    """Then the whole journal and its parts are both there."""
    archive.append("run", 1, [{"event": "a"}], durable=True)
    archive.close("run")
    archive.append("run", 1, [{"event": "a"}], durable=True)
    assert archive.journals() == ["run"]
    assert archive.lines("run") == [{"event": "a"}]


def test_a_journal_can_be_dropped_and_leaves_a_tomb(archive: Archive) -> None:
    archive.append("run", 1, [{"event": "a"}], durable=True)
    archive.entomb("run", {"run_id": 7})
    archive.drop("run")
    assert archive.journals() == []
    assert archive.tombs() == {"run": {"run_id": 7}}


@pytest.mark.parametrize("damage", [b"", b"nonsense", zstandard.compress(b"other"), zstandard.compress(b"x" * 99)[:-3]])
def test_a_damaged_object_is_named_and_what_to_do(tmp_path: Path, damage: bytes) -> None:
    """Whether it was cut off, overwritten, or is a sound object of something else."""
    archive = Archive(str(tmp_path))
    digest = archive.put(b"x" * 99)
    (path,) = tmp_path.glob("objects/*/*")
    path.write_bytes(damage)
    with pytest.raises(ArchiveDamagedError, match=rf"{digest}.*Put a sound copy in its place, or delete it"):
        archive.get(digest)


def test_a_damaged_journal_is_named(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path))
    archive.append("run", 1, [{"event": "a"}], durable=True)
    (tmp_path / "runs" / "run" / "000001.jsonl.zst").write_bytes(zstandard.compress(b'{"event": '))
    with pytest.raises(ArchiveDamagedError, match="run/000001"):
        archive.lines("run")


@pytest.mark.parametrize("url", ["no-such-system://x", "s3://bucket/x" if "s3fs" not in sys.modules else "nope://x"])
def test_a_place_that_nothing_serves_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"archive\.url"):
        Archive(url)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file is where the folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveError, match=r"check archive\.url"):
        Archive(str(tmp_path / "file" / "archive")).put(b"x")


def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """The limit on a file's size stands for the disk: the write fails where it would there."""
    code = (
        "import sys, os, resource, signal\n"
        "from miner.collect.archive import Archive\n"
        "from miner.errors import ArchiveFullError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    Archive(sys.argv[1]).put(os.urandom(5000))\n"
        "except ArchiveFullError as error:\n"
        "    print(error)\n"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    command = [sys.executable, "-c", code, str(tmp_path / "archive")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "there is no room left for the archive" in done.stdout
    assert [path for path in (tmp_path / "archive").rglob("*") if path.is_file()] == []


def test_a_secret_in_the_place_is_in_no_message() -> None:
    with pytest.raises(SettingsError) as caught:
        Archive("no-such-system://user:hunter2hunter2@host/x?token=hunter2hunter2")
    assert "hunter2" not in str(caught.value)


def test_only_old_leftovers_are_tidied(tmp_path: Path) -> None:
    """Another process may be writing the young ones."""
    from datetime import UTC, datetime, timedelta

    archive = Archive(str(tmp_path))
    digest = archive.put(b"x")
    folder = tmp_path / "objects" / digest[:2]
    for name in (".old", ".young"):
        (folder / name).write_text("")
    now = datetime.now(UTC)
    os.utime(folder / ".old", (now.timestamp() - 90_000,) * 2)
    archive.tidy(now - timedelta(days=1))
    assert sorted(path.name for path in folder.iterdir()) == [".young", f"{digest}.zst"]


@pytest.mark.parametrize("secret", ["S3CRET+key/((", "ghp_0123456789abcdef"])
def test_a_secret_that_a_server_quotes_is_masked(secret: str) -> None:
    """As it is, in JSON, and as a URL has it; what is no JSON before is none after."""
    from urllib.parse import quote, quote_plus

    for written in (secret, json.dumps(secret)[1:-1], secret.replace("/", "\\/"), quote_plus(secret), quote(secret)):
        body = json.dumps({"a": 1})[:-1].encode() + f', "b": "{written}"'.encode() + b"}"
        found = without((secret,), body)
        assert json.loads(found) == {"a": 1, "b": "***"}, written


def test_a_short_secret_falsifies_no_answer() -> None:
    """A key of a few letters would be an ordinary word."""
    assert without(("known",), b"a known problem") == b"a known problem"
