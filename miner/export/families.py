"""Which instances must be on one side of a split: forks, copies of a fix, duplicates, and what cites one another."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection

from miner.store import exports

Node = tuple[str, Hashable, Hashable]
"""A repository ("repository", number, 0) or a question ("question", site, number)."""


class Families:
    """The families of repositories and questions, each with the time of its first fix.

    Two repositories are of one family if they share a commit (forks, mirrors), or a fix that changes the same lines in
    the same way (copies). A question belongs to the family of a commit that cites it, and to that of its duplicates.
    """

    def __init__(self, connection: Connection) -> None:
        self._parent: dict[Node, Node] = {}
        self._first: dict[Node, datetime] = {}
        for _, shared in _groups(exports.shared_commits(connection)):
            self._join([("repository", number, 0) for number in shared])
        for _, shared in _groups(exports.shared_clusters(connection)):
            self._join([("repository", number, 0) for number in shared])
        for number, site, question in exports.citations(connection):
            self._join([("repository", number, 0), ("question", site, question)])
        for site, question, other in exports.duplicates(connection):
            self._join([("question", site, question), ("question", site, other)])
        self._note(((("repository", number, 0), moment) for number, moment in exports.firsts(connection)))
        # Of a question on its own the first fix is looked up when it is asked for: there may be a million.
        linked = {node for node in self._parent if node[0] == "question"}
        answered = ((("question", site, number), moment) for site, number, moment in exports.first_answers(connection))
        self._note((node, moment) for node, moment in answered if node in linked)

    def of(self, node: Node) -> str:
        """Name the family of a repository or a question."""
        kind, one, other = self._root(node)
        return f"repository:{one}" if kind == "repository" else f"question:{one}/{other}"

    def began(self, node: Node, moment: datetime | None) -> datetime | None:
        """Give the time of the family's first fix; ``moment`` is that of the fix in hand."""
        first = self._first.get(self._root(node))
        known = [one for one in (first, moment) if one is not None]
        return min(known, default=None)

    def _join(self, nodes: list[Node]) -> None:
        roots = sorted({self._root(node) for node in nodes}, key=repr)
        for node in (*roots, *nodes):
            self._parent[node] = roots[0]

    def _root(self, node: Node) -> Node:
        while (above := self._parent.get(node, node)) != node:
            self._parent[node] = self._parent.get(above, above)
            node = above
        return node

    def _note(self, found: Iterable[tuple[Node, datetime]]) -> None:
        for node, moment in found:
            root = self._root(node)
            self._first[root] = min(moment, self._first.get(root, moment))


def _groups(found: Iterator[tuple[str, int]]) -> Iterator[tuple[str, list[int]]]:
    for name, rows in groupby(found, key=lambda row: row[0]):
        yield name, [number for _, number in rows]
