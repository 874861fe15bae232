"""Draws flows through columns (a Sankey figure of several steps): Matplotlib's own is for one process with losses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from miner.study.charts import Alluvial

_WIDTH: Final = 0.09
"""Width of a node; columns are 1 apart."""
_GAP: Final = 0.35
"""Part of the height that the gaps between nodes take together, at most."""
_LEAST_GAP: Final = 0.035

Spans = dict[tuple[int, str], tuple[float, float]]


def draw_alluvial(axes: Axes, chart: Alluvial) -> None:
    """Draw the chart: a bar a node, as high as what flows through it, and ribbons in the colour of their left node."""
    total = sum(number for _, number in chart.flows)
    spans = _spans(chart, total)
    _draw_ribbons(axes, chart, spans, total)
    _draw_nodes(axes, chart, spans)
    # Room for the names beside the first and the last column, in columns: a figure of two columns is narrower.
    room = 0.24 * len(chart.columns) / (len(chart.columns) - 1) + 0.2
    axes.set_xlim(-room, len(chart.columns) - 1 + room)
    axes.set_ylim(1.04, -0.09)
    axes.set_axis_off()
    axes.set_title(chart.title)


def _sizes(chart: Alluvial) -> list[Counter[str]]:
    sizes: list[Counter[str]] = [Counter() for _ in chart.columns]
    for nodes, number in chart.flows:
        for no, node in enumerate(nodes):
            sizes[no][node] += number
    return sizes


def _spans(chart: Alluvial, total: int) -> Spans:
    """Give the top and the height of each node; 0 is the top of the figure, 1 its bottom."""
    spans: Spans = {}
    most = max(len(nodes) for nodes in chart.nodes)
    gap = min(_LEAST_GAP, _GAP / max(1, most - 1))
    for no, (nodes, sizes) in enumerate(zip(chart.nodes, _sizes(chart), strict=True)):
        scale = 1 - gap * (most - 1)
        top = (1 - scale - gap * (len(nodes) - 1)) / 2
        for node, _ in nodes:
            height = scale * sizes[node] / total
            spans[no, node] = (top, height)
            top += height + gap
    return spans


def _draw_nodes(axes: Axes, chart: Alluvial, spans: Spans) -> None:
    sizes = _sizes(chart)
    for no, nodes in enumerate(chart.nodes):
        axes.text(no, -0.04, chart.columns[no], ha="center", va="bottom", fontsize=9.5, fontweight="bold")
        for node, colour in nodes:
            top, height = spans[no, node]
            axes.add_patch(
                Rectangle((no - _WIDTH / 2, top), _WIDTH, height, facecolor=colour, edgecolor="#333333", linewidth=0.5)
            )
            first = no == 0
            axes.text(
                no + (-1 if first else 1) * (_WIDTH / 2 + 0.02),
                top + height / 2,
                f"{node} ({sizes[no][node]:,})",
                ha="right" if first else "left",
                va="center",
                fontsize=8,
                bbox=None if first else {"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.6},
            )


def _draw_ribbons(axes: Axes, chart: Alluvial, spans: Spans, total: int) -> None:
    for no in range(len(chart.columns) - 1):
        between: Counter[tuple[str, str]] = Counter()
        for nodes, number in chart.flows:
            between[nodes[no], nodes[no + 1]] += number
        left = {node: spans[no, node][0] for node, _ in chart.nodes[no]}
        right = {node: spans[no + 1, node][0] for node, _ in chart.nodes[no + 1]}
        scale = _scale(spans, no, total)
        for (source, colour), (target, _) in ((a, b) for a in chart.nodes[no] for b in chart.nodes[no + 1]):
            if between[source, target]:
                height = scale * between[source, target] / total
                _draw_ribbon(axes, no, left[source], right[target], height, colour)
                left[source] += height
                right[target] += height


def _scale(spans: Mapping[tuple[int, str], tuple[float, float]], no: int, total: int) -> float:
    return sum(height for (column, _), (_, height) in spans.items() if column == no) if total else 0.0


def _draw_ribbon(axes: Axes, no: int, top: float, end: float, height: float, colour: str) -> None:
    start, stop, middle = no + _WIDTH / 2, no + 1 - _WIDTH / 2, no + 0.5
    points = [
        (start, top),
        (middle, top),
        (middle, end),
        (stop, end),
        (stop, end + height),
        (middle, end + height),
        (middle, top + height),
        (start, top + height),
        (start, top),
    ]
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.45, edgecolor="none"))
