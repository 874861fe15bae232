"""Change neural architecture: overhaul the design, with new layers and hyperparameters.

Paper: Table 2. Decided by the number of layers that come, go or take each other's place: from four on, of at least
two kinds, with some of them gone.

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
from miner.classify.vocabulary import ACTIVATIONS, LAYERS
from miner.classify.voting import Vote, calls

MIN_LAYERS: Final = 4
"""Layers that must come, go or be replaced."""

TRIGGERS: Final = LAYERS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the layers of an overhauled network."""
    del library
    layers = [call for call in calls(facts, LAYERS - ACTIVATIONS) if call.short != call.old_short]
    gone = sum(call.kind is not Kind.ADDED for call in layers)
    if len(layers) < MIN_LAYERS or len({call.short for call in layers}) < 2:
        return
    weight = 2.8 if gone else 1.0
    for call in layers[:12]:
        yield Vote("replaced_layer" if call.kind is Kind.RENAMED else "layer", weight, call.span)
