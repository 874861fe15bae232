"""Draws charts with Matplotlib, without a display. The same chart gives the same bytes: no dates, no random ids."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any, Final

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from miner.console import printable
from miner.study.alluvial import draw_alluvial
from miner.study.charts import Alluvial, Bars, Chart, Heatmap, Stacked

_DPI: Final = 150
_LONGEST: Final = 120
"""Characters of a name that are drawn."""
_NO_CHARACTER: Final = re.compile("[\ufffe\uffff]")
_STYLE: Final[Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "miner",
    "text.parse_math": False,
    "figure.facecolor": "white",
}


def draw(chart: Chart, footer: str) -> tuple[bytes, bytes]:
    """Give a chart as PNG and as SVG; the footer says which labels it counts."""
    chart = replace(chart, **{field.name: _drawable(getattr(chart, field.name)) for field in fields(chart)})
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # A name in another script than the font has is drawn as boxes: the tables have it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # The rest is the footer's.
        figure = Figure(layout=ConstrainedLayoutEngine(rect=(0, 0.03, 1, 0.97)))
        FigureCanvasAgg(figure)
        _DRAWERS[type(chart)](figure, chart)
        figure.text(0.995, 0.003, _drawable(footer), ha="right", va="bottom", fontsize=6.5, color="#555555")
        png, svg = io.BytesIO(), io.BytesIO()
        figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        return png.getvalue(), svg.getvalue()


def _drawable(value: Any) -> Any:
    """Cut long names, and take out of them what XML cannot hold."""
    if isinstance(value, tuple):
        return tuple(map(_drawable, value))
    if not isinstance(value, str):
        return value
    text = _NO_CHARACTER.sub("", printable(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _bars(figure: Figure, chart: Bars) -> None:
    figure.set_size_inches(8, 1.2 + 0.3 * len(chart.labels))
    axes = figure.add_subplot()
    places = range(len(chart.labels))
    below = [max(0.0, share - low) for share, (low, _) in zip(chart.shares, chart.intervals, strict=True)]
    above = [max(0.0, high - share) for share, (_, high) in zip(chart.shares, chart.intervals, strict=True)]
    axes.barh(places, chart.shares, color=chart.colours, edgecolor="#333333", linewidth=0.5, height=0.72)
    # First in white: a dark bar would swallow the line.
    for ink, width in (("white", 2.6), ("#333333", 1.0)):
        axes.errorbar(chart.shares, places, xerr=[below, above], fmt="none", ecolor=ink, elinewidth=width, capsize=2.5)
    widest = max(high for _, high in chart.intervals)
    for place, (_, high), count in zip(places, chart.intervals, chart.counts, strict=True):
        axes.text(high + 0.012 * widest, place, f"{count:,}", va="center", fontsize=7.5, color="#333333")
    axes.set_yticks(list(places), chart.labels)
    axes.invert_yaxis()
    axes.set_xlim(0, min(1.08, widest * 1.12))
    axes.margins(y=0.01)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlabel("share of fixes, with 95 % interval; the number is the count")
    axes.set_title(chart.title)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)


def _stacked(figure: Figure, chart: Stacked) -> None:
    used = [no for no in range(len(chart.series)) if any(row[no] for row in chart.counts)]
    figure.set_size_inches(9.5, max(1.6 + 0.36 * len(chart.rows), 1.2 + 0.21 * len(used)))
    axes = figure.add_subplot()
    totals = [sum(row) for row in chart.counts]
    left = np.zeros(len(chart.rows))
    for no in used:
        widths = np.array([row[no] / total for row, total in zip(chart.counts, totals, strict=True)])
        axes.barh(
            range(len(chart.rows)),
            widths,
            left=left,
            color=chart.colours[no],
            edgecolor="white",
            linewidth=0.6,
            height=0.78,
            label=chart.series[no],
        )
        _write_counts(axes, chart, no, widths, left)
        left += widths
    axes.set_yticks(range(len(chart.rows)), [f"{row} ({n:,})" for row, n in zip(chart.rows, totals, strict=True)])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.margins(y=0.01)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlabel("share of fixes; the number is the count")
    axes.set_title(chart.title)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.02), frameon=False, fontsize=8)


def _write_counts(axes: Axes, chart: Stacked, no: int, widths: Iterable[float], left: Iterable[float]) -> None:
    for place, (width, start) in enumerate(zip(widths, left, strict=True)):
        if width >= 0.035:
            ink = "white" if _is_dark(chart.colours[no]) else "black"
            axes.text(
                start + width / 2, place, str(chart.counts[place][no]), ha="center", va="center", fontsize=7, color=ink
            )


def _heatmap(figure: Figure, chart: Heatmap) -> None:
    figure.set_size_inches(max(6.0, 2.9 + 0.62 * len(chart.columns)), 2.6 + 0.29 * len(chart.rows))
    axes = figure.add_subplot()
    counts = np.array(chart.counts, dtype=float)
    totals = counts.sum(axis=0)
    whole = counts.sum(axis=1, keepdims=True) if chart.of == "row" else totals
    shares = np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=max(0.01, float(shares.max())), aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        if counts[row, column]:
            ink = "white" if share > 0.6 * shares.max() else "black"
            axes.text(column, row, f"{counts[row, column]:,.0f}", ha="center", va="center", fontsize=7.5, color=ink)
    labels = [f"{column} ({total:,.0f})" for column, total in zip(chart.columns, totals, strict=True)]
    axes.set_xticks(range(len(labels)), labels, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(chart.rows)), chart.rows)
    axes.set_title(chart.title)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_xticks(np.arange(-0.5, len(chart.columns)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(chart.rows)), minor=True)
    axes.grid(which="minor", color="#E4E8EE", linewidth=0.8)
    axes.tick_params(which="both", length=0)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, format=lambda value, _: f"{100 * value:.0f} %")
    bar.set_label(f"share of the {chart.of}; the number is the count", fontsize=8)
    bar.outline.set_visible(False)


def _alluvial(figure: Figure, chart: Alluvial) -> None:
    most = max(len(nodes) for nodes in chart.nodes)
    figure.set_size_inches(3.2 + 2.4 * len(chart.columns), max(3.6, 1.6 + 0.42 * most))
    axes = figure.add_subplot()
    draw_alluvial(axes, chart)


def _is_dark(colour: str) -> bool:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


_DRAWERS: Final[dict[type, Callable[[Figure, Any], None]]] = {
    Bars: _bars,
    Stacked: _stacked,
    Heatmap: _heatmap,
    Alluvial: _alluvial,
}
