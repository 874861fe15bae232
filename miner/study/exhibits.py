"""What a table or figure of the study is made of: values only, nothing is drawn or written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from miner.evaluation.figures import Figure, wilson
from miner.study.charts import Chart

Scalar = str | int | float | None


@dataclass(frozen=True, slots=True)
class Value:
    """A cell for readers: the figure, its interval or share below it, and what the paper prints ("" if not known)."""

    text: str
    detail: str = ""
    paper: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table for readers. The first cell of a row names it."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Value | str, ...], ...]


@dataclass(frozen=True, slots=True)
class Records:
    """The same for machines: one row a figure, with its interval and the paper's value in columns of their own."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]

    def objects(self) -> Iterator[Mapping[str, Scalar]]:
        """Give each row with the names of its columns."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure that the paper prints, and ours; ``same`` where both read the same when printed alike."""

    what: str
    ours: str
    paper: str

    @property
    def same(self) -> bool:
        """Whether both read the same."""
        return self.ours == self.paper


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A table or figure: ``about`` says what it shows, ``notes`` what to know before a number is published."""

    id: str
    title: str
    about: str
    records: Records
    grids: tuple[Grid, ...]
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    def as_object(self) -> dict[str, Any]:
        """Give the exhibit for a machine."""
        return {
            "title": self.title,
            "about": self.about,
            "rows": [dict(row) for row in self.records.objects()],
            "notes": list(self.notes),
            "comparisons": [
                {"what": one.what, "ours": one.ours, "paper": one.paper, "same": one.same} for one in self.comparisons
            ],
        }


def counted(count: int, of: int, paper: Scalar = None) -> Value:
    """Give a count with its share of a total and the share's 95 % interval."""
    return Value(f"{count:,}", percent(wilson(count, of)), shown(paper))


def percent(figure: Figure | None) -> str:
    """Give a share in per cent with its interval, as "18.2 % (9.1 to 30.2)"; "" of nothing."""
    if figure is None:
        return ""
    return f"{100 * figure.value:.1f} % ({100 * figure.low:.1f} to {100 * figure.high:.1f})"


def share_of(count: int, of: int) -> tuple[Scalar, Scalar, Scalar]:
    """Give a share and the ends of its 95 % interval, 0 to 1, for a row of records; None of nothing."""
    figure = wilson(count, of)
    return (figure.value, figure.low, figure.high) if figure else (None, None, None)


def shown(value: Scalar) -> str:
    """Give a value of the paper as it is printed; "" if it is not known."""
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def records(columns: Iterable[str], rows: Iterable[Iterable[Scalar]]) -> Records:
    """Make records of any iterables."""
    return Records(tuple(columns), tuple(tuple(row) for row in rows))


def grid(title: str, header: Iterable[str], rows: Iterable[Iterable[Value | str]]) -> Grid:
    """Make a grid of any iterables."""
    return Grid(title, tuple(header), tuple(tuple(row) for row in rows))
