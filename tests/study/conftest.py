"""Made-up labels whose figures can be counted on fingers, and the databases that hold them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from miner.study.basis import Basis
from miner.study.choice import Choice, LabelTable
from miner.study.counts import Cell, Counts
from miner.study.material import Material

CELLS = (
    Cell("stackoverflow", "keras", "data_dimension", "reshape", "MC-DAP", "data", "unaligned_tensor", "crash", 6),
    Cell("stackoverflow", "keras", "loss_function", "add", "SQ-AMO", "api", "api_misuse", "bad_performance", 2),
    Cell("stackoverflow", "torch", "unknown", None, "MC-DAP", "api", "unknown", "unknown", 2),
    Cell("github", "keras", "data_dimension", "resize_up", "MC-DAP", "data", "unaligned_tensor", "crash", 3),
    Cell("github", "keras", "versioning", None, "MC-DAP", "api", "api_change", "crash", 4),
    Cell("github", "tensorflow", "versioning", None, "MC-DNP", "api", "api_change", "crash", 8),
    Cell("github", "tensorflow", "add_layer", "dropout", None, None, None, None, 1),
)


@pytest.fixture
def material() -> Material:
    """26 judged fixes: 10 of Stack Overflow, 16 of GitHub; Caffe and Theano have none, an unknown one is of Torch."""
    return Material(Choice(LabelTable.LABEL, "heuristic/1"), Counts(CELLS), basis=Basis(26, 26), permutations=199)


@pytest.fixture
def changed(material: Material) -> Callable[..., Material]:
    """Give a function that makes the material with some fields changed."""

    def change(**fields: object) -> Material:
        return replace(material, **fields)  # type: ignore[arg-type]

    return change


@pytest.fixture
def empty() -> Material:
    """What an empty database gives."""
    return Material(Choice(LabelTable.LABEL, ""), permutations=199)
