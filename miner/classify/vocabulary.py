"""The words that the rules share, by what they name (``taxonomies/vocabulary.toml``)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from miner.classify.taxonomies import renames, upgrades, words

LAYERS: Final = words("layers")
MERGES: Final = words("merges")
ACTIVATIONS: Final = words("activations")
LOSSES: Final = words("losses")
OPTIMIZERS: Final = words("optimizers")
METRICS: Final = words("metrics")
SHAPE_CALLS: Final = words("shape_calls")
DIMENSION_KEYWORDS: Final = words("dimension_keywords")
DIMENSION_NAMES: Final = words("dimension_names") | DIMENSION_KEYWORDS
INPUT_SHAPES: Final = words("input_shapes")
AXIS_KEYWORDS: Final = words("axis_keywords")
DTYPES: Final = words("dtypes")
TYPE_CALLS: Final = words("type_calls") | DTYPES
ITERATION_NAMES: Final = words("iteration_names")
MONITOR_CALLS: Final = words("monitor_calls")
CONNECTION_CALLS: Final = words("connection_calls") | MERGES
WRANGLING_CALLS: Final = words("wrangling_calls")
CONTRACT_CALLS: Final = words("contract_calls")


_RENAMED: Final = frozenset(
    entry.new.rpartition(".")[2]
    for kind in ("symbols", "keywords")
    for found in renames(kind).values()
    for entry in found
)
_LISTED: Final = (
    _RENAMED | LOSSES | DTYPES | ITERATION_NAMES | frozenset(renames("symbols")) | frozenset(renames("keywords"))
)
_PARTS: Final = words("telling_words")
TELLING_NAMES: Final = frozenset({"ops", *(name.lower() for word in _LISTED | _PARTS for name in word.split("."))})
"""The single names, lowered, that telling tokens are made of, but for those that :data:`TELLING_STEMS` stand for."""

TELLING_STEMS: Final = ("weight", "param", "version")
_TELLING = re.compile("|".join(TELLING_STEMS), re.IGNORECASE)


TENSORFLOW_HEADS: Final = ("tf.", "tensorflow.")
BACKEND_HEADS: Final = ("K.", "backend.", "keras.backend.", "ops.", "keras.ops.")
"""What Keras' backend, and what came in its place, is called by."""


@lru_cache(maxsize=1)
def _upgraded() -> frozenset[str]:
    tables = [upgrade.symbols for upgrade in upgrades("tensorflow")]
    return frozenset(name for symbols in tables for names in symbols.items() for name in names)


@lru_cache(maxsize=1)
def _backend() -> frozenset[str]:
    """Give the functions of Keras' backend that a version removed."""
    symbols = (name for upgrade in upgrades("keras") for name in upgrade.symbols)
    return frozenset(name.removeprefix("backend.") for name in symbols if name.startswith("backend."))


@lru_cache(maxsize=1 << 16)
def is_telling(token: str) -> bool:
    """Tell whether a token's presence on one side of a change may say something by itself."""
    word = token.strip("\"'")
    last = word.rpartition(".")[2]
    if word.startswith(TENSORFLOW_HEADS) and word.partition(".")[2] in _upgraded():
        return True
    if word.startswith(BACKEND_HEADS) and last in _backend():
        return True
    if last in _LISTED or last.lower() in ITERATION_NAMES or _TELLING.search(word):
        return True
    return not _PARTS.isdisjoint(word.split("."))
