"""What people judge, and how what they write becomes an id of a taxonomy.

Case, spaces, punctuation and plurals do not matter, words may be abbreviated by their first letters, and the
abbreviations of the papers are known. A text that could mean several values means none.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from miner.classify.engine import UNKNOWN
from miner.classify.taxonomies import Entry, taxonomy
from miner.evaluation.patternlabels import pattern_id
from miner.store.ratingtables import SCHEMES as SCHEMES

_GROUPS: Final = {"bug_type": "bug type", "root_cause": "root cause", "impact": "impact"}
_KINDS: Final = {
    "non model structural bug": "non_model",
    "non model structural": "non_model",
    "non model": "non_model",
    "nmsb": "non_model",
    "structural bug": "structural",
    "structural": "structural",
    "sb": "structural",
}
_PREFIXES: Final = ("structural", "non_model")
_PARTS: Final = {
    "csb": "control_and_sequence",
    "control and sequence": "control_and_sequence",
    "data flow": "data_flow",
    "dataflow": "data_flow",
    "dfb": "data_flow",
    "initialization": "initialization",
    "initialisation": "initialization",
    "ib": "initialization",
    "logic": "logic",
    "lb": "logic",
    "processing": "processing",
    "pb": "processing",
}
_SHORT: Final = {
    "root_cause": {
        "atc": "absence_of_type_checking",
        "apic": "api_change",
        "apim": "api_misuse",
        "ccm": "confusion_with_computation_model",
        "ips": "incorrect_parameter_or_structure",
        "si": "structure_inefficiency",
        "ut": "unaligned_tensor",
        "other": "other_root_cause",
    },
    "impact": {"if": "incorrect_functionality", "bp": "bad_performance", "dc": "data_corruption"},
}
_LIBRARIES: Final = {"pytorch": "torch", "tf": "tensorflow", "tensor flow": "tensorflow"}
_CUTOFF: Final = 0.6


class Value(NamedTuple):
    """A value that a scheme allows: its id, and what people call it."""

    id: str
    name: str


@cache
def values(scheme: str) -> tuple[Value, ...]:
    """Give what a scheme allows, in the order of its taxonomy; "unknown" last."""
    return (*(_values(scheme)), Value(UNKNOWN, "unknown"))


def value_id(scheme: str, text: str) -> str | None:
    """Give the id that a text means in a scheme; None if it means none, or could mean several."""
    if _letters(text) == UNKNOWN:
        return UNKNOWN
    by_name = _by_name(scheme).get(_letters(text))
    if by_name:
        return by_name
    if scheme == "pattern":
        return pattern_id(text)
    if scheme == "prior_pattern":
        return _prior(text)
    if scheme == "bug_type":
        return _bug_type(text)
    return _SHORT.get(scheme, {}).get(_spaced(text))


def nearest(scheme: str, text: str) -> str:
    """Give the name that a text may have meant; "" if it resembles none."""
    names = {_letters(value.name): value.name for value in values(scheme)}
    names |= {_letters(value.id): value.id for value in values(scheme) if value.id not in names}
    found = difflib.get_close_matches(_letters(text), list(names), n=1, cutoff=_CUTOFF)
    return names[found[0]] if found else ""


def library_id(text: str) -> str | None:
    """Give the library that a text means; "" of an empty text, None if it means none."""
    from miner.settings import libraries

    said = " ".join(text.casefold().split())
    named = _LIBRARIES.get(said, said)
    return named if not named or named in {library.name for library in libraries()} else None


def nearest_library(text: str) -> str:
    """Give the library that a text may have meant; "" if it resembles none."""
    from miner.settings import libraries

    found = difflib.get_close_matches(text.casefold(), [library.name for library in libraries()], n=1, cutoff=_CUTOFF)
    return found[0] if found else ""


def _values(scheme: str) -> tuple[Value, ...]:
    if scheme in _GROUPS:
        entries = [entry for entry in taxonomy("bug_types") if entry.group == _GROUPS[scheme]]
    elif scheme == "sub_pattern":
        return tuple(value for entry in taxonomy("fix_patterns") for value in _sub_patterns(entry))
    else:
        entries = list(taxonomy({"pattern": "fix_patterns", "prior_pattern": "prior_patterns"}[scheme]))
    return tuple(Value(entry.id, entry.name) for entry in entries)


def _sub_patterns(entry: Entry) -> tuple[Value, ...]:
    return tuple(Value(f"{entry.id}/{sub.replace(' ', '_')}", f"{entry.name}: {sub}") for sub in entry.sub_patterns)


@cache
def _by_name(scheme: str) -> Mapping[str, str]:
    found = {_letters(value.name): value.id for value in _values(scheme)}
    return found | {_letters(value.id): value.id for value in _values(scheme)}


def _prior(text: str) -> str | None:
    """Read what names its group first and may end with its abbreviation: "Method Call (MC) - ... (MC-DAP)"."""
    ids = {entry.id for entry in taxonomy("prior_patterns")}
    abbreviated = {part.upper() for part in re.findall(r"[A-Za-z]{2}-[A-Za-z]{2,4}", text)} & ids
    if abbreviated:
        return abbreviated.pop() if len(abbreviated) == 1 else None
    _, found, name = text.partition(")")
    said = _spaced(name if found else text)
    close = [entry.id for entry in taxonomy("prior_patterns") if _is_prior_name(said, _spaced(entry.name))]
    return close[0] if len(close) == 1 else None


def _is_prior_name(said: str, name: str) -> bool:
    # "... number of parameters or different types of parameters" says twice what the taxonomy says once.
    short = [" ".join(dict.fromkeys(text.split())) for text in (said, name)]
    return bool(short[0]) and (short[0] == short[1] or set(short[0].split()) == set(short[1].split()))


def _bug_type(text: str) -> str | None:
    """Read "API Bug", "SB.Logic Bugs", "NMSB.CSB"; a part alone that bugs of either kind have could be of both."""
    said = _spaced(text)
    ids = [value.id for value in _values("bug_type")]
    kind = next((kind for kind in _KINDS if said.startswith(f"{kind} ")), None)
    if kind is None:
        alone = _without_bug(said)
        close = [name for name in ids if alone == name or name in {f"{one}_{_PARTS.get(alone)}" for one in _PREFIXES}]
        return close[0] if len(close) == 1 else None
    name = f"{_KINDS[kind]}_{_PARTS.get(_without_bug(said.removeprefix(kind)), '')}"
    return name if name in ids else None


def _without_bug(text: str) -> str:
    return re.sub(r" ?bug$", "", text).strip()


def _spaced(text: str) -> str:
    return " ".join(_singular(word) for word in re.findall(r"[^\W_]+", text.casefold()))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _letters(text: str) -> str:
    return _spaced(text).replace(" ", "")
