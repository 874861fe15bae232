"""Sheets for raters: the items of a batch with what there is to see, and nothing of what anybody said of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from openpyxl.utils import get_column_letter
from sqlalchemy import Connection, Engine

from miner.classify.taxonomies import taxonomy
from miner.errors import LabelsError
from miner.export.safe import safe_cell
from miner.rating.judgements import require_rater
from miner.rating.running import LabelRun, label_run
from miner.rating.sampling import CUT, Drawn
from miner.rating.schemes import values
from miner.rating.xlsx import SheetData, book
from miner.store import ratings as store
from miner.store import samples
from miner.store.samples import Shown

FORMATS: Final = ("xlsx", "csv")
WIDTHS: Final = {"item_id": 24, "link": 40, "about": 50, "change": 90, "note": 40, "labels": 40}

_BEFORE: Final = ("item_id", "batch", "rater", "no", "source", "library", "link", "about", "change")
_NOT_IN_NAMES: Final = re.compile(r"[^\w.-]+")
_NOTHING: Final = Shown("", "", "")
_HELP: Final = (
    "Choose one value of the list in each column of labels, or leave it empty. unknown means: it cannot be told. "
    "Do not change the columns before them. Judge by yourself, and give the file back under any name."
)


def hand_out(engine: Engine, drawn: Drawn, raters: Sequence[str], folder: Path, form: str) -> list[Path]:
    """Write each rater's blind sheet of a batch, and keep who was given one; give the files.

    :raises LabelsError: if a name is no rater's, or a file is there that holds something else.
    """
    for rater in raters:
        require_rater(rater)
    paths = [folder / file_name(drawn.batch.batch, rater, form) for rater in raters]
    if len(set(paths)) < len(paths):
        raise LabelsError("two raters have names that make the same file name: give one of them another")
    with _given(engine, drawn.batch.batch, raters) as run:
        for rater, path in zip(raters, paths, strict=True):
            write_new(path, sheet(run.connection, drawn, rater, form))
    return paths


def give(engine: Engine, batch: str, raters: Sequence[str]) -> None:
    """Keep who was given a batch, as :func:`hand_out` does, and write no file."""
    with _given(engine, batch, raters):
        return


@contextmanager
def _given(engine: Engine, batch: str, raters: Sequence[str]) -> Iterator[LabelRun]:
    with label_run(engine, "label sheet", {"batch": batch, "raters": list(raters)}) as run:
        for rater in raters:
            store.add_sheet(run.connection, batch, rater, run.run_id)
        yield run


def sheet(connection: Connection, drawn: Drawn, rater: str, form: str) -> bytes:
    """Give a rater's blind sheet of a batch as xlsx or CSV."""
    schemes = drawn.batch.schemes.split()
    header = [*_BEFORE, *schemes, "note"]
    rows = list(_rows(connection, drawn, rater, len(schemes)))
    if form == "csv":
        return csv_bytes(header, rows, marked=True)
    labels = SheetData("labels", header, rows, WIDTHS | dict.fromkeys(schemes, 28), cells_of(schemes))
    return book([labels, *helpers(schemes, _HELP)])


def helpers(schemes: Sequence[str], about: str) -> list[SheetData]:
    """Give the sheets that a drop-down reads, and that say what the values mean."""
    listed = [[value.name for value in values(scheme)] for scheme in schemes]
    longest = max(map(len, listed))
    columns = [[*names, *([""] * (longest - len(names)))] for names in listed]
    meanings = [(about, ""), *((entry.name, entry.definition) for entry in taxonomy("fix_patterns"))]
    return [
        SheetData("values", schemes, list(zip(*columns, strict=True)), dict.fromkeys(schemes, 40)),
        SheetData("about", ("what", "meaning"), meanings, {"what": 40, "meaning": 100}),
    ]


def cells_of(schemes: Sequence[str]) -> dict[str, str]:
    """Give where the values of each scheme stand on the sheet of values."""
    letters = {scheme: get_column_letter(no) for no, scheme in enumerate(schemes, 1)}
    return {scheme: f"values!${letter}$2:${letter}${len(values(scheme)) + 1}" for scheme, letter in letters.items()}


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str | int | None]], *, marked: bool = False) -> bytes:
    """Give a CSV file in UTF-8 whose cells no spreadsheet program calculates.

    :param marked: whether it begins with a byte order mark, without which Excel takes it for another encoding.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if value is None else safe_cell(str(value)) for value in row])
    return stream.getvalue().encode("utf-8-sig" if marked else "utf-8")


def write(path: Path, data: bytes) -> None:
    """Write a file over what is there: all of it, or nothing.

    :raises LabelsError: if it cannot be written.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(path)
    except (OSError, ValueError) as error:
        raise LabelsError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from None


def write_new(path: Path, data: bytes) -> bool:
    """Write a file that is not there; tell whether it is new. One that holds the same is left as it is.

    :raises LabelsError: if another file is there, which somebody may have filled, or it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), path.open("xb") as file:
            file.write(data)
            return True
        if path.read_bytes() == data:
            return False
    except (OSError, ValueError) as error:
        raise LabelsError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from None
    raise LabelsError(f"{path} is there already, and may be filled: move it away, or name another place with --to")


def file_name(batch: str, rater: str, form: str) -> str:
    """Give the name of a rater's sheet of a batch."""
    return f"{batch}.{_NOT_IN_NAMES.sub('_', rater)}.{form}"


def _rows(connection: Connection, drawn: Drawn, rater: str, schemes: int) -> Iterable[list[str | int]]:
    seen = samples.shown(connection, [item.fix_id for item in drawn.items if item.fix_id], CUT)
    for no, item in enumerate(drawn.items, 1):
        shown = _of_item(seen, item.fix_id)
        blank = [""] * (schemes + 1)
        yield [
            *(item.item_id, drawn.batch.batch, rater, no, item.source, item.library, item.link),
            *(shown.about, shown.change, *blank),
        ]


def _of_item(seen: Mapping[str, Shown], fix_id: str | None) -> Shown:
    return seen.get(fix_id, _NOTHING) if fix_id else _NOTHING
