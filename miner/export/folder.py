"""The folder of an export: there when it is whole, with a manifest and the digests of all its files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from miner import __version__
from miner.errors import ExportError
from miner.export.files import Written, opened
from miner.optout import read_opt_out
from miner.store import optout
from miner.store.schema import HEAD
from miner.store.session import reading

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"


def refuse_opted_out(engine: Engine, listed: str) -> None:
    """Check that the database holds nothing that is on the opt-out list.

    :param listed: path of the list; empty: there is none.
    :raises ExportError: if it does; the next collect removes it.
    """
    if not listed:
        return
    with reading(engine) as connection:
        held = optout.held(connection, read_opt_out(Path(listed)))
    if held:
        raise ExportError(
            f"the database holds {held:,} commits, posts or comments that are on the opt-out list {listed}: run "
            "'miner collect', which removes them when it starts, and then this again"
        )


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a folder to write into, which takes the name of ``target`` when all is written.

    :raises ExportError: if the target is there and not an empty folder, or cannot be made.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExportError(f"{target} is there already: remove it, or name another folder")
    partial = target.with_name(f"{target.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        raise ExportError(f"{partial} cannot be made: {error.strerror}") from None
    try:
        yield partial
        if target.exists():
            target.rmdir()
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def finished(folder: Path, done: list[Written], asked: Mapping[str, Any], as_of: str, **more: Any) -> None:
    """Write the manifest and the digests."""
    manifest = {
        "miner_version": __version__,
        "schema_revision": HEAD,
        "as_of": as_of,
        "asked": dict(asked),
        **more,
        "files": [asdict(one) for one in done],
    }
    write_text(folder, MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False, default=str) + "\n", done)
    sums = "".join(f"{one.sha256}  {one.name}\n" for one in sorted(done, key=lambda one: one.name))
    write_text(folder, SUMS, sums, done)


def write_text(folder: Path, name: str, text: str, done: list[Written]) -> None:
    """Write a text file of an export."""
    with opened(folder, name, done) as digest:
        digest.write(text.encode())


def counted(done: Sequence[Written]) -> dict[str, int]:
    """Give the number of rows of each file that has some."""
    return {one.name: one.rows for one in done if one.rows}
