"""Change neural architecture: overhaul the design, with new layers and hyperparameters.

Paper: Table 2. Decided by the layers that are constructed before and after, in order: several come, go or take each
other's place, of at least two kinds, with some of them gone; the more so where the sizes of others change too.

Does not match: one more layer (add layer), or the same layers with other sizes (layer dimension).

Matches::

    -net.add(Flatten())
    -net.add(Dense(256))
    -net.add(Dense(256))
    +net.add(Conv2D(32, 5))
    +net.add(MaxPooling2D(2))
    +net.add(Conv2D(64, 3))
    +net.add(Flatten())
    +net.add(Dropout(0.4))

    -self.embed = nn.Embedding(letters, 16)
    -self.cell = nn.RNN(16, 64)
    -self.out = nn.Linear(64, letters)
    +self.conv1 = nn.Conv1d(letters, 64, 3)
    +self.norm = nn.BatchNorm1d(64)
    +self.cell = nn.GRU(64, 128)
    +self.drop = nn.Dropout(0.3)

Near misses::

     net.add(Conv2D(32, 5))
    +net.add(MaxPooling2D(2))

    -self.cell = nn.RNN(16, 64)
    -self.out = nn.Linear(64, letters)
    +self.cell = nn.RNN(32, 128)
    +self.out = nn.Linear(128, letters)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import LAYERS
from miner.classify.voting import Vote

MIN_LAYERS: Final = 4
"""Layers that must come, go or be replaced; two that are changed count as one."""

TRIGGERS: Final = LAYERS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the layers of an overhauled network."""
    del library
    others = [layer for layer in facts.layers if layer.kind is not Kind.CHANGED]
    changed = len(facts.layers) - len(others)
    if len(others) < 2 or len(others) + changed / 2 < MIN_LAYERS or len({layer.layer for layer in others}) < 2:
        return
    gone = any(layer.kind is not Kind.ADDED for layer in others)
    weight = 2.8 if gone else 1.0
    for layer in others[:12]:
        yield Vote("replaced_layer" if layer.kind is Kind.RENAMED else "layer", weight, layer.span)
