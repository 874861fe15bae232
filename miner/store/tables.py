"""The tables of every source and of git. Keys are natural: a rerun, a killed run and a rebuild give equal rows.

Those of posts are in :mod:`miner.store.posttables`, those of GitHub in :mod:`miner.store.githubtables` and
:mod:`miner.store.issuetables`, people's labels in :mod:`miner.store.ratingtables`.
"""

from __future__ import annotations

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from miner.model import FileKind, OmissionReason, SelectionRule, Side
from miner.store import daemontables as daemontables
from miner.store import githubtables as githubtables
from miner.store import issuetables as issuetables
from miner.store import posttables
from miner.store import ratingtables as ratingtables
from miner.store import relabeltables as relabeltables
from miner.store.columns import PROVENANCE, UtcDateTime, key, key_to, needed, one_of, optional, run_column
from miner.store.columns import metadata as metadata

RUN_STATUSES = ("running", "complete", "partial", "interrupted", "failed")
AVAILABILITIES = posttables.AVAILABILITIES
CHANGE_TYPES = ("add", "modify", "delete", "rename", "copy", "type_change")

crawl_run = Table(
    "crawl_run",
    metadata,
    key("run_id", Integer(), "Number of the run, from 1."),
    needed("command", Text(), "The command that ran, such as collect."),
    needed("arguments", Text(), "What it was asked for, as JSON; no secrets."),
    needed("miner_version", Text(), "Version of the miner."),
    needed("rater", Text(), "The rater that labelled in this run; empty if none did."),
    needed("started_at", UtcDateTime(), "When it started."),
    optional("finished_at", UtcDateTime(), "When it ended; null while it runs, or if it was killed."),
    needed("status", Text(), "running (also: was killed), complete, partial, interrupted or failed."),
    optional("summary", Text(), "What it brought, as JSON; null until it ends."),
    optional("journal", Text(), "The name of its record in the archive, from which it can be rebuilt; null: none."),
    optional("commits", Integer(), "How many transactions of the run are in the database; null: not counted."),
    one_of("status", RUN_STATUSES),
    comment="One row a run of the miner.",
)

raw_response = Table(
    "raw_response",
    metadata,
    key("response_sha256", Text(), "SHA-256 of the body, in hex."),
    needed("source", Text(), "The source that sent it."),
    needed("url", Text(), "What was asked; no secrets."),
    needed("status", Integer(), "HTTP status."),
    needed("content_type", Text(), "Content type that the source gave."),
    needed("fetched_at", UtcDateTime(), "When it came.", PROVENANCE),
    optional("body", LargeBinary(), "Null: the archive has the body, under its SHA-256. Else compressed with zlib."),
    needed("body_bytes", BigInteger(), "Size of the body in bytes, not compressed."),
    comment="What a source sent; the archive has the bodies. Of git: what ls-remote said; a sha leads to the rest.",
)

coverage = Table(
    "coverage",
    metadata,
    key("source", Text(), "The source."),
    key("query", Text(), "What was asked of it, in canonical form."),
    key("tip", Text(), "State of the source that was read (git: sha of the head); empty where it has none."),
    key("since_epoch", BigInteger(), "Start of the interval, seconds since 1970; -2^62 is: since ever."),
    needed("until_epoch", BigInteger(), "End of the interval, itself not in it; 2^62 is: without end."),
    optional("reported", BigInteger(), "How many results the source said there are; null if it did not say."),
    needed("fetched", BigInteger(), "How many results came."),
    needed("stored", BigInteger(), "How many of them were stored."),
    needed("skipped", BigInteger(), "How many of them are never fetched: merge commits. They are counted here alone."),
    needed("complete", Boolean(), "Whether everything in the interval came."),
    needed("reason", Text(), "Why the interval is not complete; empty if it is."),
    Column(
        "response_sha256",
        ForeignKey("raw_response.response_sha256"),
        comment="The response that proves it, where that is a single one.",
    ),
    run_column("The last run that wrote the row."),
    CheckConstraint("since_epoch < until_epoch", name="interval"),
    comment="Which time intervals of a query are at hand. Disjoint; complete intervals that touch are one row.",
)

repository = Table(
    "repository",
    metadata,
    key("repository_id", Integer(), "Number of the repository, from 1."),
    needed("host", Text(), "Host name, such as github.com; local for a path."),
    Column("github_id", BigInteger(), unique=True, comment="GitHub's own number; null if not asked or elsewhere."),
    needed("name", Text(), "Current full name (owner/name), or path."),
    needed("clone_url", Text(), "Where it is cloned from; no secrets."),
    optional("default_branch", Text(), "Default branch; null if not known."),
    needed("availability", Text(), "there, gone or unknown, at the last look."),
    optional("checked_at", UtcDateTime(), "When it was last looked at.", PROVENANCE),
    run_column("The last run that looked at it."),
    one_of("availability", AVAILABILITIES),
    comment="One row a repository. Names are aliases: repositories get renamed.",
)

