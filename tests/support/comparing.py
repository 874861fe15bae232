"""What has to be equal in two databases that were filled from the same sources, at different times."""

from __future__ import annotations

from typing import Any

from miner.store.tables import metadata

Contents = dict[str, list[tuple[Any, ...]]]


def comparable(found: Contents) -> Contents:
    """Leave out what tells of requests and of the seconds at which runs began: killed ones send more.

    :param found: what the fixture ``contents`` reads.
    """
    # An answer of the Stack Exchange API says how much of the quota is left.
    found["raw_response"] = [row for row in found["raw_response"] if row[1] != "stackoverflow"]
    # Which commits one query asks about depends on those that were answered before.
    found["raw_response"] = [row for row in found["raw_response"] if not str(row[2]).endswith("/graphql")]
    found["coverage"] = [part for row in found["coverage"] for part in _comparable(row)]
    return found


def _comparable(row: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if row[0] == "stackoverflow":
        return [row[:4] + row[9:]] if "by=creation" in row[1] else []
    # Up to which second everything was asked for.
    return [row[:4] + row[5:] if "by=created" in row[1] else row]


def by_name(found: Contents) -> Contents:
    """Name repositories instead of numbering them: they get their numbers in the order in which they are met."""
    numbered = [table for table in metadata.sorted_tables if "repository_id" in table.c and table.name in found]
    columns = {table.name: [c.name for c in table.columns if not c.info.get("provenance")] for table in numbered}
    number, name = (columns["repository"].index(column) for column in ("repository_id", "name"))
    names = {row[number]: row[name] for row in found["repository"]}
    for table, kept in columns.items():
        at = kept.index("repository_id")
        rows = [(*row[:at], names.get(row[at]), *row[at + 1 :]) for row in found[table]]
        found[table] = sorted(rows, key=repr)
    return found


def differences(found: Contents, expected: Contents) -> dict[str, tuple[list[Any], list[Any]]]:
    """Give, by table, the rows that only the one has, and those that only the other has; few enough to be read."""
    return {
        name: (
            [row for row in found[name] if row not in expected[name]][:5],
            [row for row in expected[name] if row not in found[name]][:5],
        )
        for name in found
        if found[name] != expected[name]
    }
