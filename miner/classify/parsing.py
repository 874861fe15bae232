"""Calls, assignments, imports and statements of a code fragment: by tree-sitter for Python, by pattern for the rest.

Only what overlaps a changed line is looked at. tree-sitter gives a tree for any text, Python 2 and fragments included;
what lies in a part it could not read is still found where it has the form of a call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Final, NamedTuple

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from miner.classify import imports
from miner.classify.fragments import ENCLOSING, Fragment, Line, assemble, depth

MAX_NODES: Final = 300
"""Calls, assignments and statements of a fragment that are read."""

MAX_ARGUMENTS: Final = 60
"""Arguments of a call that are read."""

MAX_VALUE: Final = 200
"""Characters of a value or a span that are kept."""

MAX_TEXT: Final = 12_000
"""Characters of a fragment; a longer one is data, and the parser's worst case grows with it."""

MAX_DEPTH: Final = 200
"""A fragment with more brackets open at once is not parsed: it is data, and costs the parser quadratic time."""

_LANGUAGE: Final = Language(tree_sitter_python.language())
_QUERY: Final = Query(
    _LANGUAGE,
    "(call) @call (assignment) @assign (default_parameter) @assign (typed_default_parameter) @assign"
    " (import_statement) @import (import_from_statement) @import"
    " (for_statement) @for (while_statement) @while (with_statement) @with (if_statement) @if"
    " (print_statement) @print (delete_statement) @del (try_statement) @try (function_definition) @def",
)
_COMPOUND: Final = frozenset(
    {"for_statement", "while_statement", "with_statement", "if_statement", "try_statement", "function_definition"}
)
_PARSER: Final = Parser(_LANGUAGE)
_SPACE = re.compile(r"\s+")
# Possessive: going back into a name never helps, and costs the square of a long one.
_CALL = re.compile(r"([A-Za-z_][\w.:]*+)\s*(?:<[\w:, *&]*+>\s*)?\(")
_BRACKET = re.compile(r"[][(){}]")
# A comma outside of brackets, as far as one level of them shows.
_SEPARATOR = re.compile(r",(?![^(]*\))")
_ASSIGN = re.compile(
    r"(?:^|[{;])\s*(?:local\s+|auto\s+|const\s+)*([A-Za-z_][\w.:\[\]]*)\s*(?:=(?!=)|:(?!=))\s*([^;{}\n]+)"
)
_KEYWORDS: Final = frozenset(
    {"if", "for", "while", "switch", "return", "function", "sizeof", "catch", "elseif", "and", "or"}
)


class Where(NamedTuple):
    """A row of the fragment's lines, and columns of the file."""

    row: int
    start: int
    end: int


Locate = Callable[[], Where]
"""Tells where a thing is; asked only for what becomes a fact."""


class Argument(NamedTuple):
    """An argument, its value normalised."""

    keyword: str | None
    position: int
    value: str
    place: Locate


@dataclass(slots=True, eq=False)
class Call:
    """A call; ``within`` is the name of the call it is an argument of. A name out of sight is ""."""

    name: str
    within: str
    text: str
    place: Locate
    _read: Callable[[], tuple[Argument, ...]]
    _arguments: tuple[Argument, ...] | None = None

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The arguments in order; read when they are first asked for."""
        if self._arguments is None:
            self._arguments = self._read()
        return self._arguments

    @property
    def short(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]


class Assignment(NamedTuple):
    """An assignment to a name, an attribute or an item, or the default of a parameter."""

    target: str
    value: str
    place: Locate


class Statement(NamedTuple):
    """A statement, by its keyword."""

    what: str
    place: Locate


class Parsed(NamedTuple):
    """What a fragment's changed lines hold."""

    calls: tuple[Call, ...]
    assignments: tuple[Assignment, ...]
    imports: tuple[tuple[str, Locate], ...]
    statements: tuple[Statement, ...]


EMPTY: Final = Parsed((), (), (), ())


def python(lines: Sequence[Line], gaps: Sequence[int] = ()) -> Parsed:
    """Parse one side of a hunk as Python.

    ``lines`` are its window; ``gaps`` are the rows before which the other side has lines that this one has not.
    """
    if not lines or not (any(line.changed for line in lines) or _inside_brackets(lines, gaps)):
        return EMPTY
    fragment = assemble(lines)
    if not fragment.text or len(fragment.text) > MAX_TEXT or _too_deep(fragment.text):
        return EMPTY
    return _Reader(lines, gaps, fragment).read()


