"""Charts as PNG and SVG."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from miner.study.charts import Alluvial, Bars, Chart, Heatmap, Stacked
from miner.study.drawing import draw

BARS = Bars("a", "Bars <&>", ("one", "two"), (0.25, 0.0), ((0.1, 0.4), (0.0, 0.2)), (5, 0), ("#1965B0", "#BBBBBB"))
STACKED = Stacked("b", "Stacked", ("x", "y"), ("one", "two", "none"), ((3, 1, 0), (0, 2, 0)), ("#000000",) * 3)
HEATMAP = Heatmap("c", "Heatmap", ("x", "y"), ("one", "two"), ((3, 0), (0, 0)))
FLOWS = ((("x", "p", "u"), 3), (("y", "p", "v"), 1))
NODES = ((("x", "#000000"), ("y", "#111111")), (("p", "#222222"),), (("u", "#333333"), ("v", "#444444")))
ALLUVIAL = Alluvial("d", "Alluvial", ("A", "B", "C"), NODES, FLOWS)
BY_ROW = Heatmap("c", "Heatmap", ("x", "y"), ("one", "two"), ((3, 1), (0, 0)), "row")
CHARTS = (BARS, STACKED, HEATMAP, BY_ROW, ALLUVIAL)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: type(chart).__name__)
def test_a_chart_is_drawn_in_both_forms(chart: Chart) -> None:
    """Readable by any program: a PNG of some size, an SVG that is XML."""
    png, svg = draw(chart, "labels of ada")
    assert png.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", png[16:24])
    assert width > 400
    assert height > 150
    assert etree.fromstring(svg).tag.endswith("}svg")


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: type(chart).__name__)
def test_the_same_chart_gives_the_same_bytes(chart: Chart) -> None:
    """No date, no random id; and the footer, that says whose labels count, is part of it."""
    assert draw(chart, "labels of ada") == draw(chart, "labels of ada")
    assert draw(chart, "labels of ada")[0] != draw(chart, "labels of ben")[0]


@settings(deadline=None, max_examples=10)
@given(st.text(max_size=40))
def test_any_name_can_be_drawn(text: str) -> None:
    """Names are data: no mathematics, no markup."""
    _, svg = draw(Bars("a", text, (text,), (0.5,), ((0.1, 0.9),), (1,), ("#1965B0",)), text)
    assert etree.fromstring(svg) is not None
