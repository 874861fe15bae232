"""The frozen types that pass between the stages: ``RawResponse -> Candidate -> Fix -> Label``.

A stage takes the type before it and gives the type after it; none of these knows a database, a network or a clock.
Times are UTC. Line numbers start at 1, ordinals (``no``) at 0, columns and offsets at 0 in characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

Side = Literal["old", "new", "message", "path", "manifest", "tag", "issue", "commit"]


class OmissionReason(StrEnum):
    """Why something that a source holds did not become rows. Analysts group by these values: they are stable."""

    REPOSITORY_MISSING = "repository_missing"
    REPOSITORY_REFUSED = "repository_refused"
    REPOSITORY_UNREACHABLE = "repository_unreachable"
    REPOSITORY_EMPTY = "repository_empty"
    REPOSITORY_TOO_LARGE = "repository_too_large"
    REPOSITORY_CORRUPT = "repository_corrupt"
    OBJECTS_MISSING = "objects_missing"
    HISTORY_SHALLOW = "history_shallow"
    HISTORY_REWRITTEN = "history_rewritten"
    COMMIT_UNREADABLE = "commit_unreadable"
    COMMIT_FAILED = "commit_failed"
    COMMIT_TOO_LARGE = "commit_too_large"
    COMMIT_DATE_INVALID = "commit_date_invalid"
    NO_LIBRARY_CODE = "no_library_code"
    LIBRARY_NOT_SELECTED = "library_not_selected"
    NOT_A_FIX = "not_a_fix"
    FILE_UNREADABLE = "file_unreadable"
    FILE_BINARY = "file_binary"
    FILE_TOO_LARGE = "file_too_large"
    FILE_VENDORED = "file_vendored"
    FILE_GENERATED = "file_generated"
    FILE_NOT_TEXT = "file_not_text"
    DIFF_TOO_LARGE = "diff_too_large"
    SUBMODULE = "submodule"
    QUESTION_UNANSWERED = "question_unanswered"
    QUESTION_BELOW_SCORE = "question_below_score"
    QUESTION_DELETED = "question_deleted"
    QUESTION_FAILED = "question_failed"
    ACCEPTED_ANSWER_MISSING = "accepted_answer_missing"
    REPAIR_NOT_DESCRIBED = "repair_not_described"
    POST_UNREADABLE = "post_unreadable"
    SITE_UNREACHABLE = "site_unreachable"
    QUOTA_EXHAUSTED = "quota_exhausted"
    DUMP_UNREADABLE = "dump_unreadable"
    SEED_UNREADABLE = "seed_unreadable"
    COMMIT_MISSING = "commit_missing"
    LINE_MISSING = "line_missing"
    LINE_UNCHANGED = "line_unchanged"
    ANCHOR_UNRESOLVED = "anchor_unresolved"
    POST_MISSING = "post_missing"
    SEARCH_INCOMPLETE = "search_incomplete"
    SEARCH_FAILED = "search_failed"
    ITEM_UNREADABLE = "item_unreadable"
    OPTED_OUT = "opted_out"
    EVIDENCE_UNKNOWN = "evidence_unknown"
    RULE_FAILED = "rule_failed"


@dataclass(frozen=True, slots=True)
class Omission:
    """Something seen and left out, and why.

    ``subject`` names it: ``repository:NAME``, ``commit:SHA``, ``file:SHA:PATH``, ``question:SITE:ID``,
    ``post:SITE:ID``, ``tag:SITE:TAG``, ``dump:NAME``, ``seed:TEXT``, ``search:QUERY``,
    ``github:ITEM`` or ``issue:HOST/OWNER/NAME#NUMBER``.
    """

    reason: OmissionReason
    subject: str
    detail: str = ""
    sha: str | None = None


@dataclass(frozen=True, slots=True)
class RawResponse:
    """What a source sent, as it came: content-addressed by the SHA-256 of ``body``; ``url`` carries no secret."""

    source: str
    url: str
    status: int
    content_type: str
    fetched_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for or against a judgement: the rule that gave it and the span that it matched.

    ``weight`` is positive for, negative against. For ``side`` "message", ``start`` and ``end`` are offsets in the
    message; for "old" and "new" they are columns in ``line`` of that side's file; for the others offsets in ``text``.
    ``text`` is the matched span, cut to 200 characters.
    """

    rule: str
    weight: float
    text: str
    side: Side
    start: int
    end: int
    file_no: int | None = None
    hunk_no: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """A git commit's metadata. ``message_raw`` is kept only where the message was not UTF-8 or held NUL bytes."""

    sha: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored_at: datetime | None
    authored_offset: int | None
    committer_name: str
    committer_email: str
    committed_at: datetime | None
    committed_offset: int | None
    committed_epoch: int
    message: str
    message_raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Hunk:
    r"""One hunk of a unified diff: ``body`` holds its lines with their first column (space, ``+``, ``-``, ``\``).

    ``body_raw`` is kept only where the bytes were not UTF-8 or held NUL bytes. ``heading`` is what git printed after
    the second ``@@`` (usually the enclosing function).
    """

    no: int
    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    heading: str
    body: str
    body_raw: bytes | None = None