def _inside_brackets(lines: Sequence[Line], gaps: Sequence[int]) -> bool:
    """Tell whether the other side has lines within a bracket of this one."""
    return any(depth("".join([line.text for line in lines[:gap]])) > 0 for gap in gaps)


def _too_deep(text: str) -> bool:
    if text.count("(") + text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = deepest = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    return deepest > MAX_DEPTH


class _Reader:
    """Reads one parsed fragment."""

    def __init__(self, lines: Sequence[Line], gaps: Sequence[int], fragment: Fragment) -> None:
        self.lines = lines
        self.gaps = gaps
        self.first_row = fragment.first_row
        self.indent = fragment.indent
        self.text = fragment.text
        self.bytes = fragment.text.encode("utf-8", "replace")
        self.ascii = fragment.text.isascii()
        self.changed = [line.changed for line in lines]
        self.changed_above = [0, *accumulate(self.changed)]

    def read(self) -> Parsed:
        nodes = {what: self._in_order(found) for what, found in self._captures().items()}
        return Parsed(
            self._calls(nodes.pop("call", [])),
            tuple([found for node in nodes.pop("assign", []) if (found := self._assignment(node))]),
            tuple([found for node in nodes.pop("import", []) for found in self._imports(node)]),
            tuple([Statement(what, self._place(node)) for what, found in sorted(nodes.items()) for node in found]),
        )

    def _captures(self) -> dict[str, list[Node]]:
        return QueryCursor(_QUERY).captures(_PARSER.parse(self.bytes).root_node)

    def _in_order(self, nodes: list[Node]) -> list[Node]:
        """Give the nodes with a changed line in the order of the text; the parser gives them in any."""
        touched = [node for node in nodes if self._touched(node)]
        touched.sort(key=lambda node: (node.start_byte, -node.end_byte))
        return touched[:MAX_NODES]

    def _touched(self, node: Node) -> bool:
        """Tell whether a changed line is in a node; of a statement with a body, in its first line."""
        first = node.start_point[0] - self.first_row
        rows = len(self.changed)
        if node.type in _COMPOUND:
            return 0 <= first < rows and self.changed[first]
        last = node.end_point[0] - self.first_row
        above = self.changed_above
        if above[last + 1 if last < rows else rows] > above[0 if first < 0 else first if first < rows else rows]:
            return True
        return bool(self.gaps) and first != last and any(first < gap <= last for gap in self.gaps)

    def _calls(self, nodes: list[Node]) -> tuple[Call, ...]:
        calls: list[Call] = []
        enclosing: list[tuple[int, str]] = []
        for node in nodes:
            start, end = node.start_byte, node.end_byte
            while enclosing and enclosing[-1][0] <= start:
                enclosing.pop()
            name = self._name(node)
            within = enclosing[-1][1] if enclosing else ""
            calls.append(Call(name, within, self._text(node), self._place(node), partial(self._arguments, node)))
            enclosing.append((end, name))
        return tuple(calls)

    def _name(self, call: Node) -> str:
        function = call.child_by_field_name("function")
        if function is None:
            return ""
        text = self._slice(function.start_byte, function.end_byte)
        if "(" not in text and "[" not in text:
            return "" if text == ENCLOSING else _SPACE.sub("", text)[:MAX_VALUE]
        attribute = function.child_by_field_name("attribute")
        if attribute is not None:
            return f".{self._text(attribute)}"
        plain = text.partition("(")[0]
        return f"{_SPACE.sub('', plain)[:MAX_VALUE]}()" if function.type == "call" else ""

    def _arguments(self, call: Node) -> tuple[Argument, ...]:
        holder = call.child_by_field_name("arguments")
        if holder is None:
            return ()
        if holder.type != "argument_list":
            return (Argument(None, 0, self._text(holder), self._place(holder)),)
        found: list[Argument] = []
        for node in holder.named_children[:MAX_ARGUMENTS]:
            kind = node.type
            if kind == "comment":
                continue
            keyword = None
            value: Node | None = node
            if kind == "keyword_argument":
                keyword = self._text(node.child_by_field_name("name"))
                value = node.child_by_field_name("value")
            found.append(Argument(keyword, len(found), self._text(value), self._place(node)))
        return tuple(found)

    def _assignment(self, node: Node) -> Assignment | None:
        fields = ("left", "right") if node.type == "assignment" else ("name", "value")
        target, value = (node.child_by_field_name(name) for name in fields)
        if target is None or value is None:
            return None
        return Assignment(self._text(target), self._text(value), self._place(node))

    def _imports(self, node: Node) -> Iterator[tuple[str, Locate]]:
        place = self._place(node)
        for found in imports.find(self._slice(node.start_byte, node.end_byte)):
            yield found.target, place

    def _text(self, node: Node | None) -> str:
        if node is None:
            return ""
        start = node.start_byte
        text = self._slice(start, min(node.end_byte, start + 4 * MAX_VALUE))
        return (_SPACE.sub(" ", text) if "\n" in text or "  " in text else text)[:MAX_VALUE]

    def _slice(self, start: int, end: int) -> str:
        """Give the text between two offsets in the bytes, which in plain text are those in characters."""
        return self.text[start:end] if self.ascii else self.bytes[start:end].decode("utf-8", "replace")

    def _place(self, node: Node) -> Locate:
        return partial(self._where, node)

    def _where(self, node: Node) -> Where:
        """Give where a node starts, and where it ends on that line."""
        first, column = node.start_point
        last, end = node.end_point
        row = first - self.first_row
        if row < 0 or row >= len(self.lines):
            return self._at_edge(row)
        line = self.lines[row]
        text = line.text
        if not self.ascii:
            column, end = (self._column(text, at) for at in (column, end))
        start = column + self.indent
        stop = end + self.indent if last == first else len(text)
        return Where(row, start + line.shift, max(start, min(stop, len(text))) + line.shift)

    def _at_edge(self, row: int) -> Where:
        """Stand in for a node that starts in the line that was put before the first: the first changed line."""
        row = self.changed.index(True) if row < 0 and True in self.changed else len(self.lines) - 1
        line = self.lines[row]
        start = len(line.text) - len(line.text.lstrip())
        return Where(row, start + line.shift, len(line.text) + line.shift)

    def _column(self, text: str, at: int) -> int:
        return len(text[self.indent :].encode("utf-8", "replace")[:at].decode("utf-8", "ignore"))


