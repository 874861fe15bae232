"""What a change did, as typed facts: the only thing that a rule sees.

A value is the text of an expression with its white space normalised, cut to 200 characters. A name is dotted where
the code's is (``tf.nn.softmax``); ``short`` is its last part. The call of a call, ``Dense(8)(x)``, has the name
``Dense()``. A fact's span is where it shows: on the new side, or on the old one for what is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from miner.classify.fragments import Fragments

SideName = Literal["old", "new"]


class Span(NamedTuple):
    """Columns ``[start, end)`` of a line of one side's file, and the text there."""

    side: SideName
    file_no: int
    hunk_no: int
    line: int
    start: int
    end: int
    text: str


class Kind(StrEnum):
    """What happened to a thing. ``RENAMED``: the same use under another name; ``MOVED``: passed in another position."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    MOVED = "moved"


class CallFact(NamedTuple):
    """A call added, removed, or renamed (then ``old_name`` stood there). ``within``: the call it is an argument of."""

    kind: Kind
    name: str
    short: str
    old_name: str
    within: str
    span: Span

    @property
    def old_short(self) -> str:
        """The last part of the old name."""
        return self.old_name.rpartition(".")[2]

    @property
    def shorts(self) -> tuple[str, str]:
        """The last parts of the name and of the old name."""
        return self.short, self.old_short


class ArgumentFact(NamedTuple):
    """An argument that a call on both sides gained, lost or has with another value; RENAMED: with another keyword."""

    kind: Kind
    call: str
    short: str
    keyword: str | None
    old_keyword: str | None
    position: int
    old: str
    new: str
    span: Span


class AssignmentFact(NamedTuple):
    """An assignment, a parameter's default or a field of a prototxt that was added, removed or changed.

    RENAMED: another target takes the same value.
    """

    kind: Kind
    target: str
    old_target: str
    old: str
    new: str
    span: Span


class LayerFact(NamedTuple):
    """A layer of a network that was added or removed, took another's place (RENAMED), or has other arguments (CHANGED).

    Layers are compared in the order of their construction; one that was only renamed by its library is left out.
    """

    kind: Kind
    layer: str
    old_layer: str
    span: Span


class ImportFact(NamedTuple):
    """An import added or removed, by the full dotted name of what it imports."""

    kind: Kind
    target: str
    span: Span


class WordFact(NamedTuple):
    """A name, number or string that stands in the changed lines of one side only."""

    kind: Kind
    word: str
    span: Span


class TokenFact(NamedTuple):
    """The only token that differs between the two sides of an edit: the smallest change there is."""

    old: str
    new: str
    span: Span


class StatementFact(NamedTuple):
    """A statement added or removed: "for", "while", "with", "if", "print", "del", "try" or "def"."""

    kind: Kind
    what: str
    span: Span


class TopicFact(NamedTuple):
    """A topic that the changed lines of the two sides of a hunk speak of differently: a weak sign of what it is about.

    ``topic`` is one of the vocabulary's, or "slice" or "index" for a subscript, with a colon in it or without. It is
    ``shared`` if both sides speak of it alike, and of nothing else.
    """

    topic: str
    shared: bool
    span: Span


@dataclass(slots=True)
class Facts:
    """All facts of a change, in the order of its hunks.

    Of a single hunk ``cut`` are the lines that were read; ``is_parsed`` tells whether they were parsed: of others the
    topics are all that is known.
    """

    calls: list[CallFact] = field(default_factory=list)
    arguments: list[ArgumentFact] = field(default_factory=list)
    assignments: list[AssignmentFact] = field(default_factory=list)
    layers: list[LayerFact] = field(default_factory=list)
    imports: list[ImportFact] = field(default_factory=list)
    words: list[WordFact] = field(default_factory=list)
    tokens: list[TokenFact] = field(default_factory=list)
    statements: list[StatementFact] = field(default_factory=list)
    topics: list[TopicFact] = field(default_factory=list)
    cut: Fragments | None = None
    is_parsed: bool = False

    def __len__(self) -> int:
        return (
            len(self.calls) + len(self.arguments) + len(self.assignments) + len(self.layers) + len(self.imports)
            + len(self.words) + len(self.tokens) + len(self.statements) + len(self.topics)
        )  # fmt: skip

    def add(self, other: Facts) -> None:
        """Append all facts of another hunk."""
        for mine, others in zip(self._lists(), other._lists(), strict=True):
            mine += others

    def _lists(self) -> Iterator[list[object]]:
        for name in _LISTS:
            yield getattr(self, name)


_LISTS: Final = ("calls", "arguments", "assignments", "layers", "imports", "words", "tokens", "statements", "topics")
