"""What a block of a post is: code, a traceback or output; a block that mixes them is cut into its parts.

Decided line by line, by shape. A line inside brackets that an earlier line opened is what that line is, so that a
tensor written over several lines of code is not taken for a printed one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from miner.extract import languages
from miner.model import SnippetKind

MAX_LINE: Final = 400
"""Characters of a line that are looked at; what a longer line is shows in its start."""

_PROMPT = re.compile(r"\s*(?:>>>+ ?|>> ?(?=[A-Za-z_]\w*[ .(=])|In ?\[[\d ]*\] ?: ?)")
_CONTINUATION = re.compile(r"\s*\.\.\.+:? ?")
_RESULT = re.compile(r"\s*Out ?\[[\d ]*\] ?: ?")

_TRACE = re.compile(
    r"\s*Traceback \((?:most recent call|innermost) last|\s*File \"[^\"]+\", line \d|-{2,}> ?\d+\s"
    r"|\s*(?:\S+\.py|<ipython-input[^>]*>)(?:(?: in |:\d+:? )|\(\d+\))|\s*frame #\d+|#\d+ +0x"
    r"|\s*at [\w.$<>]+\([^)]*\)\s*$"
    r"|\s*(?:stack traceback:|\[C\]: in )|terminate called|\s*what\(\): |\*\*\* (?:Check|Aborted|Error)|Caused by:"
    r"|Exception in"
    r"|[EF]\d{4} \d\d:\d\d|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,\d]*:? [EF] |.{0,80}\bCheck failed:|CMake Error"
    r"|THCudaCheck FAIL"
    r"|.{0,80}: Assertion `|.{0,40}Segmentation fault|.{0,40}\(core dumped\)|E/\w+|\s*\[CALL STACK\]"
    r"|.{0,40}CUDA out of memory"
)
_ERROR = re.compile(
    r"\s*(?:[A-Za-z_][\w.]*\.)?[A-Z]?[a-zA-Z]*(?:Error|Exception|Interrupt|StopIteration|SystemExit)\s*(?::|$|\(['\"])"
    r"|(?:\S{0,120}:)? *(?:fatal )?(?:error|ERROR|Error)(?: [A-Z]+\d+)?: ?\S|\S{0,120}: undefined (?:symbol|reference)"
)
_OUTPUT = re.compile(
    r"\s*(?:\|\s*)?(?:train|test|val|eval)?\w*\s*\W{0,3}(?:epoch|step|iter(?:ation)?|batch|fold)\b\W{0,4}\d"
    r"|\s*\d+/\d+ *\[|.*(?:\[=+>?\.*\]|\[>\.+\]|\d%\|)|.*(?:\b|_)(?:loss|acc(?:uracy)?)\b *[:=]? *-?(?:\d+\.\d+"
    r"|nan)\b(?!.*[)\]]\s*$)"
    r"|\s*(?:tensor|array|Variable|Parameter|Tensor|<tf\.Tensor|torch\.Size)(?:\(| containing|:)"
    r"|\s*\[torch\.\w*Tensor"
    r"|\s*[-+\d\[({][-+\d\s.,eE\[\](){}|:/;*]*$|\s*\[?(?:True|False|None|nan|\.\.\.)[,\]]*\s*$"
    r"|\s*\w[\w .]*\((?:\w+|type)\) {2,}|.*\(None,[ \d,None]*\)\s+[\d(]|\s*[_=~*#|+-]{6,}\s*$|\s*\+[-=+]{4,}"
    r"|\s*Total params"
    r"|\s*(?:Non-)?[Tt]rainable params|\s*\(\w+\): [A-Z]\w*(?:\(|$)"
    r"|\s*(?:Collecting|Requirement already|Successfully|Installing|Downloading|Using cached|Building wheel"
    r"|Looking in)\b"
    r"|\d{4}-\d\d-\d\d[ T]\d\d:|[IW]\d{4} \d\d:|\[\d\d:\d\d:\d\d\]|\s*<(?:class|type|function|bound|module|\w+\.)"
    r"|.*\w+Warning: "
    r"|\s*[\w .()-]{2,30}: ?v?\d+(?:\.\d+)+\S*\s*$|\s*[\w.-]+ ?[=>~]= ?\d[\w.+]*\s*$|.*[\u251c\u2514\u2502]"
    r"|\s*(?:Output|Out|Result|Prints?)\s*:\s*$|\s*[\w.-]+ {2,}\d+(?:\.\d+)+(?: .*)?$"
    r"|.*\b(?:per loop|ms/step|us/sample|s/it|it/s)\b|\s*(?:CPU times|Wall time):|\s*(?:dtype|Name|Length)[:=] ?\w+"
    r"|\s*['\"][^'\"]*['\"]\s*$|\s*\{(?:'[^']*'|\d+): |\s*%[\w.]+ : \w"
)
_PROSE = re.compile(r"\s*(?:[-*\u2022] )?[A-Z][a-z']*(?: [\w',-]+){3,}[.:!?]?\s*$")
_EXPRESSION = re.compile(
    r"\s*[A-Za-z_][\w.]*(?:[\[(].*|\s*[-+*/@<>=]=?\s*\S.*)$|\s*\w*\.\w[\w.]*(?:\(.*)?$|.*[;{}]\s*$"
)
_HEADER = re.compile(r"\s*\w+\($")
_MEMBER = re.compile(r"\s*\(\w+\): ")
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")


class Part(NamedTuple):
    """A part of a block."""

    kind: SnippetKind
    language: str
    text: str


def parts(text: str, marks: str = "") -> list[Part]:
    """Cut a block into its parts, none of them blank; ``marks`` are the class attributes of its element."""
    lines = text.split("\n")
    hint = languages.hinted(marks)
    if _is_session(lines):
        return _session(lines, hint)
    start = next((row for row, line in enumerate(lines) if _is_trace(line)), None)
    if start is None:
        return _plain(lines, hint)
    return _around_trace(lines, start, hint)


def is_error(text: str) -> bool:
    """Tell whether a text starts as the report of an error does."""
    return _is_trace(text.partition("\n")[0])


def _is_trace(line: str) -> bool:
    line = line[:MAX_LINE]
    return "Warning: " not in line and (_TRACE.match(line) or _ERROR.match(line)) is not None


def _part(kind: SnippetKind, language: str, lines: Sequence[str]) -> list[Part]:
    rows = [row for row, line in enumerate(lines) if line.strip()]
    return [Part(kind, language, "\n".join(lines[rows[0] : rows[-1] + 1]))] if rows else []


def _around_trace(lines: list[str], start: int, hint: str) -> list[Part]:
    """Take a traceback out of what is before and after it, where that is code."""
    end = 1 + max(row for row, line in enumerate(lines) if _is_trace(line))
    while end < len(lines) and lines[end].strip():
        end += 1
    before, after = _plain(lines[:start], hint), _plain(lines[end:], hint)
    if not before or before[-1].kind is not SnippetKind.CODE:
        start, before = 0, []
    if not after or after[0].kind is not SnippetKind.CODE:
        end, after = len(lines), []
    return before + _part(SnippetKind.TRACEBACK, "", lines[start:end]) + after


def _plain(lines: list[str], hint: str) -> list[Part]:
    """Tell what lines without a traceback are; output that follows code is cut off."""
    shown = [line[:MAX_LINE] for line in lines]
    full = [line for line in shown if line.strip()]
    if not full:
        return []
    language = languages.guessed(full)
    if language not in ("", "python"):
        return _part(SnippetKind.CODE, language if hint in ("", "python") else hint, lines)
    kinds = _line_kinds(shown)
    code = [row for row, kind in enumerate(kinds) if kind == "code"]
    output = kinds.count("output")
    if not code:
        return _codeless(lines, full, output + kinds.count("command"), hint)
    tail = code[-1] + 1
    if "output" not in kinds[tail:]:
        tail = len(lines)
    if len(code) * 3 < output + kinds.count("prose") and _mixed(kinds[:tail]):
        return _part(SnippetKind.OUTPUT, "", lines)
    if languages.guessed([line for line in shown[:tail] if line.strip()]) == "shell":
        return _part(SnippetKind.OUTPUT, "", lines)
    return _part(SnippetKind.CODE, hint or language, lines[:tail]) + _part(SnippetKind.OUTPUT, "", lines[tail:])


def _mixed(kinds: list[str]) -> bool:
    return kinds.count("code") < kinds.count("output") + kinds.count("prose")


def _codeless(lines: list[str], full: list[str], output: int, hint: str) -> list[Part]:
    expressions = sum(_EXPRESSION.match(line) is not None and _PROSE.match(line) is None for line in full)
    if output == 0 and (hint or expressions * 2 > len(full)):
        comments = all(languages.is_comment(line) for line in full)
        python = any("(" in line or "[" in line or "." in line for line in full)
        return _part(SnippetKind.CODE, hint or ("python" if python and not comments else ""), lines)
    return _part(SnippetKind.OUTPUT, "", lines)


def _line_kinds(lines: list[str]) -> list[str]:
    kinds: list[str] = []
    opened, kind = 0, ""
    for row, line in enumerate(lines):
        if opened <= 0 or not line.strip():
            opened = 0 if not line.strip() and kind != "code" else opened
            printed = _HEADER.match(line) and row + 1 < len(lines) and _MEMBER.match(lines[row + 1])
            kind = "output" if printed else _line_kind(line) if line.strip() else kind if opened > 0 else ""
        opened = max(0, opened + _depth(line))
        kinds.append(kind if line.strip() else "")
    return kinds


def _line_kind(line: str) -> str:
    if _OUTPUT.match(line):
        return "output"
    if languages.is_comment(line):
        return ""
    if _PROSE.match(line):
        return "prose"
    if languages.is_python(line):
        return "code"
    return "command" if languages.is_command(line) else ""


def _depth(line: str) -> int:
    line = _STRING.sub("", line).partition("#")[0]
    return sum(line.count(opener) for opener in "([{") - sum(line.count(closer) for closer in ")]}")


def _is_session(lines: list[str]) -> bool:
    return any(_PROMPT.match(line[:MAX_LINE]) for line in lines)


def _session(lines: list[str], hint: str) -> list[Part]:
    """Cut an interactive session: statements without their prompts are one piece of code, and output what is between.

    The code of a session is one part, as it would be in a file; so is its output, after it.
    """
    first = next(row for row, line in enumerate(lines) if _PROMPT.match(line[:MAX_LINE]))
    lead = _plain(lines[:first], hint)
    code: list[str] = []
    output: list[str] = []
    opened, entered = 0, False
    for line in lines[first:]:
        prompt = _PROMPT.match(line) or (entered and _CONTINUATION.match(line)) or None
        if _RESULT.match(line) or not (prompt or (entered and (opened > 0 or _inside(code, line)))):
            entered = entered and not line.strip()
            output.append(line)
            continue
        if prompt is None or not _PROMPT.match(line):
            opened += _depth(line)
        else:
            opened = _depth(line[prompt.end() :])
        entered = True
        code.append(line[prompt.end() :] if prompt else line)
    joined = [part for part in lead if part.kind is SnippetKind.CODE]
    rest = _rest(output)
    statements = _part(SnippetKind.CODE, hint or "python", code)
    return joined + statements + rest


def _inside(code: list[str], line: str) -> bool:
    """Tell whether a line without a prompt goes on in the block that the last statement opened."""
    return bool(code) and line[:1] == " " and code[-1].rstrip().endswith((":", ",", "\\"))


def _rest(output: list[str]) -> list[Part]:
    kind = SnippetKind.TRACEBACK if any(_is_trace(line) for line in output) else SnippetKind.OUTPUT
    return _part(kind, "", output)
