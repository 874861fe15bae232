"""What a look at one thing gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do about it. It holds no secret."""

    name: str
    state: State
    said: str
    advice: str = ""


def ok(name: str, said: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(name, "ok", said)


def warning(name: str, said: str, advice: str) -> Finding:
    """Say what goes on working, and could be better."""
    return Finding(name, "warning", said, advice)


def failure(name: str, said: str, advice: str) -> Finding:
    """Say what cannot work."""
    return Finding(name, "failure", said, advice)