def other(lines: Sequence[Line], gaps: Sequence[int] = ()) -> Parsed:
    """Find calls and assignments on the changed lines of any other language, a line at a time; gaps are of no use."""
    del gaps
    calls: list[Call] = []
    assignments: list[Assignment] = []
    for row, line in enumerate(lines):
        if line.changed and len(calls) < MAX_NODES:
            calls += _line_calls(row, line)
            assignments += (
                Assignment(found[1], found[2].strip()[:MAX_VALUE], _fixed(row, found.start(1), found.end(2)))
                for found in _ASSIGN.finditer(line.text)
            )
    return Parsed(tuple(calls), tuple(assignments[:MAX_NODES]), (), ())


def _fixed(row: int, start: int, end: int) -> Locate:
    return partial(Where, row, start, end)


def _line_calls(row: int, line: Line) -> Iterator[Call]:
    text = line.text
    closers = _closers(text)
    for found in _CALL.finditer(text):
        name = found[1].replace("::", ".").replace(":", ".")
        if name not in _KEYWORDS:
            inner, end = found.end(), closers.get(found.end() - 1, len(text))
            place = _fixed(row, found.start(), min(end + 1, len(text)))
            yield Call(
                name,
                "",
                text[found.start() : end + 1][:MAX_VALUE],
                place,
                partial(_line_arguments, text[inner:end], place),
            )


def _closers(text: str) -> dict[int, int]:
    """Give where each bracket of a line is closed."""
    pairs: dict[int, int] = {}
    stack: list[int] = []
    for found in _BRACKET.finditer(text):
        if found[0] in "([{":
            stack.append(found.start())
        elif stack:
            pairs[stack.pop()] = found.start()
    return pairs


def _line_arguments(text: str, place: Locate) -> tuple[Argument, ...]:
    values = [value.strip()[:MAX_VALUE] for value in _SEPARATOR.split(text)[:MAX_ARGUMENTS]] if text.strip() else []
    return tuple(Argument(None, position, value, place) for position, value in enumerate(values))
