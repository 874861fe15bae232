"""Versioning: adapt the code to a new version of the library.

Paper: Table 2; sub-patterns: qualified name, signature, probabilistic behaviour, between libraries. Decided by
symbols and keywords that a library renamed or removed (the tables ``taxonomies/*renames.toml``, most of them made of
the libraries' own packages), by a symbol that took another's place with the same arguments, by arguments that changed
places, by imports that moved, and by tests of a library's version. The rule's name in the evidence ends with the
version of the change where it is known: ``versioning.renamed_symbol@torch-0.4``.

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

from collections.abc import Callable, Iterator
from typing import Final

from miner.classify.facts import ArgumentFact, AssignmentFact, CallFact, Facts, Kind
from miner.classify.taxonomies import Rename, Upgrade, renames, upgrades
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
    if library == "torch":
        yield from _items(facts)
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
    """Give what TensorFlow's and Keras' own tables of a version would have changed in the same way."""
    if not facts.words and not facts.arguments:
        return
    for upgrade in upgrades("tensorflow"):
        yield from _upgraded(facts, upgrade, _within_tensorflow)
        for argument in facts.arguments:
            if _within_tensorflow(argument.call) in upgrade.reordered and _is_reordered(argument):
                yield Vote(upgrade.named("reordered"), 2.6, argument.span)
    for upgrade in upgrades("keras"):
        yield from _upgraded(facts, upgrade, _within_keras)


def _upgraded(facts: Facts, upgrade: Upgrade, within: Callable[[str], str]) -> Iterator[Vote]:
    come = {within(word.word) for word in facts.words if word.kind is Kind.ADDED} - {""} if facts.words else ()
    for word in facts.words if come else ():
        old = within(word.word)
        if word.kind is Kind.REMOVED and old in upgrade.symbols:
            new = upgrade.symbols[old] or old.replace("backend.", "ops.")
            if new in come and new != old:
                yield Vote(upgrade.named("upgraded_symbol"), 3.0, word.span)
    for argument in facts.arguments:
        if argument.kind is Kind.RENAMED and argument.old_keyword:
            keywords = upgrade.keywords.get(within(argument.call), {})
            if keywords.get(argument.old_keyword) == argument.keyword:
                yield Vote(upgrade.named("upgraded_keyword"), 3.0, argument.span)


def _is_reordered(argument: ArgumentFact) -> bool:
    """Tell whether an argument stands in another place, or the first was given a keyword, so that places matter not."""
    is_named = argument.kind is Kind.RENAMED and argument.old_keyword is None and argument.position == 0
    return argument.kind is Kind.MOVED or is_named


def _within_tensorflow(name: str) -> str:
    """Give a name without the module's, or "" if it is not TensorFlow's."""
    return name.partition(".")[2] if name.startswith(TENSORFLOW_HEADS) else ""


def _within_keras(name: str) -> str:
    """Give a name as Keras' tables have it: of the backend with it, of anything else the last part."""
    head, _, last = name.rpartition(".")
    if head in ("K", "backend", "keras.backend"):
        return f"backend.{last}"
    return f"ops.{last}" if head in ("ops", "keras.ops") else last


def _symbols(facts: Facts, library: str) -> Iterator[Vote]:
    come = {word.word.rpartition(".")[2] for word in facts.words if word.kind is Kind.ADDED}
    for word in facts.words:
        if word.kind is Kind.REMOVED:
            entry = _known(word.word, "symbols", library)
            if entry is not None:
                replaced = bool(entry.new) and entry.new.rpartition(".")[2] in come
                yield Vote(_dated("renamed_symbol", entry), 2.8 if replaced else 0.6, word.span)


def _keywords(facts: Facts, library: str) -> Iterator[Vote]:
    table = renames("keywords")
    for argument in facts.arguments:
        old, new = argument.old_keyword, argument.keyword
        if argument.kind is Kind.REMOVED and old in table:
            known = _known(old, "keywords", library)
            if known is not None:
                yield Vote(_dated("removed_keyword", known), 0.8, argument.span)
        elif argument.kind is Kind.RENAMED and old in table:
            entry = next((entry for entry in table[old] if entry.new == new), None)
            if entry is not None:
                yield Vote(_dated("renamed_keyword", entry), 2.8, argument.span)


def _dated(reason: str, entry: Rename) -> str:
    """Give a reason with the version of the change: "renamed_symbol@torch-0.4"."""
    return f"{reason}@{entry.library}-{entry.version.replace(' ', '-')}"


def _items(facts: Facts) -> Iterator[Vote]:
    """Give the numbers that are read out of a tensor as PyTorch has it since 0.4: ``x.data[0]`` -> ``x.item()``."""
    changed: list[ArgumentFact | AssignmentFact] = [*facts.arguments, *facts.assignments]
    for fact in changed:
        if ".data[0]" in fact.old and ".item()" in fact.new and ".data[0]" not in fact.new:
            yield Vote("renamed_symbol@torch-0.4", 2.6, fact.span)


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