class FileKind(StrEnum):
    """What a path says about the file's part in the repository."""

    SOURCE = "source"
    TEST = "test"
    DOCUMENTATION = "documentation"
    CONFIGURATION = "configuration"
    DATA = "data"
    VENDORED = "vendored"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a commit: paths, blob ids and hunks. One that was left out has no hunks and an omission instead."""

    no: int
    change_type: str
    kind: FileKind
    language: str
    old_path: str | None
    new_path: str | None
    old_mode: str
    new_mode: str
    old_blob: str | None
    new_blob: str | None
    similarity: int | None
    added_lines: int
    deleted_lines: int
    hunks: tuple[Hunk, ...]

    @property
    def path(self) -> str:
        """The path after the change, or before it for a deletion."""
        return self.new_path or self.old_path or ""


@dataclass(frozen=True, slots=True)
class BugFixVerdict:
    """How sure it is that a commit repairs a bug: ``score`` in [0, 1], and every reason for and against."""

    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit whose evidence says bug fix, with what it changed."""

    commit: Commit
    verdict: BugFixVerdict
    files: tuple[FileChange, ...]
    omissions: tuple[Omission, ...]


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """What the classifier sees of one file: its hunks and, where at hand, the whole text after the change."""

    no: int
    path: str
    language: str
    hunks: tuple[Hunk, ...]
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The classifier's input, the same for a commit and for a question-and-answer pair."""

    files: tuple[ChangedFile, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A judgement on a fix. ``value`` "unknown" is a judgement of its own, with confidence None."""

    scheme: str
    value: str
    rank: int
    confidence: float | None
    rater: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """One repair of one bug. ``hunks`` are (file_no, hunk_no) pairs of the commit."""

    fix_id: str
    sha: str
    library: str
    hunks: tuple[tuple[int, int], ...]
    labels: tuple[Label, ...]


class PostKind(StrEnum):
    """What a post is."""

    QUESTION = "question"
    ANSWER = "answer"


class SelectionRule(StrEnum):
    """Why an answer qualified (the paper, section 2.1): of a question that has an accepted answer only that one can."""

    ACCEPTED_WITH_CODE = "accepted_with_code"
    ACCEPTED_WITHOUT_CODE = "accepted_without_code"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post or a comment. ``user_id`` is None for a deleted user; a dump without users gives no ``name``."""

    user_id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a question or an answer. ``text`` is Markdown; ``licence`` is a name such as CC BY-SA 4.0."""

    comment_id: int
    post_id: int
    author: Author
    score: int
    created_at: datetime
    text: str
    licence: str


@dataclass(frozen=True, slots=True)
class Post:
    """A question or an answer, as a site showed it at one moment.

    ``question_id`` is a question's own id. ``body`` is HTML, ``title`` plain text ("" for an answer). The last four are
    a question's: ``tags`` in the order given; the others as the site says.
    """

    post_id: int
    kind: PostKind
    question_id: int
    title: str
    body: str
    score: int
    author: Author
    created_at: datetime
    last_edited_at: datetime | None
    last_activity_at: datetime
    closed_at: datetime | None
    licence: str
    tags: tuple[str, ...] = ()
    accepted_answer_id: int | None = None
    answer_count: int | None = None
    view_count: int | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A question with its answers (by id) and the comments of all of them (by id), of one site at one moment.

    ``site`` is a domain: stackoverflow.com. A candidate: its question may have a qualifying answer. ``moments`` are
    those at which single posts of it were looked at, by id, where that is another moment.
    """

    site: str
    observed_at: datetime
    question: Post
    answers: tuple[Post, ...]
    comments: tuple[Comment, ...] = ()
    moments: tuple[tuple[int, datetime], ...] = ()


class SnippetKind(StrEnum):
    """What a piece of a post is. Only ``CODE`` is what a repair changes; ``SENTENCE`` is prose that describes one."""

    CODE = "code"
    TRACEBACK = "traceback"
    OUTPUT = "output"
    INLINE = "inline"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a post, in the order of the post; ``no`` counts from 0. ``language`` is "" where it is not known."""

    no: int
    kind: SnippetKind
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class CodePair:
    """Code of a question and what an answer makes of it: ``hunks`` are the unified diff of ``before`` and ``after``.

    ``question_no`` and ``answer_no`` are the snippets that they are of. ``question_no`` is None where the answer shows
    both sides itself, and where its code has no counterpart: then ``before`` is empty. ``method`` says how the
    alignment was found, ``confidence`` how sure it is (0 to 1) that ``after`` is the repaired ``before``.
    """

    no: int
    question_no: int | None
    answer_no: int
    language: str
    before: str
    after: str
    hunks: tuple[Hunk, ...]
    method: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PostFix:
    """One repair that an answer gives: the pieces of both posts, the code before and after, and its labels."""

    fix_id: str
    site: str
    question_id: int
    answer_id: int
    rule: SelectionRule
    library: str
    fixed_at: datetime
    question: tuple[Snippet, ...]
    answer: tuple[Snippet, ...]
    pairs: tuple[CodePair, ...]
    labels: tuple[Label, ...]
