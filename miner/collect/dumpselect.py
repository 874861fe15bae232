r"""Says which rows of a dump are wanted: first by looking at bytes, then, of the few that are left, at attributes.

The byte tests rest on what holds for every well-formed row: ``<`` and ``"`` are never part of a value, so a row has one
``<``, and its beginning can be read attribute by attribute. They look for the form that all dumps have had; a line of
any other form is not judged but handed on to the parser, so that attribute order and spelling cost time, never rows.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import Protocol

from miner.collect.dumprows import ANSWER, QUESTION, DumpRowError, Row, number, tags

# Behind the first "<" of a line that begins as a row does, whatever the indentation; before any second one.
_BEHIND_FIRST = 8
_POST = re.compile(rb'[ \t]*+<row Id="(\d{1,9}+)" PostTypeId="(\d{1,4}+)"(?: ParentId="(\d{1,9}+)")?')
_WITH_PARENT = 3
_OF_POST = re.compile(rb'[ \t]*+<row (?:\w{1,40}+="[^"<\n]{0,60}+" ){0,4}?PostId="(\d{1,9}+)"')
_TAGS = b' Tags="'

Span = tuple[int, int]


class Wanted(Protocol):
    """Which rows are wanted. ``seen`` is how many lines were looked at; for ``late`` see :class:`PostsWanted`."""

    seen: int
    late: bool

    def spans(self, lines: bytearray, start: int, stop: int) -> Iterator[Span]:
        r"""Give where lines begin and end that the parser must see; all others are rows that are not wanted.

        :meth:`accepts` is asked about a line before the next one is looked for.

        :param start: where a line begins; ``stop`` is behind the ``\n`` of another.
        """

    def accepts(self, row: Row) -> bool:
        """Tell whether a row is wanted.

        :raises DumpRowError: if it lacks what tells.
        """


class AnyRow:
    """All rows of a table."""

    seen = 0
    late = False

    def spans(self, lines: bytearray, start: int, stop: int) -> Iterator[Span]:
        """Give every line."""
        while start < stop:
            self.seen += 1
            end = lines.find(b"\n", start)
            yield start, end
            start = end + 1

    def accepts(self, row: Row) -> bool:  # noqa: ARG002 - there is nothing to look at
        """Take it."""
        return True


class ByPost:
    """Rows of Comments, PostHistory, PostLinks or Votes that belong to one of ``posts``."""

    seen = 0
    late = False

    def __init__(self, posts: Container[int]) -> None:
        self._posts = posts

    def spans(self, lines: bytearray, start: int, stop: int) -> Iterator[Span]:
        """Give lines of such rows, and those of an unknown form."""
        find, match, posts = lines.find, _OF_POST.match, self._posts
        while start < stop:
            self.seen += 1
            end = find(b"\n", start)
            head = match(lines, start, end)
            if head is None or int(head[1]) in posts or find(b"<", start + _BEHIND_FIRST, end) >= 0:
                yield start, end
            start = end + 1

    def accepts(self, row: Row) -> bool:
        """Tell whether it belongs to one of the posts.

        :raises DumpRowError: if it does not say to which it belongs.
        """
        return number(row, "PostId") in self._posts


class AnswersWanted:
    """Answers to ``questions``: the second pass over Posts where a question came after its answers."""

    seen = 0
    late = False

    def __init__(self, questions: Container[int]) -> None:
        self._questions = questions

    def spans(self, lines: bytearray, start: int, stop: int) -> Iterator[Span]:
        """Give lines of such answers, and those of an unknown form."""
        find, match = lines.find, _POST.match
        while start < stop:
            self.seen += 1
            end = find(b"\n", start)
            head = match(lines, start, end)
            if head is None or self._may_answer(head) or find(b"<", start + _BEHIND_FIRST, end) >= 0:
                yield start, end
            start = end + 1

    def accepts(self, row: Row) -> bool:
        """Tell whether it is such an answer.

        :raises DumpRowError: if it does not say what it is.
        """
        return _kind(row) == ANSWER and number(row, "ParentId") in self._questions

    def _may_answer(self, head: re.Match[bytes]) -> bool:
        if head.lastindex == _WITH_PARENT:
            return int(head[3]) in self._questions
        return head[2] == b"2"


class PostsWanted:
    """Questions that have one of ``tags``, and the answers to them.

    Answers come after their question nearly always. One that is the answer to a question that cannot have come yet, its
    id being larger than all before, is given, too: drop it if that question never comes. ``late`` says that a wanted
    question came after one with a larger id, so that answers before it may be lost: read :class:`AnswersWanted` then.

    :ivar questions: ids of the wanted questions; grows while rows are read. ``largest_question`` is the largest id of
        any question read. Both are exact whenever a block is given; to read on from there, give them back.
    """

    def __init__(self, tags: frozenset[str], questions: set[int], largest_question: int = 0) -> None:
        self.questions = questions
        self.largest_question = largest_question
        self.seen = 0
        self.late = False
        self._tags = tags
        self._without_tags = _lists_without(tags)

    def spans(self, lines: bytearray, start: int, stop: int) -> Iterator[Span]:
        """Give lines of such questions and answers, and those of an unknown form."""
        find, rfind, match, questions = lines.find, lines.rfind, _POST.match, self.questions
        without_tags = self._without_tags.match
        while start < stop:
            self.seen += 1
            end = find(b"\n", start)
            head = match(lines, start, end)
            if head is None or find(b"<", start + _BEHIND_FIRST, end) >= 0:
                yield start, end
            elif head.lastindex == _WITH_PARENT:
                if (asked := int(head[3])) in questions or asked > self.largest_question:
                    yield start, end
            elif (kind := head[2]) == b"2":
                yield start, end
            elif kind == b"1":
                at = rfind(_TAGS, start, end)
                if at < 0 or without_tags(lines, at + len(_TAGS), end) is None:
                    yield start, end
                elif (asked := int(head[1])) > self.largest_question:
                    self.largest_question = asked
            start = end + 1

    def accepts(self, row: Row) -> bool:
        """Tell whether it is such a question or answer, and note a question.

        :raises DumpRowError: if it does not say what it is.
        """
        kind = _kind(row)
        if kind == ANSWER:
            asked = number(row, "ParentId")
            return asked in self.questions or asked > self.largest_question
        return kind == QUESTION and self._accepts_question(row)

    def _accepts_question(self, row: Row) -> bool:
        asked = number(row, "Id")
        wanted = not self._tags.isdisjoint(tags(row))
        if wanted:
            self.questions.add(asked)
            self.late = self.late or asked < self.largest_question
        self.largest_question = max(self.largest_question, asked)
        return wanted


def _lists_without(tags: Iterable[str]) -> re.Pattern[bytes]:
    """Give a pattern for the rest of a Tags attribute: a list, in either form, that holds none of ``tags``.

    Where the quote before it ends a value that reads " Tags=", a space or the row's end follows, which is no list.
    """
    any_tag = b"|".join(re.escape(tag.encode()) for tag in sorted(tags))
    angled = rb'(?:&lt;(?!(?:%s)&gt;)[^&<>"]++&gt;)+' % any_tag
    piped = rb'\|(?:(?!(?:%s)\|)[^&|<>"]++\|)+' % any_tag
    return re.compile(rb'(?:%s|%s)"' % (angled, piped))


def _kind(row: Row) -> str:
    try:
        return row["PostTypeId"]
    except KeyError:
        raise DumpRowError("PostTypeId is missing") from None
