"""The tables. Keys are natural, so that a rerun, a killed run and a rebuild give row-for-row equal tables.

Every table and column carries a comment: :mod:`miner.store.dictionary` writes ``docs/schema.md`` from them.
Columns marked as provenance say which run wrote a row or when; they, and ``crawl_run``, differ between two crawls
that brought the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

from miner.model import FileKind, OmissionReason, Side
from miner.store.values import stamp

RUN_STATUSES = ("running", "complete", "partial", "interrupted", "failed")
AVAILABILITIES = ("there", "gone", "unknown")
CHANGE_TYPES = ("add", "modify", "delete", "rename", "copy", "type_change")

PROVENANCE = {"provenance": True}
"""The ``info`` of a column that says which run wrote a row, or when."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC: ``timestamptz`` on PostgreSQL; on SQLite a text whose order is that of times.

    Python's side is always an aware datetime of whole seconds.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the column's type on a database."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware datetime into what the database holds."""
        if value is None:
            return None
        return stamp(value) if dialect.name == "sqlite" else value.astimezone(UTC).replace(microsecond=0)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the database holds into an aware datetime."""
        if value is None:
            return None
        return (datetime.fromisoformat(value) if dialect.name == "sqlite" else value).astimezone(UTC)


def _one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _run(comment: str, name: str = "run_id", nullable: bool = False) -> Column[Any]:
    return Column(name, ForeignKey("crawl_run.run_id"), nullable=nullable, comment=comment, info=PROVENANCE)


def _key(name: str, type_: TypeEngine[Any], comment: str) -> Column[Any]:
    return Column(name, type_, primary_key=True, autoincrement=False, comment=comment)


def _needed(name: str, type_: TypeEngine[Any], comment: str, info: dict[str, bool] | None = None) -> Column[Any]:
    return Column(name, type_, nullable=False, comment=comment, info=info or {})


def _optional(name: str, type_: TypeEngine[Any], comment: str, info: dict[str, bool] | None = None) -> Column[Any]:
    return Column(name, type_, nullable=True, comment=comment, info=info or {})


def _key_to(name: str, target: str, comment: str) -> Column[Any]:
    return Column(name, ForeignKey(target), primary_key=True, autoincrement=False, comment=comment)


crawl_run = Table(
    "crawl_run",
    metadata,
    _key("run_id", Integer(), "Number of the run, from 1."),
    _needed("command", Text(), "The command that ran, such as collect."),
    _needed("arguments", Text(), "What it was asked for, as JSON; no secrets."),
    _needed("miner_version", Text(), "Version of the miner."),
    _needed("rater", Text(), "The rater that labelled in this run; empty if none did."),
    _needed("started_at", UtcDateTime(), "When it started."),
    _optional("finished_at", UtcDateTime(), "When it ended; null while it runs, or if it was killed."),
    _needed("status", Text(), "running (also: was killed), complete, partial, interrupted or failed."),
    _optional("summary", Text(), "What it brought, as JSON; null until it ends."),
    _one_of("status", RUN_STATUSES),
    comment="One row a run of the miner.",
)

raw_response = Table(
    "raw_response",
    metadata,
    _key("response_sha256", Text(), "SHA-256 of the body, in hex."),
    _needed("source", Text(), "The source that sent it."),
    _needed("url", Text(), "What was asked; no secrets."),
    _needed("status", Integer(), "HTTP status."),
    _needed("content_type", Text(), "Content type that the source gave."),
    _needed("fetched_at", UtcDateTime(), "When it came.", PROVENANCE),
    _needed("body", LargeBinary(), "The body as it came, compressed with zlib."),
    _needed("body_bytes", BigInteger(), "Size of the body in bytes, not compressed."),
    comment="What a source sent, as it came; content-addressed. Of git: what ls-remote said; a sha leads to the rest.",
)

coverage = Table(
    "coverage",
    metadata,
    _key("source", Text(), "The source."),
    _key("query", Text(), "What was asked of it, in canonical form."),
    _key("tip", Text(), "State of the source that was read (git: sha of the head); empty where it has none."),
    _key("since_epoch", BigInteger(), "Start of the interval, seconds since 1970; -2^62 is: since ever."),
    _needed("until_epoch", BigInteger(), "End of the interval, itself not in it; 2^62 is: without end."),
    _optional("reported", BigInteger(), "How many results the source said there are; null if it did not say."),
    _needed("fetched", BigInteger(), "How many results came."),
    _needed("stored", BigInteger(), "How many of them were stored."),
    _needed("skipped", BigInteger(), "How many of them are never fetched: merge commits. They are counted here alone."),
    _needed("complete", Boolean(), "Whether everything in the interval came."),
    _needed("reason", Text(), "Why the interval is not complete; empty if it is."),
    Column(
        "response_sha256",
        ForeignKey("raw_response.response_sha256"),
        comment="The response that proves it, where that is a single one.",
    ),
    _run("The last run that wrote the row."),
    CheckConstraint("since_epoch < until_epoch", name="interval"),
    comment="Which time intervals of a query are at hand. Disjoint; complete intervals that touch are one row.",
)

repository = Table(
    "repository",
    metadata,
    _key("repository_id", Integer(), "Number of the repository, from 1."),
    _needed("host", Text(), "Host name, such as github.com; local for a path."),
    Column("github_id", BigInteger(), unique=True, comment="GitHub's own number; null if not asked or elsewhere."),
    _needed("name", Text(), "Current full name (owner/name), or path."),
    _needed("clone_url", Text(), "Where it is cloned from; no secrets."),
    _optional("default_branch", Text(), "Default branch; null if not known."),
    _needed("availability", Text(), "there, gone or unknown, at the last look."),
    _optional("checked_at", UtcDateTime(), "When it was last looked at.", PROVENANCE),
    _run("The last run that looked at it."),
    _one_of("availability", AVAILABILITIES),
    comment="One row a repository. Names are aliases: repositories get renamed.",
)

repository_alias = Table(
    "repository_alias",
    metadata,
    _key("name", Text(), "A name, URL or path that the repository was asked by."),
    Column("repository_id", ForeignKey("repository.repository_id"), nullable=False, comment="The repository."),
    _run("The first run that used the name."),
    comment="Every name by which a repository was asked for.",
)

git_commit = Table(
    "git_commit",
    metadata,
    _key("sha", Text(), "Id of the commit, in hex."),
    _needed("author_name", Text(), "Author's name."),
    _needed("author_email", Text(), "Author's e-mail address."),
    _optional("authored_at", UtcDateTime(), "Author date; null if it is not a date of the years 1 to 9999."),
    _optional("authored_offset_minutes", Integer(), "Author's offset from UTC in minutes."),
    _needed("committer_name", Text(), "Committer's name."),
    _needed("committer_email", Text(), "Committer's e-mail address."),
    _optional("committed_at", UtcDateTime(), "Committer date; null if it is not a date of the years 1 to 9999."),
    _optional("committed_offset_minutes", Integer(), "Committer's offset from UTC in minutes."),
    _needed("committed_epoch", BigInteger(), "Committer date in seconds since 1970, as git holds it."),
    _needed("parents", Text(), "Shas of the parents, separated by a space; empty for a root commit."),
    _needed("message", Text(), "Commit message; what is not text is replaced by U+FFFD."),
    _optional("message_raw", LargeBinary(), "The message's bytes, where they are not UTF-8 or hold NUL."),
    _needed(
        "bug_fix_score",
        Double(),
        "How sure the message is that it repairs a bug: 1 / (1 + e^-x), x the sum of the evidence's weights less 1.9.",
    ),
    _needed("bug_fix_rater", Text(), "The rules that gave the score, with their version."),
    Index(None, "committed_at"),
    comment="One row a commit, however many repositories hold it. Merge commits are not stored.",
)

repository_commit = Table(
    "repository_commit",
    metadata,
    _key_to("sha", "git_commit.sha", "The commit."),
    _key_to("repository_id", "repository.repository_id", "A repository that holds it."),
    comment="Which repositories hold a commit.",
    sqlite_with_rowid=False,
)

bug_fix_evidence = Table(
    "bug_fix_evidence",
    metadata,
    _key_to("sha", "git_commit.sha", "The commit."),
    _key("evidence_no", Integer(), "Ordinal, from 0."),
    _needed("rule", Text(), "The rule that matched."),
    _needed("weight", Double(), "Above 0: for a bug fix; below 0: against."),
    _needed("side", Text(), "Where it matched: message, old, new, path or manifest."),
    _needed("start_offset", Integer(), "Start of the match in the message, in characters from 0."),
    _needed("end_offset", Integer(), "End of the match, itself not in it."),
    _needed("text", Text(), "The matched text, cut to 200 characters."),
    _one_of("side", get_args(Side)),
    comment="Every reason for and against a commit being a bug fix; none where no word of the message speaks for it.",
)

file_change = Table(
    "file_change",
    metadata,
    _key_to("sha", "git_commit.sha", "The commit."),
    _key("file_no", Integer(), "Ordinal in the commit, from 0."),
    _needed("change_type", Text(), "add, modify, delete, rename, copy or type_change."),
    _needed("kind", Text(), "The file's part in the repository, from its path: source, test, ..."),
    _needed("language", Text(), "Language, from the path; empty if not known."),
    _optional("old_path", Text(), "Path before; null for an added file."),
    _optional("new_path", Text(), "Path after; null for a deleted file."),
    _needed("old_mode", Text(), "Git's file mode before."),
    _needed("new_mode", Text(), "Git's file mode after."),
    _optional("old_blob", Text(), "Id of the content before; null for an added file."),
    _optional("new_blob", Text(), "Id of the content after; null for a deleted file."),
    _optional("similarity", Integer(), "Per cent of the content that a rename or copy kept; else null."),
    _needed("added_lines", Integer(), "Lines added."),
    _needed("deleted_lines", Integer(), "Lines deleted."),
    _one_of("change_type", CHANGE_TYPES),
    _one_of("kind", FileKind),
    comment="One row a file that a bug-fix candidate changed. One without hunks has an omission, or no changed line.",
)

hunk = Table(
    "hunk",
    metadata,
    _key("sha", Text(), "The commit."),
    _key("file_no", Integer(), "The file."),
    _key("hunk_no", Integer(), "Ordinal in the file, from 0."),
    _needed("old_start", Integer(), "First line before, from 1; 0 if there is none."),
    _needed("old_lines", Integer(), "Number of lines before."),
    _needed("new_start", Integer(), "First line after, from 1; 0 if there is none."),
    _needed("new_lines", Integer(), "Number of lines after."),
    _needed("heading", Text(), "What git printed after the second @@, mostly the enclosing function."),
    _needed("body", Text(), "The lines, each with its first column (space, +, -, \\)."),
    _optional("body_raw", LargeBinary(), "The body's bytes, where they are not UTF-8 or hold NUL."),
    ForeignKeyConstraint(["sha", "file_no"], ["file_change.sha", "file_change.file_no"]),
    comment="One row a hunk of a unified diff.",
)

fix = Table(
    "fix",
    metadata,
    _key("fix_id", Text(), "Id, made of the source's own: git:SHA:NO."),
    _needed("source", Text(), "The source."),
    Column("sha", ForeignKey("git_commit.sha"), nullable=True, comment="The commit; null for another source."),
    _needed("library", Text(), "The library whose use is repaired: caffe, keras, tensorflow, theano or torch."),
    _optional("fixed_at", UtcDateTime(), "When it was made (git: committer date); null if not known."),
    Index(None, "library"),
    Index(None, "sha"),
    comment="One row a repair of one bug.",
)

fix_hunk = Table(
    "fix_hunk",
    metadata,
    _key_to("fix_id", "fix.fix_id", "The fix."),
    _key("file_no", Integer(), "The file of its commit."),
    _key("hunk_no", Integer(), "The hunk of the file."),
    comment="Which hunks of its commit a fix is made of.",
    sqlite_with_rowid=False,
)

label = Table(
    "label",
    metadata,
    _key_to("fix_id", "fix.fix_id", "The fix."),
    _key("scheme", Text(), "What is judged: pattern, library, ..."),
    _key("rater", Text(), "Who judged: a person, or heuristic and version."),
    _key("rank", Integer(), "1 is the rater's first choice."),
    _needed("value", Text(), "The judgement, such as add_layer. unknown is a judgement too, not a no."),
    _optional("confidence", Double(), "How sure the rater is, 0 to 1; null for unknown."),
    _run("The run that wrote it."),
    Index(None, "scheme", "value"),
    comment="Judgements on fixes; rows are added, never changed.",
)

label_evidence = Table(
    "label_evidence",
    metadata,
    _key("fix_id", Text(), "The fix."),
    _key("scheme", Text(), "The label's scheme."),
    _key("rater", Text(), "The label's rater."),
    _key("rank", Integer(), "The label's rank."),
    _key("evidence_no", Integer(), "Ordinal, from 0."),
    _needed("rule", Text(), "The rule that voted."),
    _needed("weight", Double(), "Above 0: for the label; below 0: against."),
    _needed("side", Text(), "Where it matched: old, new, message, path or manifest."),
    _optional("file_no", Integer(), "The file of the commit, if it matched in one."),
    _optional("hunk_no", Integer(), "The hunk of the file, if it matched in one."),
    _optional("line", Integer(), "The line of that side's file, from 1."),
    _needed("start_column", Integer(), "Start of the match in the line, in characters from 0."),
    _needed("end_column", Integer(), "End of the match, itself not in it."),
    _needed("text", Text(), "The matched text, cut to 200 characters."),
    ForeignKeyConstraint(
        ["fix_id", "scheme", "rater", "rank"], ["label.fix_id", "label.scheme", "label.rater", "label.rank"]
    ),
    _one_of("side", get_args(Side)),
    comment="Every reason for and against a label, with the span that it matched.",
)

omission = Table(
    "omission",
    metadata,
    _key("source", Text(), "The source."),
    _key("subject", Text(), "What was left out: repository:NAME, commit:SHA or file:SHA:PATH."),
    _key("reason", Text(), "Why."),
    _needed("detail", Text(), "The reason in words, with figures."),
    _optional("sha", Text(), "The commit, if it is one or in one. It need not be stored."),
    Column("repository_id", ForeignKey("repository.repository_id"), comment="The repository, if it is known."),
    _run("The run that left it out."),
    _run("The later run that brought it after all; null while it is missing.", "resolved_run_id", nullable=True),
    _one_of("reason", OmissionReason),
    Index(None, "reason"),
    comment="What was seen and left out, and why.",
)