repository_alias = Table(
    "repository_alias",
    metadata,
    key("name", Text(), "A name, URL or path that the repository was asked by."),
    Column("repository_id", ForeignKey("repository.repository_id"), nullable=False, comment="The repository."),
    run_column("The first run that used the name."),
    comment="Every name by which a repository was asked for.",
)

git_commit = Table(
    "git_commit",
    metadata,
    key("sha", Text(), "Id of the commit, in hex."),
    needed("author_name", Text(), "Author's name."),
    needed("author_email", Text(), "Author's e-mail address."),
    optional("authored_at", UtcDateTime(), "Author date; null if it is not a date of the years 1 to 9999."),
    optional("authored_offset_minutes", Integer(), "Author's offset from UTC in minutes."),
    needed("committer_name", Text(), "Committer's name."),
    needed("committer_email", Text(), "Committer's e-mail address."),
    optional("committed_at", UtcDateTime(), "Committer date; null if it is not a date of the years 1 to 9999."),
    optional("committed_offset_minutes", Integer(), "Committer's offset from UTC in minutes."),
    needed("committed_epoch", BigInteger(), "Committer date in seconds since 1970, as git holds it."),
    needed("parents", Text(), "Shas of the parents, separated by a space; empty for a root commit."),
    needed("message", Text(), "Commit message; what is not text is replaced by U+FFFD."),
    optional("message_raw", LargeBinary(), "The message's bytes, where they are not UTF-8 or hold NUL."),
    needed(
        "bug_fix_score",
        Double(),
        "How sure it is that it repairs a bug: 1 / (1 + e^-x), x the sum of the evidence's weights less 1.9.",
    ),
    needed("bug_fix_rater", Text(), "The rules that judged its message and its change, with their version."),
    Index(None, "committed_at"),
    comment="One row a commit, however many repositories hold it. Of merge commits those that a seed named.",
)

repository_commit = Table(
    "repository_commit",
    metadata,
    key_to("sha", "git_commit.sha", "The commit."),
    key_to("repository_id", "repository.repository_id", "A repository that holds it."),
    comment="Which repositories hold a commit.",
    sqlite_with_rowid=False,
)

bug_fix_evidence = Table(
    "bug_fix_evidence",
    metadata,
    key_to("sha", "git_commit.sha", "The commit."),
    key(
        "evidence_no",
        Integer(),
        "Ordinal, from 0 of what the message says, 1000 of what it changes, 2000 of issues, 3000 of later commits.",
    ),
    needed("rule", Text(), "The rule that matched."),
    needed("weight", Double(), "Above 0: for a bug fix; below 0: against."),
    needed("side", Text(), "Where it matched: message, path, issue (also a pull request) or commit (a later one)."),
    needed("start_offset", Integer(), "Start of the match in the message, else in text, in characters from 0."),
    needed("end_offset", Integer(), "End of the match, itself not in it."),
    needed("text", Text(), "The matched text, cut to 200 characters."),
    one_of("side", get_args(Side)),
    comment="Every reason for and against a commit being a bug fix; of a message in which no word speaks for it, none.",
)

file_change = Table(
    "file_change",
    metadata,
    key_to("sha", "git_commit.sha", "The commit."),
    key("file_no", Integer(), "Ordinal in the commit, from 0."),
    needed("change_type", Text(), "add, modify, delete, rename, copy or type_change."),
    needed("kind", Text(), "The file's part in the repository, from its path: source, test, ..."),
    needed("language", Text(), "Language, from the path; empty if not known."),
    optional("old_path", Text(), "Path before; null for an added file."),
    optional("new_path", Text(), "Path after; null for a deleted file."),
    needed("old_mode", Text(), "Git's file mode before."),
    needed("new_mode", Text(), "Git's file mode after."),
    optional("old_blob", Text(), "Id of the content before; null for an added file."),
    optional("new_blob", Text(), "Id of the content after; null for a deleted file."),
    optional("similarity", Integer(), "Per cent of the content that a rename or copy kept; else null."),
    needed("added_lines", Integer(), "Lines added."),
    needed("deleted_lines", Integer(), "Lines deleted."),
    one_of("change_type", CHANGE_TYPES),
    one_of("kind", FileKind),
    comment="One row a file that a bug-fix candidate changed. One without hunks has an omission, or no changed line.",
)

