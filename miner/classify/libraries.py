"""Which library does a change repair code of? From imports and names in the changed lines, the file, and the manifest.

A file counts only if it uses a library: it imports one, has an ending that only one library uses, or belongs to the
library's own repository. Among those libraries the one that the changed lines name most ranks first: a fix to
``tf.keras`` code is a Keras fix, though the file imports TensorFlow too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from miner.classify import imports
from miner.classify.version import RATER
from miner.model import Change, ChangedFile, Evidence, Hunk, Label
from miner.settings import Library

MAX_EVIDENCE: Final = 8
"""Evidence rows a label keeps, the strongest first."""

MAX_HUNKS: Final = 500
"""Hunks of a file whose lines are searched for names of a library."""

MAX_BODY: Final = 20_000
"""Characters of a hunk that are searched."""

CHANGED_IMPORT, CHANGED_USE, CONTEXT_USE, FILE_IMPORT, EXTENSION = 3.0, 2.0, 0.5, 1.0, 3.0
MANIFEST_SELF, MANIFEST_REQUIRES = 1.0, 0.3
TAG = 1.5
_MAX_TEXT = 200
_MAX_STATEMENTS = 20_000
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_MANIFEST_NAME = re.compile(
    r"(setup\.(py|cfg)|pyproject\.toml|[\w.-]*requirements[\w.-]*\.(txt|in)|(environment|conda)[\w.-]*\.ya?ml|"
    r"meta\.ya?ml|Pipfile|[\w.-]+\.rockspec)\Z"
)
_SELF = re.compile(r"""\b(?:name|package)["']?\s*[=:]\s*["']?\Z""")
_IMPORTING = frozenset({"python", "notebook", "lua", "c++", "c", ""})

Manifest = Iterable[tuple[str, Evidence]]


class Catalogue:
    """The libraries, compiled for searching. Pickled as its libraries alone."""

    def __init__(self, libraries: tuple[Library, ...]) -> None:
        self.libraries = libraries
        self.modules = {module: library.name for library in libraries for module in library.modules}
        # A single letter (T for theano.tensor) is too common a name to count without its import.
        self.aliases = {alias: library.name for library in libraries for alias in library.aliases if len(alias) > 1}
        self._imported: dict[str, tuple[dict[str, str], dict[str, tuple[int, int]]]] = {}
        self.extensions = {ending: library.name for library in libraries for ending in library.extensions}
        self.tags = {tag: library.name for library in libraries for tag in library.tags}
        self._distributions = {name.lower(): library.name for library in libraries for name in library.distributions}
        names = sorted(self._distributions, key=len, reverse=True)
        alternatives = "|".join(map(re.escape, names)) or r"(?!)"
        self._distribution = re.compile(rf"(?<![\w./-])(?:{alternatives})(?![\w/.-]*\w)", re.IGNORECASE)

    def __reduce__(self) -> tuple[type[Catalogue], tuple[tuple[Library, ...]]]:
        return Catalogue, (self.libraries,)

    def library_of(self, dotted: str) -> str | None:
        """Give the library that a module or a member of one belongs to; the longest known module name decides."""
        while dotted:
            if dotted in self.modules:
                return self.modules[dotted]
            dotted = dotted.rpartition(".")[0]
        return None

    def imported(self, statement: str) -> tuple[dict[str, str], dict[str, tuple[int, int]]]:
        """Say which names an import statement binds to which library, and where it first names each library.

        The same statements stand in thousands of versions of a file: what one says is kept.
        """
        known = self._imported.get(statement)
        if known is None:
            if len(self._imported) >= _MAX_STATEMENTS:
                self._imported.clear()
            names: dict[str, str] = {}
            first: dict[str, tuple[int, int]] = {}
            for found in imports.read(statement):
                library = self.bind(found, names)
                if library:
                    first.setdefault(library, (found.start, found.end))
            known = self._imported[statement] = names, first
        return known

    def bind(self, found: imports.Import, names: dict[str, str]) -> str | None:
        """Enter the names that an import binds to a library, and give the library; None if it is of none."""
        library = self.library_of(found.target)
        if library:
            names[found.name] = library
            if not found.member:
                # "import tensorflow as tf" makes tf.keras a name of another library.
                prefix = found.module + "."
                inner = ((m, owner) for m, owner in self.modules.items() if m.startswith(prefix))
                names.update({f"{found.name}.{module.removeprefix(prefix)}": owner for module, owner in inner})
        return library

    def distributions(self, line: str) -> Iterator[tuple[str, re.Match[str]]]:
        """Give the libraries whose distribution a line of a manifest names."""
        for matched in self._distribution.finditer(line):
            yield self._distributions[matched[0].lower()], matched


class _Use(NamedTuple):
    library: str
    evidence: Evidence


def is_manifest(path: str) -> bool:
    """Tell whether a path is one that :func:`manifest_evidence` reads."""
    return _MANIFEST_NAME.match(PurePosixPath(path).name) is not None


def manifest_evidence(catalogue: Catalogue, path: str, text: str) -> tuple[tuple[str, Evidence], ...]:
    """Say which libraries a manifest names: what it requires (``manifest.requires``), or is (``manifest.self``).

    ``path`` is that of a setup.py, setup.cfg, pyproject.toml, requirements file, conda environment, Pipfile or
    rockspec; any other gives nothing. One row a library and rule.
    """
    if not is_manifest(path):
        return ()
    found: dict[tuple[str, str], _Use] = {}
    for number, line in enumerate(text[: imports.MAX_SOURCE].split("\n"), 1):
        if line.lstrip().startswith(("#", "--")):
            continue
        line = line[:_MAX_TEXT]
        for library, matched in catalogue.distributions(line):
            is_self = _SELF.search(line, 0, matched.start()) is not None
            rule, weight = ("self", MANIFEST_SELF) if is_self else ("requires", MANIFEST_REQUIRES)
            span = Evidence(
                f"library.manifest.{rule}", weight, line, "manifest", matched.start(), matched.end(), line=number
            )
            found.setdefault((library, rule), _Use(library, span))
    return tuple((use.library, use.evidence) for use in found.values())


def detect(
    catalogue: Catalogue,
    change: Change,
    manifest: Manifest = (),
    tags: Iterable[str] = (),
    around: Iterable[ChangedFile] = (),
) -> tuple[Label, ...]:
    """Rank the libraries whose code a change touches; rank 1 is the fix's library, empty: it touches none.

    ``manifest`` (see :func:`manifest_evidence`) decides between libraries that are touched, and makes the code of a
    library's own repository count. ``tags`` are those of a question: what its author says it is about; ``around`` is
    its code, changed or not. The confidence is the library's share of all evidence.
    """
    stated = tuple(manifest)
    owner = next((library for library, evidence in stated if evidence.weight == MANIFEST_SELF), None)
    uses = [use for file in change.files for use in _uses(catalogue, file, owner)]
    uses += _tag_uses(catalogue, tags)
    uses += [_of_question(use) for file in around for use in _uses(catalogue, file, owner)]
    touched = {use.library for use in uses}
    uses += [_Use(library, evidence) for library, evidence in stated if library in touched]
    rows: dict[str, list[Evidence]] = defaultdict(list)
    for use in uses:
        rows[use.library].append(use.evidence)
    return _labels({library: _strongest(found) for library, found in rows.items()})


def _of_question(use: _Use) -> _Use:
    """Say that a use is in the question, which is no file of the change."""
    return use._replace(evidence=replace(use.evidence, rule="library.question", side="old", file_no=None, hunk_no=None))


def _tag_uses(catalogue: Catalogue, tags: Iterable[str]) -> Iterator[_Use]:
    for tag in tags:
        library = catalogue.tags.get(tag)
        if library:
            yield _Use(library, Evidence("library.tag", TAG, tag[:_MAX_TEXT], "tag", 0, len(tag[:_MAX_TEXT])))


def _strongest(rows: list[Evidence]) -> tuple[Evidence, ...]:
    return tuple(sorted(rows, key=lambda row: -row.weight)[:MAX_EVIDENCE])


def _labels(rows: Mapping[str, tuple[Evidence, ...]]) -> tuple[Label, ...]:
    weights = {library: sum(row.weight for row in found) for library, found in rows.items()}
    total = sum(weights.values())
    ranked = sorted(weights, key=lambda library: (-weights[library], library))
    return tuple(
        Label("library", library, rank, round(weights[library] / total, 4), RATER, rows[library])
        for rank, library in enumerate(ranked, 1)
    )


def _uses(catalogue: Catalogue, file: ChangedFile, owner: str | None) -> Iterator[_Use]:
    ending = catalogue.extensions.get(PurePosixPath(file.path).suffix.lower())
    if ending:
        where = Evidence("library.extension", EXTENSION, file.path[-_MAX_TEXT:], "path", 0, 0, file_no=file.no)
        yield _Use(ending, where)
    if file.language not in _IMPORTING:
        return
    bound: dict[str, str] = {}
    if file.source is not None:
        yield from _file_imports(catalogue, file, bound)
    for hunk in file.hunks[:MAX_HUNKS]:
        yield from _hunk_imports(catalogue, file, hunk, bound)
    yield from _owned(file, owner, bound)
    # A piece of a post has no path, and seldom the imports that its names come from.
    knows_imports = bool(file.path) and (file.source is not None or bool(bound))
    names = bound if knows_imports else {**catalogue.aliases, **bound}
    yield from _name_uses(names, file)


def _owned(file: ChangedFile, owner: str | None, bound: dict[str, str]) -> Iterator[_Use]:
    if owner and file.path and file.language != "" and owner not in bound.values():
        name = file.path[-_MAX_TEXT:]
        yield _Use(owner, Evidence("library.own_code", FILE_IMPORT, name, "path", 0, len(name), file_no=file.no))


def _file_imports(catalogue: Catalogue, file: ChangedFile, bound: dict[str, str]) -> Iterator[_Use]:
    seen: set[str] = set()
    source = file.source or ""
    for offset, statement in islice(imports.statements(source, file.language), imports.MAX_IMPORTS):
        names, first = catalogue.imported(statement)
        bound.update(names)
        for library, (start, end) in first.items():
            if library not in seen:
                seen.add(library)
                column = offset + start - (source.rfind("\n", 0, offset + start) + 1)
                line = source.count("\n", 0, offset + start) + 1
                text = statement[start:end][:_MAX_TEXT]
                yield _Use(library, Evidence(
                    "library.import", FILE_IMPORT, text, "new", column, column + end - start, file.no, None, line
                ))  # fmt: skip


def _hunk_imports(catalogue: Catalogue, file: ChangedFile, hunk: Hunk, bound: dict[str, str]) -> Iterator[_Use]:
    body = hunk.body[:MAX_BODY]
    if not any(word in body for word in imports.words_of(file.language)):
        return
    text = "\n".join(line[1:] for line in body.split("\n"))
    for found in imports.find(text, file.language):
        library = catalogue.bind(found, bound)
        if library:
            # Each line of the text lost its sign.
            line_start = text.rfind("\n", 0, found.start) + 1
            mark = _mark(hunk, body, line_start + text.count("\n", 0, found.start))
            width = found.end - found.start
            span = text[found.start : found.end]
            yield _use(library, "library.import", file, hunk, mark, found.start - line_start, width, span)


def _name_uses(names: Mapping[str, str], file: ChangedFile) -> Iterator[_Use]:
    """Find names of libraries in the hunks: for a library the first in changed lines, and the first around them."""
    heads: dict[str, set[str]] = {}
    for name, library in sorted(names.items()):
        heads.setdefault(name.partition(".")[0], set()).add(library)
    left = {(library, changed) for library in set(names.values()) for changed in (True, False)}
    each = [
        (head, {(library, changed) for library in found for changed in (True, False)})
        for head, found in sorted(heads.items())
    ]
    for hunk in file.hunks[:MAX_HUNKS]:
        if not left:
            return
        body = hunk.body[:MAX_BODY]
        for head, wanted in each:
            if head in body and not wanted.isdisjoint(left):
                yield from _head_uses(head, names, file, hunk, left, wanted)


def _head_uses(
    head: str,
    names: Mapping[str, str],
    file: ChangedFile,
    hunk: Hunk,
    left: set[tuple[str, bool]],
    wanted: set[tuple[str, bool]],
) -> Iterator[_Use]:
    """Find the names that begin with one head; by substring, which is far faster than to split all lines into names."""
    body = hunk.body[:MAX_BODY]
    at = body.find(head)
    while at >= 0:
        dotted = _DOTTED.match(body, at)
        end = at + len(head)
        if dotted and dotted[0].partition(".")[0] == head and not (body[at - 1].isalnum() or body[at - 1] in "_."):
            end = dotted.end()
            line_start = body.rfind("\n", 0, at) + 1
            library = _named(names, dotted[0])
            key = (library or "", body[line_start] in "+-")
            if library and at > line_start and key in left:
                left.discard(key)
                mark = _mark(hunk, body, line_start)
                column = at - line_start - 1
                yield _use(library, "library.name", file, hunk, mark, column, len(dotted[0]), dotted[0])
                if wanted.isdisjoint(left):
                    return
        at = body.find(head, end)


def _named(names: Mapping[str, str], dotted: str) -> str | None:
    while dotted:
        library = names.get(dotted)
        if library:
            return library
        dotted = dotted.rpartition(".")[0]
    return None


class _Mark(NamedTuple):
    sign: str
    line: int


def _mark(hunk: Hunk, body: str, line_start: int) -> _Mark:
    """Give the sign of the body's line that starts there, and its number in the old file for "-", else in the new."""
    sign = body[line_start : line_start + 1] or " "
    above = body[:line_start].split("\n")[:-1]
    first, counted = (hunk.old_start, "- ") if sign == "-" else (hunk.new_start, "+ ")
    return _Mark(sign, first + sum((line[:1] or " ") in counted for line in above))


def _use(
    library: str, rule: str, file: ChangedFile, hunk: Hunk, mark: _Mark, column: int, width: int, text: str
) -> _Use:
    changed = mark.sign in "+-"
    if rule == "library.import":
        weight = CHANGED_IMPORT if changed else FILE_IMPORT
    else:
        weight = CHANGED_USE if changed else CONTEXT_USE
    side: Final = "old" if mark.sign == "-" else "new"
    return _Use(library, Evidence(
        rule, weight, text[:_MAX_TEXT], side, column, column + width, file.no, hunk.no, mark.line
    ))  # fmt: skip
