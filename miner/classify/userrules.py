"""A user's own rules: a folder of modules with the shape of :mod:`miner.classify.rules`, and new patterns.

::

    rules_dir/
      checkpoint.py     TRIGGERS and vote(facts, library): votes for the pattern "checkpoint"
      optimizer.py      more votes for the shipped pattern "optimizer"
      taxonomy.toml     [checkpoint] with name, definition and, if the defaults do not suit, bias, rule, topics

Files whose name starts with "_" are no rules. The folder holds code that runs with the rights of the miner.
"""

from __future__ import annotations

import sys
import tomllib
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from miner.classify.facts import Facts, Span
from miner.classify.rules import RuleFunction
from miner.classify.taxonomies import Entry, PatternWeights, taxonomy
from miner.classify.version import digest
from miner.classify.voting import Vote
from miner.errors import RulesError

TAXONOMY: Final = "taxonomy.toml"
"""The file of a user's own patterns."""

_DETAIL = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """A user's rule that failed over a change: ``where`` is its file and line, ``detail`` what it raised."""

    where: str
    detail: str

    def __str__(self) -> str:
        return (
            f"{self.where}: the rule failed over it, so its votes are missing ({self.detail}): "
            "correct it and run 'miner classify'"
        )


@dataclass(frozen=True, slots=True)
class UserRules:
    """What a folder gives. ``digest`` changes with every change to a rule or to the taxonomy."""

    patterns: tuple[tuple[str, RuleFunction], ...]
    triggers: frozenset[str]
    entries: tuple[Entry, ...]
    weights: Mapping[str, PatternWeights]
    digest: str


class _Entry(BaseModel):
    """A pattern of a user's taxonomy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    definition: str = ""
    sub_patterns: tuple[str, ...] = ()
    bias: float = -1.0
    rule: Annotated[float, Field(ge=0)] = 4.0
    topics: dict[str, Annotated[float, Field(ge=0)]] = {}


def read(folder: Path, failures: list[Failure]) -> UserRules:
    """Read a folder of rules.

    :param failures: gets what a rule raises later, when it looks at a change: the change keeps its other votes.
    :raises RulesError: for a folder that is not there, a file that is no rule, and a pattern that no taxonomy names.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".py" and not path.name.startswith("_"))
        name = digest(folder)
    except OSError as error:
        raise RulesError(f"classify.rules_dir: cannot read the folder {folder}: {error.strerror}") from None
    entries = _taxonomy(folder / TAXONOMY)
    known = {entry.id for entry in taxonomy("fix_patterns")} | entries.keys()
    modules = [(path, _module(path, known, name)) for path in paths]
    return UserRules(
        patterns=tuple((path.stem, _guarded(path, module.vote, failures)) for path, module in modules),
        triggers=frozenset(word.rpartition(".")[2].lower() for _, module in modules for word in module.TRIGGERS),
        entries=tuple(Entry(key, one.name, one.definition, "", one.sub_patterns) for key, one in entries.items()),
        weights={key: PatternWeights(one.bias, one.rule, one.topics) for key, one in entries.items()},
        digest=name,
    )


def _taxonomy(path: Path) -> dict[str, _Entry]:
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        found = TypeAdapter(dict[str, _Entry]).validate_python(table)
    except OSError as error:
        raise RulesError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise RulesError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except ValueError as error:
        raise RulesError(f"{path}: is not TOML: {error}") from None
    shipped = {entry.id for entry in taxonomy("fix_patterns")}
    for key in found:
        if key in shipped:
            raise RulesError(f"{path}: {key} is a pattern of the package: take another id for one of your own")
        if not key.isidentifier():
            raise RulesError(f"{path}: {key!r} is no id: take letters, digits and underscores, as for a module's name")
    return found


def _module(path: Path, known: Collection[str], name: str) -> ModuleType:
    if path.stem not in known:
        raise RulesError(
            f"{path}: no taxonomy names the pattern {path.stem}: add [{path.stem}] with a name to "
            f"{path.parent / TAXONOMY}"
        )
    module = _run(path, f"miner_rules_{name}_{path.stem}")
    if not callable(getattr(module, "vote", None)):
        raise RulesError(f"{path}: has no function vote(facts, library)")
    triggers = getattr(module, "TRIGGERS", None)
    listed = isinstance(triggers, Collection) and not isinstance(triggers, str)
    if not listed or not all(isinstance(word, str) for word in triggers or ()):
        raise RulesError(f"{path}: has no TRIGGERS: a set of the names that a changed line must hold to wake the rule")
    return module


def _run(path: Path, name: str) -> ModuleType:
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RulesError(f"{path}: is no Python module")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise RulesError(f"{error.filename or path}, line {error.lineno}: {error.msg}") from None
    except Exception as error:  # noqa: BLE001 - anything may stand in a stranger's module
        raise RulesError(f"{_place(path, error)}: {_told(error)}") from None
    return module


def _guarded(path: Path, vote: Callable[[Facts, str], Iterable[Any]], failures: list[Failure]) -> RuleFunction:
    """Let a rule fail without losing the change: what it raised is noted, and its votes are left out."""

    def votes(facts: Facts, library: str) -> Iterator[Vote]:
        try:
            given = vote(facts, library)
            found = [] if given is None else [_checked(one) for one in given]
        except Exception as error:  # noqa: BLE001 - anything may stand in a stranger's rule
            # It is stored, and the folder may be elsewhere when the same is labelled again.
            where = _place(path, error).removeprefix(f"{path.parent}/")
            failures.append(Failure(where, _told(error)))
            return
        yield from found

    return votes


def _checked(vote: Any) -> Vote:
    if not (isinstance(vote, Vote) and isinstance(vote.span, Span) and isinstance(vote.reason, str)):
        raise TypeError(f"vote() gave {vote!r}, which is no Vote(reason, weight, span)")
    if not 0 < vote.weight < float("inf"):
        raise ValueError(f"the weight of the vote {vote.reason!r} is {vote.weight!r}, and not above 0")
    return vote


def _place(path: Path, error: Exception) -> str:
    """Name the last line of the file that an exception passed."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path}, line {lines[-1]}" if lines else str(path)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_DETAIL]
