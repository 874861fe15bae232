"""Versioning: adapt the code to a new version of the library.

Paper: Table 2; sub-patterns: qualified name, signature, probabilistic behaviour, between libraries. Decided by
symbols and keywords that a library renamed or removed (the tables ``taxonomies/renames.toml`` and, from TensorFlow's
own upgrade tool, ``taxonomies/tensorflow_renames.toml``), by a symbol that took another's place with the same
arguments, by arguments that changed places, by imports that moved, and by tests of a library's version.

Does not match: another function for another purpose (a new loss or layer in the place of the old one).

Matches::

    -session.run(tf.initialize_all_variables())
    +session.run(tf.global_variables_initializer())

    -net.add(Dense(output_dim=100, init='uniform'))
    +net.add(Dense(units=100, kernel_initializer='uniform'))

Near misses::

    -return F.mse_loss(logits, labels)
    +return F.cross_entropy(logits, labels)

    -net.add(Dense(units=100))
    +net.add(Dense(units=120))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from miner.classify.facts import CallFact, Facts, Kind
from miner.classify.taxonomies import Rename, renames, tensorflow_upgrade
from miner.classify.vocabulary import ACTIVATIONS, LAYERS, LOSSES, METRICS, OPTIMIZERS, TENSORFLOW_HEADS
from miner.classify.voting import Vote

_HEADS: Final = frozenset({"tf", "torch", "K", "keras", "nn", "F", "theano", "T", "tensorflow", "np", "layers"})
_PURPOSE: Final = LOSSES | ACTIVATIONS | LAYERS | OPTIMIZERS | METRICS
_VERSION: Final = frozenset({"__version__", "LooseVersion", "version_info", "compat", "contrib", "v1", "deprecated"})

TRIGGERS: Final = _HEADS | _VERSION | frozenset(renames("symbols")) | frozenset(renames("keywords"))


def vote(facts: Facts, library: str) -> Iterator[Vote]:
    """Give the signs of a new version of a library."""
    yield from _symbols(facts, library)
    yield from _keywords(facts, library)
    yield from _upgrade(facts)
    yield from _imports(facts)
    for call in facts.calls:
        if call.kind is Kind.RENAMED and _same_purpose(call):
            yield Vote("qualified_name", 1.5, call.span)
    for argument in facts.arguments:
        if argument.kind is Kind.MOVED and argument.call.partition(".")[0] in _HEADS:
            yield Vote("signature", 2.2, argument.span)
        elif argument.kind is Kind.RENAMED and argument.keyword and argument.old_keyword:
            yield Vote("signature", 1.6, argument.span)
    for word in facts.words:
        if not _VERSION.isdisjoint(word.word.split(".")):
            yield Vote("version", 1.2, word.span)


def _known(name: str, kind: str, library: str) -> Rename | None:
    table = renames(kind)
    parts = name.split(".")
    keys = [parts[-1], *(".".join(parts[at : at + 2]) for at in range(len(parts) - 1))]
    found = [entry for key in keys for entry in table.get(key, ())]
    related = (
        {library, "keras"} if library == "tensorflow" else {library, "tensorflow"} if library == "keras" else {library}
    )
    return next((entry for entry in found if entry.library in related), None)


def _upgrade(facts: Facts) -> Iterator[Vote]:
    """Give what TensorFlow's own upgrade tool would have changed in the same way."""
    upgrade = tensorflow_upgrade()
    come = {_within_tensorflow(word.word) for word in facts.words if word.kind is Kind.ADDED} - {""}
    for word in facts.words if come else ():
        if word.kind is Kind.REMOVED and upgrade.symbols.get(_within_tensorflow(word.word)) in come:
            yield Vote("upgraded_symbol", 3.0, word.span)
    for argument in facts.arguments:
        if argument.kind is Kind.RENAMED and argument.old_keyword:
            keywords = upgrade.keywords.get(_within_tensorflow(argument.call), {})
            if keywords.get(argument.old_keyword) == argument.keyword:
                yield Vote("upgraded_keyword", 3.0, argument.span)


def _within_tensorflow(name: str) -> str:
    """Give a name without the module's, or "" if it is not TensorFlow's."""
    return name.partition(".")[2] if name.startswith(TENSORFLOW_HEADS) else ""


def _symbols(facts: Facts, library: str) -> Iterator[Vote]:
    come = {word.word.rpartition(".")[2] for word in facts.words if word.kind is Kind.ADDED}
    for word in facts.words:
        if word.kind is Kind.REMOVED:
            entry = _known(word.word, "symbols", library)
            if entry is not None:
                replaced = bool(entry.new) and entry.new.rpartition(".")[2] in come
                yield Vote("renamed_symbol", 2.8 if replaced else 0.6, word.span)


def _keywords(facts: Facts, library: str) -> Iterator[Vote]:
    table = renames("keywords")
    for argument in facts.arguments:
        old, new = argument.old_keyword, argument.keyword
        if argument.kind is Kind.REMOVED and old in table and _known(old, "keywords", library):
            yield Vote("removed_keyword", 0.8, argument.span)
        elif argument.kind is Kind.RENAMED and old in table and any(entry.new == new for entry in table[old]):
            yield Vote("renamed_keyword", 2.8, argument.span)


def _imports(facts: Facts) -> Iterator[Vote]:
    gone = {fact.target.rpartition(".")[2]: fact for fact in facts.imports if fact.kind is Kind.REMOVED}
    for fact in facts.imports:
        if fact.kind is Kind.ADDED:
            before = gone.get(fact.target.rpartition(".")[2])
            if before is not None and before.target != fact.target:
                yield Vote("moved_import", 2.0, fact.span)


def _same_purpose(call: CallFact) -> bool:
    old_head, new_head = call.old_name.partition(".")[0], call.name.partition(".")[0]
    if old_head not in _HEADS or new_head not in _HEADS:
        return False
    return call.short == call.old_short or not (call.short in _PURPOSE and call.old_short in _PURPOSE)
