"""How a rebuild does again what a run did, by the run's command: each is a call of what the command line calls, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Engine

from miner import pipeline
from miner.clock import SystemClock
from miner.collect.player import Player
from miner.collect.tape import taping
from miner.errors import RebuildError
from miner.job import CollectRequest, Reporter
from miner.recording import listening
from miner.settings import Settings


@dataclass(frozen=True, slots=True)
class Again:
    """A run to do again: what it was asked for, with which settings, and what is played to it."""

    settings: Settings
    arguments: Mapping[str, Any]
    reporter: Reporter
    engine: Engine
    player: Player
    stopped: Callable[[], bool]


def replay(command: str, again: Again) -> None:
    """Do a run again.

    :raises RebuildError: if this version does not know the command.
    :raises JournalEnd: if it was killed.
    :raises MinerError: as it failed, or if something is missing.
    """
    work = _COMMANDS.get(command)
    if work is None:
        raise RebuildError(
            f"run {again.player.run_id} is of the command {command!r:.60}, which this version of the miner does not "
            "know: rebuild with the version that wrote the archive, or a newer one"
        )
    work(again)


def request_of(arguments: Mapping[str, Any]) -> CollectRequest:
    """Give what a collect was asked for, as far as this version knows it."""
    values = _known(CollectRequest, arguments)
    for name in ("since", "until", "dump_date"):
        values[name] = datetime.fromisoformat(values[name]) if values.get(name) else None
    return CollectRequest(**values)


def _known(kind: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    known = {item.name for item in fields(kind)}
    return {name: tuple(v) if isinstance(v, list) else v for name, v in arguments.items() if name in known}


def _collect(again: Again) -> None:
    request, clock = request_of(again.arguments), SystemClock(again.stopped)
    given = (again.reporter, again.engine, again.player, clock, again.stopped)
    pipeline.perform(again.settings, request, *given)


def _classify(again: Again) -> None:
    from miner.relabel import RelabelRequest, perform

    request = RelabelRequest(**_known(RelabelRequest, again.arguments))
    with taping(again.player), listening(again.engine, again.player):
        perform(again.settings, request, again.reporter, again.engine, again.stopped)


def _import(again: Again) -> None:
    from miner.rating.importing import ImportRequest, import_labels

    told = again.arguments
    request = ImportRequest(
        again.player.kept(), told["site"], told["rater"], tuple(told["schemes"]), told["set"], told["reassign"]
    )
    with taping(again.player), listening(again.engine, again.player):
        import_labels(again.engine, request)


def _reconcile(again: Again) -> None:
    from miner.rating import reconciling

    told, schemes = again.arguments, tuple(again.arguments["schemes"])
    with taping(again.player), listening(again.engine, again.player):
        if told.get("agreed"):
            reconciling.agree(again.engine, schemes, told.get("batch"))
        else:
            reconciling.decide(again.engine, again.player.kept(), told["moderator"], told["site"], schemes)


def _sample(again: Again) -> None:
    from miner.rating.sampling import Draw, SampleRequest, sample

    request = SampleRequest(**_known(SampleRequest, again.arguments))
    before = Draw.read(again.player.kept().read_bytes()) if again.player.keeps_file else None
    with taping(again.player), listening(again.engine, again.player):
        sample(again.engine, request, before)


def _sheet(again: Again) -> None:
    from miner.rating.sheets import give

    with taping(again.player), listening(again.engine, again.player):
        give(again.engine, again.arguments["batch"], again.arguments["raters"])


_COMMANDS: Mapping[str, Callable[[Again], None]] = MappingProxyType(
    {
        "collect": _collect,
        "classify": _classify,
        "label import": _import,
        "label reconcile": _reconcile,
        "label sample": _sample,
        "label sheet": _sheet,
    }
)
