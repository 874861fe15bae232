"""Turns what git prints on failing into an error that tells the user what to do."""

from __future__ import annotations

import re

from miner.errors import (
    RepositoryCorruptError,
    RepositoryError,
    RepositoryMissingError,
    RepositoryRefusedError,
    RepositoryTooLargeError,
)
from miner.secrets import without_secrets

_FAILURES: tuple[tuple[re.Pattern[str], type[RepositoryError], str], ...] = (
    (
        re.compile(r"transport .*not allowed|protocol .* not (allowed|supported)|unable to find remote helper", re.I),
        RepositoryRefusedError,
        "its transport is not allowed; see git.transports in the config",
    ),
    (
        re.compile(
            r"repository .*not found|does not appear to be a git repository|does not exist|not a git repository"
            r"|could not read Username|Authentication failed|returned error: (401|404|410)",
            re.I,
        ),
        RepositoryMissingError,
        "there is no such repository, or it is private: check the name",
    ),
    (
        re.compile(
            r"corrupt|bad (object|tree|blob)|unable to read|missing (blob|tree|object)|inflate:|did not send all"
            r"|failed to traverse",
            re.I,
        ),
        RepositoryCorruptError,
        "git found damaged objects; if they are in the source, repair it with 'git fsck' there",
    ),
    (
        re.compile(r"No space left on device|Disk quota exceeded", re.I),
        RepositoryTooLargeError,
        "the disk is full: free some space, or name another storage.data_dir",
    ),
)
# What a message quotes is named by strangers: a repository called "corrupt-data" is not corrupt.
_NAMES = re.compile(
    r"""'[^\n]*?'(?=[\s:;,.)]|$)|"[^"\n]*"|\w[\w+.-]{0,30}://\S+|(?<![^\s(])/[^\s:]+|\bhost(?:name)?:? [^\s:]+"""
    r"""|^remote: (?:Enumerating|Counting|Compressing|Total|Reusing).*$""",
    re.MULTILINE,
)


def failure(item: str, stderr: str) -> RepositoryError:
    """Turn what git printed on failing into the error that tells the user what to do."""
    said = without_secrets(stderr).strip()
    lines = [line for line in said.splitlines() if line.startswith(("fatal:", "error:", "remote:"))]
    quoted = "; ".join(lines[:3]) or said[-300:] or "git said nothing"
    own_words = _NAMES.sub("''", said)
    for pattern, kind, advice in _FAILURES:
        if pattern.search(own_words):
            return kind(f"{item}: {advice} ({quoted})")
    return RepositoryError(f"{item}: git failed ({quoted}); check the network, or github.clone_url, and run it again")
