"""Every table and figure of the study, in the paper's order, and what each needs beside the counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from miner.errors import StudyError
from miner.study import (
    effects,
    figure1,
    figure2,
    figure3,
    figure6,
    prior_scheme,
    section7,
    sources,
    sub_patterns,
    table1,
    table2,
    table3,
    table4,
    table5,
    table6,
)
from miner.study.exhibits import Exhibit
from miner.study.material import Material


@dataclass(frozen=True, slots=True)
class Entry:
    """An exhibit's id, what builds it, and which parts of the material it looks at beside the counts."""

    id: str
    build: Callable[[Material], Exhibit]
    needs: frozenset[str] = frozenset()


REGISTRY: Final = (
    Entry(table1.ID, table1.build, frozenset({"bugs"})),
    Entry(table2.ID, table2.build),
    Entry(figure1.ID, figure1.build),
    Entry(table3.ID, table3.build),
    Entry(figure2.ID, figure2.build),
    Entry(figure3.ID, figure3.build),
    Entry(table4.ID, table4.build),
    Entry(sources.ID, sources.build),
    Entry(sub_patterns.ID, sub_patterns.build),
    Entry(effects.ID, effects.build, frozenset({"aftermath"})),
    Entry(prior_scheme.ID, prior_scheme.build),
    Entry(table5.ID, table5.build, frozenset({"aftermath"})),
    Entry(figure6.ID, figure6.build, frozenset({"aftermath"})),
    Entry(section7.ID, section7.build, frozenset({"challenges"})),
    Entry(table6.ID, table6.build, frozenset({"challenges"})),
)


def wanted(ids: Iterable[str]) -> tuple[Entry, ...]:
    """Give the entries with some ids, in the registry's order; all of them for no id.

    :raises StudyError: for an id that is none.
    """
    asked = set(ids)
    known = [entry.id for entry in REGISTRY]
    for one in sorted(asked - set(known)):
        raise StudyError(f"{one!r} is no table or figure of the study: it has {', '.join(known)}")
    return tuple(entry for entry in REGISTRY if not asked or entry.id in asked)
