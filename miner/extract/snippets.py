"""From the HTML of a post to its pieces: code, tracebacks, output, inline code, and sentences that describe a change.

All stand in one sequence, in the order of the post. A block (``<pre>``, or a paragraph that is nothing but statements
in ``<code>``) gives what :func:`miner.extract.snippetkinds.parts` finds in it. A sentence that describes a change
(:func:`miner.extract.prose.describes_change`) stands before the inline code that it holds, and holds it too, in
backticks; of the other sentences only the inline code is kept. Quoted prose gives no sentence, but a quoted error is
a traceback. What is struck out is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

from miner.extract import prose, snippetkinds
from miner.extract.snippetkinds import Part
from miner.model import Snippet, SnippetKind

MAX_HTML: Final = 250_000
"""Characters of a post that are read. A site allows 30,000 of Markdown; escapes make no post eight times as long."""

MAX_SNIPPETS: Final = 2_000
"""Pieces of a post that are kept, the first ones."""

MAX_TAGS: Final = 20_000
"""Tags of a post that are read, the first ones."""

_SKIPPED: Final = frozenset(
    {"script", "style", "del", "s", "strike", "template", "title", "textarea", "noscript", "svg"}
)
_BLOCKS: Final = frozenset(
    {
        "p",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "div",
        "hr",
        "table",
        "tr",
        "td",
        "th",
        "blockquote",
        "details",
        "summary",
    }
    | {f"h{level}" for level in range(1, 7)}
)
_INSTRUCTION = re.compile(r"<!--.*?(?:-->|\Z)|<[?!][^>]*>?", re.DOTALL)
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_MARK = re.compile("\x00(\\d+)\x00")
_BLANKS = re.compile(r"[ \t\r\n\xa0]+")
_STATEMENT = re.compile(r"[^=<>!]=[^=]|^\s*(?:import|from|return|def|for|if|!?pip3?|conda)\s|\w\([^)]|>>>")
_BETWEEN = re.compile(r"[\s.,;:]*")


class _Block(NamedTuple):
    text: str
    marks: str


class _Paragraph(NamedTuple):
    """Prose with a mark ``NUL number NUL`` at the place of each inline code."""

    text: str
    inline: tuple[str, ...]
    quoted: bool


def snippets(html: str) -> tuple[Snippet, ...]:
    """Give the pieces of a post's body in its order; whatever the text is, this raises nothing."""
    found: list[Part] = []
    for piece in _pieces(_readable(html[:MAX_HTML])):
        found += snippetkinds.parts(*piece) if isinstance(piece, _Block) else _of_prose(piece)
        if len(found) >= MAX_SNIPPETS:
            break
    return tuple(Snippet(no, *part) for no, part in enumerate(found[:MAX_SNIPPETS]))


def _readable(html: str) -> str:
    """Drop what is no text (a parser stops at a NUL) and what is not the post's: comments and instructions."""
    return _INSTRUCTION.sub("", _UNREADABLE.sub("", html.replace("\r\n", "\n").replace("\r", "\n")))


def _pieces(html: str) -> list[_Block | _Paragraph]:
    beyond = next(islice(re.finditer("<", html), MAX_TAGS, None), None)
    reader = _Reader()
    # Without the root the parser takes a text without tags for a file name, and warns of it.
    reader.read(BeautifulSoup(f"<body>{html[: beyond.start() if beyond else None]}", "lxml"))
    return reader.pieces


class _Reader:
    """Walks over a tree without recursion: a post can be nested as deeply as its writer likes."""

    def __init__(self) -> None:
        self.pieces: list[_Block | _Paragraph] = []
        self._text: list[str] = []
        self._inline: list[str] = []
        self._quotes = 0
        self._items = 0

    def read(self, root: Tag) -> None:
        """Add the pieces of a tree."""
        stack: list[tuple[bool, PageElement]] = [(True, root)]
        while stack:
            entering, node = stack.pop()
            if type(node) is NavigableString:
                self._text.append(_BLANKS.sub(" ", _clean(node)))
            elif isinstance(node, Tag):
                if not entering:
                    self._leave(node)
                elif self._enter(node):
                    stack.append((False, node))
                    stack += [(True, child) for child in reversed(node.contents)]
        self._flush()

    def _enter(self, tag: Tag) -> bool:
        """Begin an element; tell whether its children are to be read one by one."""
        name = tag.name
        if name == "pre":
            self._flush()
            self.pieces.append(_Block(_block_text(tag), _marks(tag)))
        elif name == "code":
            self._code(tag)
        elif name == "br":
            self._text.append("\n")
        elif name in _BLOCKS:
            self._flush()
            self._quotes += name == "blockquote"
            self._items += name == "li"
        return name not in _SKIPPED and name not in ("pre", "code", "br")

    def _leave(self, tag: Tag) -> None:
        if tag.name in _BLOCKS:
            self._flush()
            self._quotes -= tag.name == "blockquote"
            self._items -= tag.name == "li"

    def _code(self, tag: Tag) -> None:
        text = _block_text(tag)
        if "\n" in text:
            self._flush()
            self.pieces.append(_Block(text, _marks(tag)))
        elif text.strip():
            self._text.append(f"\0{len(self._inline)}\0")
            self._inline.append(text.strip())

    def _flush(self) -> None:
        text, inline = "".join(self._text), tuple(self._inline)
        self._text.clear()
        self._inline.clear()
        if (
            inline
            and not self._items
            and _BETWEEN.fullmatch(_MARK.sub("", text))
            and any(map(_STATEMENT.search, inline))
        ):
            self.pieces.append(_Block("\n".join(inline), ""))
        elif text.strip():
            self.pieces.append(_Paragraph(text, inline, self._quotes > 0))


def _clean(text: str) -> str:
    return _UNREADABLE.sub("", text)


def _marks(tag: Tag) -> str:
    """Give the class attributes of a block and of the code right inside it."""
    inner = next((child for child in tag.contents if isinstance(child, Tag) and child.name == "code"), tag)
    return " ".join(str(element.get("class", "")) for element in (tag, inner))


def _block_text(tag: Tag) -> str:
    """Give a block's text: indentation kept, tabs as four columns, without blank lines at its start and end."""
    text: list[str] = []
    for node in tag.descendants:
        if type(node) is NavigableString:
            text.append(node)
        elif isinstance(node, Tag) and (node.name == "br" or (node.name == "code" and text and text[-1][-1:] != "\n")):
            text.append("\n")
    lines = [line.rstrip() for line in _clean("".join(text)).replace("\r", "\n").replace("\xa0", " ").split("\n")]
    return "\n".join(lines).expandtabs(4).strip("\n")


def _of_prose(paragraph: _Paragraph) -> Iterator[Part]:
    if paragraph.quoted and snippetkinds.is_error(paragraph.text.strip()):
        yield Part(SnippetKind.TRACEBACK, "", _in_backticks(paragraph.text.strip(), paragraph.inline, ""))
        return
    for sentence in prose.split(paragraph.text):
        text = _in_backticks(sentence, paragraph.inline, "`")
        if not paragraph.quoted and prose.describes_change(text):
            yield Part(SnippetKind.SENTENCE, "", text)
        for mark in _MARK.findall(sentence):
            yield Part(SnippetKind.INLINE, "", paragraph.inline[int(mark)])


def _in_backticks(text: str, inline: tuple[str, ...], tick: str) -> str:
    return _MARK.sub(lambda mark: f"{tick}{inline[int(mark[1])]}{tick}", text)
