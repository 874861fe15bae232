"""What a question says in words: its title, its prose, and the errors that it shows, without its code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import Final

from miner.model import Post, Snippet, SnippetKind

MAX_HTML: Final = 100_000
"""Characters of a question that are read."""

MAX_ERROR: Final = 4_000
"""Characters of an error that are kept, its last: the error's name and message stand there."""

_SPOKEN: Final = (SnippetKind.TRACEBACK, SnippetKind.OUTPUT)
_BLOCK = re.compile(r"<pre\b.*?(?:</pre>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BLANKS = re.compile(r"[^\S\n]+")


def wording(question: Post, pieces: Iterable[Snippet]) -> str:
    """Give the words of a question, line by line: title, prose, errors and output; code that stands in a line is kept.

    :param pieces: of the question's body, as :func:`miner.extract.snippets.snippets` gives them.
    """
    prose = _TAG.sub(" ", _BLOCK.sub("\n", question.body[:MAX_HTML]))
    shown = [piece.text[-MAX_ERROR:] for piece in pieces if piece.kind in _SPOKEN]
    return "\n".join([question.title, _BLANKS.sub(" ", unescape(prose)).strip(), *shown])
