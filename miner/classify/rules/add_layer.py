"""Add layer: add another layer to the model.

Paper: Table 2; Dropout is the layer that is added most. Decided by the layers that are constructed before and after, in
order: one or a few are new, and none was taken away.

Does not match: a layer that takes another's place, or that is only renamed; layers added and removed by the handful
(change neural architecture).

Matches::

     model.add(Dense(64, activation='relu'))
    +model.add(Dropout(0.5))
     model.add(Dense(10))

     nn.Conv2d(16, 32, 3),
    +nn.BatchNorm2d(32),
     nn.ReLU(),

Near misses::

    -model.add(LSTM(128))
    +model.add(LSTM(64))

    -model.fit(x, y)
    +model.fit(x, y, callbacks=[TensorBoard()])
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import Facts, Kind
from miner.classify.vocabulary import LAYERS
from miner.classify.voting import Vote

MAX_LAYERS: Final = 6
"""New layers; with more it is a new network rather than another layer."""

TRIGGERS: Final = LAYERS


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the new layers."""
    del library
    added = [layer for layer in facts.layers if layer.kind is Kind.ADDED]
    gone = sum(layer.kind in (Kind.REMOVED, Kind.RENAMED) for layer in facts.layers)
    weight = 0.8 if gone else 2.4
    if gone < len(added) <= MAX_LAYERS:
        for layer in added:
            yield Vote("dropout" if "ropout" in layer.layer else "layer", weight, layer.span)
