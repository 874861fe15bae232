"""Looks at everything, one after the other; what goes wrong with one hides nothing of the others."""

from __future__ import annotations

from collections.abc import Iterator

from miner.clock import Clock, SystemClock
from miner.doctor import machine, services, store
from miner.doctor.findings import Finding
from miner.settings import Settings


def examine(settings: Settings, *, offline: bool = False, clock: Clock | None = None) -> Iterator[Finding]:
    """Give what there is to say, as soon as it is known.

    :param offline: ask no service.
    """
    yield from machine.look(settings)
    if not offline:
        yield from store.look(settings)
        yield from services.look(settings, clock or SystemClock())
