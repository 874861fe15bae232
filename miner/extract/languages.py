"""Which language a piece of a post is in, by its shape: :data:`miner.extract.filekinds` asks a path, this asks text.

The words are those of :func:`miner.extract.filekinds.language_of`; "" where nothing tells. A post's own mark
(``lang-py``) is a hint only: sites set it by the question's tags, also on what is no code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

MAX_LINES: Final = 60
"""Lines of a block that its language is told by."""

_HINTS: Final = {
    "bash": "shell",
    "c": "c",
    "cpp": "c++",
    "cs": "",
    "cxx": "c++",
    "java": "java",
    "javascript": "javascript",
    "js": "javascript",
    "json": "json",
    "julia": "julia",
    "lua": "lua",
    "matlab": "matlab",
    "py": "python",
    "python": "python",
    "python3": "python",
    "r": "r",
    "scala": "scala",
    "sh": "shell",
    "shell": "shell",
    "swift": "swift",
    "typescript": "javascript",
    "yaml": "yaml",
    "yml": "yaml",
}
_HINT = re.compile(r"\b(?:lang(?:uage)?)-(\w+)")

_MARKS: Final = {
    "prototxt": re.compile(
        r"\s*(?:layers?|\w+_param|\w*filler|param)\s*:?\s*\{|\s*(?:bottom|top|type|name|phase|\w*_?policy): *[\"A-Z]"
        r"|\s*(?:base_lr|num_output|kernel_size|max_iter|solver_mode|test_iter|lr_mult|decay_mult|batch_size): *\S"
    ),
    "lua": re.compile(
        r"\s*local \w|.*\bthen\s*$|\s*end[),;]*\s*$|.*\brequire *['\"(]|[\w.]+:\w+\(|.*\bfunction\b[^{:]*\)\s*$"
        r"|\s*for \w+ *= *[^,]+,[^:]+\bdo\b"
    ),
    "c++": re.compile(
        r"\s*#\s*(?:include|define|ifdef|ifndef|endif|pragma)\b|.*\b\w+::\w|.*[\w)\]]->\w+[.(;]|.*\bthis->"
        r"|\s*(?:template *<|using |namespace )"
        r"|\s*(?:const |static )*(?:void|int|float|double|bool|auto|char|size_t)[\s*&]+\w+.*[;{(,)]\s*$"
        r"|\s*(?:std::)?cout *<<"
    ),
    "java": re.compile(
        r"\s*import [\w.]+(?:\.\*)?;|\s*(?:public|private|protected|final)\s+\S|\s*[A-Z][\w.<>\[\]]* \w+ *=.*;\s*$"
        r"|\s*System\.out|\s*@Override|\s*(?:implementation|compile) ['\"]"
    ),
    "javascript": re.compile(
        r"\s*(?:const|let|var) [\w{[].*=|.*[\w)] =>\s*\{|.*\) => |.*\bfunction\s*\w*\(.*\{\s*$|\s*console\."
        r"|.*\bdocument\.|.*\brequire\("
        r"|\s*import .* from ['\"]"
    ),
    "matlab": re.compile(
        r"\s*%+ +\S|\s*%[A-Z]|\s*end\s*;?\s*$|\s*function\s+[\w\[].*=|\s*\w+ *= *\[[^,]*;.*\];|.*\);\s*%"
    ),
    "r": re.compile(r".*\w *<- *\S|\s*library\(\w|.*%>%|.*\w\$\w"),
    "yaml": re.compile(r"\s*(?:- )?[\w-]+:(?: [\w\"'./-]+)?\s*$|\s*- [\w.=<>-]+\s*$"),
    "json": re.compile(r"\s*\"[\w .-]+\": *\S|\s*[\]}],?\s*$|\s*[\[{]\s*$"),
}
"""One line that is typical of a language. Few of them say little: see :data:`_SHARE`."""

_FEWEST: Final = {"yaml": 3, "json": 3}
"""Lines that there must be: two such lines are as likely to be output."""

_SHARE: Final = {"yaml": 0.9, "json": 0.9, "matlab": 0.5, "r": 0.3, "c++": 0.3, "java": 0.3}
_DEFAULT_SHARE: Final = 0.35

_DIRECTIVE = re.compile(
    r"\s*(?:from [\w.]+ import|import [\w.]+(?: as \w+)?(?:, *[\w.]+(?: as \w+)?)*\s*(?:#.*)?$|def \w+\(.*:"
    r"|class \w+.*:\s*(?:#.*)?$|@\w)"
)
_PYTHON: Final = re.compile(
    _DIRECTIVE.pattern + r"|\s*(?:if|elif|while|for|with|try|else|except|finally)\b.*:\s*(?:#.*)?$"
    r"|\s*(?:return|raise|assert|del|yield|await|global|nonlocal|lambda)\b|\s*(?:pass|break|continue)\s*(?:#.*)?$"
    r"|\s*print\b|\s*(?:@|%(?:time|mat|load|%))\w+"
    r"|\s*[A-Za-z_*(\[][\w.\[\]()*,: '\"+-]*?(?:[-+*/@|&%^]|//|\*\*|<<|>>)?=(?!=) *\S|\s*def \w|\s*class \w+[(:]"
    r"|\s*[A-Za-z_][\w.]*(?:\[[^\]]*\])*\(.*"
    r"|\s*[A-Za-z_][\w.]*(?:\[[^\]]*\])*(?:\.\w+\(.*)"
    r"|\s*\w+ = *$"
)

_COMMAND = re.compile(
    r"\s*(?:(?:\S+@\S+ ?)?[$!%>#]\s*)?(?:\([\w.-]+\) *)?(?:sudo +)?(?:[A-Z_]+=\S+ +)*"
    r"(?:pip3?|conda|python[\d.]*|apt(?:-get)?|brew|git|cd|export|docker|wget|curl|make|cmake|bash|sh|source|mkdir"
    r"|rm|cp|mv"
    r"|ls|cat|echo|nvcc|nvidia-smi|chmod|tar|unzip|ssh|module|luarocks|th|npm|tensorboard|jupyter|poetry|virtualenv"
    r"|sbatch|srun|horovodrun|mpirun|torchrun|gcloud|aws|\./[\w./-]+)"
    r"(?:$|\s+(?![=(:+*/%]|- )\S.*)"
)
_COMMENT = re.compile(r"\s*(?:#|//|--|%+(?:\s|$|[A-Z])|rem\b)")


def hinted(marks: str) -> str:
    """Give the language that the class attributes of a block name; "" for none, or one that has no word here."""
    found = _HINT.search(marks)
    return _HINTS.get(found[1].lower(), "") if found else ""


def is_python(line: str) -> bool:
    """Tell whether a line has the shape of a Python statement, or of a statement's first line."""
    return _PYTHON.match(line) is not None


def is_command(line: str) -> bool:
    """Tell whether a line has the shape of a command for a shell."""
    return _COMMAND.match(line) is not None


def is_comment(line: str) -> bool:
    """Tell whether a line is nothing but a comment, in whatever language."""
    return _COMMENT.match(line) is not None


def guessed(code: Sequence[str]) -> str:
    """Give the language of the lines of a piece of code, none of them blank; "" where nothing tells."""
    lines = code[:MAX_LINES]
    if not lines:
        return ""
    if all(is_command(line) or is_comment(line) for line in lines) and any(is_command(line) for line in lines):
        return "shell"
    directives = sum(_DIRECTIVE.match(line) is not None for line in lines)
    best, most = "", 0.0
    for language, mark in _MARKS.items():
        if directives or len(lines) < _FEWEST.get(language, 1):
            continue
        share = sum(mark.match(line) is not None for line in lines) / len(lines)
        if share >= _SHARE.get(language, _DEFAULT_SHARE) and share > most:
            best, most = language, share
    if best or directives:
        return best or "python"
    ended = sum(line.rstrip().endswith((";", "{", "}")) for line in lines)
    return "python" if ended * 2 < len(lines) and any(is_python(line) for line in lines) else ""
