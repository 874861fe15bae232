"""Lists a clone's history, and reads its commits' metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from miner.collect import git
from miner.model import Commit
from miner.store.values import epoch

_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", "%B")
_MOST_DIGITS = 20
_LOG_OPTIONS = ("--no-walk=unsorted", "--stdin", "--date=raw", "-z", "--no-show-signature", "--no-notes")


@dataclass(frozen=True, slots=True)
class ListedCommit:
    """A commit as the history lists it: enough to choose by date and to tell merges."""

    sha: str
    epoch: int
    parents: int


def list_history(git_dir: Path, tips: Iterable[str], *, item: str, timeout: float) -> list[ListedCommit]:
    """List every commit that can be reached from ``tips``, each once.

    The dates are not left to ``git log --since``: it stops at the first older commit, and dates can be out of order.

    :raises RepositoryError: (a child of) if git fails.
    """
    out = git.run(
        ["log", "--stdin", "--format=%H %ct %p", "--no-show-signature"],
        item=item,
        timeout=timeout,
        git_dir=git_dir,
        input="\n".join(tips).encode(),
    )
    listed = []
    for line in out.decode("ascii").splitlines():
        sha, seconds, *parents = line.split(" ")
        listed.append(ListedCommit(sha, _seconds(seconds), sum(map(bool, parents))))
    return listed


def read_commits(git_dir: Path, shas: Iterable[str], *, item: str, timeout: float) -> list[Commit]:
    """Read the metadata of commits, in the order given.

    :raises RepositoryError: (a child of) if git fails.
    """
    wanted = "\n".join(shas)
    if not wanted:
        # Asked for nothing, git would show where HEAD points.
        return []
    out = git.run(
        ["log", *_LOG_OPTIONS, "--encoding=UTF-8", "--format=tformat:" + "%x00".join(_FIELDS)],
        item=item,
        timeout=timeout,
        git_dir=git_dir,
        input=wanted.encode(),
    )
    fields = out.split(b"\0")
    width = len(_FIELDS)
    return [_commit(fields[at : at + width]) for at in range(0, len(fields) - width + 1, width)]


def _commit(fields: list[bytes]) -> Commit:
    sha, parents, author, author_email, authored, committer, committer_email, committed, message = fields
    text, raw = decode(message.rstrip(b"\n"))
    authored_epoch, authored_offset = _raw_date(authored)
    committed_epoch, committed_offset = _raw_date(committed)
    return Commit(
        sha=sha.decode("ascii"),
        parents=tuple(parents.decode("ascii").split()),
        author_name=decode(author)[0],
        author_email=decode(author_email)[0],
        authored_at=_moment(authored_epoch),
        authored_offset=authored_offset,
        committer_name=decode(committer)[0],
        committer_email=decode(committer_email)[0],
        committed_at=_moment(committed_epoch),
        committed_offset=committed_offset,
        committed_epoch=committed_epoch,
        message=text,
        message_raw=raw,
    )


def decode(data: bytes) -> tuple[str, bytes | None]:
    """Give bytes as text, and the bytes again where the text does not say all that they held.

    Bytes that are not UTF-8 are read as Windows-1252 (what most old commits mean), the rest of them as Latin-1.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode("cp1252"), data
        except UnicodeDecodeError:
            return data.decode("latin-1"), data
    return text, (data if "\0" in text else None)


def _raw_date(text: bytes) -> tuple[int, int | None]:
    found = re.match(rb"(-?\d+) ([+-])(\d\d)(\d\d)", text)
    if not found:
        return 0, None
    minutes = int(found[3]) * 60 + int(found[4])
    return _seconds(found[1].decode("ascii")), -minutes if found[2] == b"-" else minutes


def _seconds(text: str) -> int:
    """Read a date in seconds. Git prints what the commit says, however many digits; the ledger's range bounds it."""
    return epoch(int(text[:_MOST_DIGITS] or 0))


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
