"""Blobs are read whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from support.repositories import DAY, START, RepositoryBuilder, git

from miner.collect.gitblobs import BlobReader
from miner.errors import GitKilledError


def test_blobs_are_read_whole_or_not_at_all(tmp_path: Path) -> None:
    """By id and by path; one that is missing, no blob, too large or named with a line break is None."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "import keras\n", "big.txt": "x" * 2000, "empty": "", "d/e.py": "1"})
    builder.build()
    sha = builder.shas[0]
    reader = BlobReader(builder.path, timeout=30, max_bytes=1000)
    names = [f"{sha}:{name}" for name in ("a.py", "none.py", "big.txt", "d", "a\nb", "empty", "d/e.py")]
    assert list(reader.read_all(names)) == [b"import keras\n", None, None, None, None, b"", b"1"]
    assert reader.read(git(builder.path, "rev-parse", f"{sha}:a.py")) == b"import keras\n"
    assert reader.size(f"{sha}:big.txt") == 2000
    assert reader.size("0" * 40) is None
    reader.close()


def test_a_damaged_blob_is_none_and_the_next_one_comes(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "1\n", "b.py": "2\n"}, epoch=START + DAY)
    builder.build()
    path = builder.loosen()
    builder.damage(f"{builder.shas[0]}:a.py")
    reader = BlobReader(path, timeout=30, max_bytes=1000)
    assert reader.read(f"{builder.shas[0]}:a.py") is None
    assert reader.read(f"{builder.shas[0]}:b.py") == b"2\n"
    reader.close()


def test_a_git_that_is_killed_over_a_blob_is_asked_again_for_it_and_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed once, nothing is missing; killed each time, it is an error and never a file without content."""
    builder = RepositoryBuilder(tmp_path / "r.git")
    builder.commit("one", {"a.py": "1\n", "b.py": "2\n"})
    builder.build()
    names = [f"{builder.shas[0]}:{name}" for name in ("a.py", "b.py")]
    real, mark, always = shutil.which("git"), tmp_path / "killed", tmp_path / "always"
    die = f"[ -e {always} ] || [ ! -e {mark} ] && {{ : >{mark}; read line; kill -9 $$; }}"
    (tmp_path / "git").write_text(f'#!/bin/sh\n[ "$4" = --batch ] && {die}\nexec {real} "$@"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    reader = BlobReader(builder.path, timeout=30, max_bytes=1000)
    assert list(reader.read_all(names)) == [b"1\n", b"2\n"]
    assert mark.exists()
    always.touch()
    reader.close()
    with pytest.raises(GitKilledError, match="killed or too slow"):
        list(reader.read_all(names))
    reader.close()
