"""What a figure shows, as values; :mod:`miner.study.drawing` draws it. ``name`` is the file's, less its ending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Of = Literal["row", "column"]
"""What the shares in a table of two fields are of."""


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar a label: its share with the interval, 0 to 1, and the count that is written beside it."""

    name: str
    title: str
    labels: tuple[str, ...]
    shares: tuple[float, ...]
    intervals: tuple[tuple[float, float], ...]
    counts: tuple[int, ...]
    colours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stacked:
    """A bar a row, cut into series that add up to 1; ``counts[row][series]``."""

    name: str
    title: str
    rows: tuple[str, ...]
    series: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    colours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Counts of rows against columns: the darker a cell, the larger its share of its column, or of its row."""

    name: str
    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    of: Of = "column"


@dataclass(frozen=True, slots=True)
class Alluvial:
    """Flows through columns: each flow names a node of every column, and how many take it. Nodes are in order."""

    name: str
    title: str
    columns: tuple[str, ...]
    nodes: tuple[tuple[tuple[str, str], ...], ...]
    """For each column its nodes from the top: name and colour."""
    flows: tuple[tuple[tuple[str, ...], int], ...]


Chart = Bars | Stacked | Heatmap | Alluvial
