"""Brings the fixes of a page into line with those that its commits have already.

A fix is its hunks: rules that split a commit otherwise see other fixes. So a fix keeps its id as long as it keeps its
hunks, whatever its place among the fixes of its commit; one with other hunks gets an id of its own; and those in whose
place it came are superseded. Their rows and labels stay: a person's label holds for the hunks that the person saw.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, select, update

from miner.store.bulk import insert_rows
from miner.store.relabeltables import superseded_fix
from miner.store.rows import PageRows
from miner.store.tables import fix, fix_hunk, hunk, label

Hunks = frozenset[tuple[int, int]]

_OF_FIX: Final = ("fix", "fix_hunk", "fix_cluster", "label", "label_evidence")
_CHUNK = 500


class Stored(NamedTuple):
    """A stored fix."""

    library: str
    hunks: Hunks


@dataclass(slots=True)
class _Split:
    """What becomes of the fixes of some commits. ``ids`` leads from the page's ids to those that are written."""

    ids: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    back: set[str] = field(default_factory=set)


def fit(
    connection: Connection, rows: PageRows, shas: Collection[str], whole: tuple[str, int] | None = None
) -> PageRows:
    """Give a page with its fixes under the ids that they have or get, and enter which ones they supersede.

    :param shas: commits that are stored, with the files that the page's fixes are of.
    :param whole: the rater and the run of a page that has all fixes of these commits: those that it has not are
        superseded. Any other page, which may be of some libraries alone, replaces a fix only if it tells of all its
        hunks; if not, the split stays as it was.
    """
    raters = {row[0]: (row[2], row[-1]) for row in rows.get("label", ())}
    page = splits_of(rows, frozenset(shas), raters)
    stored = stored_splits(connection, shas if whole else page)
    if not stored:
        return rows
    differing = set() if whole else _differing(connection, rows, page.keys() & stored.keys())
    gone = _superseded(connection, [fix_id for fixes in stored.values() for fix_id in fixes])
    split = _Split()
    for sha, fixes in stored.items():
        of_page = page.get(sha, {})
        if sha in differing:
            split.dropped.update(of_page)
            continue
        replaced = _match(split, of_page, {f: one.hunks for f, one in fixes.items()}, gone, whole=whole is not None)
        by = whole or next((raters[fix_id] for fix_id in of_page), None)
        if by is not None:
            supersede(connection, replaced, *by)
    _bring_back(connection, sorted(split.back & gone))
    fitted = _renamed(rows, split)
    _update_libraries(connection, fitted, {f: one.library for fixes in stored.values() for f, one in fixes.items()})
    return fitted


def supersede(connection: Connection, fix_ids: Collection[str], rater: str, run_id: int) -> None:
    """Enter that rules do not see some fixes any more."""
    insert_rows(connection, superseded_fix, [(fix_id, rater, run_id) for fix_id in sorted(fix_ids)])


def splits_of(rows: PageRows, shas: frozenset[str], labelled: Collection[str]) -> dict[str, dict[str, Hunks]]:
    """Give the labelled fixes that a page has of some commits, and their hunks, by commit."""
    hunks: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for fix_id, file_no, hunk_no in rows.get("fix_hunk", ()):
        hunks[fix_id].add((file_no, hunk_no))
    found: dict[str, dict[str, Hunks]] = defaultdict(dict)
    for row in rows.get("fix", ()):
        if row[2] in shas and row[0] in labelled:
            found[row[2]][row[0]] = frozenset(hunks[row[0]])
    return dict(found)


def stored_splits(connection: Connection, shas: Iterable[str]) -> dict[str, dict[str, Stored]]:
    """Give the fixes of some commits that are stored, superseded ones too, by commit."""
    columns = (fix.c.sha, fix.c.fix_id, fix.c.library, fix_hunk.c.file_no, fix_hunk.c.hunk_no)
    found: dict[str, dict[str, Stored]] = {}
    for chunk in _chunks(sorted(shas)):
        of_chunk = select(*columns).outerjoin_from(fix, fix_hunk).where(fix.c.sha.in_(chunk)).order_by(fix.c.fix_id)
        for row in connection.execute(of_chunk):
            held = found.setdefault(row.sha, {}).setdefault(row.fix_id, Stored(row.library, frozenset()))
            if row.file_no is not None:
                found[row.sha][row.fix_id] = held._replace(hunks=held.hunks | {(row.file_no, row.hunk_no)})
    return found