hunk = Table(
    "hunk",
    metadata,
    key("sha", Text(), "The commit."),
    key("file_no", Integer(), "The file."),
    key("hunk_no", Integer(), "Ordinal in the file, from 0."),
    needed("old_start", Integer(), "First line before, from 1; 0 if there is none."),
    needed("old_lines", Integer(), "Number of lines before."),
    needed("new_start", Integer(), "First line after, from 1; 0 if there is none."),
    needed("new_lines", Integer(), "Number of lines after."),
    needed("heading", Text(), "What git printed after the second @@, mostly the enclosing function."),
    needed("body", Text(), "The lines, each with its first column (space, +, -, \\)."),
    optional("body_raw", LargeBinary(), "The body's bytes, where they are not UTF-8 or hold NUL."),
    ForeignKeyConstraint(["sha", "file_no"], ["file_change.sha", "file_change.file_no"]),
    comment="One row a hunk of a unified diff.",
)

fix = Table(
    "fix",
    metadata,
    key("fix_id", Text(), "Id, made of the source's own: git:SHA:NO, or SITE:ANSWER."),
    needed("source", Text(), "The source."),
    Column("sha", ForeignKey("git_commit.sha"), nullable=True, comment="The commit; null for another source."),
    needed("library", Text(), "The library whose use is repaired: caffe, keras, tensorflow, theano or torch."),
    optional(
        "fixed_at", UtcDateTime(), "When it was made (committer date, creation of the answer); null if not known."
    ),
    optional("site", Text(), "The site, by its domain; null for git."),
    optional("question_id", BigInteger(), "The question; null for git."),
    optional("answer_id", BigInteger(), "The answer that repairs; null for git."),
    optional("selection_rule", Text(), "Why the answer qualified when it first did; null for git."),
    ForeignKeyConstraint(["site", "question_id"], ["post.site", "post.post_id"]),
    ForeignKeyConstraint(["site", "answer_id"], ["post.site", "post.post_id"]),
    one_of("selection_rule", SelectionRule),
    Index(None, "library"),
    Index(None, "sha"),
    Index(None, "site", "question_id"),
    comment="One row a repair of one bug.",
)

fix_hunk = Table(
    "fix_hunk",
    metadata,
    key_to("fix_id", "fix.fix_id", "The fix."),
    key("file_no", Integer(), "The file of its commit."),
    key("hunk_no", Integer(), "The hunk of the file."),
    comment="Which hunks of its commit a fix is made of.",
    sqlite_with_rowid=False,
)

label = Table(
    "label",
    metadata,
    key_to("fix_id", "fix.fix_id", "The fix."),
    key("scheme", Text(), "What is judged: pattern, library, ..."),
    key("rater", Text(), "Who judged: a person, or heuristic and version."),
    key("rank", Integer(), "1 is the rater's first choice."),
    needed("value", Text(), "The judgement, such as add_layer. unknown is a judgement too, not a no."),
    optional("confidence", Double(), "How sure the rater is, 0 to 1; null for unknown."),
    run_column("The run that wrote it."),
    Index(None, "scheme", "value"),
    comment="Judgements on fixes; rows are added, never changed.",
)

label_evidence = Table(
    "label_evidence",
    metadata,
    key("fix_id", Text(), "The fix."),
    key("scheme", Text(), "The label's scheme."),
    key("rater", Text(), "The label's rater."),
    key("rank", Integer(), "The label's rank."),
    key("evidence_no", Integer(), "Ordinal, from 0."),
    needed("rule", Text(), "The rule that voted."),
    needed("weight", Double(), "Above 0: for the label; below 0: against."),
    needed("side", Text(), "Where it matched: old, new, message, path, manifest or tag."),
    optional("file_no", Integer(), "The file of the commit or the pair (pair_no) of the posts, if it matched in one."),
    optional("hunk_no", Integer(), "The hunk of the file or pair, if it matched in one."),
    optional("line", Integer(), "The line of that side's file, from 1."),
    needed("start_column", Integer(), "Start of the match in the line, in characters from 0."),
    needed("end_column", Integer(), "End of the match, itself not in it."),
    needed("text", Text(), "The matched text, cut to 200 characters."),
    ForeignKeyConstraint(
        ["fix_id", "scheme", "rater", "rank"], ["label.fix_id", "label.scheme", "label.rater", "label.rank"]
    ),
    one_of("side", get_args(Side)),
    comment="Every reason for and against a label, with the span that it matched.",
)

omission = Table(
    "omission",
    metadata,
    key("source", Text(), "The source."),
    key(
        "subject",
        Text(),
        "What was left out: repository:NAME, commit:SHA, file:SHA:PATH, question:SITE:ID, ...",
    ),
    key("reason", Text(), "Why."),
    needed("detail", Text(), "The reason in words, with figures."),
    optional("sha", Text(), "The commit, if it is one or in one. It need not be stored."),
    Column("repository_id", ForeignKey("repository.repository_id"), comment="The repository, if it is known."),
    run_column("The run that left it out."),
    run_column("The later run that brought it after all; null while it is missing.", "resolved_run_id", nullable=True),
    one_of("reason", OmissionReason),
    Index(None, "reason"),
    comment="What was seen and left out, and why.",
)
