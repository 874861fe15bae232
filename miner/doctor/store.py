"""The archive, where ``archive.url`` names another place than the folder below ``storage.data_dir``."""

from __future__ import annotations

from collections.abc import Iterator

from miner.collect.archive import archive_of
from miner.doctor.findings import Finding, failure, ok
from miner.errors import MinerError
from miner.settings import Settings

_PROBE = b"miner doctor tries whether this archive can be written and read"
_ADVICE = "no run begins without it: make the bucket or folder, and see to its credentials, or change archive.url"


def look(settings: Settings) -> Iterator[Finding]:
    """Write a few bytes there, read them, and take them away."""
    if not settings.archive.url:
        return
    try:
        archive = archive_of(settings)
        digest = archive.put(_PROBE)
        same = archive.get(digest) == _PROBE
        archive.forget(digest)
    except MinerError as error:
        yield failure("archive", str(error), _ADVICE)
        return
    if same:
        yield ok("archive", f"{archive.name} can be written and read")
    else:
        yield failure("archive", f"{archive.name} does not give back what was written", _ADVICE)