def _differing(connection: Connection, rows: PageRows, shas: Collection[str]) -> set[str]:
    """Give the commits whose stored hunks are not the page's: fixes of other hunks are other fixes."""
    page: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    for row in rows.get("hunk", ()):
        if row[0] in shas:
            page[row[0]].add((row[1], row[2], row[8]))
    stored: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    for chunk in _chunks(sorted(shas)):
        columns = (hunk.c.sha, hunk.c.file_no, hunk.c.hunk_no, hunk.c.body)
        for sha, *values in connection.execute(select(*columns).where(hunk.c.sha.in_(chunk))):
            stored[sha].add(tuple(values))
    return {sha for sha in shas if stored[sha] and stored[sha] != page[sha]}


def _superseded(connection: Connection, fix_ids: list[str]) -> set[str]:
    return {
        fix_id
        for chunk in _chunks(fix_ids)
        for fix_id in connection.scalars(select(superseded_fix.c.fix_id).where(superseded_fix.c.fix_id.in_(chunk)))
    }


def _match(
    split: _Split, page: Mapping[str, Hunks], stored: Mapping[str, Hunks], gone: Collection[str], *, whole: bool
) -> set[str]:
    """Decide over one commit, and give the fixes that are superseded."""
    known = {hunks: fix_id for fix_id, hunks in reversed([*stored.items()])}
    same = {fix_id: known[hunks] for fix_id, hunks in page.items() if hunks in known}
    told = frozenset().union(*page.values())
    kept = set(same.values())
    others = {fix_id for fix_id in stored if fix_id not in kept and fix_id not in gone}
    replaced = others if whole else {fix_id for fix_id in others if stored[fix_id] & told}
    new = [fix_id for fix_id in page if fix_id not in same]
    if not whole and any(not stored[fix_id] <= told for fix_id in replaced):
        split.dropped.update(new)
        replaced, new = set(), []
    split.ids |= same
    split.back |= kept
    split.ids.update(zip(new, _free(new, {*stored, *page}, stored), strict=True))
    return replaced


def _free(new: list[str], taken: Collection[str], stored: Collection[str]) -> Iterator[str]:
    """Give each new fix its own id if no other has it, and else the next number of its commit."""
    numbers = [fix_id.rpartition(":")[2] for fix_id in taken]
    highest = max((int(number) for number in numbers if number.isdecimal()), default=0)
    for fix_id in new:
        if fix_id in stored:
            highest += 1
            fix_id = f"{fix_id.rpartition(':')[0]}:{highest}"
        yield fix_id


def _bring_back(connection: Connection, fix_ids: list[str]) -> None:
    for chunk in _chunks(fix_ids):
        connection.execute(delete(superseded_fix).where(superseded_fix.c.fix_id.in_(chunk)))


def _renamed(rows: PageRows, split: _Split) -> PageRows:
    return {
        name: [(split.ids.get(row[0], row[0]), *row[1:]) for row in page if row[0] not in split.dropped]
        if name in _OF_FIX
        else page
        for name, page in rows.items()
    }


def _update_libraries(connection: Connection, rows: PageRows, before: Mapping[str, str]) -> None:
    """Let the library of a fix be the one that new rules see; a rater that labelled it before changes nothing."""
    raters = {row[0]: row[2] for row in rows.get("label", ())}
    for fix_id, library in [(row[0], row[3]) for row in rows.get("fix", ()) if before.get(row[0], row[3]) != row[3]]:
        judged = select(label.c.rater).where(label.c.fix_id == fix_id, label.c.rater == raters.get(fix_id))
        if connection.scalar(judged.limit(1)) is None:
            connection.execute(update(fix).where(fix.c.fix_id == fix_id).values(library=library))


def _chunks(values: list[str]) -> Iterator[list[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
