"""What goes to a moderator, and what needs none, each with what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from miner.errors import LabelsError
from miner.rating.hints import after_agreed, after_conflicts
from miner.rating.reconciling import Conflict, Reconciled, agree, conflict_sheet, conflicts
from miner.rating.sampling import known_batch
from miner.rating.sheets import FORMATS, write_new
from miner.store.session import reading


def hand_over(
    engine: Engine, schemes: Sequence[str], batch: str | None, to: Path | None = None
) -> tuple[list[Conflict], str]:
    """Give the open conflicts and a hint, and write them as a moderator's sheet to a path, if there are any.

    :raises LabelsError: if the path is of no format, something else is there, or there is no such batch.
    """
    form = to.suffix.lower().removeprefix(".") if to else ""
    if to and form not in FORMATS:
        raise LabelsError(f"{to}: the name of a sheet ends with .{' or .'.join(FORMATS)}")
    with reading(engine) as connection:
        if batch is not None:
            known_batch(connection, batch)
        found = conflicts(connection, schemes, batch)
        if to and found:
            write_new(to, conflict_sheet(connection, found, form))
        return found, after_conflicts(connection, found, to)


def enter_agreed(engine: Engine, schemes: Sequence[str], batch: str | None) -> tuple[Reconciled, str]:
    """Enter what all raters say alike, and give a hint of what is left.

    :raises LabelsError: if there is no such batch.
    """
    if batch is not None:
        with reading(engine) as connection:
            known_batch(connection, batch)
    done = agree(engine, schemes, batch)
    with reading(engine) as connection:
        return done, after_agreed(done, len(conflicts(connection, schemes, batch)))
