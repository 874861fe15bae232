"""What an audit wants of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sqlalchemy import Connection

from miner.audit.model import Asked, Slice
from miner.store.coverage import Interval


class Audited(Protocol):
    """A source that can be asked again. ``unit`` is what one request is called."""

    source: str
    unit: str

    @property
    def requests(self) -> int:
        """How many requests were sent."""

    def population(self, connection: Connection, window: Interval) -> Iterator[Slice]:
        """Give the slices that the ledger says are at hand."""

    def cost(self, drawn: list[Slice]) -> int:
        """Say how many requests it takes to ask for some slices, if the source has what is stored."""

    def ask(self, connection: Connection, drawn: Slice) -> Asked:
        """Ask for a slice, and compare.

        :raises SourceError: (a child of) if the source does not give it.
        """

    def close(self) -> None:
        """Close what is open."""
