"""Exports tables and views as files, one each, with a manifest and digests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from miner.errors import ExportError
from miner.export.files import FORMATS, Written, opened
from miner.export.folder import finished, new_folder
from miner.store import exports
from miner.store.session import reading

VOLATILE = ("raw_response", "crawl_run", "http_validator")
"""What is left out unless it is named: it tells how a crawl went, and not what it brought."""


def export_tables(
    engine: Engine, target: Path, names: Sequence[str], kind: str, told: Callable[[str, int], None]
) -> list[Written]:
    """Write tables and views into a new folder, in one state of the database.

    :param names: of tables and views; none: all but :data:`VOLATILE`.
    :param kind: jsonl, csv or parquet.
    :param told: is told each name and the rows written so far.
    :raises ExportError: for an unknown name, a folder that is not empty, or what cannot be written.
    """
    known = exports.relations()
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 3)
            hint = f": did you mean {' or '.join(near)}?" if near else "; docs/schema.md lists them"
            raise ExportError(f"there is no table or view {name}{hint}")
    wanted = list(dict.fromkeys(names)) or [name for name in known if name not in VOLATILE]
    done: list[Written] = []
    with new_folder(target) as folder, reading(engine) as connection:
        for name in wanted:
            told(name, 0)
            with opened(folder, f"{name}.{kind}", done) as digest:
                digest.told = partial(told, name)
                FORMATS[kind](digest, exports.columns_of(name), partial(exports.rows_of, connection, name))
            told(name, done[-1].rows)
        finished(folder, done, {"tables": wanted, "format": kind}, exports.as_of(connection))
    return done
