"""Writes a study into a folder: index.html, a CSV an exhibit, a PNG and an SVG a chart, study.json with everything.

Made twice from the same database the files are equal, byte for byte.
"""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from miner import __version__
from miner.console import printable
from miner.errors import StudyError
from miner.export.safe import safe_cell
from miner.study.basis import unit
from miner.study.drawing import draw
from miner.study.exhibits import Exhibit, Scalar
from miner.study.study import Study

INDEX: Final = "index.html"


def write(study: Study, folder: Path) -> list[Path]:
    """Write the report and give its files, the page first. Each file is replaced whole.

    :raises StudyError: if the folder cannot be written.
    """
    contents: dict[str, bytes] = {INDEX: render(study).encode()}
    for exhibit in study.exhibits:
        contents[f"{exhibit.id}.csv"] = to_csv(exhibit, str(study.choice)).encode()
        for chart in exhibit.charts:
            contents[f"{chart.name}.png"], contents[f"{chart.name}.svg"] = draw(chart, _footer(study))
    contents["study.json"] = (json.dumps(study.as_object(), indent=1, sort_keys=True) + "\n").encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in contents.items():
            _replace(folder / name, body)
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be written: {error.strerror or error}: name another folder with --out"
        ) from None
    return [folder / name for name in contents]


def render(study: Study) -> str:
    """Give the page."""
    environment = Environment(
        loader=PackageLoader("miner.study", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    compared = [one for exhibit in study.exhibits for one in exhibit.comparisons]
    return environment.get_template("report.html.j2").render(
        study=study, version=__version__, compared=len(compared), differing=[one for one in compared if not one.same]
    )


def to_csv(exhibit: Exhibit, labels: str) -> str:
    """Give an exhibit's records as CSV, each row with the labels that it counts; no cell is a formula."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*exhibit.records.columns, "labels"))
    for row in exhibit.records.rows:
        writer.writerow([_cell(value) for value in (*row, labels)])
    return file.getvalue()


def _cell(value: Scalar) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return safe_cell(printable(value)) if isinstance(value, str) else str(value)


def _footer(study: Study) -> str:
    return f"{study.choice}; {study.judged:,} {unit(study.choice)}"


def _replace(path: Path, body: bytes) -> None:
    # Whoever looks at the folder meanwhile sees the old file or the new one.
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_bytes(body)
    new.replace(path)
